"""The common shift of the whole picture from one frame to the next."""

import numpy as np
from skimage.registration import phase_cross_correlation

MOST_SAMPLES = 256
"""Samples along an axis at which the shift is looked for."""

ALREADY = 0.7
"""Share of the cells' pixels that coincide where no shift is looked for."""

CLEARLY = 1.2
"""How many times more cell pixels must coincide with the shift than without it."""

MOST_MOVE = 0.4
"""Share of the cells' pixels that must coincide with the shift, so that few cells make none."""

SHORTEST = 4
"""Samples that every axis must have."""


def drift_between(first: np.ndarray, second: np.ndarray) -> tuple[int, ...]:
    """Estimate how far the cells as a whole have moved, by phase correlation of their masks.

    The estimate is used only where it brings clearly more cell pixels onto each other than no shift
    does, and most of them, so cells that move each on its own give no shift.

    Args:
        first: Integer label map of the earlier frame, YX or ZYX.
        second: The later frame, of the same shape.

    Returns:
        Pixels along each axis by which the earlier frame must be moved; zeros where unsure.
    """
    still = (0,) * first.ndim
    steps = tuple(max(1, -(-size // MOST_SAMPLES)) for size in first.shape)
    grid = tuple(slice(None, None, step) for step in steps)
    before, after = first[grid] > 0, second[grid] > 0
    fewer = min(np.count_nonzero(before), np.count_nonzero(after))
    coincide = np.count_nonzero(before & after)
    if min(before.shape) < SHORTEST or coincide >= ALREADY * fewer:
        return still
    found, _, _ = phase_cross_correlation(
        after.astype(np.float32), before.astype(np.float32), normalization=None
    )
    shift = tuple(round(float(way)) for way in found)
    if any(2 * abs(way) >= size for way, size in zip(shift, before.shape, strict=True)):
        return still
    moved = np.count_nonzero(_moved(before, shift) & after)
    if moved <= max(CLEARLY * coincide, MOST_MOVE * fewer):
        return still
    return tuple(way * step for way, step in zip(shift, steps, strict=True))


def _moved(mask: np.ndarray, shift: tuple[int, ...]) -> np.ndarray:
    result = np.zeros_like(mask)
    ways = list(zip(shift, mask.shape, strict=True))
    target = tuple(slice(max(way, 0), size + min(way, 0)) for way, size in ways)
    source = tuple(slice(max(-way, 0), size - max(way, 0)) for way, size in ways)
    result[target] = mask[source]
    return result
