"""Who owns which pixel: outlines of cells that touch but never overlap."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ctc_submit.simulate.cell import ANGLES, Cell

SMALLEST_SIGHT = 12
"""A cell of which fewer pixels lie in the frame is not in the frame."""

Window = tuple[slice, slice]


@dataclass(frozen=True)
class Territory:
    """The frame, divided among the cells.

    Attributes:
        owner: int32 YX, index of the cell, −1 on background; one connected piece for each cell.
        place: float32 YX, distance from the owner's centre as part of its radius there, 0 to 1.
        depth: float32 YX, distance to the outline or to a touching cell, in parts of the radius.
        windows: For each cell the part of the frame it can be in; None where that is empty.
        outlines: For each cell the distance from centre to outline in `ANGLES` directions.
    """

    owner: np.ndarray
    place: np.ndarray
    depth: np.ndarray
    windows: list[Window | None]
    outlines: list[np.ndarray]


def divide_ground(cells: list[Cell], shape: tuple[int, int]) -> Territory:
    """Give every pixel inside an outline to the cell in which it lies deepest.

    Args:
        cells: The cells; parts outside of the frame are cut off.
        shape: Height and width of the frame.
    """
    owner = np.full(shape, -1, np.int32)
    first = np.ones(shape, np.float32)
    second = np.ones(shape, np.float32)
    windows: list[Window | None] = []
    outlines = [cell.outline().astype(np.float32) for cell in cells]
    for index, (cell, outline) in enumerate(zip(cells, outlines, strict=True)):
        window = _window(cell.centre, float(outline.max()), shape)
        windows.append(window)
        if window is None:
            continue
        place = _place(cell.centre, outline, window)
        best, next_best = first[window], second[window]
        wins = place < best
        np.copyto(next_best, np.where(wins, best, np.minimum(next_best, place)))
        np.copyto(best, place, where=wins)
        owner[window][wins] = index
    for index, window in enumerate(windows):
        if window is not None:
            _keep_one_piece(owner[window], index)
    return Territory(owner, first, second - first, windows, outlines)


def _window(centre: np.ndarray, reach: float, shape: tuple[int, int]) -> Window | None:
    low = np.floor(centre - reach).astype(int)
    high = np.ceil(centre + reach).astype(int) + 1
    rows = slice(max(low[0], 0), min(high[0], shape[0]))
    columns = slice(max(low[1], 0), min(high[1], shape[1]))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return None
    return rows, columns


def _place(centre: np.ndarray, outline: np.ndarray, window: Window) -> np.ndarray:
    rows, columns = window
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - np.float32(centre[0])
    x = np.arange(columns.start, columns.stop, dtype=np.float32)[None] - np.float32(centre[1])
    turn = np.arctan2(y, x) * np.float32(ANGLES / (2 * np.pi))
    direction = np.rint(turn).astype(np.int32) % ANGLES
    place: np.ndarray = np.hypot(y, x) / outline[direction]
    return place


def _keep_one_piece(owner: np.ndarray, index: int) -> None:
    """Take away all but the largest piece, and that too where it is too small to be seen."""
    pieces, count = ndimage.label(owner == index)
    if count == 0:
        return
    sizes = np.bincount(pieces.ravel())[1:]
    largest = int(sizes.argmax()) + 1
    if sizes[largest - 1] < SMALLEST_SIGHT:
        largest = -1
    if largest < 0 or count > 1:
        owner[(pieces > 0) & (pieces != largest)] = -1
