"""Where a model loses SEG: Jaccard index and distance of the outlines, by size of the cells.

    python benchmarks/boundary_error.py DIC-C2DH-HeLa --split split.json --model MODEL

looks at the frames that the model's training held out, and sorts their cells by length (the longer
side of the box) into quarters, those cut by the frame's edge apart. The distance is (1 - J) A / P
in pixels, with area A and perimeter P of the true cell: how far its outline would have to be moved
everywhere to lose as much. One that is the same for small and large cells is an error of so many
pixels, in the image or in its truth; one that grows with them is that of a grid laid over each.
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
        jaccard: Its Jaccard index, above 0.
        distance: See above, in pixels.
        cut: Whether it touches the frame's edge.
    """

    length: int
    jaccard: float
    distance: float
    cut: bool


def cells_of(truth: np.ndarray, found: np.ndarray) -> list[Cell]:
    """Measure the cells of a frame that were found."""
    cells = []
    matched = overlaps(truth, found).jaccards  # as regionprops, by ascending label
    for region, jaccard in zip(regionprops(truth), matched, strict=True):
        top, left, bottom, right = region.bbox
        cut = top == 0 or left == 0
        cut = cut or bottom == truth.shape[0] or right == truth.shape[1]
        distance = (1 - jaccard) * region.area / max(region.perimeter, 1)
        if jaccard > 0:
            length = max(bottom - top, right - left)
            cells.append(Cell(length, float(jaccard), float(distance), cut))
    return cells


def quarters(cells: list[Cell]) -> list[list[Cell]]:
    """Return cells by length, in four parts of about one size; in fewer where there are few."""
    some = sorted(cells, key=lambda cell: cell.length)
    parts = np.array_split(np.arange(len(some)), 4)
    return [[some[i] for i in part] for part in parts if part.size]


@click.command()
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option("--model", type=click.Path(path_type=Path), required=True)
@click.option("--split", type=click.Path(path_type=Path), help="Of the model's training.")
@errors_to_exit_codes
def main(dataset: Path, model: Path, split: Path | None) -> None:
    """Print what MODEL loses on DATASET, by size of the cells."""
    method, card = load_checkpoint(model, device_named("auto"))
    config = config_from(SegmentConfig, card.segment, model)
    selection = Selection((dataset,), truth="ST", splits=(split,) if split else ())
    cells: list[Cell] = []
    for example in tuning_frames(card, selection.examples(), {}):
        frame, labels = example.read()
        cells += cells_of(np.maximum(labels, 0), segment(frame, method, config))
    for cut in (False, True):
        some = [cell for cell in cells if cell.cut == cut]
        click.echo(f"{'cut by the edge' if cut else 'inside'}: {len(some)} cells")
        for alike in quarters(some):
            click.echo(
                f"  {alike[0].length:4} to {alike[-1].length:4} px: "
                f"J {np.mean([cell.jaccard for cell in alike]):.3f}, "
                f"median distance {np.median([cell.distance for cell in alike]):.2f} px"
            )


if __name__ == "__main__":
    main()
