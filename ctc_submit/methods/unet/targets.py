"""What U-Net should answer: which pixels are cell, with a line of background between cells."""

import numpy as np
from scipy.ndimage import maximum_filter, minimum_filter


def crowded(labels: np.ndarray, radius: int) -> np.ndarray:
    """Find the pixels that see two cells or more.

    Args:
        labels: Integer YX label map; values below 1 are no cells.
        radius: What a pixel sees is the square from -radius to radius around it.

    Returns:
        bool YX.
    """
    size = 2 * radius + 1
    none = np.iinfo(labels.dtype).max
    least = minimum_filter(np.where(labels > 0, labels, none), size, mode="nearest")
    most = maximum_filter(labels, size, mode="nearest")
    seen: np.ndarray = least < most
    return seen


def separated(labels: np.ndarray, gap: int) -> np.ndarray:
    """Return the cells' pixels without those within ``gap`` of another cell.

    U-Net answers cell or background, and cells that touch would be one piece. As in the original
    (Ronneberger et al. 2015), a line of background is cut between them, ``gap`` pixels from each.

    Args:
        labels: Integer YX label map; values below 1 are no cells.
        gap: In pixels, 0 for no line.

    Returns:
        bool YX.
    """
    cells: np.ndarray = labels > 0
    return cells & ~crowded(labels, gap) if gap else cells
