"""How the cells of a sequence step, as its own links tell: where to, how far astray, how alike."""

from dataclasses import dataclass

import numpy as np

from ctc_submit.track.motion import expected_steps
from ctc_submit.track.movie import Movie

FEW = 20
"""Links below which a sequence says nothing about its steps."""

HALF = {2: 1.177, 3: 1.538}
"""Median distance of a normal scatter in two or three dimensions, in standard deviations."""

SHARP, BLIND = 0.3, 0.8
"""Median distance astray, in radii, up to which overlap counts in full, and from which not."""

LEAST_GROWTH = 0.05
"""Change of size, as a logarithm, that is never held against a pair."""


@dataclass(frozen=True)
class Manner:
    """What was learned of a sequence's steps.

    Attributes:
        expected: float64 (n, d), the step expected of each detection, in units of the spacing.
        scatter: Standard deviation, along one axis, of where the cells turn up about where they are
            expected, in units of the spacing; 0 where unknown. From the median, so the few that
            leap do not count.
        growth: The same of the logarithm of their size from frame to frame.
        telling: How much overlap tells of cells that step so far, in [0, 1].
    """

    expected: np.ndarray
    scatter: float = 0.0
    growth: float = LEAST_GROWTH
    telling: float = 1.0


def unknown_manner(movie: Movie) -> Manner:
    """Return what is assumed before anything is linked: cells stay where they are."""
    return Manner(np.zeros_like(movie.centres))


def manner_of(movie: Movie, follows: np.ndarray) -> Manner:
    """Learn from links how the cells step.

    Args:
        movie: The tables.
        follows: int64 (n,), links from frame to frame, -1 for none.
    """
    expected = expected_steps(movie, follows)
    far = astray(movie, follows, expected)
    if len(far) < FEW:
        return Manner(expected)
    median = float(np.median(far))
    source = np.flatnonzero(follows >= 0)
    grown = np.abs(np.log(movie.areas[follows[source]] / movie.areas[source]))
    telling = (BLIND - median / movie.radius) / (BLIND - SHARP)
    return Manner(
        expected,
        scatter=median / HALF[expected.shape[1]],
        growth=max(1.483 * float(np.median(grown)), LEAST_GROWTH),
        telling=float(np.clip(telling, 0, 1)),
    )


def astray(movie: Movie, follows: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return how far the linked cells are from where they were expected; float64 (links,)."""
    source = np.flatnonzero(follows >= 0)
    step = movie.centres[follows[source]] - movie.centres[source] - expected[source]
    far: np.ndarray = np.linalg.norm(step, axis=1)
    return far
