"""Instances of one frame, and how they become a label map."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ctc_submit.data.labels import MOST_LABELS
from ctc_submit.errors import DataError


@dataclass(frozen=True)
class Instance:
    """One detected cell, as a crop of the frame.

    Attributes:
        corner: Row and column of the crop's first pixel in the frame; may lie outside of it.
        mask: bool YX crop, True on the cell.
        score: Confidence in [0, 1].

    Raises:
        ValueError: If the mask is not a bool YX array.
    """

    corner: tuple[int, int]
    mask: np.ndarray
    score: float

    def __post_init__(self) -> None:
        """Refuse numbers for a mask: they would be taken for positions."""
        if self.mask.dtype != bool or self.mask.ndim != 2:
            raise ValueError(f"a mask is bool YX, not {self.mask.dtype} {self.mask.shape}")


def paint(
    instances: Iterable[Instance], shape: tuple[int, int], least_free: float = 0.0
) -> np.ndarray:
    """Paint instances into one label map.

    The order is the one given, best first: a pixel belongs to the first instance that covers it,
    and an instance that finds every pixel taken is dropped. Labels count from 1 without a gap, in
    the order of painting.

    Args:
        instances: Best first.
        shape: Height and width of the frame.
        least_free: An instance that would keep less than this share of its pixels is dropped too.

    Returns:
        uint16 YX label map.

    Raises:
        DataError: If more than 65,535 instances keep a pixel.
    """
    return _painted(instances, shape, least_free)[0]


def survivors(
    instances: Iterable[Instance], shape: tuple[int, int], least_free: float
) -> list[Instance]:
    """Return the instances that `paint` does not drop, in the order given."""
    return _painted(instances, shape, least_free)[1]


def _painted(
    instances: Iterable[Instance], shape: tuple[int, int], least_free: float
) -> tuple[np.ndarray, list[Instance]]:
    labels = np.zeros(shape, np.uint16)
    label, kept = 0, []
    for instance in instances:
        free = _free_pixels(labels, instance)
        if free is None or free[1].sum() < least_free * instance.mask.sum():
            continue
        label += 1
        if label > MOST_LABELS:
            raise DataError(
                f"a frame of {shape[0]}×{shape[1]} pixels has more than {MOST_LABELS} cells, the "
                "most that a 16-bit label map can hold; raise the score threshold"
            )
        view, mask = free
        view[mask] = label
        kept.append(instance)
    return labels, kept


def _free_pixels(labels: np.ndarray, instance: Instance) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the part of ``labels`` under the instance and its unlabelled pixels there, if any."""
    top, left = instance.corner
    height, width = instance.mask.shape
    rows = slice(max(top, 0), max(min(top + height, labels.shape[0]), 0))
    columns = slice(max(left, 0), max(min(left + width, labels.shape[1]), 0))
    view = labels[rows, columns]
    inside = instance.mask[
        rows.start - top : rows.start - top + view.shape[0],
        columns.start - left : columns.start - left + view.shape[1],
    ]
    mask = inside & (view == 0)
    return (view, mask) if mask.any() else None
