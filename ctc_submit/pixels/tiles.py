"""An overlapping grid of tiles, and which tile owns a pixel."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Tile:
    """One tile of a frame.

    Attributes:
        top: First row.
        left: First column.
        height: Rows.
        width: Columns.
        owned: First and last (exclusive) row, first and last column of the pixels that this tile
            owns, in frame pixels. Owned areas of a grid cover the frame without overlap.
    """

    top: int
    left: int
    height: int
    width: int
    owned: tuple[int, int, int, int]

    def cut(self, frame: np.ndarray) -> np.ndarray:
        """Return the tile's view of a YX frame."""
        return frame[self.top : self.top + self.height, self.left : self.left + self.width]

    def owns(self, row: float, column: float) -> bool:
        """Tell whether a place of the frame belongs to this tile."""
        first_row, last_row, first_column, last_column = self.owned
        return first_row <= row < last_row and first_column <= column < last_column


def grid(shape: tuple[int, int], size: int, overlap: int) -> list[Tile]:
    """Cover a frame with tiles of equal size, spread evenly, row by row.

    Neighbouring tiles share at least ``overlap`` pixels, so an object that is no larger lies whole
    in the tile that owns its centre. A frame no larger than ``size`` is one tile.

    Args:
        shape: Height and width of the frame.
        size: Most rows and columns of a tile.
        overlap: Least rows and columns that neighbours share; less than ``size``.

    Raises:
        ValueError: If ``size`` is not positive or ``overlap`` not less than it.
    """
    if size < 1 or not 0 <= overlap < size:
        raise ValueError(f"tiles of {size} pixels cannot share {overlap}")
    rows, columns = (_spread(length, size, overlap) for length in shape)
    return [
        Tile(top, left, height, width, (*owned_rows, *owned_columns))
        for top, height, owned_rows in rows
        for left, width, owned_columns in columns
    ]


def _spread(length: int, size: int, overlap: int) -> list[tuple[int, int, tuple[int, int]]]:
    """Return start, length and owned interval of the tiles along one axis."""
    size = min(size, length)
    count = 1 if length <= size else -(-(length - overlap) // (size - overlap))
    starts = [round(i * (length - size) / max(count - 1, 1)) for i in range(count)]
    seams = [(starts[i] + size + starts[i + 1]) // 2 for i in range(count - 1)]
    edges = [0, *seams, length]
    return [(start, size, (edges[i], edges[i + 1])) for i, start in enumerate(starts)]
