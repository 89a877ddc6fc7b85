from typing import Any

import numpy as np
import pytest

from ctc_submit.data.datasets import DATASETS
from ctc_submit.track.drift import drift_between
from ctc_submit.track.linking import link_frames, reach_of
from ctc_submit.track.movie import movie_of
from ctc_submit.track.settings import Scale, TrackConfig
from ctc_submit.track.tracker import link_movie, scale_of
from tests.scenes import disc
from tests.track.films import film, measured, rows, tracked
from tests.track.valid import faults

A, B = (20.0, 20.0, 6.0), (40.0, 60.0, 6.0)


def test_two_still_cells_keep_their_labels_though_shuffled() -> None:
    for seed in range(5):
        maps, tracks = tracked(film([A, B], [A, B], [A, B], seed=seed))
        assert rows(tracks) == [(1, 0, 2, 0), (2, 0, 2, 0)]
        assert len({int(m[20, 20]) for m in maps}) == 1


def test_a_cell_that_steps_over_its_own_width_is_followed() -> None:
    _, tracks = tracked(film(*[[(20, 8 + 14 * t, 6)] for t in range(5)]))
    assert rows(tracks) == [(1, 0, 4, 0)]


def test_division_begins_two_tracks_with_the_mother_as_parent() -> None:
    mother = [(30, 40, 8)]
    daughters = [(30, 33, 5.5), (30, 47, 5.5)]
    _, tracks = tracked(film(mother, mother, mother, daughters, daughters))
    assert rows(tracks) == [(1, 0, 2, 0), (2, 3, 4, 1), (3, 3, 4, 1)]


def test_no_division_when_it_is_turned_off() -> None:
    mother, daughters = [(30, 40, 8)], [(30, 33, 5.5), (30, 47, 5.5)]
    settings = TrackConfig(divisions=False)
    _, tracks = tracked(film(mother, mother, daughters, daughters), settings)
    assert [t.parent for t in tracks] == [0, 0]


def test_a_newcomer_beside_a_cell_that_stays_whole_is_no_daughter() -> None:
    _, tracks = tracked(film([A], [A], [A, (20, 34, 6)], [A, (20, 34, 6)]))
    assert rows(tracks) == [(1, 0, 3, 0), (2, 2, 3, 0)]


@pytest.mark.parametrize("missed", [1, 2, 5])
def test_a_missed_cell_is_drawn_in_and_keeps_its_label(missed: int) -> None:
    frames = [[A, B]] * 3 + [[A]] * missed + [[A, B]] * 3
    maps, tracks = tracked(film(*frames))
    assert rows(tracks) == [(1, 0, 5 + missed, 0), (2, 0, 5 + missed, 0)]
    drawn, whole = maps[3] == maps[0][40, 60], maps[0] == maps[0][40, 60]
    assert (drawn & whole).sum() > 0.9 * whole.sum()


def test_a_cell_missed_for_longer_starts_anew() -> None:
    _, tracks = tracked(film([A, B], [A], [A], [A], [A, B]), TrackConfig(gap=2))
    assert sorted((t.begin, t.end) for t in tracks) == [(0, 0), (0, 4), (4, 4)]


def test_a_gap_with_no_free_pixel_is_left_open_with_a_parent() -> None:
    maps = film([A, B], [A, B], [A, B], [A, B])
    maps[2][maps[2] == maps[2][40, 60]] = 0
    maps[2][maps[2] == 0] = maps[2][20, 20]  # the other cell floods the frame
    out, tracks = tracked(maps, TrackConfig(gate=20))
    assert not faults(out, rows(tracks))
    begun = [t for t in tracks if t.begin == 3]
    assert begun and all(t.parent for t in begun)


def test_what_is_never_in_the_field_is_dropped_and_a_visitor_is_cut() -> None:
    outside = (4, 40, 3)
    maps = film([A, outside], [A, (9, 40, 3)], [A, outside], [A, (9, 40, 3)])
    out, tracks = tracked(maps, border=10)
    assert rows(tracks) == [(1, 0, 3, 0), (2, 1, 1, 0), (3, 3, 3, 2)]
    assert not faults(out, rows(tracks))


def test_a_cell_that_left_the_field_and_returned_has_its_old_self_as_parent() -> None:
    """The input was stripped: the cell has no mask while it is outside."""
    leaving, other = (20, 11, 6), (40, 70, 6)
    both, one = [leaving, other], [other]
    out, tracks = tracked(film(both, both, one, one, one, both, both), border=10)
    assert not faults(out, rows(tracks))
    spans = {(t.begin, t.end): t for t in tracks}
    assert set(spans) == {(0, 1), (0, 6), (5, 6)}
    assert spans[5, 6].parent == spans[0, 1].label


def test_one_frame_and_empty_frames() -> None:
    assert rows(tracked(film([A, B]))[1]) == [(1, 0, 0, 0), (2, 0, 0, 0)]
    assert tracked(film([], [], []))[1] == []
    assert rows(tracked(film([], [A], []))[1]) == [(1, 1, 1, 0)]


