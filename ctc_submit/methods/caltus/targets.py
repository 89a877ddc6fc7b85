"""What CALT-US should answer: background, cell, touching, or gap."""

import numpy as np
from scipy.ndimage import (
    binary_dilation,
    distance_transform_edt,
    label,
    maximum_filter,
    minimum_filter,
)

BACKGROUND, CELL, TOUCHING, GAP = range(4)
CLASSES = 4

LEAST_GAP = 8
"""Gaps of fewer connected pixels are background."""


def classes_of(labels: np.ndarray, *, touching: int, gap: int) -> np.ndarray:
    """Return the class of every pixel.

    Cell where there is a label. Touching where another label is within the 3×3 window, widened by
    a disc of radius ``touching`` (so about four pixels wide along a shared border, a little of it
    on background). Gap where a closing by a disc of radius ``gap`` fills background: slits between
    cells, dents and small holes.

    Args:
        labels: Integer YX label map; values below 1 are no cells.
        touching: Radius in pixels.
        gap: Radius in pixels.

    Returns:
        int64 YX, 0 background, 1 cell, 2 touching, 3 gap.
    """
    classes = (labels > 0).astype(np.int64)
    classes[_widened(_shared(labels), touching)] = TOUCHING
    filled = classes != BACKGROUND
    narrow = _closed(filled, gap) & ~filled
    pieces, _ = label(narrow, np.ones((3, 3)))
    large = np.bincount(pieces.ravel()) >= LEAST_GAP
    classes[narrow & large[pieces]] = GAP
    return classes


def disc(radius: int) -> np.ndarray:
    """Return the pixels within a radius, bool."""
    steps = np.arange(-radius, radius + 1) ** 2
    within: np.ndarray = np.add.outer(steps, steps) <= radius**2
    return within


def _shared(labels: np.ndarray) -> np.ndarray:
    """Find cell pixels with another cell in their 3×3 window."""
    none = np.iinfo(labels.dtype).max
    least = minimum_filter(np.where(labels > 0, labels, none), 3, mode="nearest")
    most = maximum_filter(labels, 3, mode="nearest")
    shared: np.ndarray = (labels > 0) & (least < most)
    return shared


def _widened(mask: np.ndarray, radius: int) -> np.ndarray:
    if not radius:
        return mask
    wide: np.ndarray = binary_dilation(mask, disc(radius))
    return wide


def _closed(mask: np.ndarray, radius: int) -> np.ndarray:
    """Close by a disc, background beyond the frame: two distance transforms, exact."""
    if not mask.any() or not radius:
        return mask
    padded = np.pad(mask, radius + 1)
    wide = distance_transform_edt(~padded) <= radius
    closed: np.ndarray = distance_transform_edt(wide) > radius
    return closed[radius + 1 : -radius - 1, radius + 1 : -radius - 1]
