"""Give the masks of a result labels that are consistent over time."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from ctc_submit.cli.options import errors_to_exit_codes, options_from
from ctc_submit.track.settings import TrackConfig

FILE = click.Path(path_type=Path)
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command(context_settings={"show_default": True})
@click.argument("result", type=FOLDER)
@click.option(
    "--sequence",
    type=FOLDER,
    help="Folder of the raw frames, in a folder named for the data set; default: NN beside NN_RES.",
)
@click.option(
    "--output",
    type=FOLDER,
    help="Write here and leave RESULT alone; default for NN_ERR_SEG: NN_RES.",
)
@click.option(
    "--border",
    type=click.IntRange(min=0),
    help="Strip outside the field of interest; default: the data set's, else 0. [px]",
)
@click.option("--table", type=FILE, help="Also write a CSV file with a row a track.")
@click.option("--lineage", type=FILE, help="Also draw the lineages: a PNG, SVG or PDF file.")
@click.option("--geff", type=FILE, help="Also write a GEFF folder, for napari and others.")
@options_from(TrackConfig, "settings")
@errors_to_exit_codes
def command(
    result: Path,
    sequence: Path | None,
    output: Path | None,
    border: int | None,
    settings: TrackConfig,
    **looks: Path | None,
) -> None:
    """Link the cells of RESULT over time.

    RESULT is a folder of masks (mask000.tif and so on). The masks are rewritten with labels that
    stay with a cell, res_track.txt is written beside them, and cells outside the field of interest
    are dropped: all of it or, if anything fails, nothing.

    For the Cell Linking Benchmark, RESULT is NN_ERR_SEG, and the result is written to NN_RES.
    """
    from ctc_submit.data.sequence import Sequence
    from ctc_submit.track.tracker import track_result

    _demand_looks(**looks)
    done = track_result(
        result,
        settings,
        output=output,
        sequence=Sequence.at(sequence) if sequence else None,
        border=border,
        watch=_bar,
    )
    _write_looks(done, **looks)
    repaired = f", {done.mended} masks at fault" if settings.repair else ""
    click.echo(
        f"{done.folder}: {len(done.tracks)} tracks, {done.divisions} divisions, "
        f"{done.drawn} missed masks drawn in{repaired}, {done.frames} frames"
    )


def _demand_looks(*, table: Path | None, lineage: Path | None, geff: Path | None) -> None:
    """Refuse, before a mask is touched, what could not be written beside them."""
    from ctc_submit.data.folders import demand_file
    from ctc_submit.track.geff_file import demand_new
    from ctc_submit.track.picture import demand_format
    from ctc_submit.track.table import demand_csv

    for path, demand in ((table, demand_csv), (lineage, demand_format), (geff, demand_new)):
        if path is None:
            continue
        demand(path)
        demand_file(path, path.suffix)


def _write_looks(done: Any, *, table: Path | None, lineage: Path | None, geff: Path | None) -> None:
    from ctc_submit.track.geff_file import write_geff
    from ctc_submit.track.picture import write_picture
    from ctc_submit.track.table import write_table

    if table:
        write_table(table, done.folder, done.scale)
    if lineage:
        write_picture(lineage, done.tracks)
    if geff:
        write_geff(geff, done.folder, done.scale)


def _bar(masks: Iterable[Any], what: str, count: int) -> Iterable[Any]:
    from tqdm import tqdm

    bar: Iterable[Any] = tqdm(
        masks, desc=what, total=count, unit="frame", disable=None, leave=False
    )
    return bar
