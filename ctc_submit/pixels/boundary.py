"""Moving the boundary of a mask in or out."""

import numpy as np
from scipy.ndimage import binary_dilation, binary_erosion


def disc(radius: int) -> np.ndarray:
    """Return a bool square of side 2·radius + 1 with the pixels within ``radius`` of its centre."""
    steps = np.arange(-radius, radius + 1)
    inside: np.ndarray = np.add.outer(steps**2, steps**2) <= radius**2
    return inside


def grown(mask: np.ndarray, by: int) -> np.ndarray:
    """Dilate a mask by a disc.

    Args:
        mask: bool YX.
        by: Radius in pixels, 0 or more.

    Returns:
        bool YX, larger by ``by`` on every side.
    """
    return binary_dilation(np.pad(mask, by), disc(by)) if by else mask


def shrunk(mask: np.ndarray, by: int, open_sides: tuple[bool, bool, bool, bool]) -> np.ndarray:
    """Erode a mask by a disc.

    Args:
        mask: bool YX.
        by: Radius in pixels, 0 or more.
        open_sides: Top, bottom, left, right: whether what lies beyond is unknown, as beyond the
            frame; there the mask is taken to go on and is not eroded. Elsewhere it ends.

    Returns:
        bool YX of the same shape.
    """
    if not by or not mask.size:
        return mask
    beyond = np.pad(mask, by, mode="edge")
    top, bottom, left, right = open_sides
    beyond[: 0 if top else by] = False
    beyond[beyond.shape[0] - (0 if bottom else by) :] = False
    beyond[:, : 0 if left else by] = False
    beyond[:, beyond.shape[1] - (0 if right else by) :] = False
    kept: np.ndarray = binary_erosion(beyond, disc(by), border_value=1)[by:-by, by:-by]
    return kept
