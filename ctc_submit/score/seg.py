"""SEG: how well the annotated cells are outlined.

SEG is the mean of the Jaccard indices of all reference objects of all annotated frames or slices
of a sequence: one mean over all, not a mean of means. An object without a match counts 0; what the
result has beyond the annotated objects is not looked at. (Maška et al. 2014.)
"""

from collections.abc import Iterable

import numpy as np

from ctc_submit.score.matching import overlaps


def jaccards(reference: np.ndarray, result: np.ndarray) -> np.ndarray:
    """Return the Jaccard index of each reference object, in the order of labels.

    Args:
        reference: Label map of the truth, integers from 0 to 65,535, YX or ZYX.
        result: Label map of the result, of the same shape.

    Returns:
        float64 in [0, 1], one a reference object; empty where the truth has none.

    Raises:
        ValueError: As `ctc_submit.score.matching.overlaps`.
    """
    return overlaps(reference, result).jaccards


def mean_seg(frames: Iterable[np.ndarray]) -> float | None:
    """Return SEG from the Jaccard indices of each annotated frame or slice.

    Returns:
        A number in [0, 1], or None where no frame has a reference object.
    """
    total, objects = 0.0, 0
    for found in frames:
        total += float(found.sum())
        objects += found.size
    return total / objects if objects else None
