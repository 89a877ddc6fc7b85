"""The order in which tracks are drawn below each other."""

from collections import defaultdict
from collections.abc import Iterable

from ctc_submit.data.tracks import Track


def in_families(tracks: Iterable[Track]) -> list[Track]:
    """Sort tracks so that lines from mothers to daughters never cross.

    Families follow each other by their first frame. A mother lies between her daughters' families:
    the first half of these above her, the others below. A track whose parent has no row, or is one
    of its own descendants, begins a family.

    Returns:
        Every track once.
    """
    every = sorted(tracks, key=lambda track: (track.begin, track.label))
    known = {track.label for track in every}
    children: dict[int, list[Track]] = defaultdict(list)
    for track in every:
        children[track.parent if track.parent in known else 0].append(track)
    ordered: list[Track] = []
    seen: set[int] = set()
    for first in [*children[0], *every]:
        todo = [(first, False)]
        while todo:
            track, unfolded = todo.pop()
            if unfolded:
                ordered.append(track)
            elif track.label not in seen:
                seen.add(track.label)
                mine = [(child, False) for child in children.get(track.label, [])]
                half = (len(mine) + 1) // 2
                todo += [*reversed(mine[half:]), (track, True), *reversed(mine[:half])]
    return ordered
