"""Small graphs written as tracks: who is where when, and who matches whom."""

from collections.abc import Mapping

import numpy as np

from ctc_submit.data.tracks import Track
from ctc_submit.score.lineage import Lineage
from ctc_submit.score.paired import FrameMatch, Paired, pair


def lineage(*rows: tuple[int, int, int, int]) -> Lineage:
    """Tracks from rows of label, begin, end, parent."""
    return Lineage.of(Track(*row) for row in rows)


def paired(
    reference: Lineage, result: Lineage, matches: Mapping[int, Mapping[int, int]] | None = None
) -> Paired:
    """Match equal labels in every frame, but for ``matches``: time to (reference to result)."""
    last = max([*reference.end.tolist(), *result.end.tolist()])
    frames = []
    for time in range(last + 1):
        theirs, ours = _present(reference, time), _present(result, time)
        own = {label: label if label in ours else 0 for label in theirs.tolist()}
        own |= (matches or {}).get(time, {})
        match = np.array([own[label] for label in theirs.tolist()], np.int64)
        frames.append(FrameMatch(time, theirs, match, ours))
    return pair(frames)


def _present(tracks: Lineage, time: int) -> np.ndarray:
    return tracks.label[(tracks.begin <= time) & (time <= tracks.end)]
