"""Opening by a disc and filling of holes, as scipy's, many times as fast on whole frames."""

from collections.abc import Iterator

import numpy as np
from scipy.ndimage import label


def opened(mask: np.ndarray, disc: np.ndarray) -> np.ndarray:
    """Keep what of a mask a disc covers that fits into it: erosion, then dilation.

    As ``scipy.ndimage.binary_opening``, so nothing fits across the frame's edge. A row of the disc
    is one run of pixels, and whether a run fits, or meets the mask, is the difference of two
    running sums; so the time grows with the disc's height instead of its area.

    Args:
        mask: bool YX.
        disc: bool YX, every row one run without a gap, such as a filled ellipse.

    Returns:
        bool YX.
    """
    rows, columns = (size // 2 for size in disc.shape)
    runs = [
        (row - rows, int(np.flatnonzero(line)[0]) - columns, int(line.sum()))
        for row, line in enumerate(disc)
        if line.any()
    ]
    fits = np.ones(mask.shape, bool)
    for length, found in _counted(mask, runs):
        fits &= found == length
    turned = [(-row, 1 - column - length, length) for row, column, length in runs]
    met = np.zeros(mask.shape, bool)
    for _, found in _counted(fits, turned):
        met |= found > 0
    return met


def filled(mask: np.ndarray) -> np.ndarray:
    """Return a mask with its holes, as ``scipy.ndimage.binary_fill_holes``.

    Args:
        mask: bool YX.

    Returns:
        bool YX; background stays where edges of pixels connect it to the frame's edge.
    """
    pieces, number = label(~mask)
    outside = np.zeros(number + 1, bool)
    for edge in (pieces[:1], pieces[-1:], pieces[:, :1], pieces[:, -1:]):
        outside[edge] = True
    outside[0] = False  # the mask itself
    inside: np.ndarray = ~outside[pieces]
    return inside


def _counted(
    mask: np.ndarray, runs: list[tuple[int, int, int]]
) -> Iterator[tuple[int, np.ndarray]]:
    """Count the pixels of a mask in a run beside every pixel.

    Args:
        mask: bool YX.
        runs: (rows down, columns right, length) from a pixel to the run's first.

    Yields:
        Every run's length, and the counts, int32 YX.
    """
    height, width = mask.shape
    room = max(abs(step) + length for row, column, length in runs for step in (row, column))
    sums = np.zeros((height + 2 * room, width + 2 * room + 1), np.int32)
    inside = sums[room : room + height, room + 1 :]
    np.cumsum(mask, axis=1, out=inside[:, :width])
    inside[:, width:] = inside[:, width - 1 : width]
    for row, column, length in runs:
        first, last = room + column, room + column + length
        lines = sums[room + row : room + row + height]
        yield length, lines[:, last : last + width] - lines[:, first : first + width]
