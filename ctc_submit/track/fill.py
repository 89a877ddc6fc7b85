"""The mask of a cell in a frame in which it was missed."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage


@dataclass(frozen=True)
class Patch:
    """The pixels of one cell.

    Attributes:
        corner: First pixel of the crop in the frame, along each axis; may lie outside.
        mask: bool crop, YX or ZYX.
    """

    corner: tuple[int, ...]
    mask: np.ndarray

    @property
    def centre(self) -> np.ndarray:
        """float64 (d,), centroid in pixels of the frame."""
        middle: np.ndarray = np.array(self.corner) + np.argwhere(self.mask).mean(axis=0)
        return middle


def patch_of(labels: np.ndarray, label: int) -> Patch:
    """Cut one cell out of a label map.

    Raises:
        ValueError: If the label map does not hold the label.
    """
    same = labels == label
    if not same.any():
        raise ValueError(f"no pixel has label {label}")
    sides = []
    for axis in range(labels.ndim):
        others = tuple(a for a in range(labels.ndim) if a != axis)
        found = np.flatnonzero(same.any(axis=others))
        sides.append(slice(int(found[0]), int(found[-1]) + 1))
    return Patch(tuple(side.start for side in sides), same[tuple(sides)])


def between(first: Patch, second: Patch, share: float, centre: np.ndarray) -> Patch:
    """Draw a cell between two times at which it was seen.

    Its outline lies between the two outlines laid over each other: where the mean of their signed
    distances, weighted by time, is positive (shape-based interpolation, Raya and Udupa 1990, IEEE
    Transactions on Medical Imaging 9).

    Args:
        first: The cell before.
        second: The cell after.
        share: Time gone by since ``first``, as a share of the time between the two, in [0, 1].
        centre: float64 (d,), where its centroid is to lie, in pixels.

    Returns:
        The cell, at least one pixel; it may reach beyond the frame.
    """
    place = np.round(centre).astype(int)
    corners = [np.round(np.array(p.corner) + place - p.centre).astype(int) for p in (first, second)]
    low = np.minimum(*corners) - 1
    high = (
        np.maximum(
            corners[0] + np.array(first.mask.shape), corners[1] + np.array(second.mask.shape)
        )
        + 1
    )
    inner = [
        signed_distance(np.pad(p.mask, list(zip(c - low, high - c - p.mask.shape, strict=True))))
        for p, c in zip((first, second), corners, strict=True)
    ]
    mask = (1 - share) * inner[0] + share * inner[1] > 0
    if not mask.any():
        near, corner = (first, corners[0]) if share < 0.5 else (second, corners[1])
        return Patch(tuple(int(c) for c in corner), near.mask)
    return Patch(tuple(int(c) for c in low), mask)


def draw(labels: np.ndarray, patch: Patch, label: int, *, border: int = 0) -> bool:
    """Draw a cell where a label map is free, in one piece.

    Args:
        labels: uint16 label map, changed in place.
        patch: The cell.
        label: Its value.
        border: Width of the strip outside the field of interest, in pixels.

    Returns:
        Whether anything was drawn: False where no pixel is free, or none of them in the field.
    """
    window, part = [], []
    for corner, size, limit in zip(patch.corner, patch.mask.shape, labels.shape, strict=True):
        start, stop = max(corner, 0), max(min(corner + size, limit), 0)
        window.append(slice(start, max(start, stop)))
        part.append(slice(start - corner, max(start, stop) - corner))
    view = labels[tuple(window)]
    free = patch.mask[tuple(part)] & (view == 0)
    pieces, count = ndimage.label(free)
    if count == 0:
        return False
    if count > 1:
        free = pieces == 1 + int(np.argmax(np.bincount(pieces.ravel())[1:]))
    if border and not _in_field(free, window[-2:], labels.shape[-2:], border).any():
        return False
    view[free] = label
    return True


def _in_field(
    free: np.ndarray, window: list[slice], size: tuple[int, ...], border: int
) -> np.ndarray:
    """Return the part of a window's pixels that lies in the field of interest."""
    rows, columns = (
        slice(max(border - side.start, 0), max(limit - border - side.start, 0))
        for side, limit in zip(window, size, strict=True)
    )
    part: np.ndarray = free[..., rows, columns]
    return part


def signed_distance(mask: np.ndarray) -> np.ndarray:
    """Return the distance to the outline in pixels, positive inside."""
    inside: np.ndarray = ndimage.distance_transform_edt(mask)
    outside: np.ndarray = ndimage.distance_transform_edt(~mask)
    signed: np.ndarray = inside - outside
    return signed
