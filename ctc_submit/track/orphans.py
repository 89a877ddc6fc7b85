"""Cells that begin without a predecessor: daughters, cells missed or away for a while, new ones.

Long steps, missed frames, returns and divisions compete for each of them in one assignment, since
a cell that reappears is easily taken for a daughter of its neighbour.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from ctc_submit.track.assignment import assign
from ctc_submit.track.cycles import without_early_divisions
from ctc_submit.track.lineage import Links
from ctc_submit.track.linking import step_costs
from ctc_submit.track.movie import Movie
from ctc_submit.track.pairs import near_pairs
from ctc_submit.track.settings import TrackConfig

ROUNDS = 2
"""The second round sees mothers whose first daughter was found by the first."""

LEAVING = 0.5
"""Depth in the field of interest, in radii, below which a cell may just be leaving."""

AWAY = 3
"""Fewest frames from leaving to return; a shorter absence counts as a cell missed."""

FARTHEST = 3.0
"""Distance from the mother, in reaches, beyond which no daughter is looked for."""


class Kind(IntEnum):
    """What ties an orphan to an earlier detection."""

    SAME = 0
    DAUGHTER = 1
    RETURN = 2


@dataclass(frozen=True)
class Ties:
    """Candidates: earlier detection, orphan, cost (1 or more is worse than none), and kind."""

    first: np.ndarray
    second: np.ndarray
    costs: np.ndarray
    kind: Kind


def join_orphans(movie: Movie, follows: np.ndarray, settings: TrackConfig, reach: float) -> Links:
    """Decide for each detection without a predecessor where it comes from.

    Args:
        movie: The tables.
        follows: int64 (n,), links from frame to frame, -1 for none.
        settings: How to link.
        reach: Farthest step, in units of the spacing.
    """
    links = Links(follows, np.full(len(follows), -1))
    for _ in range(ROUNDS):
        links = _joined(movie, links, settings, reach)
    return links


def missed_costs(
    movie: Movie, first: np.ndarray, second: np.ndarray, *, reach: float, weight: float
) -> np.ndarray:
    """Weigh cells that were missed for some frames: w d / (reach √Δt) · (1 + |log area ratio|)."""
    waited = np.sqrt(movie.frames[second] - movie.frames[first])
    far = np.linalg.norm(movie.centres[first] - movie.centres[second], axis=1)
    sizes = np.abs(np.log(movie.areas[first] / movie.areas[second]))
    costs: np.ndarray = weight * far / (reach * waited) * (1 + sizes)
    return costs


def division_costs(
    movie: Movie, mothers: np.ndarray, daughters: tuple[np.ndarray, np.ndarray], c: TrackConfig
) -> np.ndarray:
    """Weigh divisions by place and size.

    Two daughters lie opposite each other about the mother's place, the second one partly on it;
    they are of like size, and the first one is smaller than the mother was.

    Args:
        movie: The tables.
        mothers: int (k,), detections of one frame.
        daughters: Two int (k,), the continuing detection and the orphan, of the next frame.
        c: The weights.

    Returns:
        float64 (k,), at least 0.
    """
    one, two = daughters
    radii = np.maximum(movie.radii[mothers], movie.radius)
    middle = (movie.centres[one] + movie.centres[two]) / 2
    astray = np.linalg.norm(middle - movie.centres[mothers], axis=1) / radii
    beside = 1 - 2 * np.minimum(movie.shared(mothers, two) / movie.areas[two], 0.5)
    unequal = np.abs(np.log(movie.areas[one] / movie.areas[two]))
    grown = np.clip(np.log(movie.areas[one] / movie.areas[mothers]), -1, 1)
    costs = c.midpoint * astray + c.apart * beside + c.unequal * unequal + c.unshrunk * grown
    least: np.ndarray = np.maximum(costs, 0)
    return least


def _joined(movie: Movie, links: Links, settings: TrackConfig, reach: float) -> Links:
    """Solve the joint assignment once and add what it finds to the links."""
    orphan = (links.before < 0) & (links.parents < 0)
    ended = (links.follows < 0) & ~links.divides
    ties: list[Ties] = []
    for time in range(1, len(movie.cells)):
        here = movie.of_frame(time)
        here = here[orphan[here]]
        if len(here):
            ties += _missed(movie, here, ended, settings, reach)
            ties += _returned(movie, here, ended, settings)
            if settings.divisions:
                ties.append(_divided(movie, here, links, settings, reach))
    if not ties:
        return links
    first, second, costs = (
        np.concatenate([getattr(tie, name) for tie in ties])
        for name in ("first", "second", "costs")
    )
    kinds = np.concatenate([np.full(len(tie.first), tie.kind) for tie in ties])
    chosen = assign(first, second, costs)
    same = chosen[kinds[chosen] == Kind.SAME]
    other = chosen[kinds[chosen] != Kind.SAME]
    follows, parents = links.follows.copy(), links.parents.copy()
    follows[first[same]] = second[same]
    parents[second[other]] = first[other]
    return without_early_divisions(movie, Links(follows, parents), settings)


def _missed(
    movie: Movie, here: np.ndarray, ended: np.ndarray, settings: TrackConfig, reach: float
) -> list[Ties]:
    """Weigh long steps and closed gaps."""
    time = int(movie.frames[here[0]])
    found = []
    for waited in range(1, min(settings.gap + 1, time) + 1):
        there = movie.of_frame(time - waited)
        there = there[ended[there]]
        farthest = reach * np.sqrt(waited) / min(settings.gap_cost, 1)
        rows, columns = near_pairs(
            movie.centres[there], movie.centres[here], reach=farthest, count=settings.neighbours
        )
        first, second = there[rows], here[columns]
        if waited == 1:
            costs, _, _ = step_costs(movie, first, second, reach=reach, overlap=settings.overlap)
        else:
            costs = missed_costs(movie, first, second, reach=reach, weight=settings.gap_cost)
        here_still = ~_away(movie, first, second)
        found.append(Ties(first[here_still], second[here_still], costs[here_still], Kind.SAME))
    return found


def _returned(
    movie: Movie, here: np.ndarray, ended: np.ndarray, settings: TrackConfig
) -> list[Ties]:
    """Weigh cells that left the field of interest and come back near the same place."""
    here = here[_leaving(movie, here)]
    if not len(here):
        return []
    time = int(movie.frames[here[0]])
    found = []
    for waited in range(AWAY, min(settings.absence + 1, time) + 1):
        there = movie.of_frame(time - waited)
        there = there[ended[there] & _leaving(movie, there)]
        way = _way_outside(movie, waited)
        rows, columns = near_pairs(
            movie.centres[there], movie.centres[here], reach=way, count=settings.neighbours
        )
        first, second = there[rows], here[columns]
        far = np.linalg.norm(movie.centres[first] - movie.centres[second], axis=1)
        found.append(Ties(first, second, far / way, Kind.RETURN))
    return found


def _away(movie: Movie, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Tell which pairs are a return rather than a cell missed."""
    if not len(first):
        return np.zeros(0, bool)
    waited = int(movie.frames[second[0]] - movie.frames[first[0]])
    if waited < AWAY:
        return np.zeros(len(first), bool)
    far = np.linalg.norm(movie.centres[first] - movie.centres[second], axis=1)
    near = far < _way_outside(movie, waited)
    away: np.ndarray = near & _leaving(movie, first) & _leaving(movie, second)
    return away


