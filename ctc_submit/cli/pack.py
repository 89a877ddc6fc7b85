"""``ctc-submit pack``: makes what is uploaded, after trying it."""

import os
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click

from ctc_submit.cli.options import errors_to_exit_codes, options_from, stopped_in_order
from ctc_submit.pack.settings import PackConfig


@click.command()
@errors_to_exit_codes
@stopped_in_order
@click.argument("data", type=click.Path(path_type=Path))
@click.option(
    "--out",
    default="submission",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to make.",
)
@click.option("--dataset", "datasets", multiple=True, help="Pack this data set only; repeatable.")
@click.option(
    "--models",
    default="models",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder with one model a data set.",
)
@click.option(
    "--model",
    "named",
    multiple=True,
    metavar="NAME=FOLDER",
    help="Where the model of a data set (or configuration) lies, if elsewhere; repeatable.",
)
@options_from(PackConfig, "config")
def command(
    data: Path,
    out: Path,
    datasets: tuple[str, ...],
    models: Path,
    named: tuple[str, ...],
    config: PackConfig,
) -> None:
    """Pack software and results of DATA, a folder with DATASET/01 and DATASET/01_RES.

    Results are checked first; warnings go to stderr and hinder nothing. The software is then
    unpacked elsewhere, every script run without network, and what it writes compared with the
    results; nothing is published that fails.
    """
    from ctc_submit.pack.submission import Sources, pack
    from ctc_submit.track.settings import TrackConfig

    pairs = [pair.partition("=") for pair in named]
    if wrong := next((name for name, equals, _ in pairs if not equals), None):
        raise click.UsageError(f"--model {wrong}: expected NAME=FOLDER")
    sources = Sources(
        data=data,
        models=models,
        named={name: Path(folder) for name, _, folder in pairs},
        datasets=tuple(name.rstrip("/" + os.sep) for name in datasets),  # as a shell completes it
        tracking=asdict(TrackConfig()),
    )
    flights = pack(sources, out, config, say=click.echo, warn=partial(click.echo, err=True))
    if any(not flight.cut_off for flight in flights):
        click.echo("the network could not be cut off in the pre-flight (no unshare)", err=True)
    click.echo(f"{out}: ready; hand it in with ctc-submit upload {out}")
