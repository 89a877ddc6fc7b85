"""Faults of a segmentation that the frames before and after give away, found in the tables alone.

Merged: two cells become one mask and are two again later. Broken: one cell is two masks for a few
frames. Flickers: a mask of one frame, deep inside the picture, that nothing before or after meets.
"""

from dataclasses import dataclass

import numpy as np

from ctc_submit.track.lineage import Links
from ctc_submit.track.movie import Movie
from ctc_submit.track.settings import TrackConfig

MOSTLY = 0.5
"""Share of a cell that must lie in the mask it became part of, or came out of."""

WHOLE = 0.75
"""Share of the areas of two cells that a mask of both must have; its inverse is the most."""

LIKE = 2.5
"""Most that the areas of one cell before and after a fault may differ by, as a ratio."""


@dataclass(frozen=True)
class Merge:
    """Two cells in one mask.

    Attributes:
        cells: The two detections before.
        masks: int64 (k,), the detections of both cells, one in each frame from then on.
        after: The two detections of the frame after the last of them, in the order of ``cells``.
    """

    cells: tuple[int, int]
    masks: np.ndarray
    after: tuple[int, int]


@dataclass(frozen=True)
class Faults:
    """What is to be mended; detections are numbers in the movie.

    Attributes:
        merges: Masks of two cells.
        broken: Pairs of detections of one frame that are one cell.
        flickers: int64 (k,), detections that are no cell.
    """

    merges: list[Merge]
    broken: list[tuple[int, int]]
    flickers: np.ndarray

    def __len__(self) -> int:
        """Return how many masks are at fault."""
        merged = sum(len(merge.masks) for merge in self.merges)
        return merged + len(self.broken) + len(self.flickers)


NO_FAULTS = Faults([], [], np.zeros(0, np.int64))


def find_faults(movie: Movie, links: Links, settings: TrackConfig) -> Faults:
    """Look for faults in a linked sequence.

    Args:
        movie: The tables.
        links: As linked, with divisions.
        settings: The longest faults that are looked for.
    """
    search = _Search(movie, links)
    merges = list(search.merges(settings.longest_merge))
    used = {d for merge in merges for d in (*merge.cells, *merge.masks.tolist(), *merge.after)}
    broken = [
        pair
        for run in search.broken(settings.longest_break)
        if not used.intersection(d for pair in run for d in pair)
        for pair in run
    ]
    flickers = search.flickers() if settings.drop_flickers else np.zeros(0, np.int64)
    return Faults(merges, broken, flickers)