def _way_outside(movie: Movie, waited: int) -> float:
    """Return how far from where it left a cell may come back.

    It diffuses about a radius a frame, but where neighbours leave no free space between them, a
    newcomer is as likely as a return.
    """
    free = max(movie.spread - 2 * movie.radius, 0.0) / 2
    return min(movie.radius * float(np.sqrt(waited)), free)


def _divided(
    movie: Movie, here: np.ndarray, links: Links, settings: TrackConfig, reach: float
) -> Ties:
    """Weigh divisions of the cells that were seen one frame ago and go on."""
    there = movie.of_frame(int(movie.frames[here[0]]) - 1)
    there = there[(links.follows[there] >= 0) & ~links.divides[there]]
    there = there[movie.frames[links.follows[there]] == movie.frames[here[0]]]
    rows, columns = near_pairs(
        movie.centres[there],
        movie.centres[here],
        reach=FARTHEST * reach,
        count=settings.neighbours,
    )
    first, second = there[rows], here[columns]
    costs = division_costs(movie, first, (links.follows[first], second), settings)
    return Ties(first, second, costs, Kind.DAUGHTER)


def _leaving(movie: Movie, which: np.ndarray) -> np.ndarray:
    near: np.ndarray = movie.depths[which] < LEAVING * movie.radius
    return near
