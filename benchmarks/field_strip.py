"""What it costs in SEG that `run` drops the cells outside the field of interest.

    python benchmarks/field_strip.py DATASET --model MODEL [--split FILE] [--sequence 02]

prints SEG of all cells that are found, as `ctc-submit validate` does, and of those that `run`
writes; how many are dropped, and how many of these match a cell of the truth that reaches a little
further in.
"""

from pathlib import Path

import click
import numpy as np
from tqdm import tqdm

from ctc_submit.cli.options import errors_to_exit_codes
from ctc_submit.ensemble.members import find_cells, load_members
from ctc_submit.ensemble.settings import EnsembleConfig
from ctc_submit.pixels.field import labels_in
from ctc_submit.score.matching import overlaps
from ctc_submit.segment import device_named
from ctc_submit.train.selection import Selection


@click.command()
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option("--model", type=click.Path(path_type=Path), required=True)
@click.option("--split", type=click.Path(path_type=Path), help="Of which the part test is taken.")
@click.option("--sequence", "sequences", multiple=True, help="Only this one; can be repeated.")
@errors_to_exit_codes
def main(dataset: Path, model: Path, split: Path | None, sequences: tuple[str, ...]) -> None:
    """Segment the frames of DATASET that have silver truth, and score them twice."""
    config = EnsembleConfig()
    members = load_members((model,), device_named("auto"), config)
    splits = (split,) if split else ()
    chosen = Selection((dataset,), sequences=sequences, splits=splits)
    whole, written = [np.zeros(0)], [np.zeros(0)]
    dropped = 0
    for example in tqdm(chosen.examples("test"), unit="frame", disable=None, leave=False):
        frame, truth = example.read()
        found = find_cells(frame, members, config)
        kept = example.inside(found)
        whole.append(overlaps(np.maximum(truth, 0), found).jaccards)
        written.append(overlaps(np.maximum(truth, 0), kept).jaccards)
        dropped += len(labels_in(found)) - len(labels_in(kept))
    one, other = np.concatenate(whole), np.concatenate(written)
    lost = int(((one > 0) & (other == 0)).sum())
    click.echo(
        f"{model} on {dataset.name}: SEG {one.mean():.4f}, of what is written {other.mean():.4f}, "
        f"on {one.size} cells; {dropped} dropped, {lost} of them match a cell"
    )


if __name__ == "__main__":
    main()
