"""Label maps as runs of equal pixels: areas, centroids and overlaps without touching each pixel."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Runs:
    """A label map cut into runs along its last axis.

    Attributes:
        shape: Shape of the label map, YX or ZYX.
        starts: int64, index of each run's first pixel in the flat label map, ascending from 0.
        values: uint16, label of each run, 0 for background.
    """

    shape: tuple[int, ...]
    starts: np.ndarray
    values: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """int64 length of each run in pixels."""
        return np.diff(self.starts, append=int(np.prod(self.shape)))


@dataclass(frozen=True)
class Overlaps:
    """How many pixels the cells of two frames share.

    Attributes:
        first: int64 label in the earlier frame.
        second: int64 label in the later frame.
        pixels: int64 number of shared pixels, at least 1.
    """

    first: np.ndarray
    second: np.ndarray
    pixels: np.ndarray


def runs_of(labels: np.ndarray) -> Runs:
    """Cut a label map into runs; no run reaches beyond its row.

    Args:
        labels: uint16, YX or ZYX.
    """
    rows = np.ascontiguousarray(labels).reshape(-1, labels.shape[-1])
    begins = np.ones(rows.shape, bool)
    np.not_equal(rows[:, 1:], rows[:, :-1], out=begins[:, 1:])
    starts = np.flatnonzero(begins)
    return Runs(labels.shape, starts, rows.ravel()[starts])


def overlaps_of(first: Runs, second: Runs) -> Overlaps:
    """Count the pixels that each pair of cells shares.

    Args:
        first: The earlier frame.
        second: The later frame, of the same shape.

    Returns:
        One row for each pair that shares a pixel, background left out, sorted by both labels.
    """
    starts = np.union1d(first.starts, second.starts)
    lengths = np.diff(starts, append=int(np.prod(first.shape)))
    before = first.values[np.searchsorted(first.starts, starts, side="right") - 1]
    after = second.values[np.searchsorted(second.starts, starts, side="right") - 1]
    both = (before > 0) & (after > 0)
    keys = before[both].astype(np.int64) << 16 | after[both]
    pairs, index = np.unique(keys, return_inverse=True)
    pixels = np.bincount(index, lengths[both], minlength=pairs.size).astype(np.int64)
    return Overlaps(pairs >> 16, pairs & 0xFFFF, pixels)


def moved(runs: Runs, shift: tuple[int, ...]) -> Runs:
    """Return the runs of the label map moved by whole pixels; what leaves the frame is lost.

    Args:
        runs: Runs of a label map.
        shift: Pixels along each axis, in the order of the axes.
    """
    if not any(shift):
        return runs
    filled = runs.values > 0
    values, lengths = runs.values[filled], runs.lengths[filled]
    places = np.array(np.unravel_index(runs.starts[filled], runs.shape))
    places += np.array(shift)[:, None]
    width = runs.shape[-1]
    last = np.clip(places[-1] + lengths, 0, width)
    places[-1] = np.clip(places[-1], 0, width)
    limits = np.array(runs.shape)[:, None]
    kept = ((places >= 0) & (places < limits)).all(0) & (last > places[-1])
    starts = np.ravel_multi_index(tuple(places[:, kept]), runs.shape)
    ends = starts + (last - places[-1])[kept]
    return _with_background(runs.shape, starts, ends, values[kept])


def _with_background(
    shape: tuple[int, ...], starts: np.ndarray, ends: np.ndarray, values: np.ndarray
) -> Runs:
    """Complete runs of cells by the runs of background between them."""
    size = int(np.prod(shape))
    gaps = np.concatenate([[0], ends])
    open_gap = gaps < np.concatenate([starts, [size]])
    every = np.concatenate([starts, gaps[open_gap]])
    order = np.argsort(every, kind="stable")
    padded = np.concatenate([values, np.zeros(int(open_gap.sum()), values.dtype)])
    return Runs(shape, every[order], padded[order])
