"""Masks are mended where the frames before and after agree."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from ctc_submit.track.faults import Faults, find_faults
from ctc_submit.track.mending import mended
from ctc_submit.track.movie import Movie
from ctc_submit.track.settings import TrackConfig
from ctc_submit.track.tracker import link_movie
from tests.scenes import disc
from tests.track.films import SIZE, film, measured, rows, tracked

A, B = (30.0, 32.0, 7.0), (30.0, 46.0, 7.0)
FAR = (12.0, 12.0, 5.0)
REPAIR = TrackConfig(repair=True)


def found(maps: list[np.ndarray], settings: TrackConfig = REPAIR) -> tuple[Movie, Faults]:
    movie = measured(maps)
    return movie, find_faults(movie, link_movie(movie, settings), settings)


def repaired(maps: list[np.ndarray], settings: TrackConfig = REPAIR) -> list[np.ndarray]:
    movie, faults = found(maps, settings)
    return list(mended(maps, movie, faults))


def merged(maps: list[np.ndarray], times: list[int]) -> list[np.ndarray]:
    """The two cells are one mask at these times, the strip between them included."""
    for time in times:
        maps[time][disc(SIZE, A[:2], A[2]) | disc(SIZE, B[:2], B[2])] = 9
        maps[time][26:34, 32:46] = 9
    return maps


@pytest.mark.parametrize("times", [[2], [2, 3, 4], [1, 3]])
def test_a_mask_of_two_cells_is_split_between_frames_that_show_two(times: list[int]) -> None:
    maps = merged(film(*[[A, B, FAR]] * 7), times)
    before = [m.copy() for m in maps]
    for time, labels in enumerate(repaired(maps)):
        assert len(np.unique(labels)) == 4
        assert ((labels > 0) == (before[time] > 0)).all()
        for spot in (A, B):
            inside = disc(SIZE, spot[:2], spot[2])
            assert np.bincount(labels[inside]).max() > 0.9 * inside.sum()
    assert all((m == b).all() for m, b in zip(maps, before, strict=True)), "input was changed"


def test_cells_that_swap_sides_of_size_keep_their_places() -> None:
    """The larger one stays above: which is which follows from place."""
    high, low = (22.0, 40.0, 8.0), (37.0, 40.0, 6.0)
    maps = film(*[[high, low]] * 5)
    maps[2][maps[2] > 0] = 1
    maps[2][28:33, 38:43] = 1
    out = repaired(maps)[2]
    top, bottom = out[22, 40], out[37, 40]
    assert top != bottom
    assert (out == top).sum() > (out == bottom).sum()


def test_the_longest_faults_that_are_mended_are_as_long_as_set() -> None:
    maps = merged(film(*[[A, B, FAR]] * 7), [2, 3, 4])
    for longest, cells in ((3, 3), (2, 2)):
        out = repaired(maps, replace(REPAIR, longest_merge=longest))
        assert len(np.unique(out[3])) - 1 == cells


def test_a_lone_mask_stays_where_it_is_asked_for() -> None:
    maps = film([A], [A], [A, (12, 66, 5)], [A], [A])
    for drop, cells in ((True, 1), (False, 2)):
        out = repaired(maps, replace(REPAIR, drop_flickers=drop))
        assert len(np.unique(out[2])) - 1 == cells


def test_two_cells_that_never_part_again_stay_as_they_are() -> None:
    assert not found(merged(film(*[[A, B]] * 6), [3, 4, 5]))[1].merges


def test_a_lost_cell_beside_another_is_no_merge() -> None:
    maps = film([A, B], [A, B], [A], [A, B], [A, B])
    assert len(found(maps)[1]) == 0


def test_three_masks_of_one_cell_are_joined() -> None:
    maps = [np.zeros((60, 80), np.uint16) for _ in range(8)]
    for time, labels in enumerate(maps):
        labels[20:40, 20:50], labels[5:10, 60:70] = 1, 2
        if time in {3, 4}:
            labels[20:40, 20:38], labels[20:32, 38:50], labels[32:40, 38:50] = 3, 4, 5
    assert [len(np.unique(m)) - 1 for m in repaired(maps)] == [2] * 8


def test_two_masks_of_one_cell_are_joined() -> None:
    whole = (30.0, 40.0, 10.0)
    maps = film(*[[whole]] * 6)
    for time in (2, 3):
        right = (maps[time] > 0) & (np.arange(SIZE[1]) >= 43)
        maps[time][right] = 7
    assert [len(np.unique(labels)) for labels in repaired(maps)] == [2] * 6


def test_a_division_stays_a_division() -> None:
    mother, daughters = [(30, 40, 8)], [(30, 33, 5.5), (30, 47, 5.5)]
    maps = film(mother, mother, mother, daughters, daughters, daughters)
    assert len(found(maps)[1]) == 0
    assert [t.parent for t in tracked(maps, REPAIR)[1]] == [0, 1, 1]


def test_parts_that_do_not_touch_stay_two() -> None:
    whole = (30.0, 40.0, 10.0)
    maps = film(*[[whole]] * 5)
    maps[2][:, 41:44] = 0
    maps[2][:, 44:][maps[2][:, 44:] > 0] = 7
    assert [len(np.unique(labels)) for labels in repaired(maps)] == [2, 2, 3, 2, 2]


def test_a_lone_mask_of_one_frame_is_dropped_inside_but_not_at_the_edge() -> None:
    maps = film([A], [A], [A, (12, 66, 5)], [A], [A])
    assert [len(np.unique(labels)) for labels in repaired(maps)] == [2] * 5
    edge = film([A], [A], [A, (1, 66, 5)], [A], [A])
    assert [len(np.unique(labels)) for labels in repaired(edge)] == [2, 2, 3, 2, 2]
    first = film([A, (12, 66, 5)], [A], [A])
    assert [len(np.unique(labels)) for labels in repaired(first)] == [3, 2, 2]


def test_what_is_mended_is_linked_without_a_break() -> None:
    maps = merged(film(*[[A, B]] * 7), [2, 3])
    movie, faults = found(maps)
    _, tracks = tracked(list(mended(maps, movie, faults)))
    assert rows(tracks) == [(1, 0, 6, 0), (2, 0, 6, 0)]


def test_volumes_are_mended() -> None:
    maps = []
    for _ in range(5):
        labels = np.zeros((6, 30, 40), np.uint16)
        labels[1:5, 8:18, 8:18], labels[1:5, 8:18, 20:30] = 1, 2
        maps.append(labels)
    maps[2][1:5, 8:18, 8:30] = 1
    out = repaired(maps)
    for one, other in itertools.pairwise(out):
        assert np.mean((one > 0) == (other > 0)) > 0.9
    assert len(np.unique(out[2])) == 3
