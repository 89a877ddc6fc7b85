"""AOGM: what it costs to mend the result's graph, and DET, TRA and LNK made of it.

Vertices are objects of one frame; edges join an object to itself one frame later (track link) or a
track's last object to the first one of its child (parent link). The weights and the three measures
are those of Matula et al. 2015 (PLoS ONE 10(12): e0144959) and of the challenge's evaluator.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np

from ctc_submit.score.edges import EdgeErrors
from ctc_submit.score.matching import overlaps
from ctc_submit.score.paired import FrameMatch

SPLIT = 5.0
FALSE_NEGATIVE = 10.0
FALSE_POSITIVE = 1.0
REDUNDANT_EDGE = 1.0
MISSING_EDGE = 1.5
WRONG_EDGE = 1.0


@dataclass(frozen=True)
class Counts:
    """The operations that mend a result, and the size of the reference graph.

    Attributes:
        splits: NS, splitting operations: matches of a result object beyond its first.
        false_negatives: FN, reference objects without a match.
        false_positives: FP, result objects that match nothing.
        redundant_edges: ED, edges to be deleted.
        missing_edges: EA, edges to be added.
        wrong_edges: EC, edges with wrong semantics (track link for parent link or reversed).
        vertices: Objects of the reference.
        edges: Edges of the reference.
    """

    splits: int = 0
    false_negatives: int = 0
    false_positives: int = 0
    redundant_edges: int = 0
    missing_edges: int = 0
    wrong_edges: int = 0
    vertices: int = 0
    edges: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Add field by field."""
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Counts)))


def counts_of_match(frame: FrameMatch) -> Counts:
    """Count the vertex operations of one frame whose objects are matched (edges stay 0)."""
    return Counts(
        splits=int(frame.splits.size),
        false_negatives=int(frame.false_negatives.size),
        false_positives=int(frame.false_positives.size),
        vertices=int(frame.reference.size),
    )


def count_frame(reference: np.ndarray, result: np.ndarray) -> Counts:
    """Count the vertex operations of one frame from its label maps; see `overlaps`."""
    return counts_of_match(FrameMatch.of(0, overlaps(reference, result)))


def counts_of_edges(errors: EdgeErrors) -> Counts:
    """Count the edge operations of a sequence (vertices stay 0)."""
    return Counts(
        redundant_edges=len(errors.redundant),
        missing_edges=len(errors.missing),
        wrong_edges=len(errors.wrong),
        edges=errors.edges,
    )


def total(counts: Iterable[Counts]) -> Counts:
    """Add the counts of many frames."""
    return sum(counts, Counts())


def vertex_cost(counts: Counts, *, extra: float = FALSE_POSITIVE) -> float:
    """Return AOGM-D, the cost of the vertex operations; ``extra`` is the weight of FP."""
    return (
        SPLIT * counts.splits
        + FALSE_NEGATIVE * counts.false_negatives
        + extra * counts.false_positives
    )


def edge_cost(counts: Counts) -> float:
    """Return AOGM-A, the cost of the edge operations."""
    return (
        REDUNDANT_EDGE * counts.redundant_edges
        + MISSING_EDGE * counts.missing_edges
        + WRONG_EDGE * counts.wrong_edges
    )


def det(counts: Counts, *, extra: float = FALSE_POSITIVE) -> float | None:
    """Return DET in [0, 1], or None where the reference has no object."""
    return _normalised(vertex_cost(counts, extra=extra), FALSE_NEGATIVE * counts.vertices)


def tra(counts: Counts) -> float | None:
    """Return TRA in [0, 1], or None where the reference has no object."""
    worst = FALSE_NEGATIVE * counts.vertices + MISSING_EDGE * counts.edges
    return _normalised(vertex_cost(counts) + edge_cost(counts), worst)


def lnk(counts: Counts) -> float | None:
    """Return LNK in [0, 1], or None where the reference has no edge."""
    return _normalised(edge_cost(counts), MISSING_EDGE * counts.edges)


def _normalised(cost: float, worst: float) -> float | None:
    return 1 - min(cost, worst) / worst if worst else None
