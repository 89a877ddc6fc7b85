"""Reference and result vertices of a whole sequence, and who matches whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ctc_submit.score.lineage import vertices
from ctc_submit.score.matching import Overlaps


@dataclass(frozen=True)
class FrameMatch:
    """What is kept of one frame once its objects are matched.

    Attributes:
        time: Index of the frame.
        reference: Labels of the reference objects, ascending, shape R.
        match: Label of the result object that matches each, 0 for none, shape R.
        result: Labels of the result objects, ascending, shape S.
    """

    time: int
    reference: np.ndarray
    match: np.ndarray
    result: np.ndarray

    @classmethod
    def of(cls, time: int, found: Overlaps) -> "FrameMatch":
        """Keep the labels and matches of a frame's overlaps."""
        labels = np.append(found.result_labels, 0)
        return cls(time, found.reference_labels, labels[found.matches], found.result_labels)

    @cached_property
    def hits(self) -> np.ndarray:
        """How many reference objects each result object matches, shape S."""
        matched = np.searchsorted(self.result, self.match[self.match > 0])
        return np.bincount(matched, minlength=self.result.size)

    @property
    def false_negatives(self) -> np.ndarray:
        """Labels of the reference objects without a match."""
        missed: np.ndarray = self.reference[self.match == 0]
        return missed

    @property
    def false_positives(self) -> np.ndarray:
        """Labels of the result objects that match nothing."""
        extra: np.ndarray = self.result[self.hits == 0]
        return extra

    @property
    def splits(self) -> np.ndarray:
        """Labels of the result objects with several matches, once for each match but one."""
        return np.repeat(self.result, np.maximum(self.hits - 1, 0))


@dataclass(frozen=True)
class Paired:
    """All vertices of both graphs.

    Attributes:
        reference: Reference vertices, sorted, shape R.
        match: Label of the result object that matches each, 0 for none, shape R.
        result: Result vertices, sorted, shape S.
        hits: How many reference objects each result object matches, shape S.
        partner: Label of the reference object that a result object matches, where it is the only
            one, else 0; shape S.
    """

    reference: np.ndarray
    match: np.ndarray
    result: np.ndarray
    hits: np.ndarray
    partner: np.ndarray

    @cached_property
    def sole(self) -> np.ndarray:
        """Label of the match of each reference vertex where it matches no other, else 0; R."""
        sole = self.match.copy()
        matched = np.flatnonzero(sole)
        times = self.reference[matched] & 0xFFFFFFFF
        place = np.searchsorted(self.result, vertices(sole[matched], times))
        sole[matched[self.hits[place] > 1]] = 0
        return sole


def pair(frames: Sequence[FrameMatch]) -> Paired:
    """Join the matches of all frames into one table, sorted by vertex."""
    reference = _joined([vertices(frame.reference, frame.time) for frame in frames])
    match = _joined([frame.match for frame in frames])
    result = _joined([vertices(frame.result, frame.time) for frame in frames])
    hits = _joined([frame.hits for frame in frames])
    partner = _joined([_partners(frame) for frame in frames])
    by_reference, by_result = np.argsort(reference), np.argsort(result)
    return Paired(
        reference[by_reference],
        match[by_reference],
        result[by_result],
        hits[by_result],
        partner[by_result],
    )


def _partners(frame: FrameMatch) -> np.ndarray:
    partner = np.zeros(frame.result.size, np.int64)
    matched = frame.match > 0
    partner[np.searchsorted(frame.result, frame.match[matched])] = frame.reference[matched]
    partner[frame.hits != 1] = 0
    return partner


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.zeros(0, np.int64), *parts]).astype(np.int64)
