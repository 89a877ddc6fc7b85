"""Resampling of an image and its label map through one and the same map of coordinates.

Flips, quarter turns, scale, rotation and elastic displacement become one map, so that pixels are
interpolated once. What lies outside the frame is `fill` in the image and `outside` in the labels.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

Pair = tuple[np.ndarray, np.ndarray]

BLOCK = 16_384
"""Pixels resampled at a time, so that the steps' temporaries stay in the processor's cache."""


@dataclass(frozen=True)
class Warp:
    """Where each pixel of the output comes from.

    Attributes:
        shape: Height and width of the output.
        centre: Row and column of the frame that the middle of the output shows.
        matrix: 2×2, float64; steps of the output (row, column) to steps in the frame.
        row_shift: float32 of the output's shape, pixels of the frame added to every row
            coordinate, or None.
        column_shift: The same for columns.
    """

    shape: tuple[int, int]
    centre: tuple[float, float]
    matrix: np.ndarray
    row_shift: np.ndarray | None = None
    column_shift: np.ndarray | None = None

    @classmethod
    def of(cls, shape: tuple[int, int], centre: tuple[float, float]) -> Self:
        """Return the warp that only cuts out."""
        return cls(shape, centre, np.eye(2))

    def then(self, step: list[list[float]]) -> Self:
        """Return this warp with another linear step between the frame and what it did so far."""
        return replace(self, matrix=np.array(step) @ self.matrix)

    @property
    def is_indexing(self) -> bool:
        """Whether every pixel of the output is a pixel of the frame: flips and quarter turns."""
        signs = np.abs(self.matrix)
        return self.row_shift is None and bool(np.isin(signs, (0, 1)).all())


def apply(warp: Warp, image: np.ndarray, labels: np.ndarray, *, fill: float, outside: int) -> Pair:
    """Return the warped image (linear) and label map (nearest pixel).

    Args:
        warp: What to do.
        image: float32 YX.
        labels: Integer YX of the same shape.
        fill: Value of the image outside the frame.
        outside: Label there.

    Returns:
        Image float32 and labels in their own type, both of ``warp.shape``, C-contiguous, no views.
    """
    if warp.is_indexing:
        return _index(warp, image, fill), _index(warp, labels, outside)
    across = abs(warp.matrix[0, 1]) > abs(warp.matrix[0, 0])
    image, labels = _framed(image, fill, across), _framed(labels, outside, across)
    warped = np.empty(warp.shape, image.dtype), np.empty(warp.shape, labels.dtype)
    height = max(1, BLOCK // warp.shape[1])
    for top in range(0, warp.shape[0], height):
        block = slice(top, top + height)
        rows, columns = _coordinates(warp, block)
        rows, columns = (columns, rows) if across else (rows, columns)
        warped[0][block] = _linear(image, rows, columns)
        warped[1][block] = _nearest(labels, rows, columns)
    return warped


def _index(warp: Warp, array: np.ndarray, fill: float) -> np.ndarray:
    """Warp by slicing: cut, then flip and transpose."""
    turned = abs(warp.matrix[0, 1]) == 1
    height, width = warp.shape[::-1] if turned else warp.shape
    top = round(warp.centre[0] - (height - 1) / 2)
    left = round(warp.centre[1] - (width - 1) / 2)
    cut = _cut(array, top, left, (height, width), fill)
    row_step, column_step = (int(step) for step in warp.matrix.sum(axis=1))
    cut = cut[::row_step, ::column_step]
    return np.array(cut.T if turned else cut, order="C")


def _cut(array: np.ndarray, top: int, left: int, shape: tuple[int, int], fill: float) -> np.ndarray:
    """Return a window that may reach over the array's edges."""
    bottom, right = top + shape[0], left + shape[1]
    inside = array[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    if inside.shape == shape:
        return inside
    window = np.full(shape, fill, array.dtype)
    y, x = max(-top, 0), max(-left, 0)
    window[y : y + inside.shape[0], x : x + inside.shape[1]] = inside
    return window


def _framed(array: np.ndarray, fill: float, across: bool) -> np.ndarray:
    """Put two pixels of `fill` around an array, after transposing it if it is read across.

    Neighbours in the output then are neighbours in memory, which makes reading twice as fast.
    """
    framed = np.pad(array.T if across else array, 2, constant_values=fill)
    return np.ascontiguousarray(framed)


def _coordinates(warp: Warp, block: slice) -> Pair:
    """Return the frame's row and column of every output pixel in a block of rows, float32."""
    down, across = (np.arange(size) - (size - 1) / 2 for size in warp.shape)
    rows, columns = (
        np.add.outer((m[0] * down[block] + at).astype("f4"), (m[1] * across).astype("f4"))
        for m, at in zip(warp.matrix, warp.centre, strict=True)
    )
    if warp.row_shift is not None and warp.column_shift is not None:
        rows += warp.row_shift[block]
        columns += warp.column_shift[block]
    return rows, columns


def _nearest(framed: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Read the pixel that is nearest to each place; places are those of the array unframed."""
    height, width = framed.shape
    y = (np.clip(rows, -1, height - 4) + np.float32(2.5)).astype(np.int32)
    x = (np.clip(columns, -1, width - 4) + np.float32(2.5)).astype(np.int32)
    found: np.ndarray = framed.ravel().take(y * width + x)
    return found


def _linear(framed: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Interpolate between the four pixels around each place."""
    height, width = framed.shape
    rows = np.clip(rows, -1, height - 4) + np.float32(2)
    columns = np.clip(columns, -1, width - 4) + np.float32(2)
    y, x = rows.astype(np.int32), columns.astype(np.int32)
    rows -= y
    columns -= x
    corner = y * width + x
    flat = framed.ravel()
    upper: np.ndarray = flat.take(corner)
    lower = flat.take(corner + width)
    upper += columns * (flat.take(corner + 1) - upper)
    lower += columns * (flat.take(corner + (width + 1)) - lower)
    upper += rows * (lower - upper)
    return upper


def smooth_shift(
    shape: tuple[int, int], *, spacing: float, most: float, rng: np.random.Generator
) -> np.ndarray:
    """Return a smooth random displacement along one axis.

    A cubic B-spline over knots drawn evenly from [-most, most], so that no displacement exceeds
    ``most``, and neighbouring pixels move by at most 2 · most / spacing relative to each other:
    with less than 1/2 on either axis nothing folds over.

    Args:
        shape: Height and width.
        spacing: Distance of the knots in pixels.
        most: Greatest displacement in pixels.
        rng: Source of randomness.

    Returns:
        float32 of that shape, in pixels.
    """
    down, across = (_spline(size, spacing) for size in shape)
    knots = rng.uniform(-most, most, (down.shape[1], across.shape[1])).astype(np.float32)
    shift: np.ndarray = down @ knots @ across.T
    return shift


def _spline(size: int, spacing: float) -> np.ndarray:
    """Return the weight of every knot at every pixel, float32, size × knots."""
    at = np.arange(size) / spacing + 1
    apart = np.abs(at[:, None] - np.arange(int(at[-1]) + 3))
    near = 2 / 3 - apart**2 + apart**3 / 2
    far = np.clip(2 - apart, 0, None) ** 3 / 6
    return np.where(apart < 1, near, far).astype(np.float32)
