"""What chance passes off as divisions: the same sequence backwards, in which nothing divides."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ctc_submit.track.lineage import Links
from ctc_submit.track.manner import manner_of
from ctc_submit.track.movie import Movie
from ctc_submit.track.orphans import Orphans
from ctc_submit.track.runs import Overlaps

AGAINST = 1.8
"""Divisions that a chance find must be outweighed by: it takes one true one away and does 4/5 of
the harm that a true one does good (penalties of AOGM)."""

SURE = 1.0
"""True divisions by which a lower limit must be better to be believed."""

DEEP = 2.0
"""Radii from the border of the field of interest beyond which cells seldom come in."""

MOSTLY = 0.5
"""Share of a cell that must lie in a mask to be in it."""

ALIKE = 5
"""Newcomers both ways that are supposed beside those counted, so that few tell little."""


class Found(NamedTuple):
    """Divisions found: float (k,) what each costs, int (k,) its second daughter."""

    costs: np.ndarray
    second: np.ndarray


def join_likely(orphans: Orphans, follows: np.ndarray) -> Links:
    """Complete links, with only those divisions that are likelier true than chance.

    Backwards in time nothing divides, but missed cells and torn masks are as frequent, so what is
    found there shows how many of the divisions found forwards are chance, cost by cost (as decoys
    do in other fields of search); cells come from nowhere more or less often than they go there, so
    each counts by that, deep in the field of interest and near its border apart. The limit of cost
    is lowered to where the divisions below it, less the chance ones, are worth most.

    Args:
        orphans: What decides.
        follows: int64 (n,), links from frame to frame, -1 for none.
    """
    links = orphans.join(follows)
    forth, _ = _divisions(orphans, links)
    if not len(forth):
        return links
    back = backwards(orphans.movie)
    there = _backward_links(orphans.movie, back, follows)
    mirror = replace(orphans, movie=back, manner=manner_of(back, there))
    found = mirror.join(there)
    costs, second = _divisions(mirror, found, apart=True)
    shares = (_newcomers(orphans.movie, links) + ALIKE) / (_newcomers(back, found) + ALIKE)
    limit = limit_of(forth, costs, shares[_deep(back)[second].astype(int)])
    return links if limit >= 1 else replace(orphans, limit=limit).join(follows)


def limit_of(forth: np.ndarray, back: np.ndarray, weights: np.ndarray) -> float:
    """Return the cost from which on a division is more likely chance, in [0, 1].

    It is 1 where that takes none of the divisions found away.

    Args:
        forth: float (k,), costs of the divisions found, less than 1.
        back: float (m,), costs of those found backwards in time.
        weights: float (m,), chance divisions forwards for each of these.
    """
    limits = np.concatenate([[0.0], np.unique(np.concatenate([forth, back])), [1.0]])
    found = np.searchsorted(np.sort(forth), limits, side="left")
    order = np.argsort(back)
    chance = np.concatenate([[0.0], np.cumsum(weights[order])])
    worth = found - AGAINST * chance[np.searchsorted(back[order], limits, side="left")]
    best = int(np.argmax(worth))
    fewer = found[best] < len(forth) and worth[best] > worth[-1] + SURE
    return float(limits[best]) if fewer else 1.0


def backwards(movie: Movie) -> Movie:
    """Return the tables of the same sequence run backwards."""
    overlaps = []
    for found in reversed(movie.overlaps):
        order = np.lexsort((found.first, found.second))
        overlaps.append(Overlaps(found.second[order], found.first[order], found.pixels[order]))
    return Movie(movie.cells[::-1], overlaps, movie.drift[::-1], movie.scale)


def fused(movie: Movie, mothers: np.ndarray, one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Tell which pairs of cells were one mask: each lies mostly where that was.

    Args:
        movie: The tables.
        mothers: int (k,), detections of one frame.
        one: int (k,), detections of the next frame.
        two: int (k,), others of the next frame.

    Returns:
        bool (k,).
    """
    on = [movie.shared(mothers, each) / movie.areas[each] for each in (one, two)]
    both: np.ndarray = np.minimum(*on) > MOSTLY
    return both


def _backward_links(movie: Movie, back: Movie, follows: np.ndarray) -> np.ndarray:
    """Return links from frame to frame as those of the sequence run backwards."""
    frames = movie.frames
    number = back.offsets[len(movie.cells) - 1 - frames] + np.arange(len(frames))
    number -= movie.offsets[frames]
    found = np.full(len(follows), -1)
    source = np.flatnonzero(follows >= 0)
    found[number[follows[source]]] = number[source]
    return found


def _newcomers(movie: Movie, links: Links) -> np.ndarray:
    """Count detections from nowhere, near the border and deep inside; first frame left out."""
    nowhere = (links.before < 0) & (links.parents < 0) & (movie.frames > 0)
    return np.bincount(_deep(movie)[nowhere].astype(int), minlength=2)


def _deep(movie: Movie) -> np.ndarray:
    """Tell which detections lie deep in the field of interest; bool (n,)."""
    deep: np.ndarray = movie.depths > DEEP * movie.radius
    return deep


def _divisions(orphans: Orphans, links: Links, *, apart: bool = False) -> Found:
    """Return the divisions found; ``apart`` leaves out pairs that were one mask."""
    movie = orphans.movie
    frames = movie.frames
    two = np.flatnonzero(links.parents >= 0)
    mothers = links.parents[two]
    one = links.follows[mothers]
    division = (one >= 0) & (frames[two] == frames[mothers] + 1) & (frames[one] == frames[two])
    triples = np.stack([mothers, one, two])[:, division]
    costs, daughters = [np.zeros(0)], [np.zeros(0, int)]
    for time in np.unique(frames[triples[2]]):
        here = triples[:, frames[triples[2]] == time]
        if apart:
            here = here[:, ~fused(movie, *here)]
        costs.append(orphans.division_costs(*here))
        daughters.append(here[2])
    return Found(np.concatenate(costs), np.concatenate(daughters))
