"""Links from each frame to the next: one sparse assignment for each pair of frames."""

import math
from dataclasses import dataclass

import numpy as np

from ctc_submit.track.assignment import assign
from ctc_submit.track.manner import FEW, Manner, astray, manner_of, unknown_manner
from ctc_submit.track.movie import Movie
from ctc_submit.track.pairs import near_pairs, unique_pairs
from ctc_submit.track.settings import TrackConfig

LESSONS = 10
"""How often, at most, the manner of stepping is learned anew from the links it leads to."""

SURE = 0.2
"""Overlap, as a share of the smaller cell, that makes a long step plausible all the same."""

UNLIKE = 3.0
"""Change of size, in standard deviations, beyond which it is all the same how unlike two are."""

LEAST_REACH = 1e-6
"""Shortest reach, in radii: with none, costs would be divided by zero."""


@dataclass(frozen=True)
class Steps:
    """Links from each frame to the next, and what was learned from them.

    Attributes:
        follows: int64 (n,), for each detection the one that continues it, -1 for none.
        manner: How the cells step.
    """

    follows: np.ndarray
    manner: Manner


def reach_of(movie: Movie, settings: TrackConfig) -> float:
    """Return how far a cell may step to the next frame, in units of the spacing; more than 0."""
    reach = max(settings.gate * movie.radius, movie.spread)
    if settings.speed and movie.scale.time_step is not None:
        reach = min(reach, settings.speed * movie.scale.time_step)
    return max(reach, LEAST_REACH * movie.radius)


def link_frames(movie: Movie, settings: TrackConfig, reach: float) -> Steps:
    """Link the cells of neighbouring frames, but for steps that are long for this sequence.

    All plausible steps are linked first, to learn how the cells move and how far from where they
    are expected, again and again until that leads to the same links; then only those up to
    ``settings.habit`` times the 95 % quantile of that, and those between overlapping cells. Where
    cells are missed, others are linked in their place: half as many of the longest links are left
    out of the quantile as there are cells without one. What is left over is for
    `ctc_submit.track.orphans`, where a long step competes with a cell missed.

    Args:
        movie: The tables.
        settings: How to link.
        reach: Farthest step, see `reach_of`.
    """
    manner = unknown_manner(movie)
    follows = _linked(movie, settings, reach, manner)
    for _ in range(LESSONS):
        manner, before = manner_of(movie, follows), follows
        follows = _linked(movie, settings, reach, manner)
        if (follows == before).all():
            break
    far = astray(movie, follows, manner.expected)
    if len(far) >= FEW:
        right = len(far) / np.count_nonzero(movie.frames < len(movie.cells) - 1)
        long = float(np.quantile(far, 0.95 * (1 + right) / 2))
        usual = max(settings.habit * long, movie.radius / 2)
        if usual < reach:
            follows = _linked(movie, settings, reach, manner, usual)
    return Steps(follows, manner)


def step_costs(
    movie: Movie,
    first: np.ndarray,
    second: np.ndarray,
    *,
    reach: float,
    overlap: float,
    manner: Manner,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weigh steps from one frame to the next.

    The cost is ((d² + σ² g²) / reach² + w (1 - s)) / (1 + w), with d the distance of the second
    centroid from where the first cell is expected, σ the usual scatter of d along an axis, g the
    change of size in standard deviations of the usual, up to 3, w the weight of overlap, and s the
    shared part of the smaller cell; 1 or more is worse than two cells alone. Squares, since the
    most likely links of cells that scatter normally are those of the least sum of squares. A cell
    that is expected elsewhere says nothing by overlap, so s fades to 0 for an expected step of one
    radius, and w fades where the cells step far.

    Args:
        movie: The tables.
        first: int (k,), detections of one frame.
        second: int (k,), detections of the next frame.
        reach: Farthest step, in units of the spacing.
        overlap: Weight of overlap where the cells hardly move.
        manner: How the cells step.

    Returns:
        float64 (k,) costs, distances in units of the spacing, and overlaps as shares.
    """
    way = manner.expected[first]
    far = np.linalg.norm(movie.centres[second] - movie.centres[first] - way, axis=1)
    grown = np.abs(np.log(movie.areas[second] / movie.areas[first])) / manner.growth
    unlike = manner.scatter * np.minimum(grown, UNLIKE)
    share = movie.shared(first, second) / np.minimum(movie.areas[first], movie.areas[second])
    share = share * np.clip(1 - np.linalg.norm(way, axis=1) / movie.radii[first], 0, None)
    weight = overlap * manner.telling
    costs = (far**2 + unlike**2) / reach**2 + weight * (1 - share)
    return costs / (1 + weight), far, share


def _linked(
    movie: Movie, settings: TrackConfig, reach: float, manner: Manner, usual: float = math.inf
) -> np.ndarray:
    """Return for each detection the one that continues it in the next frame, -1 for none."""
    follows = np.full(len(movie.frames), -1)
    for time in range(len(movie.cells) - 1):
        first, second = _candidates(movie, time, manner.expected, reach, settings.neighbours)
        costs, far, share = step_costs(
            movie, first, second, reach=reach, overlap=settings.overlap, manner=manner
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
