"""``ctc-submit demo``: the whole road on a simulated sequence."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from ctc_submit.cli.options import errors_to_exit_codes
from ctc_submit.errors import DataError, ToolError

DATASET, NUMBER = "DIC-SIM", "01"


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path), default="demo", show_default=True, help="Folder."
)
@click.option("--model", type=click.Path(path_type=Path), help="Model.  [default: models/demo]")
@click.option(
    "--frames",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="Length of the sequence. [frames]",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=7, show_default=True, help="Of the simulation."
)
@errors_to_exit_codes
def command(out: Path, model: Path | None, frames: int, seed: int) -> None:
    """Simulate a sequence, run its SW script, score the result and draw it.

    Everything is made in one folder, laid out as the challenge wants it; an earlier demo there is
    replaced. The model was trained on simulated sequences of other seeds.
    """
    start = time.perf_counter()
    model = (model or Path(__file__).parents[2] / "models" / "demo").resolve()
    if not model.is_dir():
        raise DataError(f"{model}: the demo's model is missing; name another with --model")
    dataset = out / DATASET
    with _step(f"simulate {frames} frames"):
        _simulate(dataset, frames, seed)
    with _step("run SW script"):
        printed = _run_script(out, model)
    click.echo("".join(f"    {line}\n" for line in printed.splitlines()), nl=False)
    with _step("score"):
        table, seg = _score(dataset)
    click.echo(table)
    with _step("draw overlays"):
        pictures = _draw(dataset)
    click.echo(f"SEG {seg:.4f} in {time.perf_counter() - start:.1f} s, all included")
    for what, path in (
        ("raw frames", dataset / NUMBER),
        ("truth", dataset / f"{NUMBER}_GT"),
        ("result", dataset / f"{NUMBER}_RES"),
        ("script", out / "SW" / f"{DATASET}-{NUMBER}.sh"),
        ("pictures", pictures),
    ):
        click.echo(f"  {what:<11}{path}")


@contextmanager
def _step(what: str) -> Iterator[None]:
    """Say what is done, and how long it took."""
    click.echo(f"{what} … ", nl=False)
    start = time.perf_counter()
    try:
        yield
    except BaseException:
        click.echo("stopped")  # so that the reason has a line of its own
        raise
    click.echo(f"{time.perf_counter() - start:.1f} s")


def _simulate(dataset: Path, frames: int, seed: int) -> None:
    from ctc_submit.simulate.dataset import write_dataset
    from ctc_submit.simulate.settings import SimulationSettings

    settings = SimulationSettings(
        look="dic", frames=frames, height=384, width=384, cells=9, cover=0.35, cycle=25
    )
    dataset.parent.mkdir(parents=True, exist_ok=True)
    for _ in write_dataset(dataset, settings, seed=seed, overwrite=True):
        pass


def _run_script(out: Path, model: Path) -> str:
    """Render the sequence's script and run it as the organisers do: no arguments, in its folder."""
    from ctc_submit.pack.entry import Entry
    from ctc_submit.pack.scripts import render_run, write_scripts

    script = f"{DATASET}-{NUMBER}.sh"
    text = render_run(Entry(DATASET, NUMBER), model=str(model))
    write_scripts(out / "SW", {script: text})
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = os.environ | {"PATH": path, "CTC_DATA": str(out.resolve())}
    done = subprocess.run(
        [f"./{script}"], cwd=out / "SW", env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise ToolError(f"{script}: exit code {done.returncode}: {done.stderr.strip()[-400:]}")
    return done.stdout


def _score(dataset: Path) -> tuple[str, float]:
    from ctc_submit.data.sequence import Sequence
    from ctc_submit.score.judge import score
    from ctc_submit.score.table import table

    record = score(Sequence.at(dataset / NUMBER))
    return table(record), record.scores["SEG"] or 0.0


def _draw(dataset: Path) -> Path:
    from ctc_submit.data.sequence import Sequence
    from ctc_submit.report.animations import write_gif
    from ctc_submit.report.overlay_settings import OverlaySettings
    from ctc_submit.report.overlays import write_overlays

    result = dataset / f"{NUMBER}_RES"
    folder = dataset / f"{NUMBER}_overlay"
    frames = Sequence.at(dataset / NUMBER)
    pictures = list(write_overlays(result, frames, folder, truth="GT", settings=OverlaySettings()))
    write_gif(pictures, folder / "overlay.gif")
    return folder