def test_volumes_are_linked_in_their_true_proportions() -> None:
    maps = []
    for t in range(4):
        labels = np.zeros((5, 40, 40), np.uint16)
        labels[1:3, 10:16, 8 + t : 14 + t] = 1 + t % 2
        labels[1:3, 25:31, 8 + t : 14 + t] = 2 - t % 2
        maps.append(labels)
    out, tracks = tracked(maps)
    assert rows(tracks) == [(1, 0, 3, 0), (2, 0, 3, 0)]
    assert out[0].shape == (5, 40, 40)


def test_a_picture_that_jumps_as_a_whole_is_followed() -> None:
    rng = np.random.default_rng(1)
    spots = [(float(r), float(c), 3.0) for r in range(8, 50, 14) for c in range(8, 50, 11)]
    spots = [(r + rng.uniform(-3, 3), c + rng.uniform(-3, 3), 3.0) for r, c, _ in spots]
    jumped = [(r + 6, c + 12, radius) for r, c, radius in spots]
    out, tracks = tracked(film(spots, spots, jumped, jumped))
    assert len(tracks) == len(spots)
    assert all((t.begin, t.end) == (0, 3) for t in tracks)
    first = out[0][round(spots[0][0]), round(spots[0][1])]
    assert first == out[2][round(jumped[0][0]), round(jumped[0][1])]


@pytest.mark.parametrize(("given", "border"), [(None, 50), (0, 0), (7, 7)])
def test_a_border_of_its_own_overrules_the_data_set_s(given: int | None, border: int) -> None:
    known = DATASETS["DIC-C2DH-HeLa"]
    assert scale_of(known, (512, 512), given).border == border


def test_tables_are_in_units_of_the_spacing_and_without_the_drift() -> None:
    rng = np.random.default_rng(1)
    spots = [
        (r + rng.uniform(-3, 3), c + rng.uniform(-3, 3), 3.0)
        for r in range(8, 45, 14)
        for c in range(8, 50, 11)
    ]
    maps = film(spots, [(r + 6, c + 12, radius) for r, c, radius in spots])
    maps.append(maps[0])
    movie = movie_of(maps, Scale((0.5, 0.25)))
    np.testing.assert_array_equal(movie.drift, [[0, 0], [3, 3], [0, 0]])
    here, there = movie.of_frame(1), movie.of_frame(2)
    places = [np.lexsort(np.round(movie.centres[which], 6).T) for which in (here, there)]
    first, second = here[places[0]], there[places[1]]
    np.testing.assert_allclose(movie.centres[first], movie.centres[second])
    np.testing.assert_allclose(movie.shared(first, second), movie.areas[second])


def test_a_large_picture_s_shift_is_in_its_own_pixels() -> None:
    rng = np.random.default_rng(1)
    spots = [
        (r + rng.uniform(-3, 3), c + rng.uniform(-3, 3), 3.0)
        for r in (10, 24, 38)
        for c in range(8, 50, 11)
    ]
    small = film(spots, [(r + 6, c + 12, radius) for r, c, radius in spots])
    first, second = (np.kron(labels, np.ones((8, 8), np.uint16)) for labels in small)
    assert drift_between(first, second) == (48, 96)


def test_cells_that_wander_each_on_their_own_make_no_common_shift() -> None:
    """Few cells, far apart: some shift always lays two of them on one another."""
    rng = np.random.default_rng(3)
    spots = rng.uniform(8, 52, (6, 2))
    for _ in range(8):
        moved = np.clip(spots + rng.normal(0, 7, spots.shape), 4, 56)
        first, second = film([(r, c, 3) for r, c in spots], [(r, c, 3) for r, c in moved])
        assert drift_between(first, second) == (0, 0)
        spots = moved


def test_overlap_tells_nothing_where_cells_leap() -> None:
    """Every cell steps to where its neighbour was, but for a bit: the nearest place is not its."""
    rng = np.random.default_rng(0)
    steps = [np.cumsum(rng.normal(0, 9, (14, 2)), axis=0) for _ in range(6)]
    frames = [
        [(20 + 60 * k + s[t, 0], 40 + s[t, 1], 4) for k, s in enumerate(steps)] for t in range(14)
    ]
    maps = [np.zeros((400, 80), np.uint16) for _ in frames]
    for labels, spots in zip(maps, frames, strict=True):
        for number, (row, column, radius) in enumerate(spots, start=1):
            labels[disc((400, 80), (row, column), radius)] = number
    movie = measured(maps)
    found = link_frames(movie, TrackConfig(), reach_of(movie, TrackConfig()))
    assert found.manner.telling < 0.3


@pytest.mark.parametrize("name", ["gap_cost", "gate", "speed"])
def test_settings_at_their_ends_link_what_they_allow(name: str) -> None:
    cells = [[(30.0, 20.0 + 2 * time, 7.0)] for time in range(6)]
    cells[3] = []
    maps = film(*cells)
    values: dict[str, Any] = {name: 1e-300 if name == "speed" else 0.0}
    movie = movie_of(maps, Scale((1.0, 1.0), 5.0, 0))
    follows = link_movie(movie, TrackConfig(**values)).follows
    assert follows.tolist() == ([1, 2, 3, 4, -1] if name == "gap_cost" else [-1] * 5)