class _Search:
    def __init__(self, movie: Movie, links: Links) -> None:
        self.movie, self.links = movie, links
        self.last = len(movie.cells) - 1
        everyone = np.arange(len(movie.frames))
        self.goes_on = _next_to(movie, everyone, links.follows)
        self.came_on = _next_to(movie, everyone, links.before)

    def merges(self, longest: int) -> list[Merge]:
        """Find cells that end in a mask from which a cell comes later; no mask is used twice."""
        movie, links = self.movie, self.links
        found, taken = [], set[int]()
        ended = np.flatnonzero(~self.goes_on & ~links.divides & (movie.frames < self.last))
        for lost in ended.tolist():
            for mask in self._meeting(lost, later=True):
                other = int(links.before[mask])
                if not self.came_on[mask]:
                    continue
                if not (self._holds(mask, lost, other) and self._within(other, mask)):
                    continue
                merge = self._followed((lost, other), mask, longest)
                if merge is not None and not taken.intersection(merge.masks.tolist()):
                    taken.update(merge.masks.tolist())
                    found.append(merge)
                    break
        return found

    def broken(self, longest: int) -> list[list[tuple[int, int]]]:
        """Find cells that are two masks for a few frames; a list of pairs for each."""
        movie, links = self.movie, self.links
        found = []
        begun = np.flatnonzero(~self.came_on & (movie.frames > 0))
        for second in begun.tolist():
            for whole in self._meeting(second, later=False):
                first = int(links.follows[whole])
                if not self.goes_on[whole]:
                    continue
                if self._holds(whole, first, second) and self._within(first, whole):
                    pairs = self._rejoined(whole, first, second, longest)
                    if pairs:
                        found.append(pairs)
                        break
        return found

    def flickers(self) -> np.ndarray:
        """Find lone detections of one frame that touch no other and could not have come in."""
        movie, links = self.movie, self.links
        alone = (links.before < 0) & (links.follows < 0) & (links.parents < 0) & ~links.divides
        alone &= (movie.frames > 0) & (movie.frames < self.last) & (movie.depths > movie.radius)
        lone = np.flatnonzero(alone)
        free = [
            not self._meeting(d, later=True, share=0.0)
            and not self._meeting(d, later=False, share=0.0)
            for d in lone.tolist()
        ]
        return lone[np.array(free, bool)] if lone.size else lone

    def _followed(self, cells: tuple[int, int], mask: int, longest: int) -> Merge | None:
        """Follow a mask of two cells to where they are two again."""
        masks = [mask]
        while len(masks) <= longest:
            here = masks[-1]
            first = int(self.links.follows[here])
            if not self.goes_on[here]:
                return None
            for second in self._meeting(here, later=True, share=0.0):
                if self.came_on[second]:
                    continue
                if self._within(second, here) and self._holds(here, first, second):
                    after = self._same_order(cells, (first, second))
                    return None if after is None else Merge(cells, np.array(masks), after)
            masks.append(first)
        return None

    def _same_order(self, cells: tuple[int, int], later: tuple[int, int]) -> tuple[int, int] | None:
        """Say which cell is which again, by where each lies in the two; None if sizes differ."""
        here, there = (self._offsets(pair) for pair in (cells, later))
        swapped = later[::-1]
        straight = float(((here - there) ** 2).sum())
        crossed = float(((here - there[::-1]) ** 2).sum())
        order = later if straight <= crossed else swapped
        ratios = np.log(self.movie.areas[list(cells)] / self.movie.areas[list(order)])
        return order if np.abs(ratios).max() <= np.log(LIKE) else None

    def _offsets(self, pair: tuple[int, int]) -> np.ndarray:
        centres, areas = self.movie.centres[list(pair)], self.movie.areas[list(pair)]
        offsets: np.ndarray = centres - (centres * areas[:, None]).sum(axis=0) / areas.sum()
        return offsets

    def _rejoined(
        self, whole: int, first: int, second: int, longest: int
    ) -> list[tuple[int, int]] | None:
        """Follow two masks to where they are one again."""
        movie, links = self.movie, self.links
        pairs = [(first, second)]
        while len(pairs) <= longest:
            first, second = pairs[-1]
            one, two = int(links.follows[first]), int(links.follows[second])
            if self.goes_on[first] and self.goes_on[second]:
                pairs.append((one, two))
                continue
            if not (self.goes_on[first] or self.goes_on[second]):
                return None
            again, other = (one, second) if self.goes_on[first] else (two, first)
            like = abs(np.log(movie.areas[whole] / movie.areas[again])) < -np.log(WHOLE)
            joined = self._within(int(other), int(again)) and self._holds(again, first, second)
            return pairs if like and joined and not links.divides[again] else None
        return None

    def _meeting(self, which: int, later: bool, share: float = MOSTLY) -> list[int]:
        """Return the detections of the next or last frame that hold a share of a cell."""
        movie = self.movie
        time = int(movie.frames[which])
        if not 0 <= time + (1 if later else -1) <= self.last:
            return []
        found = movie.overlaps[time if later else time - 1]
        mine, theirs = (found.first, found.second) if later else (found.second, found.first)
        same = mine == movie.labels[which]
        pixels = found.pixels[same] * float(np.prod(movie.scale.spacing))
        enough = pixels >= share * movie.areas[which]
        there = movie.of_frame(time + (1 if later else -1))
        places = np.searchsorted(movie.labels[there], theirs[same][enough])
        return [int(d) for d in there[places]]

    def _within(self, part: int, mask: int) -> bool:
        """Tell whether most of a cell lies in a mask of a neighbouring frame."""
        later = bool(self.movie.frames[mask] > self.movie.frames[part])
        return mask in self._meeting(part, later)

    def _holds(self, mask: int, first: int, second: int) -> bool:
        """Tell whether a mask is about as large as two cells together."""
        areas = self.movie.areas
        ratio = areas[mask] / (areas[first] + areas[second])
        return bool(WHOLE <= ratio <= 1 / WHOLE)


def _next_to(movie: Movie, which: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Tell which detections have a partner in a neighbouring frame; bool (n,)."""
    found = np.zeros(len(which), bool)
    there = others >= 0
    apart = movie.frames[others[there]] - movie.frames[which[there]]
    found[there] = np.abs(apart) == 1
    return found
