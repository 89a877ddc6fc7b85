"""Which result object answers for which reference object of the same frame.

A result object S matches a reference object R where ``|R ∩ S| > 0.5 |R|``, strictly: exactly half
is no match. So a reference object has at most one match, while a result object may match several.
All pixels of one value are one object, wherever they lie. (Maška et al. 2014; the challenge's
evaluator of June 2020.)
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

_LONGEST_RUN = 2**32
_ONE_PAIR = np.uint64(2**32)
"""The least run of a pair of labels that are not both 0."""


@dataclass(frozen=True)
class Overlaps:
    """How the objects of two label maps of one frame overlap, in pixels.

    Attributes:
        reference_labels: Labels of the reference objects, ascending, shape R.
        reference_sizes: Their pixels, shape R.
        result_labels: Labels of the result objects, ascending, shape S.
        result_sizes: Their pixels, shape S.
        pairs: Of the overlapping pairs, index of the reference object, index of the result object,
            and common pixels; int64, shape (P, 3), sorted.
    """

    reference_labels: np.ndarray
    reference_sizes: np.ndarray
    result_labels: np.ndarray
    result_sizes: np.ndarray
    pairs: np.ndarray

    @cached_property
    def matches(self) -> np.ndarray:
        """Index of the result object that matches each reference object, -1 for none; int64, R."""
        matched = np.full(self.reference_labels.size, -1, np.int64)
        reference, result, common = self.pairs.T
        strict = 2 * common > self.reference_sizes[reference]
        matched[reference[strict]] = result[strict]
        return matched

    @cached_property
    def jaccards(self) -> np.ndarray:
        """Jaccard index of each reference object with its match, 0 for none; float64, R."""
        found = np.zeros(self.reference_labels.size)
        reference, result, common = self.pairs.T
        strict = 2 * common > self.reference_sizes[reference]
        reference, result, common = reference[strict], result[strict], common[strict]
        union = self.reference_sizes[reference] + self.result_sizes[result] - common
        found[reference] = common / union
        return found


def overlaps(reference: np.ndarray, result: np.ndarray) -> Overlaps:
    """Count the common pixels of all objects of two label maps.

    Works on runs of equal pixels, so it costs one pass over the pixels and a sort of the runs.

    Args:
        reference: Label map of the truth, integers from 0 to 65,535, any number of axes.
        result: Label map of the result, likewise, of the same shape.

    Raises:
        ValueError: If the shapes differ or the values are not integers from 0 to 65,535.
    """
    if reference.shape != result.shape:
        raise ValueError(f"label maps of {reference.shape} and {result.shape} cannot be compared")
    truth, answer = _flat(reference), _flat(result)
    if truth.size >= _LONGEST_RUN:
        raise ValueError(f"a frame of {truth.size} pixels is too large to be compared at once")
    pairs = _areas(truth, answer)
    reference_labels, reference_sizes = _sizes(pairs[:, 0], pairs[:, 2])
    result_labels, result_sizes = _sizes(pairs[:, 1], pairs[:, 2])
    common = pairs[(pairs[:, 0] > 0) & (pairs[:, 1] > 0)]
    common[:, 0] = np.searchsorted(reference_labels, common[:, 0])
    common[:, 1] = np.searchsorted(result_labels, common[:, 1])
    return Overlaps(reference_labels, reference_sizes, result_labels, result_sizes, common)


def _flat(labels: np.ndarray) -> np.ndarray:
    """Return the pixels in one uint16 row."""
    if labels.dtype != np.uint16:
        if labels.dtype.kind not in "uib":
            raise ValueError(f"label maps hold integers, not {labels.dtype}")
        if labels.size and (labels.min() < 0 or labels.max() > np.iinfo(np.uint16).max):
            raise ValueError(f"labels go from 0 to 65535, found {labels.min()} to {labels.max()}")
    return np.ascontiguousarray(labels, np.uint16).reshape(-1)


def _run_starts(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return where a run begins along which both maps stay constant."""
    if first.size == 0:
        return np.zeros(0, np.int64)
    changes = np.empty(first.size, bool)
    changes[0] = True
    np.not_equal(first[1:], first[:-1], out=changes[1:])
    changes[1:] |= second[1:] != second[:-1]
    return np.flatnonzero(changes)


def _areas(truth: np.ndarray, answer: np.ndarray) -> np.ndarray:
    """Count the pixels of each pair of labels, both 0 left out.

    Returns:
        Rows of reference label, result label and pixels, int64, sorted; one of the labels may be 0.
    """
    starts = _run_starts(truth, answer)
    packed = truth[starts].astype(np.uint64)
    packed <<= np.uint64(16)
    packed |= answer[starts]
    packed <<= np.uint64(32)
    packed |= np.append(starts[1:], truth.size).view(np.uint64)[: starts.size] - starts.view(
        np.uint64
    )
    packed.sort()
    packed = packed[np.searchsorted(packed, _ONE_PAIR) :]
    pair = (packed >> np.uint64(32)).astype(np.uint32)
    first = np.flatnonzero(np.append(True, pair[1:] != pair[:-1])[: pair.size])
    pixels = (packed & np.uint64(0xFFFFFFFF)).view(np.int64)
    found = np.empty((first.size, 3), np.int64)
    found[:, 0] = pair[first] >> 16
    found[:, 1] = pair[first] & 0xFFFF
    found[:, 2] = np.add.reduceat(pixels, first) if first.size else 0
    return found


def _sizes(labels: np.ndarray, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the labels that occur, ascending and without 0, and how many pixels each has."""
    sizes = np.bincount(labels, weights=pixels).astype(np.int64)
    sizes[:1] = 0
    found = np.flatnonzero(sizes)
    return found, sizes[found]
