"""BC(i): how many divisions are found, at most i frames off.

BC(i) is the F1 score of divisions. A division of the result is right where it has as many daughters
as one of the reference, mother and daughters match one to one at the frame they last or first have
in common, and neither the mothers' ends nor the daughters' beginnings lie more than i frames apart.
(Ulman et al. 2017.)
"""

from dataclasses import dataclass

import numpy as np

from ctc_submit.score.lineage import Lineage
from ctc_submit.score.paired import Paired

TOLERANCES = (0, 1, 2, 3)
"""Frames off that are reported."""


@dataclass(frozen=True)
class Division:
    """A track that ends with two or more daughters.

    Attributes:
        label: Label of the mother.
        time: Her last frame.
        daughters: Label and first frame of each daughter, in order of labels.
    """

    label: int
    time: int
    daughters: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class DivisionCounts:
    """Divisions found rightly, found wrongly, and missed."""

    found: int
    wrong: int
    missed: int

    @property
    def score(self) -> float | None:
        """The F1 score, or None where the reference has no division."""
        if self.found + self.missed == 0:
            return None
        return 2 * self.found / (2 * self.found + self.wrong + self.missed)


def divisions(tracks: Lineage) -> list[Division]:
    """Return the tracks with two or more daughters, in order of labels."""
    parents, counts = np.unique(tracks.parent[tracks.parent > 0], return_counts=True)
    found = []
    for parent in parents[counts > 1].tolist():
        daughters = np.flatnonzero(tracks.parent == parent)
        pairs = zip(tracks.label[daughters].tolist(), tracks.begin[daughters].tolist(), strict=True)
        end = int(tracks.end[np.searchsorted(tracks.label, parent)])
        found.append(Division(parent, end, tuple(pairs)))
    return found


def count_divisions(
    reference: list[Division], result: list[Division], paired: Paired, tolerance: int
) -> DivisionCounts:
    """Match the divisions of the result to those of the reference, each at most once."""
    left = list(reference)
    for division in result:
        right = next((r for r in left if _same(r, division, paired, tolerance)), None)
        if right is not None:
            left.remove(right)
    found = len(reference) - len(left)
    return DivisionCounts(found, len(result) - found, len(left))


def _match(paired: Paired, reference: int, result: int, time: int) -> bool:
    """Tell whether a result object matches a reference object alone at a time."""
    vertex = reference << 32 | time
    place = int(np.searchsorted(paired.reference, vertex))
    if place == paired.reference.size or paired.reference[place] != vertex:
        return False
    return bool(paired.sole[place] == result)


def _same(theirs: Division, ours: Division, paired: Paired, tolerance: int) -> bool:
    if len(theirs.daughters) != len(ours.daughters) or abs(theirs.time - ours.time) > tolerance:
        return False
    if not _match(paired, theirs.label, ours.label, min(theirs.time, ours.time)):
        return False
    free = list(ours.daughters)
    for label, begin in theirs.daughters:
        mine = next(
            (
                (other, start)
                for other, start in free
                if abs(begin - start) <= tolerance
                and _match(paired, label, other, max(begin, start))
            ),
            None,
        )
        if mine is None:
            return False
        free.remove(mine)
    return True
