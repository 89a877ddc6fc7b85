"""Divisions that chance would make, judged by the sequence run backwards."""

import numpy as np
import pytest

from ctc_submit.track.chance import backwards, fused, join_likely, limit_of
from ctc_submit.track.lineage import Links
from ctc_submit.track.linking import link_frames, reach_of
from ctc_submit.track.movie import Movie, movie_of
from ctc_submit.track.orphans import Orphans
from ctc_submit.track.settings import Scale, TrackConfig
from tests.scenes import disc
from tests.track.films import film, measured


def divisions(links: Links) -> int:
    parents = links.parents[links.parents >= 0]
    return int((links.follows[parents] >= 0).sum())


@pytest.mark.parametrize(
    ("forth", "back", "limit"),
    [
        ([0.1, 0.2, 0.9], [], 1.0),  # nothing speaks against them
        ([0.1, 0.2, 0.9], [0.85], 1.0),  # one chance find does not outweigh one beyond it
        ([0.1, 0.2, 0.3], [0.8, 0.9], 1.0),  # all found is believed: nothing to limit
        ([0.1, 0.2, 0.3, 0.6, 0.9], [0.5, 0.7, 0.8, 0.95], 0.5),
        ([0.4, 0.5, 0.6], [0.3, 0.5, 0.7], 0.0),
        ([], [0.3, 0.5], 1.0),
    ],
)
def test_the_limit_lies_where_chance_begins_to_outweigh(
    forth: list[float], back: list[float], limit: float
) -> None:
    assert limit_of(np.array(forth), np.array(back), np.ones(len(back))) == limit


def test_a_chance_find_counts_by_how_often_cells_come_from_nowhere() -> None:
    forth, back = np.array([0.4, 0.5, 0.6]), np.array([0.3, 0.5, 0.7])
    assert limit_of(forth, back, np.full(3, 0.1)) == 1


def test_twice_backwards_is_forwards() -> None:
    rng = np.random.default_rng(0)
    maps = [rng.integers(0, 9, (12, 12)).astype(np.uint16) for _ in range(4)]
    movie = measured(maps)
    again = backwards(backwards(movie))
    for name in ("frames", "labels", "areas", "centres", "depths"):
        np.testing.assert_array_equal(getattr(movie, name), getattr(again, name))
    for here, there in zip(movie.overlaps, again.overlaps, strict=True):
        np.testing.assert_array_equal(here.first, there.first)
        np.testing.assert_array_equal(here.pixels, there.pixels)


def test_backwards_the_tables_are_those_of_the_reversed_film() -> None:
    rng = np.random.default_rng(1)
    maps = [rng.integers(0, 5, (12, 12)).astype(np.uint16) for _ in range(4)]
    turned, back = measured(maps[::-1]), backwards(measured(maps))
    np.testing.assert_array_equal(turned.centres, back.centres)
    for here, there in zip(turned.overlaps, back.overlaps, strict=True):
        for name in ("first", "second", "pixels"):
            np.testing.assert_array_equal(getattr(here, name), getattr(there, name))


def test_true_divisions_stay() -> None:
    mother, daughters = [(30, 40, 8)], [(30, 33, 5.5), (30, 47, 5.5)]
    movie = measured(film(mother, mother, mother, daughters, daughters))
    reach = reach_of(movie, TrackConfig())
    steps = link_frames(movie, TrackConfig(), reach)
    orphans = Orphans(movie, TrackConfig(), reach, steps.manner)
    assert divisions(join_likely(orphans, steps.follows)) == 1


def crowd_that_comes_and_goes(seed: int) -> Movie:
    """Cells that stay about where they are, and others that are there for two frames each."""
    rng = np.random.default_rng(seed)
    shape = (240, 240)
    still = np.array([(r, c) for r in range(20, 221, 25) for c in range(20, 221, 25)], float)
    visitors = rng.uniform(10, 230, (24, 8, 2))
    maps = []
    for time in range(24):
        labels = np.zeros(shape, np.uint16)
        shown = [*visitors[time], *(visitors[time - 1] if time else [])]
        jittered = still + rng.normal(0, 3.5, still.shape)
        for number, (row, column) in enumerate([*jittered, *shown], start=1):
            labels[disc(shape, (row, column), 6) & (labels == 0)] = number
        maps.append(labels)
    return movie_of(maps, Scale((1.0, 1.0)))


def test_newcomers_that_also_vanish_are_no_daughters() -> None:
    plain = likely = 0
    for seed in range(3):
        movie = crowd_that_comes_and_goes(seed)
        reach = reach_of(movie, TrackConfig())
        steps = link_frames(movie, TrackConfig(), reach)
        orphans = Orphans(movie, TrackConfig(), reach, steps.manner)
        plain += divisions(orphans.join(steps.follows))
        likely += divisions(join_likely(orphans, steps.follows))
    assert plain > 20 and likely < plain / 3, (plain, likely)


def division_among_cells_that_fuse() -> Movie:
    """One cell divides at frame 3; beside it six pairs become one mask each, and stay so."""
    maps = []
    for time in range(8):
        labels = np.zeros((120, 260), np.uint16)
        if time < 3:
            labels[disc(labels.shape, (25, 40), 8)] = 1
        else:
            labels[disc(labels.shape, (25, 33), 5.5)] = 1
            labels[disc(labels.shape, (25, 47), 5.5)] = 2
        for pair in range(6):
            column = 40 * pair + 15
            labels[disc(labels.shape, (80, column), 6)] = 3 + 2 * pair
            fuse = time > pair
            labels[disc(labels.shape, (80, column + 12), 6)] = 3 + 2 * pair + (not fuse)
        maps.append(labels)
    return measured(maps)


def test_masks_that_fuse_do_not_make_divisions_unlikely() -> None:
    movie = division_among_cells_that_fuse()
    reach = reach_of(movie, TrackConfig())
    steps = link_frames(movie, TrackConfig(), reach)
    orphans = Orphans(movie, TrackConfig(), reach, steps.manner)
    assert divisions(join_likely(orphans, steps.follows)) == divisions(orphans.join(steps.follows))
    assert divisions(join_likely(orphans, steps.follows)) >= 1


def test_a_mask_that_holds_both_was_one() -> None:
    movie = measured(film([(30, 40, 10)], [(30, 34, 5), (30, 46, 5), (30, 70, 5)]))
    one, two, stranger = 1 + np.argsort(movie.centres[1:, 1])[:, None]
    mother = np.array([0])
    assert fused(movie, mother, one, two)
    assert not fused(movie, mother, one, stranger)
