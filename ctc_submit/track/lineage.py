"""From links between detections to unbranched runs with parents."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

MOST_DAUGHTERS = 2


@dataclass(frozen=True)
class Links:
    """How the detections of a movie belong together.

    Attributes:
        follows: int64 (n,), the detection that is the same cell later, -1 for none; where it lies
            more than one frame ahead, the cell was missed in between.
        parents: int64 (n,), the detection of which this one is a daughter, or the last sight of a
            cell that comes back here; -1 for none.
    """

    follows: np.ndarray
    parents: np.ndarray

    def __post_init__(self) -> None:
        """Check that no detection has two predecessors.

        Raises:
            ValueError: If one has.
        """
        followed = self.follows[self.follows >= 0]
        if len(np.unique(followed)) != len(followed) or (self.parents[followed] >= 0).any():
            raise ValueError("a detection has two predecessors")

    @cached_property
    def before(self) -> np.ndarray:
        """int64 (n,), the detection that each one follows, -1 for none."""
        found = np.full(len(self.follows), -1)
        source = np.flatnonzero(self.follows >= 0)
        found[self.follows[source]] = source
        return found

    @cached_property
    def divides(self) -> np.ndarray:
        """Whether a detection is the parent of another one; bool (n,)."""
        found = np.zeros(len(self.follows), bool)
        found[self.parents[self.parents >= 0]] = True
        return found


def branches(links: Links, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut the links into unbranched runs of detections, one for each track.

    A detection that has daughters ends its run, so a cell that goes on beside its daughter becomes
    a daughter itself. A detection that is left out ends its run; the next kept one starts a new run
    with the old one as parent, unless more than two runs then had that parent, as after divisions
    that were not seen: those begin without one.

    Args:
        links: The links; they lead from lower to higher numbers.
        kept: bool (n,), False for detections that get no label (outside the field of interest).

    Returns:
        int64 (n,) number of each detection's run, from 0 in the order of first detections, -1 where
        left out; and int64 (runs,) number of each run's parent, -1 for none.
    """
    run = np.full(len(kept), -1)
    latest = np.full(len(kept), -1)
    parents: list[int] = []
    unseen: list[bool] = []
    for here in range(len(kept)):
        before = links.before[here]
        origin = before if before >= 0 else links.parents[here]
        latest[here] = latest[origin] if origin >= 0 else -1
        if not kept[here]:
            continue
        if before >= 0 and kept[before] and not links.divides[before]:
            run[here] = run[before]
        else:
            run[here] = len(parents)
            parents.append(int(latest[here]))
            unseen.append(bool(origin >= 0 and not kept[origin]))
        latest[here] = run[here]
    found = np.array(parents, dtype=np.int64)
    several, children = np.unique(found, return_counts=True)
    crowded = np.isin(found, several[children > MOST_DAUGHTERS])
    found[crowded & np.array(unseen, bool)] = -1
    return run, found
