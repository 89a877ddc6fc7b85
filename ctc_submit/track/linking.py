"""Links from each frame to the next: one sparse assignment for each pair of frames."""

import math

import numpy as np

from ctc_submit.track.assignment import assign
from ctc_submit.track.movie import Movie
from ctc_submit.track.pairs import near_pairs, unique_pairs
from ctc_submit.track.settings import TrackConfig

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


def link_frames(movie: Movie, settings: TrackConfig, reach: float) -> np.ndarray:
    """Link the cells of neighbouring frames, but for steps that are long for this sequence.

    All plausible steps are linked first, to learn how long they are; then only those up to
    ``settings.habit`` times their 95 % quantile, and those between overlapping cells. What is left
    over is for `ctc_submit.track.orphans`, where a long step competes with a cell missed.

    Args:
        movie: The tables.
        settings: How to link.
        reach: Farthest step, see `reach_of`.

    Returns:
        int64 (n,), for each detection the one that continues it in the next frame, -1 for none.
    """
    follows = _link(movie, settings, reach, math.inf)
    source = np.flatnonzero(follows >= 0)
    if len(source) < FEW:
        return follows
    steps = np.linalg.norm(movie.centres[follows[source]] - movie.centres[source], axis=1)
    usual = max(settings.habit * float(np.quantile(steps, 0.95)), movie.radius / 2)
    return follows if usual >= reach else _link(movie, settings, reach, usual)


def step_costs(
    movie: Movie, first: np.ndarray, second: np.ndarray, *, reach: float, overlap: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weigh steps from one frame to the next.

    The cost is (d / reach + w (1 - shared / smaller area)) / (1 + w), with d the distance of the
    centroids and w the weight of overlap; 1 or more is worse than two cells alone.

    Args:
        movie: The tables.
        first: int (k,), detections of one frame.
        second: int (k,), detections of the next frame.
        reach: Farthest step, in units of the spacing.
        overlap: Weight of overlap.

    Returns:
        float64 (k,) costs, distances in units of the spacing, and overlaps as shares.
    """
    far = np.linalg.norm(movie.centres[first] - movie.centres[second], axis=1)
    smaller = np.minimum(movie.areas[first], movie.areas[second])
    share = movie.shared(first, second) / smaller
    return (far / reach + overlap * (1 - share)) / (1 + overlap), far, share


def _link(movie: Movie, settings: TrackConfig, reach: float, usual: float) -> np.ndarray:
    follows = np.full(len(movie.frames), -1)
    for time in range(len(movie.cells) - 1):
        first, second = _candidates(movie, time, reach, settings.neighbours)
        costs, far, share = step_costs(movie, first, second, reach=reach, overlap=settings.overlap)
        good = (far <= usual) | (share > SURE)
        first, second, costs = first[good], second[good], costs[good]
        chosen = assign(first, second, costs)
        follows[first[chosen]] = second[chosen]
    return follows


def _candidates(movie: Movie, time: int, reach: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of detections of two neighbouring frames that are near or overlap."""
    now, then = movie.of_frame(time), movie.of_frame(time + 1)
    rows, columns = near_pairs(movie.centres[now], movie.centres[then], reach=reach, count=count)
    found = movie.overlaps[time]
    over = np.searchsorted(movie.labels[now], found.first)
    under = np.searchsorted(movie.labels[then], found.second)
    rows, columns = unique_pairs(
        np.concatenate([rows, over]), np.concatenate([columns, under]), max(len(then), 1)
    )
    return now[rows], then[columns]
