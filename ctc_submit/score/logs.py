"""The lines of the evaluator's log files."""

from collections.abc import Iterable, Sequence

import numpy as np

from ctc_submit.score.aogm import (
    FALSE_NEGATIVE,
    MISSING_EDGE,
    REDUNDANT_EDGE,
    SPLIT,
    WRONG_EDGE,
)
from ctc_submit.score.edges import EdgeErrors
from ctc_submit.score.lineage import labels_of, times_of
from ctc_submit.score.paired import FrameMatch

SHORT_RULE, LONG_RULE = "=" * 56, "=" * 81


def seg_lines(time: int, z: int, labels: np.ndarray, jaccards: np.ndarray) -> list[str]:
    """Return the lines of one annotated frame or slice."""
    lines = [f"----------T={time} Z={z}----------"]
    pairs = zip(labels.tolist(), jaccards.tolist(), strict=True)
    return lines + [f"GT_label={label} J={value:.6g}" for label, value in pairs]


def vertex_lines(frames: Sequence[FrameMatch], extra: float) -> list[str]:
    """Return the three sections on vertices; ``extra`` is the weight of a false positive."""
    return [
        _title("Splitting Operations", SPLIT),
        *(f"T={f.time} Label={label}" for f in frames for label in f.splits.tolist()),
        _title("False Negative Vertices", FALSE_NEGATIVE),
        *(f"T={f.time} GT_label={label}" for f in frames for label in f.false_negatives.tolist()),
        _title("False Positive Vertices", extra),
        *(f"T={f.time} Label={label}" for f in frames for label in f.false_positives.tolist()),
    ]


def edge_lines(errors: EdgeErrors) -> list[str]:
    """Return the three sections on edges."""
    return [
        _title("Redundant Edges To Be Deleted", REDUNDANT_EDGE),
        *_edges(errors.redundant, "Label"),
        _title("Edges To Be Added", MISSING_EDGE),
        *_edges(errors.missing, "GT_label"),
        _title("Edges with Wrong Semantics", WRONG_EDGE),
        *_edges(errors.wrong, "Label"),
    ]


def _title(name: str, penalty: float) -> str:
    return f"----------{name} (Penalty={penalty:g})----------"


def _edges(edges: np.ndarray, name: str) -> Iterable[str]:
    times, labels = times_of(edges).tolist(), labels_of(edges).tolist()
    for (before, after), (start, stop) in zip(times, labels, strict=True):
        yield f"[T={before} {name}={start}] -> [T={after} {name}={stop}]"
