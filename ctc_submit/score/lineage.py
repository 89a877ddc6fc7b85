"""The graph of tracks: its vertices, one a cell and frame, and its edges, in arrays.

A vertex is written as one number, ``label << 32 | time``, so that sorted vertices run along tracks.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ctc_submit.data.labels import MOST_LABELS
from ctc_submit.data.tracks import Track
from ctc_submit.score.track_file import Row

_TIME_BITS = 32
_TIME_MASK = (1 << _TIME_BITS) - 1


def vertices(labels: np.ndarray, times: np.ndarray | int) -> np.ndarray:
    """Write labels and times as vertices, int64 of the labels' shape."""
    found: np.ndarray = labels.astype(np.int64) << _TIME_BITS | times
    return found


def labels_of(found: np.ndarray) -> np.ndarray:
    """Return the labels of vertices."""
    labels: np.ndarray = found >> _TIME_BITS
    return labels


def times_of(found: np.ndarray) -> np.ndarray:
    """Return the times of vertices."""
    times: np.ndarray = found & _TIME_MASK
    return times


@dataclass(frozen=True)
class Lineage:
    """Tracks as columns, sorted by label.

    Attributes:
        label: Labels, ascending and unique, shape N.
        begin: First frames, shape N.
        end: Last frames, inclusive, shape N.
        parent: Labels of the parents, 0 for none, shape N.
    """

    label: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    parent: np.ndarray

    @classmethod
    def of(cls, tracks: Iterable[Track | Row]) -> "Lineage":
        """Put tracks, or rows of a track file that proved consistent, into columns."""
        rows = sorted((t.label, t.begin, t.end, t.parent) for t in tracks)
        return cls(*np.array(rows, np.int64).reshape(-1, 4).T)

    def vertices(self) -> np.ndarray:
        """Return every vertex that the tracks declare, sorted."""
        lengths = self.end - self.begin + 1
        first = np.cumsum(lengths) - lengths
        within = np.arange(lengths.sum()) - np.repeat(first, lengths)
        return vertices(np.repeat(self.label, lengths), np.repeat(self.begin, lengths) + within)

    def edges(self) -> np.ndarray:
        """Return all edges as pairs of vertices (from, to), int64, shape (E, 2).

        They are sorted by their second vertex: track after track, and of each track the parent
        link first.
        """
        lengths = self.end - self.begin + 1
        every = self.vertices()
        starts = np.cumsum(lengths) - lengths
        follows = np.ones(every.size, bool)
        follows[starts] = False
        later = np.flatnonzero(follows)
        within = np.stack([every[later - 1], every[later]], 1)
        child = np.flatnonzero(self.parent > 0)
        parent = np.searchsorted(self.label, self.parent[child])
        links = np.stack(
            [
                vertices(self.parent[child], self.end[parent]),
                vertices(self.label[child], self.begin[child]),
            ],
            1,
        )
        both = np.concatenate([links, within])
        return both[np.argsort(both[:, 1], kind="stable")]

    def joined(self, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Tell which pairs of vertices are edges of these tracks.

        Args:
            first: Earlier vertices, each of a track of this lineage, shape M.
            second: Later vertices, likewise, shape M.

        Returns:
            Whether the pair is a track link, and whether it is a parent link; bool, shape M each.
        """
        row = np.zeros(MOST_LABELS + 1, np.int64)
        row[self.label] = np.arange(self.label.size)
        before, after = row[labels_of(first)], row[labels_of(second)]
        same = labels_of(first) == labels_of(second)
        track_link = same & (times_of(first) + 1 == times_of(second))
        parent_link = ~same & (self.parent[after] == labels_of(first))
        parent_link &= (self.end[before] == times_of(first)) & (
            self.begin[after] == times_of(second)
        )
        return track_link, parent_link
