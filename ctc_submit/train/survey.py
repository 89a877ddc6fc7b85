"""A look at all annotated frames before the work: are they whole, what is in them."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from ctc_submit.errors import DataError
from ctc_submit.methods.method import CellSizes
from ctc_submit.train.split import Example, by_dataset

logger = logging.getLogger(__name__)

MANY_PIECES = 3
"""From this many pieces on, one label is no longer taken for one cell."""

MOST_FRAMES = 0.9
"""Of the frames with cells; if more have but one label in many pieces, labels are no instances."""

WHITE = 255
"""Where all frames have this label alone, two pieces tell enough: it is the white of a picture."""


@dataclass(frozen=True)
class FrameSurvey:
    """The cells of one frame.

    Attributes:
        mask: Its annotation.
        heights: Heights of the cells' bounding boxes in pixels.
        widths: Their widths, in the same order.
        lone_label: The label, where the frame has only one; 0 otherwise.
        pieces: Unconnected pieces of that label; 0 where there are several labels.
        filled: Whether no pixel is background.
    """

    mask: Path
    heights: tuple[int, ...]
    widths: tuple[int, ...]
    lone_label: int
    pieces: int
    filled: bool


def survey(examples: Iterable[Example]) -> dict[Example, FrameSurvey]:
    """Read every frame once, and look at its cells.

    Raises:
        DataError: If a file cannot be read, shapes differ, or the labels of a data set are not
            instances: nearly every frame has one label that lies on many unconnected pieces, or
            all have 255 alone, which somewhere lies on two.
    """
    seen = {example: _look_at(example) for example in examples}
    for name, own in by_dataset(list(seen)).items():
        frames = [seen[example] for example in own]
        _refuse_fused(frames)
        if all(frame.filled for frame in frames):
            logger.warning(
                "%s: no pixel of its %d masks is 0, the background; if a label stands for it, "
                "write 0 there",
                name,
                len(frames),
            )
    return seen


def _refuse_fused(frames: list[FrameSurvey]) -> None:
    """Raise where the frames of one data set have no instances."""
    filled = [frame for frame in frames if frame.heights]
    white = all(frame.lone_label == WHITE for frame in filled)
    least, most = (2, 0.0) if white else (MANY_PIECES, MOST_FRAMES)
    fused = [frame for frame in filled if frame.pieces >= least]
    if fused and len(fused) > most * len(filled):
        first = fused[0]
        raise DataError(
            f"{first.mask}: expected one label a cell, found the only label {first.lone_label} on "
            f"{first.pieces} separate pieces, and so in {len(fused)} of {len(filled)} frames; give "
            "every cell a value of its own"
        )


def cell_sizes(frames: Iterable[FrameSurvey]) -> CellSizes:
    """Put the bounding boxes of all cells of some frames together."""
    chosen = list(frames)
    heights = [height for frame in chosen for height in frame.heights]
    widths = [width for frame in chosen for width in frame.widths]
    most = max((len(frame.heights) for frame in chosen), default=0)
    return CellSizes(np.array(heights, float), np.array(widths, float), most)


def sizes_to_learn(
    surveyed: dict[Example, FrameSurvey], learned: list[Example], chosen_by: list[Example]
) -> CellSizes:
    """Return the sizes of the cells to learn from.

    Args:
        surveyed: What every frame holds.
        learned: Frames to learn from.
        chosen_by: Frames to choose the best epoch by; may be none.

    Raises:
        DataError: If either has frames, but no cell.
    """
    sizes = cell_sizes(surveyed[example] for example in learned)
    if not sizes.most:
        raise DataError(f"none of the {len(learned)} frames to learn from has a cell")
    if chosen_by and not cell_sizes(surveyed[example] for example in chosen_by).most:
        raise DataError(
            f"none of the {len(chosen_by)} frames held out to choose the best by has a cell; take "
            "a larger --holdout, another --seed, or --holdout 0"
        )
    return sizes


def _look_at(example: Example) -> FrameSurvey:
    labels = np.maximum(example.read()[1], 0)
    found = ndimage.find_objects(labels)
    boxes = [box for box in found if box]
    lone = len(found) if len(boxes) == 1 else 0
    pieces = ndimage.label(labels[boxes[0]] > 0, np.ones((3, 3)))[1] if lone else 0
    return FrameSurvey(
        example.mask,
        tuple(rows.stop - rows.start for rows, _ in boxes),
        tuple(columns.stop - columns.start for _, columns in boxes),
        lone,
        pieces,
        bool(labels.all()),
    )
