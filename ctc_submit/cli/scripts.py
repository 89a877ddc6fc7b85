"""``ctc-submit scripts``: renders ``SW/`` for any data sets."""

import os
from dataclasses import replace
from pathlib import Path

import click

from ctc_submit.cli.options import errors_to_exit_codes, options_from
from ctc_submit.pack.entry import (
    CONFIGURATIONS,
    SEQUENCES,
    Rendering,
    entries_for,
    generalizable_datasets,
)


@click.command()
@errors_to_exit_codes
@click.argument("datasets", metavar="DATASET...", nargs=-1)
@click.option(
    "--out",
    default="SW",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write the scripts into.",
)
@click.option(
    "--sequence",
    "sequences",
    multiple=True,
    default=SEQUENCES,
    show_default=True,
    help="Sequence to render a script for, two digits; repeat for several.",
)
@click.option(
    "--configuration",
    "configurations",
    multiple=True,
    type=click.Choice(list(CONFIGURATIONS)),
    help="Training-data configuration; repeat for several. None for a regular submission.",
)
@click.option(
    "--generalizable",
    is_flag=True,
    help="All six configurations with training scripts; without DATASET for all 13 data sets.",
)
@click.option(
    "--csb",
    is_flag=True,
    help="Also scripts in CSB/ for the second result of the Fluo-N3DL data sets, without tracks "
    "(DATASET/CSB/01_RES).",
)
@options_from(Rendering, "how")
def command(
    datasets: tuple[str, ...],
    out: Path,
    sequences: tuple[str, ...],
    configurations: tuple[str, ...],
    generalizable: bool,
    csb: bool,
    how: Rendering,
) -> None:
    """Render the scripts that the organisers run, one a sequence.

    DATASET is the name of a data set's folder, DIC-C2DH-HeLa for example.
    """
    from ctc_submit.pack.scripts import render_folder, write_scripts

    given = [name.rstrip("/" + os.sep) for name in datasets]  # as a shell completes it
    names = given or (generalizable_datasets() if generalizable else [])
    if not names:
        raise click.UsageError("name a DATASET, or give --generalizable")
    kinds = tuple(CONFIGURATIONS) if generalizable else configurations or ("",)
    how = replace(how, training=how.training or generalizable)
    entries = entries_for(names, sequences=sequences, configurations=kinds, segmentation_only=csb)
    files = render_folder(entries, how)
    write_scripts(out, files)
    click.echo(f"{out}: {len(files)} files")
