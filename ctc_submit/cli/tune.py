"""``ctc-submit tune``: choose how a model's answers are read, on frames held out of training."""

from pathlib import Path
from typing import Any

import click

from ctc_submit.cli.frame_options import device_option, frame_options
from ctc_submit.cli.options import errors_to_exit_codes, options_from
from ctc_submit.train.config import TuneConfig


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("datasets", nargs=-1, required=True, type=click.Path(path_type=Path))
@frame_options("score against", part="train")
@click.option("--tracks", is_flag=True, help="Tune how cells are linked, on whole sequences.")
@click.option(
    "--masks",
    type=click.Path(path_type=Path, file_okay=False),
    multiple=True,
    help="With --tracks: masks of each sequence, made by a model that did not learn from it.",
)
@click.option("--dry-run", is_flag=True, help="Write nothing.")
@device_option
@options_from(TuneConfig, "config")
@errors_to_exit_codes
def command(
    model: Path,
    datasets: tuple[Path, ...],
    part: str,
    dry_run: bool,
    device: str,
    config: TuneConfig,
    **selection: Any,
) -> None:
    """Tune how MODEL's answers are read, on annotated frames of DATASETS it did not learn from.

    Give the same data sets, --split, --sequence and --truth as in training. Tried are the
    thresholds of the method, whose a pixel is that several cells cover, the smallest cell, and the
    boundaries one or two pixels in or out. The network looks at every frame once. The model's card
    gets the settings, and the score before and after.

    With --tracks, MODEL segments whole sequences that it did not learn from, and the settings of
    linking are tried that raise TRA (or --goal OP_CLB, the mean of LNK and BIO).
    """
    tracks, masks = selection.pop("tracks"), selection.pop("masks")
    if tracks:
        from ctc_submit.cli.tune_tracks import tune_tracks_of

        return tune_tracks_of(
            model,
            datasets,
            numbers=selection["sequences"],
            masks=masks,
            config=config,
            dry_run=dry_run,
            device=device,
        )
    _demand_no_tracks(config, masks)
    from tqdm import tqdm

    from ctc_submit.checkpoint import CARD, config_from, load_checkpoint
    from ctc_submit.data.folders import demand_writable
    from ctc_submit.errors import CheckpointError
    from ctc_submit.segment import SegmentConfig, device_named
    from ctc_submit.train.held_out import tuning_frames
    from ctc_submit.train.selection import Selection
    from ctc_submit.train.survey import survey
    from ctc_submit.train.tune import Bench, Settings, Tuned, record, tune

    chosen = Selection(datasets, **selection)
    examples = chosen.examples(part)
    method, card = load_checkpoint(model, device_named(device))
    if card.partners:
        raise CheckpointError(f"{model}: has partners; tune each model before they are joined")
    if not dry_run:
        demand_writable(model, CheckpointError)
    if config.frames == "held-out":
        examples = tuning_frames(card, examples, chosen.card())
    survey(examples)
    start = Settings(method.config, config_from(SegmentConfig, card.segment, model / CARD))
    bench = Bench(method, tqdm(examples, unit="frame", disable=None, leave=False), start)
    for report in tune(bench, start, config):
        if isinstance(report, Tuned):
            found = report
            continue
        tried = ", ".join(f"{value} {score:.4f}" for value, score in report.scores.items())
        kept = report.settings.value(report.name)
        click.echo(f"{report.name}: {tried}; kept {kept}", err=True)
    if found.changes and not dry_run:
        record(model, card, found, chosen.card() | {"frames": f"{len(examples)} {config.frames}"})
    for name, change in found.changes.items():
        click.echo(f"{name}: {change['before']} → {change['after']}")
    numbers = ", ".join(f"{k} {v:.4f} → {found.after[k]:.4f}" for k, v in found.before.items())
    said = "" if found.changes else "; nothing raises it by more than the margin, the card stays"
    click.echo(f"{model}: {numbers} on {bench.cells} cells of {len(examples)} frames{said}")


def _demand_no_tracks(config: TuneConfig, masks: tuple[Path, ...]) -> None:
    """Refuse what is given for tracks where they are not asked for."""
    if config.goal in {"TRA", "OP_CLB"}:
        raise click.UsageError(f"--goal {config.goal} is about tracks; add --tracks")
    if masks:
        raise click.UsageError("--masks are linked; add --tracks")
