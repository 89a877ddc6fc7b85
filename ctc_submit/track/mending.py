"""Mend label maps where the frames before and after agree on what is there."""

from collections.abc import Iterable, Iterator

import numpy as np
from scipy import ndimage

from ctc_submit.data.labels import MOST_LABELS
from ctc_submit.track.faults import Faults, Merge
from ctc_submit.track.fill import Patch, patch_of, signed_distance
from ctc_submit.track.movie import Movie

LEAST = 0.25
"""Share of its area before that a cell must get of a mask that is split."""


def mended(masks: Iterable[np.ndarray], movie: Movie, faults: Faults) -> Iterator[np.ndarray]:
    """Yield the label maps without the faults, one in memory at a time.

    A merged mask is split where the two cells' last shapes, moved to where they are expected, are
    equally deep. A broken cell is made one where its parts touch. What cannot be mended so that
    every cell is one piece stays as it is.

    Args:
        masks: The uint16 label maps that the movie was made from, YX or ZYX.
        movie: Their tables.
        faults: What to mend.
    """
    mender = _Mender(movie, faults)
    for time, labels in enumerate(masks):
        yield mender.frame(time, labels)


class _Mender:
    def __init__(self, movie: Movie, faults: Faults) -> None:
        self.movie, self.faults = movie, faults
        self.shapes: dict[int, list[Patch]] = {}
        self.begins: dict[int, list[int]] = {}
        self.active: dict[int, tuple[int, int]] = {}
        for index, merge in enumerate(faults.merges):
            self.begins.setdefault(int(movie.frames[merge.cells[0]]), []).append(index)
            for step, mask in enumerate(merge.masks.tolist()):
                self.active[mask] = (index, step)
        self.broken: dict[int, list[int]] = {}  # a cell may be more than two masks
        for part, other in faults.broken:
            self.broken.setdefault(part, []).append(other)
        self.flickers = set(faults.flickers.tolist())

    def frame(self, time: int, labels: np.ndarray) -> np.ndarray:
        result = labels.copy()
        for detection in self.movie.of_frame(time).tolist():
            label = int(self.movie.labels[detection])
            if detection in self.flickers:
                result[labels == label] = 0
            elif detection in self.broken:
                for other in self.broken[detection]:
                    _join(result, label, int(self.movie.labels[other]))
            elif detection in self.active:
                self._split(result, time, detection)
        for index in self.begins.get(time, []):
            numbers = [int(self.movie.labels[cell]) for cell in self.faults.merges[index].cells]
            self.shapes[index] = [patch_of(labels, number) for number in numbers]
        return result

    def _split(self, labels: np.ndarray, time: int, detection: int) -> None:
        index, step = self.active[detection]
        merge = self.faults.merges[index]
        label, fresh = int(self.movie.labels[detection]), int(labels.max()) + 1
        mask = patch_of(labels, label)
        parts = split(mask, self.shapes[index], self._places(merge, step, detection, time))
        sizes = [int(shape.mask.sum()) for shape in self.shapes[index]]
        if parts is not None and fresh <= MOST_LABELS:
            got = [int(part.sum()) for part in parts]
            if all(g >= LEAST * size for g, size in zip(got, sizes, strict=True)):
                window = tuple(
                    slice(c, c + s) for c, s in zip(mask.corner, mask.mask.shape, strict=True)
                )
                labels[window][mask.mask] = 0
                labels[window][parts[0]] = fresh
                labels[window][parts[1]] = label
                self.shapes[index] = [Patch(mask.corner, part) for part in parts]
        if step + 1 == len(merge.masks):
            del self.shapes[index]

    def _places(self, merge: Merge, step: int, detection: int, time: int) -> np.ndarray:
        """Return where the two cells' centroids are expected, in pixels of the frame; (2, d)."""
        movie = self.movie
        share = (step + 1) / (len(merge.masks) + 1)
        before, after = (_offsets(movie, pair) for pair in (merge.cells, merge.after))
        still = movie.centres[detection] + (1 - share) * before + share * after
        places: np.ndarray = (still + movie.drift[time]) / np.array(movie.scale.spacing)
        return places


def split(
    mask: Patch, shapes: list[Patch], places: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Divide the pixels of a mask between two cells.

    Args:
        mask: The mask of both.
        shapes: The cells as they were last seen.
        places: float64 (2, d), where their centroids are expected, in pixels of the frame.

    Returns:
        Two bool crops of the mask's shape, each one piece that covers the mask with the other but
        for pixels that touch neither; None where a cell would get nothing.
    """
    depth = [_depth(mask, shape, place) for shape, place in zip(shapes, places, strict=True)]
    first = mask.mask & (depth[0] > depth[1])
    second = mask.mask & ~first
    if not (first.any() and second.any()):
        return None
    first, rest = _largest(first)
    second, others = _largest(second | rest)
    first, _ = _largest(first | others)
    return first, second


def _depth(mask: Patch, shape: Patch, place: np.ndarray) -> np.ndarray:
    """Return how deep each pixel of a mask's crop lies in a shape moved to a place, in pixels."""
    corner = np.round(np.array(shape.corner) + place - shape.centre).astype(int)
    low = np.minimum(corner, mask.corner)
    high = np.maximum(
        corner + np.array(shape.mask.shape), np.array(mask.corner) + np.array(mask.mask.shape)
    )
    pads = list(zip(corner - low, high - corner - shape.mask.shape, strict=True))
    start = np.array(mask.corner) - low
    window = tuple(slice(a, a + s) for a, s in zip(start, mask.mask.shape, strict=True))
    deep: np.ndarray = signed_distance(np.pad(shape.mask, pads))[window]
    return deep


def _largest(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest piece, and the rest."""
    pieces, count = ndimage.label(pixels)
    if count < 2:
        return pixels, np.zeros_like(pixels)
    most = pieces == 1 + int(np.argmax(np.bincount(pieces.ravel())[1:]))
    return most, pixels & ~most


def _join(labels: np.ndarray, first: int, second: int) -> None:
    """Make two cells one, where they touch."""
    both = patch_of(np.isin(labels, (first, second)).astype(np.uint8), 1)
    if ndimage.label(both.mask)[1] == 1:
        labels[labels == second] = first


def _offsets(movie: Movie, pair: tuple[int, int]) -> np.ndarray:
    """Return where two cells lie about their common centroid, in units of the spacing; (2, d)."""
    centres, areas = movie.centres[list(pair)], movie.areas[list(pair)]
    offsets: np.ndarray = centres - (centres * areas[:, None]).sum(axis=0) / areas.sum()
    return offsets
