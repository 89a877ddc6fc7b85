"""What a sequence's own links tell of its steps."""

import numpy as np
import pytest

from ctc_submit.track.linking import link_frames, reach_of, step_costs
from ctc_submit.track.manner import LEAST_GROWTH, Manner, manner_of, unknown_manner
from ctc_submit.track.movie import Movie, movie_of
from ctc_submit.track.settings import Scale, TrackConfig
from tests.scenes import disc

SHAPE = (200, 200)


def drawn(*frames: np.ndarray) -> list[np.ndarray]:
    """Label maps from spots (row, column, radius); spot k is label k + 1 in every frame."""
    maps = []
    for spots in frames:
        labels = np.zeros(SHAPE, np.uint16)
        for number, (row, column, radius) in enumerate(spots, start=1):
            labels[disc(SHAPE, (row, column), radius)] = number
        maps.append(labels)
    return maps


def right(movie: Movie, follows: np.ndarray) -> float:
    """Share of the links that lead to the same label."""
    source = np.flatnonzero(follows >= 0)
    return float(np.mean(movie.labels[source] == movie.labels[follows[source]]))


def linked(maps: list[np.ndarray]) -> tuple[Movie, np.ndarray, Manner]:
    movie = movie_of(maps, Scale((1.0, 1.0)))
    steps = link_frames(movie, TrackConfig(), reach_of(movie, TrackConfig()))
    return movie, steps.follows, steps.manner


def test_a_picture_that_turns_is_followed_to_its_rim() -> None:
    """At the rim the cells step over more than half of their distance to the next one."""
    grid = np.array([(r, c) for r in range(-80, 81, 18) for c in range(-80, 81, 18)], float)
    grid = grid[np.linalg.norm(grid, axis=1) < 88]
    frames = []
    for time in range(16):
        angle = np.deg2rad(6.5 * time)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        frames.append(np.column_stack([grid @ turn.T + 100, np.full(len(grid), 5.0)]))
    movie, follows, _ = linked(drawn(*frames))
    assert right(movie, follows) > 0.99


def test_size_tells_cells_apart_that_step_far() -> None:
    """Small and large cells wander through each other."""
    mixed = links = 0
    for seed in range(3):
        rng = np.random.default_rng(seed)
        sizes = np.where(np.arange(24) % 2, 4.0, 7.0)
        places = rng.uniform(20, 180, (24, 2))
        frames = []
        for _ in range(20):
            frames.append(np.column_stack([places, sizes]))
            places = np.clip(places + rng.normal(0, 7, places.shape), 8, 192)
        movie, follows, manner = linked(drawn(*frames))
        assert manner.growth == LEAST_GROWTH
        source = np.flatnonzero(follows >= 0)
        mixed += int(np.sum(movie.labels[source] % 2 != movie.labels[follows[source]] % 2))
        links += len(source)
    assert links > 1000 and mixed < 0.01 * links, (mixed, links)  # by place alone, 88


def test_two_middling_steps_are_likelier_than_a_short_and_a_long_one() -> None:
    spots = np.array([(50.0, 50.0, 3.0), (50.0, 58.0, 3.0)])
    later = np.array([(50.0, 57.0, 3.0), (61.0, 58.0, 3.0)])
    movie = movie_of(drawn(spots, later), Scale((1.0, 1.0)))
    costs, far, _ = step_costs(
        movie,
        np.array([0, 1, 0, 1]),
        np.array([2, 3, 3, 2]),
        reach=30,
        overlap=0,
        manner=unknown_manner(movie),
    )
    assert far[2:].min() < far[:2].min() and far[2:].sum() < far[:2].sum()
    assert costs[:2].sum() < costs[2:].sum()


def test_cells_missed_often_do_not_make_long_steps_usual() -> None:
    """A sixth of the cells is missed; those beside them are not linked in their place."""
    rng = np.random.default_rng(3)
    places = np.array([(r, c) for r in range(20, 181, 20) for c in range(20, 181, 20)], float)
    frames = []
    for _ in range(30):
        seen = rng.random(len(places)) > 1 / 6
        sizes = np.where(seen, 8.0, 0.0)
        frames.append(np.column_stack([places + rng.normal(0, 0.7, places.shape), sizes]))
    movie, follows, _ = linked(drawn(*frames))
    assert right(movie, follows) > 0.995


def test_few_links_teach_nothing() -> None:
    movie = movie_of(drawn(np.array([(50.0, 50.0, 5.0)])), Scale((1.0, 1.0)))
    manner = manner_of(movie, np.array([-1]))
    assert (manner.scatter, manner.telling) == (0.0, 1.0)


def test_scatter_and_growth_are_those_of_the_sequence() -> None:
    rng = np.random.default_rng(1)
    places = np.array([(r, c) for r in range(30, 171, 28) for c in range(30, 171, 28)], float)
    frames = []
    for _ in range(30):
        sizes = 6 * np.exp(rng.normal(0, 0.05, len(places)))
        frames.append(np.column_stack([places + rng.normal(0, 1.0, places.shape), sizes]))
    _, _, manner = linked(drawn(*frames))
    assert manner.scatter == pytest.approx(np.sqrt(2), rel=0.15)
    assert manner.growth == pytest.approx(2 * 0.05 * np.sqrt(2), rel=0.25)
    assert manner.telling == 1
