"""From a decoded label map to instances: what methods that answer pixel by pixel end with."""

import numpy as np
from scipy.ndimage import find_objects

from ctc_submit.data.instances import Instance
from ctc_submit.methods.method import CellSizes
from ctc_submit.pixels.opening import filled

LEAST_SHARE = 0.1
"""Pieces smaller than this share of the median training cell are no cells."""


def least_area_of(sizes: CellSizes) -> int | None:
    """Return a tenth of the median cell's area, a box taken for an ellipse's; None without cells.

    Returns:
        Area in pixels.
    """
    if sizes.heights.size == 0:
        return None
    return round(LEAST_SHARE * float(np.median(sizes.heights * sizes.widths)) * np.pi / 4)


def drop_small(labels: np.ndarray, least_area: float) -> np.ndarray:
    """Return the label map without the labels of fewer pixels than ``least_area``."""
    areas = np.bincount(labels.ravel())
    kept: np.ndarray = np.where((areas < least_area)[labels], 0, labels)
    return kept


def instances_of(labels: np.ndarray, confidence: np.ndarray, *, fill_holes: bool) -> list[Instance]:
    """Cut every label out as an instance.

    Args:
        labels: Integer YX label map, 0 background.
        confidence: float YX in [0, 1].
        fill_holes: Whether background that a cell encloses becomes part of it; another cell that
            it encloses does not.

    Returns:
        Best first; the score is the mean confidence over the label's own pixels.
    """
    found = find_objects(labels)
    areas = np.bincount(labels.ravel())
    sums = np.bincount(labels.ravel(), confidence.ravel())
    instances = []
    for index, box in enumerate(found, start=1):
        if box is None:
            continue
        mask = labels[box] == index
        if fill_holes:
            mask = mask | (filled(mask) & (labels[box] == 0))
        score = min(max(float(sums[index] / areas[index]), 0.0), 1.0)
        instances.append(Instance((box[0].start, box[1].start), mask, score))
    return sorted(instances, key=lambda instance: -instance.score)
