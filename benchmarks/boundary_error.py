"""Where a model loses SEG: Jaccard index and distance of the outlines, by size of the cells.

    python benchmarks/boundary_error.py DIC-C2DH-HeLa --split split.json --model MODEL --worst 3

looks at the frames that the model's training held out, and sorts their cells by length (the longer
side of the box) into quarters, those cut by the frame's edge apart. The distance is (1 - J) A / P
in pixels, with area A and perimeter P of the true cell: how far its outline would have to be moved
everywhere to lose as much. One that is the same for small and large cells is an error of so many
pixels, in the image or in its truth; one that grows with them is that of a grid laid over each.
The cells that lose most are named, to be looked at, with SEG as it would be without them.
"""

from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from skimage.measure import regionprops

from ctc_submit.checkpoint import config_from, load_checkpoint
from ctc_submit.cli.options import errors_to_exit_codes
from ctc_submit.score.matching import overlaps
from ctc_submit.segment import SegmentConfig, device_named, segment
from ctc_submit.train.held_out import tuning_frames
from ctc_submit.train.selection import Selection


@dataclass(frozen=True)
class Cell:
    """A true cell and how well it was found.

    Attributes:
        length: Longer side of its box in pixels.
        jaccard: Its Jaccard index; 0 where it was not found.
        distance: See above, in pixels.
        cut: Whether it touches the frame's edge.
        name: Frame and label.
        area: In pixels.
    """

    length: int
    jaccard: float
    distance: float
    cut: bool
    name: str = ""
    area: int = 0


def cells_of(frame: str, truth: np.ndarray, found: np.ndarray) -> list[Cell]:
    """Measure the true cells of a frame."""
    cells = []
    matched = overlaps(truth, found).jaccards  # as regionprops, by ascending label
    for region, jaccard in zip(regionprops(truth), matched, strict=True):
        top, left, bottom, right = region.bbox
        cut = top == 0 or left == 0
        cut = cut or bottom == truth.shape[0] or right == truth.shape[1]
        distance = (1 - jaccard) * region.area / max(region.perimeter, 1)
        length = max(bottom - top, right - left)
        name, area = f"{frame} {region.label}", int(region.area)
        cells.append(Cell(length, float(jaccard), float(distance), cut, name, area))
    return cells


def without_worst(cells: list[Cell], count: int) -> list[tuple[Cell, float]]:
    """Return the cells of the least Jaccard index, each with SEG without it and those before."""
    ranked = sorted(cells, key=lambda cell: (cell.jaccard, cell.name))
    values = [cell.jaccard for cell in ranked]
    count = min(count, len(ranked) - 1)
    return [(ranked[i], float(np.mean(values[i + 1 :]))) for i in range(count)]


def quarters(cells: list[Cell]) -> list[list[Cell]]:
    """Return cells by length, in four parts of about one size; in fewer where there are few."""
    some = sorted(cells, key=lambda cell: cell.length)
    parts = np.array_split(np.arange(len(some)), 4)
    return [[some[i] for i in part] for part in parts if part.size]


@click.command()
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option("--model", type=click.Path(path_type=Path), required=True)
@click.option("--split", type=click.Path(path_type=Path), help="Of the model's training.")
@click.option("--worst", type=click.IntRange(min=0), default=3, help="Cells that are named.")
@errors_to_exit_codes
def main(dataset: Path, model: Path, split: Path | None, worst: int) -> None:
    """Print what MODEL loses on DATASET, by size of the cells."""
    method, card = load_checkpoint(model, device_named("auto"))
    config = config_from(SegmentConfig, card.segment, model)
    selection = Selection((dataset,), truth="ST", splits=(split,) if split else ())
    cells: list[Cell] = []
    for example in tuning_frames(card, selection.examples(), {}):
        frame, labels = example.read()
        found = segment(frame, method, config)
        cells += cells_of(example.name, np.maximum(labels, 0), found)
    if cells:
        seg = np.mean([cell.jaccard for cell in cells])
        click.echo(f"SEG {seg:.4f} of {len(cells)} cells")
    for cell, rest in without_worst(cells, worst):
        click.echo(f"  {cell.name}: J {cell.jaccard:.3f}, {cell.area} px; without it {rest:.4f}")
    for cut in (False, True):
        some = [cell for cell in cells if cell.cut == cut and cell.jaccard > 0]
        click.echo(f"{'cut by the edge' if cut else 'inside'}: {len(some)} cells found")
        for alike in quarters(some):
            click.echo(
                f"  {alike[0].length:4} to {alike[-1].length:4} px: "
                f"J {np.mean([cell.jaccard for cell in alike]):.3f}, "
                f"median distance {np.median([cell.distance for cell in alike]):.2f} px"
            )


if __name__ == "__main__":
    main()
