"""``ctc-submit train``: learn a model from annotated sequences."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ctc_submit.cli.frame_options import device_option, frame_options
from ctc_submit.cli.options import errors_to_exit_codes, options_from
from ctc_submit.train.config import TrainConfig


@click.command()
@click.argument("datasets", nargs=-1, required=True, type=click.Path(path_type=Path))
@frame_options("learn from")
@click.option("--method", default="maskrcnn", show_default=True, help="Which method learns.")
@click.option(
    "--preset",
    type=click.Choice(["recommended", "paper"]),
    default="recommended",
    show_default=True,
    help="Recipe; what you say beside it counts more. paper: Lin & Norouzi 2021.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the model.")
@click.option(
    "--random-split",
    type=float,
    default=0.0,
    metavar="SHARE",
    help="Draw this share of the frames as test frames; --work/split.json names them.",
)
@click.option(
    "--fold",
    default="",
    metavar="K/N",
    help="Of N random parts, keep the K-th as test frames; --work/split.json names them.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting of the method, such as loss=focal; can be repeated.",
)
@click.option("--note", "notes", multiple=True, help="A limit or term, for the card.")
@click.option("--work", type=click.Path(path_type=Path), help="Folder of state and curves.")
@device_option
@options_from(TrainConfig, "config")
@errors_to_exit_codes
def command(
    datasets: tuple[Path, ...],
    out: Path,
    work: Path | None,
    notes: tuple[str, ...],
    preset: str,
    config: TrainConfig,
    **given: Any,
) -> None:
    """Learn a model from DATASETS, folders in the official layout (…/DIC-C2DH-HeLa).

    The best model by SEG on held-out training frames is kept in --out. A training that was stopped
    goes on where it was when the same command is given again.
    """
    from ctc_submit.train.job import describe_job
    from ctc_submit.train.presets import apply, preset_named
    from ctc_submit.train.processes import joined
    from ctc_submit.train.run import train
    from ctc_submit.train.selection import Selection

    recipe = preset_named(preset, given["method"])
    config = apply(recipe, config, _typed())
    given["settings"] = recipe.method + given["settings"]
    which = ("truth", "sequences", "splits", "random_split", "fold")
    chosen = {name: given.pop(name) for name in which}
    selection = Selection(datasets, **chosen, seed=config.seed)
    if work is None:
        work = Path("runs") / out.absolute().name
        if work.resolve() == out.resolve():
            work = work.with_name(f"{work.name}-training")
    job = replace(describe_job(selection, config, out=out, work=work, **given), notes=notes)
    with joined(job.device) as group:
        job = replace(job, group=group)
        if group.rank:
            for _ in train(job):
                pass  # the first process speaks for all
            return
        best = _follow(job, selection)
    scored = f" SEG {best['seg']:.4f} on held-out frames," if "seg" in best else ""
    click.echo(f"{out}:{scored} curves in {job.work / 'curves.png'}")


def _follow(job: Any, selection: Any) -> dict[str, float]:
    """Train, say what every epoch came to, and return the row of the best one."""
    from ctc_submit.train.run import train

    several = f" ({job.group.size} processes)" if job.group.size > 1 else ""
    click.echo(
        f"{job.name}: {len(job.examples)} frames, {job.method} on {job.device}{several}; "
        f"curves and state in {job.work}",
        err=True,
    )
    epochs = job.config.epochs
    best: dict[str, float] = {}
    spent: list[float] = []
    clock = time.perf_counter()
    for report in _until_stopped(_with_bar(_with_split(train(job), job, selection))):
        spent.append(time.perf_counter() - clock)
        clock = time.perf_counter()
        left = sum(spent) / len(spent) * (epochs - report.epoch)
        parts = [f"loss {report.row['total']:.4f}"]
        parts += [f"SEG {report.row['seg']:.4f}"] if "seg" in report.row else []
        parts += ["kept"] if report.best else []
        parts += [duration(spent[-1]), f"{duration(left)} left"]
        click.echo(f"epoch {report.epoch}/{epochs}: {', '.join(parts)}", err=True)
        best = report.row if report.best else best
    return best


def duration(seconds: float) -> str:
    """Return a time to two figures or so: ``45 s``, ``12 min``, ``3 h 05 min``."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def _typed() -> frozenset[str]:
    """Return the names of the options that the user gave, rather than left at their default."""
    context = click.get_current_context()
    default = click.core.ParameterSource.DEFAULT
    return frozenset(n for n in context.params if context.get_parameter_source(n) is not default)


def _until_stopped(reports: Iterator[Any]) -> Iterator[Any]:
    try:
        yield from reports
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            "stopped; the same command goes on after the last epoch saved"
        ) from None


def _with_split(reports: Iterator[Any], job: Any, selection: Any) -> Iterator[Any]:
    """Write what was drawn when the training is under way: one that is refused leaves the file."""
    first = next(reports, None)  # None: it had ended before
    selection.save_split(job.work / "split.json")
    if first is not None:
        yield first
    yield from reports


def _with_bar(reports: Iterator[Any]) -> Iterator[Any]:
    """Show every step on a bar, with rate and time left, and hand on the epochs."""
    from tqdm import tqdm

    from ctc_submit.train.course import EpochReport

    bar = None
    for report in reports:
        if isinstance(report, EpochReport):
            if bar is not None:
                bar.clear()
            yield report
            continue
        if bar is None:
            first = report.step - 1
            bar = tqdm(total=report.steps, initial=first, unit="step", disable=None)
        bar.set_postfix_str(f"loss {report.losses['total']:.3f}", refresh=False)
        bar.update()
    if bar is not None:
        bar.close()
