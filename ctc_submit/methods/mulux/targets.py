"""What MU-Lux-CZ should answer: a marker inside every cell, the cells' mask, pixel weights."""

import numpy as np
from scipy.ndimage import distance_transform_edt, find_objects, label, uniform_filter

from ctc_submit.pixels.distance import two_boundary_distances

MEDIAN = 5
"""Edge of the median filter that smooths both targets, in pixels."""

SLOPE, REACH, MOST = 0.075, 20.0, 10.0
"""Weights grow by SLOPE · (REACH - distance)² near each cell and are cut at MOST."""


def markers(labels: np.ndarray, shrink: float) -> np.ndarray:
    """Return the inner part of every cell.

    Of each cell's largest piece, the pixels whose distance to the outside exceeds
    ⌊⌊greatest distance⌋ · (100 - shrink) / 99⌋, and of those again the largest piece. The frame's
    edge counts as outside, so that a marker does not lean on it.

    Args:
        labels: Integer YX label map; values below 1 are no cells.
        shrink: In percent; 70 takes off about the outer third of the inscribed radius.

    Returns:
        bool YX, smoothed by a median filter.
    """
    found = np.zeros(labels.shape, bool)
    for index, box in enumerate(find_objects(np.maximum(labels, 0)), start=1):
        if box is None:
            continue
        mask = np.pad(_largest(labels[box] == index), 1)
        depth = distance_transform_edt(mask)
        inner = _largest(depth > np.floor(np.floor(depth.max()) * (100 - shrink) / 99))
        found[box] |= inner[1:-1, 1:-1]
    return smoothed(found)


def smoothed(mask: np.ndarray) -> np.ndarray:
    """Return the median of every pixel's 5×5 neighbourhood, bool YX."""
    median: np.ndarray = uniform_filter(mask.astype(np.float32), MEDIAN, mode="nearest") > 0.5
    return median


def proximity_weights(labels: np.ndarray) -> np.ndarray:
    """Return w = 1 + a · Σ max(b - d, 0)² over the two nearest cells, at most 10.

    a = 0.075, b = 20 pixels, d = distance to the cell (0 in it). Cells farther than the second
    would only raise pixels that are at or near the limit already.

    Args:
        labels: Integer YX label map, 0 background, below 0 unknown.

    Returns:
        float32 YX; 0 where unknown.
    """
    first, second = two_boundary_distances(labels)
    first = np.where(labels > 0, 0, first)
    near = sum(np.square(np.clip(REACH - d, 0, None)) for d in (first, second))
    weights = np.minimum(1 + SLOPE * near, MOST)
    return np.where(labels >= 0, weights, 0).astype(np.float32)


def _largest(mask: np.ndarray) -> np.ndarray:
    pieces, number = label(mask, np.ones((3, 3)))
    if number <= 1:
        return mask
    largest: np.ndarray = pieces == 1 + np.bincount(pieces.ravel())[1:].argmax()
    return largest
