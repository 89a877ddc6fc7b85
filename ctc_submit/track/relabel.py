"""From linked detections to label maps that are consistent over time, as a stream."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ctc_submit.data.labels import MOST_LABELS
from ctc_submit.data.tracks import Track
from ctc_submit.errors import DataError
from ctc_submit.track.fill import Patch, between, draw, patch_of
from ctc_submit.track.lineage import Links, branches
from ctc_submit.track.movie import Movie


@dataclass
class _Gap:
    """A cell missed between two detections of one run."""

    first: int
    second: int
    patch: Patch


class Relabeller:
    """Gives every detection the label of its track, frame by frame, and draws missed cells in.

    Detections outside the field of interest get no label; a cell that comes back into it starts a
    new track with the old one as parent, and so does a cell after a gap that could not be drawn
    because others cover the place. `tracks` is complete when `label_maps` is used up.

    Attributes:
        drawn: How many masks of missed cells were drawn so far.
    """

    def __init__(self, movie: Movie, links: Links) -> None:
        """Number the tracks.

        Raises:
            DataError: If there are more tracks than 16-bit labels.
        """
        self._movie = movie
        self._run, self._run_parents = branches(links, movie.inside)
        runs = len(self._run_parents)
        if runs > MOST_LABELS:
            raise DataError(
                f"{runs} tracks are more than the {MOST_LABELS} labels of a 16-bit label map; "
                "drop small objects before tracking"
            )
        self._current = np.arange(1, runs + 1)
        self._begin: dict[int, int] = {}
        self._end: dict[int, int] = {}
        self._parent: dict[int, int] = {}
        self.drawn = 0
        self._gaps: dict[int, _Gap] = {}
        ahead = np.flatnonzero(links.follows >= 0)
        later = links.follows[ahead]
        one_run = (self._run[ahead] == self._run[later]) & (self._run[ahead] >= 0)
        far = one_run & (movie.frames[later] > movie.frames[ahead] + 1)
        self._awaited = dict(zip(ahead[far].tolist(), later[far].tolist(), strict=True))
        waits = movie.frames[later[far]] - movie.frames[ahead[far]]
        self._longest = int(waits.max()) - 1 if waits.size else 0

    def label_maps(self, masks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Yield the label map of each frame; a gap's length of frames is in memory.

        Args:
            masks: The same uint16 label maps that the movie was made from.

        Raises:
            DataError: If gaps that cannot be drawn bring more tracks than 16-bit labels.
        """
        window: deque[np.ndarray] = deque()
        time = 0
        for labels in masks:
            window.append(labels)
            if len(window) > self._longest + 1:
                yield self._frame(time, window)
                window.popleft()
                time += 1
        while window:
            yield self._frame(time, window)
            window.popleft()
            time += 1

    @property
    def tracks(self) -> list[Track]:
        """The tracks of the frames yielded so far, sorted by label."""
        found = []
        for label, begin in sorted(self._begin.items()):
            parent = self._parent.get(label)
            if parent is None:
                run = self._run_parents[label - 1]
                parent = int(self._current[run]) if run >= 0 else 0
            found.append(Track(label, begin, self._end[label], parent))
        return found

    def _frame(self, time: int, window: deque[np.ndarray]) -> np.ndarray:
        """Label one frame; ``window`` begins with it and reaches ahead."""
        here = self._movie.of_frame(time)
        for detection in here:
            self._gaps.pop(int(self._run[detection]), None)
        table = np.zeros(int(window[0].max()) + 1, np.uint16)
        kept = here[self._run[here] >= 0]
        table[self._movie.labels[kept]] = self._current[self._run[kept]]
        labels: np.ndarray = table[window[0]]
        for label in table[self._movie.labels[kept]].tolist():
            self._seen(label, time)
        for run in list(self._gaps):
            self._fill(run, time, labels, window)
        for detection in here:
            if int(detection) in self._awaited:
                patch = patch_of(window[0], int(self._movie.labels[detection]))
                second = self._awaited[int(detection)]
                self._gaps[int(self._run[detection])] = _Gap(int(detection), second, patch)
        return labels

    def _seen(self, label: int, time: int) -> None:
        self._begin.setdefault(label, time)
        self._end[label] = time

    def _fill(self, run: int, time: int, labels: np.ndarray, window: deque[np.ndarray]) -> None:
        """Draw a missed cell, or cut its track where there is no place for it."""
        gap, movie = self._gaps[run], self._movie
        start, stop = int(movie.frames[gap.first]), int(movie.frames[gap.second])
        share = (time - start) / (stop - start)
        still = (1 - share) * movie.centres[gap.first] + share * movie.centres[gap.second]
        centre = (still + movie.drift[time]) / np.array(movie.scale.spacing)
        later = patch_of(window[stop - time], int(movie.labels[gap.second]))
        patch = between(gap.patch, later, share, centre)
        label = int(self._current[run])
        if draw(labels, patch, label, border=movie.scale.border):
            self._seen(label, time)
            self.drawn += 1
            return
        del self._gaps[run]
        fresh = len(self._current) + len(self._parent) + 1
        if fresh > MOST_LABELS:
            raise DataError(
                f"the sequence has more than {MOST_LABELS} tracks, the labels of a 16-bit label "
                "map; drop small objects before tracking"
            )
        self._parent[fresh] = label
        self._current[run] = fresh
