from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from ctc_submit.data.tracks import Track
from ctc_submit.simulate.movie import Moment, simulate
from ctc_submit.simulate.settings import SimulationSettings

SMALL = SimulationSettings(frames=40, height=96, width=112, cells=8, cycle=20)


@cache
def movie(look: str = "dic", seed: int = 0) -> tuple[Moment, ...]:
    settings = SimulationSettings(
        look=look,  # type: ignore[arg-type]
        frames=SMALL.frames,
        height=SMALL.height,
        width=SMALL.width,
        cells=SMALL.cells,
        cycle=SMALL.cycle,
    )
    return tuple(simulate(settings, np.random.default_rng(seed)))


def final_tracks(seed: int) -> tuple[Track, ...]:
    return movie(seed=seed)[-1].tracks


@pytest.mark.parametrize("seed", range(3))
def test_every_label_is_one_piece_of_a_size_to_see(seed: int) -> None:
    for moment in movie(seed=seed):
        for label in np.unique(moment.labels)[1:]:
            own = moment.labels == label
            assert ndimage.label(own)[1] == 1, (moment.time, label)
            assert own.sum() >= 12


@pytest.mark.parametrize("seed", range(3))
def test_tracks_say_exactly_which_labels_are_in_which_frame(seed: int) -> None:
    tracks = final_tracks(seed)
    assert [track.label for track in tracks] == list(range(1, len(tracks) + 1))
    for moment in movie(seed=seed):
        expected = [t.label for t in tracks if t.begin <= moment.time <= t.end]
        assert (np.unique(moment.labels)[1:] == expected).all()


@pytest.mark.parametrize("seed", range(3))
def test_parents_end_before_their_children_begin(seed: int) -> None:
    tracks = {track.label: track for track in final_tracks(seed)}
    children: dict[int, list[Track]] = {}
    for track in tracks.values():
        if track.parent:
            assert tracks[track.parent].end < track.begin
            children.setdefault(track.parent, []).append(track)
    assert max(map(len, children.values())) == 2, "no cell divided"


def test_daughters_share_the_ground_of_their_mother() -> None:
    divisions = 0
    for seed in range(3):
        moments, tracks = movie(seed=seed), final_tracks(seed)
        for mother in tracks:
            young = [t for t in tracks if t.parent == mother.label and t.begin == mother.end + 1]
            if len(young) != 2:
                continue
            divisions += 1
            before = moments[mother.end].labels == mother.label
            after = np.isin(moments[mother.end + 1].labels, [t.label for t in young])
            sizes = [(moments[mother.end + 1].labels == t.label).sum() for t in young]
            assert 0.6 < after.sum() / before.sum() < 1.3
            assert 0.5 < sizes[0] / sizes[1] < 2
            assert (before & after).sum() > 0.35 * before.sum()
    assert divisions >= 5


def test_cells_touch_and_cover_about_what_was_asked() -> None:
    labels = movie()[0].labels
    right, left = labels[:, 1:], labels[:, :-1]
    assert ((right != left) & (right > 0) & (left > 0)).any(), "no cell touches another"
    settings = SimulationSettings(height=256, width=256, cells=20, cover=0.5, frames=1)
    covered = [
        (next(simulate(settings, np.random.default_rng(seed))).labels > 0).mean()
        for seed in range(8)
    ]
    assert 0.35 < np.mean(covered) < 0.6


def test_cells_move_a_little_from_frame_to_frame() -> None:
    for earlier, later in zip(movie(), movie()[1:], strict=False):
        both = np.intersect1d(earlier.labels, later.labels)
        kept = [
            ((earlier.labels == label) & (later.labels == label)).sum()
            / (earlier.labels == label).sum()
            for label in both[both > 0]
        ]
        assert np.median(kept) > 0.7
    assert (movie()[0].labels != movie()[10].labels).mean() > 0.02


def test_a_cell_that_comes_back_continues_its_track_under_a_new_label() -> None:
    restless = SimulationSettings(frames=80, height=64, width=64, cells=6, speed=0.3, cycle=1000)
    returned = 0
    for seed in range(4):
        *_, last = simulate(restless, np.random.default_rng(seed))
        tracks = {track.label: track for track in last.tracks}
        back = [track for track in tracks.values() if track.parent]
        assert all(track.begin > tracks[track.parent].end for track in back)
        returned += len(back)
    assert returned


@pytest.mark.parametrize(("look", "kind"), [("dic", np.uint8), ("fluo", np.uint16)])
def test_cells_can_be_seen_but_frames_are_not_clipped(look: str, kind: type) -> None:
    for moment in movie(look)[::10]:
        frame = moment.frame.astype(float)
        assert moment.frame.dtype == kind and moment.labels.dtype == np.uint16
        assert moment.frame.shape == moment.labels.shape == (96, 112)
        busy = abs(frame - ndimage.median_filter(frame, 9)) if look == "dic" else frame
        inside, outside = busy[moment.labels > 0], busy[moment.labels == 0]
        assert inside.mean() > 1.5 * outside.mean()
        assert (moment.frame == np.iinfo(kind).max).mean() < 0.01
        assert (moment.frame == 0).mean() < 0.01


def test_both_looks_of_a_seed_show_the_same_cells() -> None:
    for dic, fluo in zip(movie("dic"), movie("fluo"), strict=True):
        assert (dic.labels == fluo.labels).all() and dic.tracks == fluo.tracks


def test_a_stain_bleaches() -> None:
    first, *_, last = movie("fluo")
    assert np.median(last.frame[last.labels > 0]) < 0.95 * np.median(first.frame[first.labels > 0])


def test_the_seed_decides_every_pixel() -> None:
    again = tuple(simulate(SMALL, np.random.default_rng(0)))
    assert all((a.frame == b.frame).all() for a, b in zip(again, movie(), strict=True))
    assert again[-1].tracks == final_tracks(0)
    assert (movie(seed=1)[0].frame != movie()[0].frame).mean() > 0.5


def test_a_shorter_movie_is_the_beginning_of_a_longer_one() -> None:
    short = SimulationSettings(frames=5, height=96, width=112, cells=8, cycle=20)
    for moment, same in zip(simulate(short, np.random.default_rng(0)), movie(), strict=False):
        assert (moment.frame == same.frame).all() and moment.tracks == same.tracks


@pytest.mark.parametrize("look", ["dic", "fluo"])
@pytest.mark.parametrize(("height", "width", "cells"), [(1, 1, 0), (7, 301, 1), (64, 64, 60)])
def test_odd_sizes(look: str, height: int, width: int, cells: int) -> None:
    settings = SimulationSettings(
        look=look,  # type: ignore[arg-type]
        height=height,
        width=width,
        cells=cells,
        frames=12,
    )
    moments = list(simulate(settings, np.random.default_rng(0)))
    assert len(moments) == 12
    assert {moment.frame.shape for moment in moments} == {(height, width)}
    assert bool(moments[-1].tracks) == bool(cells)
