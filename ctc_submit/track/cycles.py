"""Cells do not divide right after they were born."""

import math

import numpy as np

from ctc_submit.track.lineage import Links
from ctc_submit.track.movie import Movie
from ctc_submit.track.settings import TrackConfig

SHORTEST = 2
"""Frames between two divisions of one line where the time step is unknown."""


def shortest_cycle(movie: Movie, settings: TrackConfig) -> int:
    """Return the fewest frames that a daughter must live before it may divide."""
    if movie.scale.time_step is None:
        return SHORTEST
    return max(SHORTEST, math.ceil(settings.cycle * 60 / movie.scale.time_step))


def without_early_divisions(movie: Movie, links: Links, settings: TrackConfig) -> Links:
    """Drop divisions of cells that were themselves born too few frames before."""
    shortest = shortest_cycle(movie, settings)
    before, parents = links.before, links.parents.copy()
    divides = links.divides & (links.follows >= 0)
    for child in np.flatnonzero(links.parents >= 0):
        mother = links.parents[child]
        if links.follows[mother] < 0:
            continue
        here = mother
        while before[here] >= 0 and not divides[before[here]]:
            here = before[here]
        born = before[here] >= 0 or (parents[here] >= 0 and divides[parents[here]])
        if born and movie.frames[mother] - movie.frames[here] + 1 < shortest:
            parents[child] = -1
            divides[mother] = False
    return Links(links.follows, parents)
