"""Small films of discs that one can think through."""

from collections.abc import Sequence

import numpy as np

from ctc_submit.data.tracks import Track
from ctc_submit.track.movie import Movie, movie_of
from ctc_submit.track.relabel import Relabeller
from ctc_submit.track.settings import Scale, TrackConfig
from ctc_submit.track.tracker import link_movie
from tests.scenes import disc

SIZE = (60, 80)
Spot = Sequence[float]


def film(*frames: Sequence[Spot], seed: int = 0) -> list[np.ndarray]:
    """One label map a frame from spots (row, column, radius), labels shuffled in every frame."""
    rng = np.random.default_rng(seed)
    maps = []
    for spots in frames:
        labels = np.zeros(SIZE, np.uint16)
        names = rng.permutation(len(spots)) + 1
        for (row, column, radius), name in zip(spots, names, strict=True):
            labels[disc(SIZE, (row, column), radius) & (labels == 0)] = name
        maps.append(labels)
    return maps


def measured(maps: list[np.ndarray], border: int = 0) -> Movie:
    return movie_of(maps, Scale((1.0,) * maps[0].ndim, None, border))


def tracked(
    maps: list[np.ndarray], settings: TrackConfig | None = None, *, border: int = 0
) -> tuple[list[np.ndarray], list[Track]]:
    """Label maps and tracks, without a file."""
    movie = measured(maps, border)
    relabeller = Relabeller(movie, link_movie(movie, settings or TrackConfig()))
    return list(relabeller.label_maps(maps)), relabeller.tracks


def rows(tracks: list[Track]) -> list[tuple[int, int, int, int]]:
    return [(t.label, t.begin, t.end, t.parent) for t in tracks]
