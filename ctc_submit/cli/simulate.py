"""``ctc-submit simulate``: a challenge-style data set with exact truth, drawn from a seed."""

import time
from pathlib import Path

import click

from ctc_submit.cli.options import errors_to_exit_codes, options_from
from ctc_submit.simulate.settings import SimulationSettings


@click.command()
@errors_to_exit_codes
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed.")
@click.option(
    "--sequences",
    type=click.IntRange(1, 99),
    default=1,
    show_default=True,
    help="Number of sequences, written as 01, 02, …",
)
@click.option("--force", is_flag=True, help="Replace a data set simulated before, with all in it.")
@options_from(SimulationSettings, "settings")
def command(
    folder: Path, seed: int, sequences: int, force: bool, settings: SimulationSettings
) -> None:
    """Write a simulated data set with exact truth to FOLDER.

    FOLDER gets the official layout: 01/t000.tif, 01_GT/SEG/man_seg000.tif,
    01_GT/TRA/man_track000.tif and man_track.txt with divisions.
    """
    from tqdm import tqdm

    from ctc_submit.simulate.dataset import write_dataset

    started = time.perf_counter()
    moments = write_dataset(folder, settings, seed=seed, sequences=sequences, overwrite=force)
    count = sequences * settings.frames
    for _ in tqdm(moments, total=count, unit="frame", disable=None, leave=False):
        pass
    seconds = time.perf_counter() - started
    click.echo(f"{folder}: {count} frames with exact truth in {seconds:.1f} s")
