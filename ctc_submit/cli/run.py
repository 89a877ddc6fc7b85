"""``ctc-submit run``: segment the frames of a sequence into mask files."""

from pathlib import Path
from typing import Any

import click

from ctc_submit.cli.frame_options import device_option
from ctc_submit.cli.options import errors_to_exit_codes, options_from
from ctc_submit.ensemble.settings import EnsembleConfig


@click.command()
@click.argument("sequence", type=click.Path(path_type=Path))
@click.argument("result", type=click.Path(path_type=Path), required=False)
@click.option(
    "--model",
    "models",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help="A model folder; repeated, the cells that several models find are fused.",
)
@device_option
@click.option(
    "--border",
    type=click.IntRange(min=0),
    help="Cells wholly in this strip along the edges are dropped. [px]  "
    "[default: the data set's own, 0 for others]",
)
@click.option(
    "--track/--no-track",
    default=True,
    show_default=True,
    help="Link the cells over time and write res_track.txt; without: masks alone.",
)
@click.option(
    "--repair",
    is_flag=True,
    help="Mend masks where the frames before and after agree: missed cells, two in one mask, …",
)
@click.option("--resume", is_flag=True, help="Go on with a run that was interrupted.")
@options_from(EnsembleConfig, "ensemble")
@errors_to_exit_codes
def command(
    sequence: Path,
    result: Path | None,
    models: tuple[Path, ...],
    device: str,
    **settings: Any,
) -> None:
    """Segment the frames tNNN.tif in SEQUENCE into masks maskNNN.tif in RESULT.

    RESULT defaults to <SEQUENCE>_RES. An earlier result there is replaced when all masks are made;
    what is needed to repeat the run is written beside it, to <RESULT>.run.json.

    With several --model, each segments every frame; objects that overlap by more than half are one
    cell, its shape lies half-way between theirs.
    """
    from ctc_submit.data.sequence import Sequence

    frames = Sequence.at(sequence)
    total = len(frames.frames)  # before torch is loaded: a wrong path is said at once
    target = result or frames.result

    from tqdm import tqdm

    from ctc_submit.pipeline import Run, RunConfig
    from ctc_submit.segment import device_named

    run = Run(frames, models, target, RunConfig(**settings))
    cells = count = 0
    try:
        with tqdm(total=total, unit="frame", disable=None, leave=False) as bar:
            for report in run(device_named(device)):
                cells, count = cells + report.cells, count + 1
                bar.set_postfix_str(f"{report.cells} cells", refresh=False)
                bar.update()
    except KeyboardInterrupt:
        raise KeyboardInterrupt("stopped; the same command with --resume goes on") from None
    phases = ", ".join(f"{name} {spent:.1f} s" for name, spent in run.clock.phases.items())
    found = f"{cells} cells in {count} frames"
    if run.tracked:  # what is left after the border, and with what was filled in
        cells = sum(track.end - track.begin + 1 for track in run.tracked.tracks)
        resumed = f", {count} frames run now" if count < total else ""
        found = f"{cells} cells in {len(run.tracked.tracks)} tracks{resumed}"
    click.echo(f"{target}: {total} masks, {found}")
    click.echo(f"time: {run.seconds:.1f} s ({phases}; reading and writing overlap the network)")
