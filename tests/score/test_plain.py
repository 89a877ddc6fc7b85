"""Random label maps and tracks against the definitions, written as sets and in the plainest way."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ctc_submit.data.sequence import Sequence
from ctc_submit.data.tracks import Track
from ctc_submit.score.judge import score
from ctc_submit.score.measure import measure

Vertex = tuple[int, int]
"""Time and label."""


@dataclass(frozen=True)
class Side:
    """Label maps, TYX, and tracks that agree with them."""

    maps: np.ndarray
    tracks: list[Track]

    def vertices(self) -> set[Vertex]:
        found = enumerate(self.maps)
        return {(time, int(label)) for time, plane in found for label in np.unique(plane) if label}

    def edges(self) -> dict[tuple[Vertex, Vertex], str]:
        links = {
            ((time, track.label), (time + 1, track.label)): "track"
            for track in self.tracks
            for time in range(track.begin, track.end)
        }
        ends = {track.label: track.end for track in self.tracks}
        parents = {
            ((ends[track.parent], track.parent), (track.begin, track.label)): "parent"
            for track in self.tracks
            if track.parent
        }
        return links | parents


@st.composite
def sides(draw: st.DrawFn, frames: int) -> Side:
    """Draw label maps, give each unbroken run of a label a number, and draw parents."""
    shape = (frames, 3, 5)
    raw = draw(arrays(np.uint16, shape, elements=st.integers(0, 4), fill=st.nothing()))
    maps = np.zeros(shape, np.uint16)
    tracks: list[Track] = []
    for label in range(1, 5):
        present = [bool((plane == label).any()) for plane in raw]
        for begin in range(frames):
            if not present[begin] or (begin and present[begin - 1]):
                continue
            end = next((t for t in range(begin, frames) if not present[t]), frames) - 1
            number = len(tracks) + 1
            maps[begin : end + 1][raw[begin : end + 1] == label] = number
            tracks.append(Track(number, begin, end, 0))
    with_parents = []
    for track in tracks:
        older = [other.label for other in tracks if other.end < track.begin]
        with_parents.append(
            Track(track.label, track.begin, track.end, draw(st.sampled_from([0, *older])))
        )
    return Side(maps, with_parents)


def write(folder: Path, reference: Side, result: Side) -> None:
    for part, prefix, side in (
        ("01_GT/SEG", "man_seg", reference),
        ("01_GT/TRA", "man_track", reference),
        ("01_RES", "mask", result),
    ):
        (folder / part).mkdir(parents=True, exist_ok=True)
        for time, labels in enumerate(side.maps):
            tifffile.imwrite(folder / part / f"{prefix}{time:03d}.tif", labels)
    for name, side in (("01_GT/TRA/man_track.txt", reference), ("01_RES/res_track.txt", result)):
        rows = (f"{t.label} {t.begin} {t.end} {t.parent}\n" for t in side.tracks)
        (folder / name).write_text("".join(rows))


def matches(reference: Side, result: Side) -> dict[Vertex, Vertex]:
    """Return reference vertex to the result vertex that covers more than half of it."""
    found = {}
    for time, label in reference.vertices():
        mine = reference.maps[time] == label
        for other in range(1, int(result.maps.max()) + 1):
            if (result.maps[time] == other)[mine].sum() > mine.sum() / 2:
                found[time, label] = (time, other)
    return found


def plain_scores(reference: Side, result: Side) -> dict[str, float]:
    found = matches(reference, result)
    hits = list(found.values())
    alone = {theirs: ours for ours, theirs in found.items() if hits.count(theirs) == 1}
    jaccards = []
    for time, label in reference.vertices():
        mine = reference.maps[time] == label
        if (time, label) in found:
            theirs = result.maps[time] == found[time, label][1]
            jaccards.append((mine & theirs).sum() / (mine | theirs).sum())
        else:
            jaccards.append(0.0)
    cost = 10.0 * (len(jaccards) - len(found)) + 5 * (len(hits) - len(set(hits)))
    cost += len(result.vertices() - set(hits))
    theirs_edges, links = result.edges(), reference.edges()
    edge_cost = 0.0
    for (start, stop), kind in theirs_edges.items():
        if start in alone and stop in alone:
            edge_cost += links.get((alone[start], alone[stop])) != kind
    for start, stop in links:
        pair = (found.get(start), found.get(stop))
        if pair not in theirs_edges or pair[0] not in alone or pair[1] not in alone:
            edge_cost += 1.5
    worst = 10.0 * len(jaccards)
    with_links = worst + 1.5 * len(links)
    return {
        "SEG": sum(jaccards) / len(jaccards),
        "DET": 1 - min(cost, worst) / worst,
        "TRA": 1 - min(cost + edge_cost, with_links) / with_links,
    }


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(1, 4).flatmap(lambda n: st.tuples(sides(n), sides(n))))
def test_seg_det_and_tra_are_what_they_are_defined_to_be(
    tmp_path_factory: pytest.TempPathFactory, both: tuple[Side, Side]
) -> None:
    reference, result = both
    folder = tmp_path_factory.mktemp("drawn")
    write(folder, reference, result)
    if not reference.vertices():
        assert measure("SEG", str(folder), "01", "3").code == 255
        return
    wanted = plain_scores(reference, result)
    record = score(Sequence.at(folder / "01"), workers=1)
    assert not record.faults
    covered = {t for track in reference.tracks for t in range(track.begin, track.end + 1)}
    for name, value in wanted.items():
        assert record.scores[name] == pytest.approx(value, abs=1e-12), name
        answer = measure(name, str(folder), "01", "3", workers=1)
        if name != "TRA" or covered == set(range(len(reference.maps))):
            assert answer.output == f"{name} measure: {value:.6f}\n"


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(2, 4).flatmap(sides), st.data())
def test_one_row_off_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, side: Side, data: st.DataObject
) -> None:
    """A track file that says anything but what the masks show scores nothing."""
    if not side.tracks:
        return
    place = data.draw(st.integers(0, len(side.tracks) - 1))
    row = side.tracks[place]
    off = data.draw(
        st.sampled_from(
            [
                None,
                Track(row.label, row.begin, row.end, row.label),
                Track(row.label, row.begin, row.end, len(side.tracks) + 1),
                Track(len(side.tracks) + 1, row.begin, row.end, row.parent),
                Track(row.label, row.begin + 1, row.end + 1, row.parent),
            ]
        )
    )
    rows = [*side.tracks[:place], *([off] if off else []), *side.tracks[place + 1 :]]
    folder = tmp_path_factory.mktemp("drawn")
    write(folder, side, Side(side.maps, rows))
    record = score(Sequence.at(folder / "01"), workers=1)
    assert record.scores["TRA"] is None
    assert record.scores["SEG"] == record.scores["DET"] == 1.0
    assert record.faults
    assert measure("TRA", str(folder), "01", "3", workers=1).code in {3, 255}
