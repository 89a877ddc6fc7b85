"""Whether tracks and label maps tell the same story, asked in the evaluator's order.

It goes through the reference tracks by label, then through the result's, and then through the
labels of each frame; the first thing amiss ends it. A track must lie within the frames, its parent
must have ended before it begins, and its label must be in all of its frames and in no other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ctc_submit.score.lineage import Lineage, vertices
from ctc_submit.score.track_file import Row, tracks_of

REFERENCE, COMPUTED = "reference", "computed"


@dataclass(frozen=True)
class Inconsistency:
    """One thing amiss.

    Attributes:
        side: ``reference`` or ``computed``.
        label: The track's label.
        kind: ``outside`` (frames that are not there), ``parent`` (no such parent), ``order``
            (begins before its parent ends), ``absent`` (its label is missing in a frame) or
            ``stray`` (its label is in a frame that its row does not cover), or ``unlisted`` (its
            label is in a frame and has no row).
        time: The frame, where there is one.
        parent: The parent's label, where it is about the parent.
    """

    side: str
    label: int
    kind: str
    time: int | None = None
    parent: int = 0

    @property
    def output(self) -> str:
        """The evaluator's line."""
        track = f"{self.side} track with label {self.label}"
        if self.kind == "parent":
            return f"Non-existing parent track with label {self.parent} for the {track}!"
        if self.kind == "order":
            return f"Invalid parent connection for the {track}!"
        return f"The {track} is not consistent with the image data!"


def of_tracks(
    side: str, rows: dict[int, Row], times: range, present: np.ndarray
) -> Iterator[Inconsistency]:
    """Yield what is amiss with the rows of one side, in order of labels.

    Args:
        side: ``reference`` or ``computed``.
        rows: Label to row, in order of labels.
        times: The frames that there are.
        present: The side's vertices in the label maps, sorted.
    """
    for label, row in rows.items():
        if row.begin not in times or row.end not in times:
            yield Inconsistency(side, label, "outside", min(row.end, times.stop))
            continue
        parent = rows.get(row.parent) if row.parent else None
        if row.parent and parent is None:
            yield Inconsistency(side, label, "parent", row.begin, row.parent)
        elif parent is not None and row.begin <= parent.end:
            yield Inconsistency(side, label, "order", row.begin, row.parent)
        declared = np.arange(row.begin, row.end + 1)
        for time in declared[~_isin(vertices(np.full(declared.size, label), declared), present)]:
            yield Inconsistency(side, label, "absent", int(time))


def of_frame(
    side: str, rows: dict[int, Row], time: int, labels: np.ndarray
) -> Iterator[Inconsistency]:
    """Yield the labels of one frame that no track declares there, ascending."""
    for label in labels.tolist():
        row = rows.get(label)
        if row is None or not row.begin <= time <= row.end:
            yield Inconsistency(side, label, "stray" if row else "unlisted", time)


def inconsistencies(
    reference: tuple[dict[int, Row], Sequence[np.ndarray]],
    computed: tuple[dict[int, Row], Sequence[np.ndarray]],
    first: int,
) -> Iterator[Inconsistency]:
    """Yield everything amiss, in the evaluator's order.

    Args:
        reference: Rows of the truth and the labels of each of its frames, ascending.
        computed: Rows of the result, and the labels of each of the same frames.
        first: Time of the first frame; the others follow without a gap.
    """
    times = range(first, first + len(reference[1]))
    sides = ((REFERENCE, *reference), (COMPUTED, *computed))
    if all(agree(rows, frames, times) for _, rows, frames in sides):
        return
    for side, rows, frames in sides:
        yield from of_tracks(side, rows, times, _present(frames, times))
    for number, time in enumerate(times):
        for side, rows, frames in sides:
            yield from of_frame(side, rows, time, frames[number])


def agree(rows: dict[int, Row], frames: Sequence[np.ndarray], times: range) -> bool:
    """Tell at once, without saying what is amiss, whether rows and frames agree."""
    if not all(row.begin in times and row.end in times for row in rows.values()):
        return False
    children = [row for row in rows.values() if row.parent]
    if not all(row.parent in rows and rows[row.parent].end < row.begin for row in children):
        return False
    declared = Lineage.of(tracks_of(rows)).vertices()
    return np.array_equal(declared, _present(frames, times))


def _present(frames: Sequence[np.ndarray], times: range) -> np.ndarray:
    """Return the vertices of all frames, sorted."""
    parts = [np.zeros(0, np.int64), *map(vertices, frames, times)]
    present = np.concatenate(parts, dtype=np.int64)
    present.sort()
    return present


def _isin(wanted: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Tell which of some vertices are among sorted ones."""
    place = np.searchsorted(present, wanted)
    found = np.zeros(wanted.size, bool)
    inside = place < present.size
    found[inside] = present[place[inside]] == wanted[inside]
    return found
