"""A picture of the lineages: time to the right, one line a track, divisions as forks."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from ctc_submit.data.labels import whole_file
from ctc_submit.data.tracks import Track
from ctc_submit.errors import DataError

FORMATS = (".png", ".svg", ".pdf")
MOST_NAMED = 60
"""Tracks up to which every line carries its label."""


def demand_format(path: Path) -> None:
    """Raise DataError if the file's ending is none that can be drawn."""
    if path.suffix.lower() not in FORMATS:
        raise DataError(f"{path}: expected a name that ends in {', '.join(FORMATS)}")


def write_picture(path: Path, tracks: Sequence[Track]) -> None:
    """Draw the lineages into a PNG, SVG or PDF file.

    Families are sorted by their first frame; daughters lie on either side of their mother. A cell
    that was away and came back is joined by a dotted line.

    Raises:
        DataError: If the file's ending is none of these, or it cannot be written.
    """
    demand_format(path)
    heights = _heights(tracks)
    figure = Figure(figsize=(10, min(max(2.0, 0.18 * len(tracks) + 1), 80)), layout="constrained")
    axes = figure.add_subplot()
    known = {track.label: track for track in tracks}
    children = Counter(track.parent for track in tracks)
    for track in tracks:
        height = heights[track.label]
        axes.plot([track.begin - 0.4, track.end + 0.4], [height, height], "-", lw=2, color="C0")
        if len(tracks) <= MOST_NAMED:
            axes.text(track.begin - 0.3, height + 0.1, str(track.label), fontsize=6, va="bottom")
        mother = known.get(track.parent)
        if mother is not None:
            style = "-" if children[mother.label] > 1 else ":"
            ends = [mother.end + 0.4, track.begin - 0.4]
            axes.plot(ends, [heights[mother.label], height], style, lw=1, color="C1")
    axes.set(xlabel="frame", ylabel="", yticks=[], ylim=(len(tracks) + 0.5, -1))
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    with whole_file(path) as partial:
        figure.savefig(partial, format=path.suffix[1:].lower(), dpi=120)


def _heights(tracks: Sequence[Track]) -> dict[int, float]:
    """Place every track in a row of its own, a mother between her daughters."""
    known = {track.label for track in tracks}
    children: dict[int, list[Track]] = {}
    for track in sorted(tracks, key=lambda t: (t.begin, t.label)):
        children.setdefault(track.parent if track.parent in known else 0, []).append(track)
    heights: dict[int, float] = {}
    todo = [(track, False) for track in reversed(children.get(0, []))]
    while todo:
        track, placed = todo.pop()
        if placed:
            heights[track.label] = float(len(heights))
            continue
        mine = [(child, False) for child in children.get(track.label, [])]
        todo += [*reversed(mine[1:]), (track, True), *mine[:1]]
    return heights
