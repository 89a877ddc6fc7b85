"""Masks drawn for cells that were missed."""

import math

import numpy as np
import pytest

from ctc_submit.track.fill import Patch, between, draw
from ctc_submit.track.movie import movie_of
from ctc_submit.track.relabel import Relabeller
from ctc_submit.track.settings import Scale, TrackConfig
from ctc_submit.track.tracker import link_movie
from tests.scenes import disc, drawn
from tests.track.films import film, tracked


def round_patch(radius: int) -> Patch:
    side = 2 * radius + 1
    return Patch((0, 0), disc((side, side), (radius, radius), radius))


@pytest.mark.parametrize("share", [0.0, 0.25, 0.75, 1.0])
def test_a_shape_between_two_is_nearer_to_that_of_the_nearer_frame(share: float) -> None:
    found = between(round_patch(6), round_patch(14), share, np.array([40.0, 30.0]))
    assert math.sqrt(found.mask.sum() / math.pi) == pytest.approx(6 + 8 * share, abs=0.5)
    assert found.centre == pytest.approx([40, 30], abs=0.6)


def test_a_cell_is_drawn_where_it_is_free_in_one_piece() -> None:
    labels = drawn("......\n..1...\n..1...\n......")
    assert draw(labels, Patch((1, 0), np.ones((2, 6), bool)), 7)
    np.testing.assert_array_equal(labels, drawn("......\n..1777\n..1777\n......"))
    assert not draw(labels, Patch((1, 2), np.ones((2, 1), bool)), 8)


@pytest.mark.parametrize(
    ("corner", "inside"),
    [((0, 3), False), ((6, 3), False), ((3, 0), False), ((3, 7), False), ((5, 3), True)],
)
def test_a_cell_that_only_the_strip_has_room_for_is_not_drawn(
    corner: tuple[int, int], inside: bool
) -> None:
    """Frame of 8 by 9 pixels, a strip of 2; the cell is 2 by 2."""
    labels = np.zeros((8, 9), np.uint16)
    assert draw(labels, Patch(corner, np.ones((2, 2), bool)), 3, border=2) == inside
    assert labels.any() == inside


@pytest.mark.parametrize("spacing", [1.0, 0.25])
def test_a_missed_cell_is_drawn_on_the_way(spacing: float) -> None:
    maps = film([(20, 12, 6)], [], [], [(32, 24, 6)])
    movie = movie_of(maps, Scale((spacing, spacing)))
    relabeller = Relabeller(movie, link_movie(movie, TrackConfig()))
    found = list(relabeller.label_maps(maps))
    assert relabeller.drawn == 2
    for time in (1, 2):
        rows, columns = np.nonzero(found[time])
        assert rows.mean() == pytest.approx(20 + 4 * time, abs=0.6)
        assert columns.mean() == pytest.approx(12 + 4 * time, abs=0.6)


def test_a_missed_cell_is_drawn_where_the_picture_has_gone() -> None:
    rng = np.random.default_rng(1)
    spots = [(float(r), float(c), 3.0) for r in range(8, 50, 14) for c in range(8, 50, 11)]
    spots = [(r + rng.uniform(-3, 3), c + rng.uniform(-3, 3), 3.0) for r, c, _ in spots]
    gone = [(r + 6, c + 12, radius) for r, c, radius in spots]
    found, tracks = tracked(film(spots, gone[1:], gone))
    assert len(tracks) == len(spots) and all((t.begin, t.end) == (0, 2) for t in tracks)
    row, column, _ = gone[0]
    assert found[1][round(row), round(column)] == found[2][round(row), round(column)] > 0


def test_a_gap_for_which_only_the_strip_has_room_is_left_open() -> None:
    """While the upper cell is missed, the lower one covers its place in the field of interest."""
    maps = [np.zeros((60, 80), np.uint16) for _ in range(3)]
    for time, labels in enumerate(maps):
        labels[8:13, 20:30] = 1
        labels[10 if time == 1 else 13 : 31, 15:35] = 2
    maps[1][maps[1] == 1] = 0
    found, tracks = tracked(maps, border=10)
    assert not found[1][:10].any()
    begun = {(t.begin, t.end): t for t in tracks}
    assert set(begun) == {(0, 0), (0, 2), (2, 2)}
    assert begun[2, 2].parent == begun[0, 0].label
