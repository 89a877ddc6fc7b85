"""Links from each frame to the next: one sparse assignment for each pair of frames."""

import math
from dataclasses import dataclass

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

BLIND = 1.5
"""Median step in radii from which on overlap is chance; one radius less, it counts in full."""


@dataclass(frozen=True)
class Steps:
    """Links from each frame to the next, and what was learned from them.

    Attributes:
        follows: int64 (n,), for each detection the one that continues it, -1 for none.
        expected: float64 (n, d), the step expected of each detection, in units of the spacing.
        overlap: Weight of overlap beside distance that suits how far the cells step.
    """

    follows: np.ndarray
    expected: np.ndarray
    overlap: float


def reach_of(movie: Movie, settings: TrackConfig) -> float:
    """Return how far a cell may step to the next frame, in units of the spacing."""
    reach = max(settings.gate * movie.radius, movie.spread)
    if settings.speed and movie.scale.time_step is not None:
        reach = min(reach, settings.speed * movie.scale.time_step)
    return reach


def link_frames(movie: Movie, settings: TrackConfig, reach: float) -> Steps:
    """Link the cells of neighbouring frames, but for steps that are long for this sequence.

    All plausible steps are linked first, to learn how the cells move and how far from where they
    are expected; then only those up to ``settings.habit`` times the 95 % quantile of that, and
    those between overlapping cells. What is left over is for `ctc_submit.track.orphans`, where a
    long step competes with a cell missed.

    Args:
        movie: The tables.
        settings: How to link.
        reach: Farthest step, see `reach_of`.
    """
    steps = Steps(np.zeros(0, np.int64), np.zeros_like(movie.centres), settings.overlap)
    steps = _linked(movie, settings, reach, steps)
    for _ in range(LESSONS):
        expected = expected_steps(movie, steps.follows)
        overlap = settings.overlap * _telling(movie, steps)
        if not expected.any() and overlap == steps.overlap:
            break
        steps = _linked(movie, settings, reach, Steps(steps.follows, expected, overlap))
    astray = _astray(movie, steps)
    if len(astray) < FEW:
        return steps
    usual = max(settings.habit * float(np.quantile(astray, 0.95)), movie.radius / 2)
    return steps if usual >= reach else _linked(movie, settings, reach, steps, usual)


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


def _astray(movie: Movie, steps: Steps) -> np.ndarray:
    """Return how far the linked cells are from where they were expected; float64 (links,)."""
    source = np.flatnonzero(steps.follows >= 0)
    step = movie.centres[steps.follows[source]] - movie.centres[source] - steps.expected[source]
    far: np.ndarray = np.linalg.norm(step, axis=1)
    return far


def _telling(movie: Movie, steps: Steps) -> float:
    """Return how much overlap tells of cells that step so far, in [0, 1]."""
    astray = _astray(movie, steps)
    if len(astray) < FEW:
        return 1.0
    return float(np.clip(BLIND - np.median(astray) / movie.radius, 0, 1))


def _linked(
    movie: Movie, settings: TrackConfig, reach: float, known: Steps, usual: float = math.inf
) -> Steps:
    """Link anew with what is known of the steps."""
    follows = np.full(len(movie.frames), -1)
    for time in range(len(movie.cells) - 1):
        first, second = _candidates(movie, time, known.expected, reach, settings.neighbours)
        costs, far, share = step_costs(
            movie, first, second, reach=reach, overlap=known.overlap, expected=known.expected
        )
        good = (far <= usual) | (share > SURE)
        first, second, costs = first[good], second[good], costs[good]
        chosen = assign(first, second, costs)
        follows[first[chosen]] = second[chosen]
    return Steps(follows, known.expected, known.overlap)


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
