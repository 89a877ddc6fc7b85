"""From boxes and mask probabilities to instances, each as a crop."""

import numpy as np
from scipy import ndimage

from ctc_submit.data.instances import Instance


def crop_of(
    box: np.ndarray, probabilities: np.ndarray, shape: tuple[int, int], threshold: float
) -> tuple[tuple[int, int], np.ndarray]:
    """Enlarge one mask to its box, at frame resolution.

    A pixel's probability is read, bilinearly, where its centre falls in the mask grid.

    Args:
        box: (x0, y0, x1, y1) in pixels, float.
        probabilities: float32 MM in [0, 1], spread evenly over the box.
        shape: Height and width of the frame; the crop is cut there.
        threshold: Least probability of a cell's pixel.

    Returns:
        Corner (row, column) and bool YX crop; the crop may be empty.
    """
    x0, y0, x1, y1 = (float(edge) for edge in box)
    top, bottom = max(int(np.floor(y0)), 0), min(int(np.ceil(y1)), shape[0])
    left, right = max(int(np.floor(x0)), 0), min(int(np.ceil(x1)), shape[1])
    if bottom <= top or right <= left:
        return (max(top, 0), max(left, 0)), np.zeros((0, 0), bool)
    down = _weights(np.arange(top, bottom), y0, y1, probabilities.shape[0])
    across = _weights(np.arange(left, right), x0, x1, probabilities.shape[1])
    mask: np.ndarray = (down @ probabilities @ across.T) >= threshold
    return (top, left), mask


def without_holes(mask: np.ndarray) -> np.ndarray:
    """Fill the background that a mask surrounds; the crop's edge is open."""
    ground, count = ndimage.label(np.pad(~mask, 1, constant_values=True))
    if count == 1:
        return mask
    filled: np.ndarray = (ground != ground[0, 0])[1:-1, 1:-1]
    return filled


def largest_piece(mask: np.ndarray) -> np.ndarray:
    """Keep the largest 8-connected piece of a mask."""
    pieces, count = ndimage.label(mask, np.ones((3, 3), bool))
    if count <= 1:
        return mask
    kept: np.ndarray = pieces == 1 + np.argmax(np.bincount(pieces.ravel())[1:])
    return kept


def decode(
    boxes: np.ndarray,
    scores: np.ndarray,
    masks: np.ndarray,
    shape: tuple[int, int],
    threshold: float,
) -> list[Instance]:
    """Return the instances of one image, in the order given.

    Args:
        boxes: float N4 as (x0, y0, x1, y1) in frame pixels.
        scores: float N in [0, 1].
        masks: float32 NMM mask probabilities.
        shape: Height and width of the frame.
        threshold: Least mask probability of a cell's pixel.
    """
    instances = []
    for box, score, mask in zip(boxes, scores, masks, strict=True):
        corner, crop = crop_of(box, mask, shape, threshold)
        if crop.any():
            instances.append(Instance(corner, without_holes(largest_piece(crop)), float(score)))
    return instances


def _weights(pixels: np.ndarray, start: float, stop: float, cells: int) -> np.ndarray:
    """Bilinear weights, pixels by mask cells, float32."""
    place = (pixels + 0.5 - start) / max(stop - start, 1e-6) * cells - 0.5
    place = np.clip(place, 0, cells - 1)
    weights: np.ndarray = np.maximum(0, 1 - np.abs(place[:, None] - np.arange(cells)))
    return weights.astype(np.float32)
