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
from ctc_submit.track.manner import Manner
from ctc_submit.track.movie import Movie
from ctc_submit.track.pairs import near_pairs
from ctc_submit.track.settings import TrackConfig

ROUNDS = 2
"""The second round sees mothers whose first daughter was found by the first."""

LEAVING = 0.5
"""Depth in the field of interest, in radii, below which a cell may just be leaving."""

AWAY = 3
"""Fewest frames from leaving to return; a shorter absence counts as a cell missed."""

USUAL = 3
"""Frames from last to next sight up to which a cell missed is nothing unusual."""

FARTHEST = 3.0
"""Distance from the mother, in reaches, beyond which no daughter is looked for."""

SCATTER = 2.0
"""Standard deviations of a step by which the daughters' midpoint may lie as by a radius."""

LEAST_COST = 0.01
"""Cells missed are looked for as far as if distance had at least this weight."""


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


@dataclass(frozen=True)
class Orphans:
    """Decides where detections without a predecessor come from.

    Attributes:
        movie: The tables.
        settings: How to link.
        reach: Farthest step, in units of the spacing.
        manner: How the cells step from frame to frame.
        limit: Cost from which on a division is not believed, in [0, 1].
    """

    movie: Movie
    settings: TrackConfig
    reach: float
    manner: Manner
    limit: float = 1.0

    def join(self, follows: np.ndarray) -> Links:
        """Complete the links from frame to frame.

        Args:
            follows: int64 (n,), the detection of the next frame that is the same cell, -1 for none.
        """
        links = Links(follows, np.full(len(follows), -1))
        for _ in range(ROUNDS):
            links = self._joined(links)
        return links

    def missed_costs(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Weigh cells that were missed: w d / (reach √Δt) · (1 + abs(log area ratio)) + long wait.

        Args:
            first: int (k,), last sights.
            second: int (k,), orphans, Δt frames later.

        Returns:
            float64 (k,); d is the distance from where the cell is expected by then.
        """
        movie = self.movie
        waited = (movie.frames[second] - movie.frames[first])[:, None]
        way = movie.centres[second] - movie.centres[first] - waited * self.manner.expected[first]
        far = np.linalg.norm(way, axis=1) / (self.reach * np.sqrt(waited[:, 0]))
        sizes = np.abs(np.log(movie.areas[first] / movie.areas[second]))
        longer = np.clip(waited[:, 0] - USUAL, 0, None)
        costs: np.ndarray = self.settings.gap_cost * far * (1 + sizes)
        costs += self.settings.gap_growth * longer
        return costs

    def division_costs(self, mothers: np.ndarray, one: np.ndarray, two: np.ndarray) -> np.ndarray:
        """Weigh divisions by place and size.

        Two daughters lie opposite each other about the mother's place, the second one partly on it;
        they are of like size, and the first one is smaller than the mother was. A cell that turns
        up three radii or more inside the field of interest has hardly come from elsewhere. Where
        the cells scatter far from frame to frame, place tells less of either daughter.

        Args:
            mothers: int (k,), detections of one frame.
            one: int (k,), the detections that continue them in the next frame.
            two: int (k,), orphans of the next frame.

        Returns:
            float64 (k,), at least 0.
        """
        movie, weigh = self.movie, self.settings
        manner = self.manner
        radii = np.hypot(np.maximum(movie.radii[mothers], movie.radius), SCATTER * manner.scatter)
        middle = (movie.centres[one] + movie.centres[two]) / 2 - manner.expected[mothers]
        astray = np.linalg.norm(middle - movie.centres[mothers], axis=1) / radii
        beside = 1 - 2 * np.minimum(movie.shared(mothers, two) / movie.areas[two], 0.5)
        unequal = np.abs(np.log(movie.areas[one] / movie.areas[two]))
        grown = np.clip(np.log(movie.areas[one] / movie.areas[mothers]), -1, 1)
        costs = weigh.midpoint * astray + weigh.apart * manner.telling * beside
        costs += weigh.unequal * unequal + weigh.unshrunk * grown
        deep = np.clip((movie.depths[two] / movie.radius - 1) / 2, 0, 1)
        least: np.ndarray = np.maximum(costs, 0) / (1 + weigh.inside * deep)
        return least

    def _joined(self, links: Links) -> Links:
        """Solve the joint assignment once and add what it finds to the links."""
        orphan = (links.before < 0) & (links.parents < 0)
        ended = (links.follows < 0) & ~links.divides
        ties: list[Ties] = []
        for time in range(1, len(self.movie.cells)):
            here = self.movie.of_frame(time)
            here = here[orphan[here]]
            if len(here):
                ties += self._missed(here, ended)
                ties += self._returned(here, ended)
                if self.settings.divisions and self.limit > 0:
                    ties.append(self._divided(here, links))
        if not ties:
            return links
        first = np.concatenate([tie.first for tie in ties])
        second = np.concatenate([tie.second for tie in ties])
        kinds = np.concatenate([np.full(len(tie.first), tie.kind) for tie in ties])
        chosen = assign(first, second, np.concatenate([tie.costs for tie in ties]))
        same = chosen[kinds[chosen] == Kind.SAME]
        other = chosen[kinds[chosen] != Kind.SAME]
        follows, parents = links.follows.copy(), links.parents.copy()
        follows[first[same]] = second[same]
        parents[second[other]] = first[other]
        return without_early_divisions(self.movie, Links(follows, parents), self.settings)

    def _missed(self, here: np.ndarray, ended: np.ndarray) -> list[Ties]:
        """Weigh long steps and closed gaps."""
        movie, settings = self.movie, self.settings
        time = int(movie.frames[here[0]])
        found = []
        weight = min(max(settings.gap_cost, LEAST_COST), 1)
        for waited in range(1, min(settings.gap + 1, time) + 1):
            there = movie.of_frame(time - waited)
            there = there[ended[there]]
            rows, columns = near_pairs(
                movie.centres[there] + waited * self.manner.expected[there],
                movie.centres[here],
                reach=self.reach * float(np.sqrt(waited)) / weight,
                count=settings.neighbours,
            )
            first, second = there[rows], here[columns]
            if waited == 1:
                costs = step_costs(
                    movie,
                    first,
                    second,
                    reach=self.reach,
                    overlap=settings.overlap,
                    manner=self.manner,
                )[0]
            else:
                costs = self.missed_costs(first, second)
            still = ~self._away(first, second)
            found.append(Ties(first[still], second[still], costs[still], Kind.SAME))
        return found

    def _returned(self, here: np.ndarray, ended: np.ndarray) -> list[Ties]:
        """Weigh cells that left the field of interest and come back near the same place."""
        movie, settings = self.movie, self.settings
        here = here[self._leaving(here)]
        if not len(here):
            return []
        time = int(movie.frames[here[0]])
        found = []
        for waited in range(AWAY, min(settings.absence + 1, time) + 1):
            there = movie.of_frame(time - waited)
            there = there[ended[there] & self._leaving(there)]
            way = self._way_outside(waited)
            rows, columns = near_pairs(
                movie.centres[there], movie.centres[here], reach=way, count=settings.neighbours
            )
            first, second = there[rows], here[columns]
            far = np.linalg.norm(movie.centres[first] - movie.centres[second], axis=1)
            found.append(Ties(first, second, far / max(way, movie.radius / 1e6), Kind.RETURN))
        return found

    def _divided(self, here: np.ndarray, links: Links) -> Ties:
        """Weigh divisions of the cells that were seen one frame ago and go on."""
        movie = self.movie
        there = movie.of_frame(int(movie.frames[here[0]]) - 1)
        there = there[(links.follows[there] >= 0) & ~links.divides[there]]
        there = there[movie.frames[links.follows[there]] == movie.frames[here[0]]]
        rows, columns = near_pairs(
            movie.centres[there],
            movie.centres[here],
            reach=FARTHEST * self.reach,
            count=self.settings.neighbours,
        )
        first, second = there[rows], here[columns]
        costs = self.division_costs(first, links.follows[first], second) / self.limit
        return Ties(first, second, costs, Kind.DAUGHTER)

    def _away(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Tell which pairs are a return rather than a cell missed."""
        if not len(first):
            return np.zeros(0, bool)
        waited = int(self.movie.frames[second[0]] - self.movie.frames[first[0]])
        if waited < AWAY:
            return np.zeros(len(first), bool)
        far = np.linalg.norm(self.movie.centres[first] - self.movie.centres[second], axis=1)
        near = far < self._way_outside(waited)
        away: np.ndarray = near & self._leaving(first) & self._leaving(second)
        return away

    def _way_outside(self, waited: int) -> float:
        """Return how far from where it left a cell may come back.

        It diffuses about a radius a frame, but where neighbours leave no free space between them, a
        newcomer is as likely as a return.
        """
        free = max(self.movie.spread - 2 * self.movie.radius, 0.0) / 2
        return min(self.movie.radius * float(np.sqrt(waited)), free)

    def _leaving(self, which: np.ndarray) -> np.ndarray:
        near: np.ndarray = self.movie.depths[which] < LEAVING * self.movie.radius
        return near
