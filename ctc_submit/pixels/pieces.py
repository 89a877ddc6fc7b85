"""Cells of one connected piece each."""

import numpy as np
from scipy import ndimage

_EIGHT = np.ones((3, 3), bool)


def in_one_piece(labels: np.ndarray) -> np.ndarray:
    """Keep the largest 8-connected piece of every cell; the rest becomes background.

    Args:
        labels: Integer YX label map, 0 background.

    Returns:
        A label map of the same type; of pieces of one size the first in row order is kept.
    """
    kept = labels.copy()
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None:
            continue
        cell = labels[box] == label
        pieces, count = ndimage.label(cell, _EIGHT)
        if count > 1:
            largest = 1 + np.argmax(np.bincount(pieces.ravel())[1:])
            kept[box][cell & (pieces != largest)] = 0
    return kept
