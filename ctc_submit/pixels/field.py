"""The field of interest: the frame without a strip along its lateral edges."""

import numpy as np


def labels_in(labels: np.ndarray) -> np.ndarray:
    """Return the sorted labels of a map of integers, without 0.

    A 16-bit map, the usual case, is done in one pass without sorting.
    """
    if labels.dtype != np.uint16:
        return np.setdiff1d(labels, 0)
    seen = np.zeros(np.iinfo(np.uint16).max + 1, bool)
    seen[labels] = True
    seen[0] = False
    return np.flatnonzero(seen)


def is_empty(shape: tuple[int, ...], border: int) -> bool:
    """Tell whether a border leaves no pixel of a frame, YX or ZYX, as field of interest."""
    return 2 * border >= min(shape[-2:])


def labels_outside(labels: np.ndarray, border: int) -> np.ndarray:
    """Find the objects that have no pixel inside the field of interest.

    The field is the frame minus ``border`` pixels on each lateral side; z is never cropped, and an
    object that crosses the line is inside, whole (field-of-interest rule of the challenge).

    Args:
        labels: Integer label map, YX or ZYX, 0 background.
        border: Width E of the strip in pixels, 0 for the whole frame.

    Returns:
        Sorted labels, without 0, that lie outside altogether.

    Raises:
        ValueError: If the border is negative or leaves no pixel of the frame.
    """
    height, width = labels.shape[-2:]
    if border < 0 or is_empty(labels.shape, border):
        raise ValueError(f"a border of {border} pixels leaves nothing of {height}×{width}")
    inside = labels[..., border : height - border, border : width - border]
    return np.setdiff1d(labels_in(labels), labels_in(inside), assume_unique=True)


def keep_inside(labels: np.ndarray, border: int) -> np.ndarray:
    """Return a copy without the objects outside the field of interest; the others keep their label.

    Args:
        labels: Integer label map, YX or ZYX, 0 background.
        border: Width E of the strip in pixels.

    Raises:
        ValueError: As `labels_outside`.
    """
    kept = labels.copy()
    if border:
        kept[np.isin(labels, labels_outside(labels, border))] = 0
    return kept
