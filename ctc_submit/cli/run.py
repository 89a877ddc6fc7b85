"""``ctc-submit run``: segment the frames of a sequence into mask files."""

from pathlib import Path

import click

from ctc_submit.cli.frame_options import device_option
from ctc_submit.cli.options import errors_to_exit_codes


@click.command()
@click.argument("sequence", type=click.Path(path_type=Path))
@click.argument("result", type=click.Path(path_type=Path), required=False)
@click.option("--model", type=click.Path(path_type=Path), required=True, help="A model folder.")
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
@click.option("--resume", is_flag=True, help="Go on with a run that was interrupted.")
@errors_to_exit_codes
def command(
    sequence: Path,
    result: Path | None,
    model: Path,
    device: str,
    border: int | None,
    track: bool,
    resume: bool,
) -> None:
    """Segment the frames tNNN.tif in SEQUENCE into masks maskNNN.tif in RESULT.

    RESULT defaults to <SEQUENCE>_RES. An earlier result there is replaced when all masks are made;
    what is needed to repeat the run is written beside it, to <RESULT>.run.json.
    """
    from ctc_submit.data.sequence import Sequence

    frames = Sequence.at(sequence)
    total = len(frames.frames)  # before torch is loaded: a wrong path is said at once
    target = result or frames.result

    from tqdm import tqdm

    from ctc_submit.pipeline import Run, RunConfig
    from ctc_submit.segment import device_named

    run = Run(frames, model, target, RunConfig(border=border, track=track, resume=resume))
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
    linked = f", {len(run.tracked.tracks)} tracks" if run.tracked else ""
    click.echo(f"{target}: {total} masks, {cells} cells in {count} frames{linked}")
    click.echo(f"time: {run.seconds:.1f} s ({phases}; reading and writing overlap the network)")
