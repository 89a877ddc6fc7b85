"""What a judgement says: scores, counts, frames, objects, faults, and where they come from."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from ctc_submit.data.problem import Problem
from ctc_submit.score.aogm import Counts
from ctc_submit.score.branching import DivisionCounts
from ctc_submit.score.scan import Outlines

MEASURES = (
    *("SEG", "DET", "TRA", "LNK", "OP_CSB", "OP_CTB", "OP_CLB"),
    *("CT", "TF", "BC(0)", "BC(1)", "BC(2)", "BC(3)", "CCA", "BIO"),
)
"""All measures, in the order in which they are shown."""


@dataclass(frozen=True)
class FrameScore:
    """One frame, or one annotated slice of it.

    Attributes:
        time: Index of the frame.
        z: The slice, None for the whole frame.
        objects: Annotated objects, 0 where none is annotated.
        seg: Mean Jaccard index of these, None where there are none.
        counts: Vertex operations, and edge operations by the edge's later end.
    """

    time: int
    z: int | None
    objects: int
    seg: float | None
    counts: Counts


@dataclass(frozen=True)
class ObjectScore:
    """One annotated object.

    Attributes:
        time: Index of the frame.
        z: The slice, None for the whole frame.
        label: Its label in the truth.
        jaccard: Its Jaccard index, 0 where nothing matches it.
    """

    time: int
    z: int | None
    label: int
    jaccard: float


@dataclass(frozen=True)
class Record:
    """How one result was judged.

    Attributes:
        dataset: Name of the data set's folder.
        sequence: Name of the sequence, ``01`` or ``02`` in the challenge.
        truth: ``GT`` or ``ST``.
        scores: Each of `MEASURES` to its value in [0, 1], None where it could not be taken.
        missing: Each measure that could not be taken to the reason.
        counts: Vertex and edge operations of the whole sequence.
        divisions: Tolerance i to the divisions found, wrong and missed.
        outlines: Jaccard indices of every annotated frame and slice, in time order.
        frames: Every frame with truth, in time order.
        faults: What is wrong with the files; empty where all could be judged.
        provenance: Which program judged which files.
        official: What the organisers' executables say, where they were run.
    """

    dataset: str
    sequence: str
    truth: str
    scores: Mapping[str, float | None]
    missing: Mapping[str, str]
    counts: Counts
    divisions: Mapping[int, DivisionCounts]
    outlines: tuple[Outlines, ...]
    frames: tuple[FrameScore, ...]
    faults: tuple[Problem, ...]
    provenance: Mapping[str, Any]
    official: Mapping[str, float] = field(default_factory=dict)

    def worst_frames(self, most: int = 5) -> list[FrameScore]:
        """Return the frames with the lowest mean Jaccard index, worst first, perfect ones left out.

        Where nothing is annotated, those with the most costly vertex operations.
        """
        annotated = [f for f in self.frames if f.seg is not None and f.seg < 1]
        if annotated or any(f.seg is not None for f in self.frames):
            return sorted(annotated, key=lambda f: f.seg or 0.0)[:most]
        return sorted(filter(_cost, self.frames), key=_cost, reverse=True)[:most]

    def worst_objects(self, most: int = 5) -> list[ObjectScore]:
        """Return the annotated objects with the lowest Jaccard index, worst first."""
        if not self.outlines:
            return []
        jaccards = np.concatenate([each.jaccards for each in self.outlines])
        owner = np.repeat(np.arange(len(self.outlines)), [e.labels.size for e in self.outlines])
        labels = np.concatenate([each.labels for each in self.outlines])
        found = []
        for place in np.argsort(jaccards, kind="stable")[:most]:
            if jaccards[place] < 1:
                outlines = self.outlines[owner[place]]
                values = (int(labels[place]), float(jaccards[place]))
                found.append(ObjectScore(outlines.time, outlines.z, *values))
        return found

    def as_json(self) -> dict[str, Any]:
        """Return the record as plain values for a JSON file."""
        return {
            "dataset": self.dataset,
            "sequence": self.sequence,
            "truth": self.truth,
            "scores": dict(self.scores),
            "missing": dict(self.missing),
            "official": dict(self.official),
            "counts": asdict(self.counts),
            "divisions": {str(i): asdict(each) for i, each in self.divisions.items()},
            "frames": [asdict(frame) for frame in self.frames],
            "worst_objects": [asdict(each) for each in self.worst_objects(20)],
            "faults": [fault.as_record() for fault in self.faults],
            "provenance": dict(self.provenance),
        }

    def as_row(self) -> dict[str, str | int | float | None]:
        """Return the record as one row of a CSV file."""
        names = {"dataset": self.dataset, "sequence": self.sequence, "truth": self.truth}
        by, truth, result = (self.provenance[name] for name in ("scored_by", "truth", "result"))
        tool = {"scored_by": by, "truth_folder": truth, "result_folder": result}
        return names | dict(self.scores) | asdict(self.counts) | {"faults": len(self.faults)} | tool


def mean_scores(records: Iterable[Record]) -> dict[str, float | None]:
    """Return the mean of each measure over sequences, None where one of them lacks it.

    The challenge averages the two sequences of a data set.
    """
    rows = [record.scores for record in records]
    means: dict[str, float | None] = {}
    for name in MEASURES:
        values = [row[name] for row in rows]
        present = [value for value in values if value is not None]
        means[name] = sum(present) / len(rows) if rows and len(present) == len(rows) else None
    return means


def _cost(frame: FrameScore) -> int:
    counts = frame.counts
    return 10 * counts.false_negatives + 5 * counts.splits + counts.false_positives
