"""Links from each frame to the next: one sparse assignment for each pair of frames."""

import math

import numpy as np

from ctc_submit.track.assignment import assign
from ctc_submit.track.motion import expected_steps
from ctc_submit.track.movie import Movie
from ctc_submit.track.pairs import near_pairs, unique_pairs
from ctc_submit.track.settings import TrackConfig

LESSONS = 3
"""How often motion is learned anew from the links it leads to."""

FEW = 20
"""Links below which a sequence says nothing about the length of its steps."""

SURE = 0.2
"""Overlap, as a share of the smaller cell, that makes a long step plausible all the same."""


def reach_of(movie: Movie, settings: TrackConfig) -> float:
    """Return how far a cell may step to the next frame, in units of the spacing."""
    reach = max(settings.gate * movie.radius, movie.spread)
    if settings.speed and movie.scale.time_step is not None:
        reach = min(reach, settings.speed * movie.scale.time_step)
    return reach


def link_frames(movie: Movie, settings: TrackConfig, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Link the cells of neighbouring frames, but for steps that are long for this sequence.

    All plausible steps are linked first, to learn how the cells move and how far from where they
    are expected; then only those up to ``settings.habit`` times the 95 % quantile of that, and
    those between overlapping cells. What is left over is for `ctc_submit.track.orphans`, where a
    long step competes with a cell missed.

    Args:
        movie: The tables.
        settings: How to link.
        reach: Farthest step, see `reach_of`.

    Returns:
        int64 (n,), for each detection the one that continues it in the next frame, -1 for none; and
        float64 (n, d), the step expected of each detection, in units of the spacing.
    """
    expected = np.zeros_like(movie.centres)
    follows = _link(movie, settings, reach, expected=expected)
    for _ in range(LESSONS):
        expected = expected_steps(movie, follows)
        if not expected.any():
            break
        follows = _link(movie, settings, reach, expected=expected)
    source = np.flatnonzero(follows >= 0)
    if len(source) < FEW:
        return follows, expected
    steps = movie.centres[follows[source]] - movie.centres[source] - expected[source]
    quantile = float(np.quantile(np.linalg.norm(steps, axis=1), 0.95))
    usual = max(settings.habit * quantile, movie.radius / 2)
    if usual >= reach:
        return follows, expected
    return _link(movie, settings, reach, expected=expected, usual=usual), expected


def step_costs(
    movie: Movie,
    first: np.ndarray,
    second: np.ndarray,
    *,
    reach: float,
    overlap: float,
    expected: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weigh steps from one frame to the next.

    The cost is (d / reach + w (1 - s)) / (1 + w), with d the distance of the second centroid from
    where the first cell is expected, w the weight of overlap, and s the shared part of the smaller
    cell; 1 or more is worse than two cells alone. A cell that is expected elsewhere says nothing by
    overlap, so s fades to 0 for an expected step of one radius.

    Args:
        movie: The tables.
        first: int (k,), detections of one frame.
        second: int (k,), detections of the next frame.
        reach: Farthest step, in units of the spacing.
        overlap: Weight of overlap.
        expected: float64 (n, d), expected step of each detection of the movie; none where None.

    Returns:
        float64 (k,) costs, distances in units of the spacing, and overlaps as shares.
    """
    step = movie.centres[second] - movie.centres[first]
    share = movie.shared(first, second) / np.minimum(movie.areas[first], movie.areas[second])
    if expected is not None:
        step = step - expected[first]
        elsewhere = np.linalg.norm(expected[first], axis=1) / movie.radii[first]
        share = share * np.clip(1 - elsewhere, 0, None)
    far = np.linalg.norm(step, axis=1)
    return (far / reach + overlap * (1 - share)) / (1 + overlap), far, share


def _link(
    movie: Movie,
    settings: TrackConfig,
    reach: float,
    *,
    expected: np.ndarray,
    usual: float = math.inf,
) -> np.ndarray:
    follows = np.full(len(movie.frames), -1)
    for time in range(len(movie.cells) - 1):
        first, second = _candidates(movie, time, expected, reach, settings.neighbours)
        costs, far, share = step_costs(
            movie, first, second, reach=reach, overlap=settings.overlap, expected=expected
        )
        good = (far <= usual) | (share > SURE)
        first, second, costs = first[good], second[good], costs[good]
        chosen = assign(first, second, costs)
        follows[first[chosen]] = second[chosen]
    return follows


def _candidates(
    movie: Movie, time: int, expected: np.ndarray, reach: float, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of detections of two neighbouring frames that are near or overlap."""
    now, then = movie.of_frame(time), movie.of_frame(time + 1)
    places = movie.centres[now] + expected[now]
    rows, columns = near_pairs(places, movie.centres[then], reach=reach, count=count)
    found = movie.overlaps[time]
    over = np.searchsorted(movie.labels[now], found.first)
    under = np.searchsorted(movie.labels[then], found.second)
    rows, columns = unique_pairs(
        np.concatenate([rows, over]), np.concatenate([columns, under]), max(len(then), 1)
    )
    return now[rows], then[columns]
