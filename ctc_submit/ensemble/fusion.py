"""Several label maps of one frame become one: the same cells are found, their shapes averaged.

Which objects are the same cell is decided by overlap: with a Jaccard index above one half an object
has at most one partner in another map, so there is nothing to choose. A shape is the mean of its
members' signed distances to their boundaries, so that the fused boundary lies half-way between two
(Rohlfing & Maurer 2007, *Shape-based averaging*, IEEE Trans. Image Processing 16:153). Voting pixel
by pixel would leave every difference between two maps a tie. That objects are grouped first and
then fused one by one is how the challenge's own silver truth is made of several results (Akbaş et
al. 2018, *Automatic fusion of segmentation and tracking labels*, ECCV Workshops).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.ndimage import distance_transform_edt, find_objects

from ctc_submit.data.instances import Instance, paint
from ctc_submit.pixels.pieces import in_one_piece

SAME = 0.5
"""Objects with a larger Jaccard index are the same cell."""

LEAST_FREE = 0.5
"""A cell that others leave less than this share of is dropped."""


@dataclass
class Group:
    """Objects of different maps that are the same cell.

    Attributes:
        labels: Number of the map to the object's label in it.
        likeness: Sum of the Jaccard indices of its pairs.
    """

    labels: dict[int, int]
    likeness: float = 0.0


def fused(maps: Sequence[np.ndarray], agree: float = 0.5) -> np.ndarray:
    """Fuse label maps.

    Where fused cells overlap, the one that more maps have keeps the pixels, of equals the one whose
    members are more alike.

    Args:
        maps: Integer YX label maps of one frame, 0 background, at least one.
        agree: Least share of the maps that a cell must be in.

    Returns:
        uint16 YX label map, labels from 1 without a gap.

    Raises:
        ValueError: If there is no map, or the shapes differ.
        DataError: If there are more than 65,535 cells.
    """
    if not maps or any(one.shape != maps[0].shape for one in maps):
        raise ValueError("expected label maps of one shape")
    least = max(agree * len(maps) - 1e-9, 1)
    groups = [group for group in grouped(maps) if len(group.labels) >= least]
    groups.sort(key=lambda group: (-len(group.labels), -_mean_likeness(group)))
    boxes = [find_objects(one) for one in maps]
    cells = (_mean_shape(group, maps, boxes) for group in groups)
    shape = (maps[0].shape[0], maps[0].shape[1])
    return in_one_piece(paint((c for c in cells if c.mask.any()), shape, LEAST_FREE))


def grouped(maps: Sequence[np.ndarray]) -> list[Group]:
    """Find which objects of several label maps are the same cell, the most alike first.

    Returns:
        Groups that hold every object once, with at most one of each map.
    """
    groups = {
        (index, int(label)): Group({index: int(label)})
        for index, one in enumerate(maps)
        for label in np.unique(one)
        if label > 0
    }
    pairs = [
        (likeness, (i, a), (j, b))
        for i, j in combinations(range(len(maps)), 2)
        for a, b, likeness in _alike(maps[i], maps[j])
    ]
    for likeness, one, other in sorted(pairs, key=lambda pair: -pair[0]):
        first, second = groups[one], groups[other]
        if first is second:
            first.likeness += likeness
        elif not first.labels.keys() & second.labels.keys():
            first.labels |= second.labels
            first.likeness += second.likeness + likeness
            groups |= dict.fromkeys(second.labels.items(), first)
    return list({id(group): group for group in groups.values()}.values())


def _alike(one: np.ndarray, other: np.ndarray) -> Iterator[tuple[int, int, float]]:
    """Yield the pairs of objects of two maps that are the same cell, with their Jaccard index."""
    both = (one > 0) & (other > 0)
    areas, others = np.bincount(one.ravel()), np.bincount(other.ravel())
    pairs, common = np.unique(
        one[both].astype(np.int64) * others.size + other[both], return_counts=True
    )
    for a, b, shared in zip(*np.divmod(pairs, others.size), common, strict=True):
        jaccard = shared / (areas[a] + others[b] - shared)
        if jaccard > SAME:
            yield int(a), int(b), float(jaccard)


def _mean_likeness(group: Group) -> float:
    number = len(group.labels)
    return group.likeness / max(number * (number - 1) / 2, 1)


def _mean_shape(
    group: Group, maps: Sequence[np.ndarray], boxes: list[list[tuple[slice, slice] | None]]
) -> Instance:
    """Average the signed distances of a group's members, in the box around all of them."""
    found = [box for i, label in group.labels.items() if (box := boxes[i][label - 1]) is not None]
    height, width = maps[0].shape
    rows = slice(
        max(min(b[0].start for b in found) - 1, 0), min(max(b[0].stop for b in found) + 1, height)
    )
    columns = slice(
        max(min(b[1].start for b in found) - 1, 0), min(max(b[1].stop for b in found) + 1, width)
    )
    distances = [signed_distance(maps[i][rows, columns] == n) for i, n in group.labels.items()]
    mask: np.ndarray = np.mean(distances, axis=0) > 0
    score = len(group.labels) / len(maps)
    return Instance((rows.start, columns.start), mask, score)


def signed_distance(mask: np.ndarray) -> np.ndarray:
    """Return how deep every pixel lies in a mask, below 0 outside; the array's edge is no boundary.

    Args:
        mask: bool YX.

    Returns:
        float64 YX in pixels: 1 or more inside, -1 or less outside.
    """
    if mask.all() or not mask.any():
        return np.full(mask.shape, float(sum(mask.shape)) * (1 if mask.all() else -1))
    distance: np.ndarray = distance_transform_edt(mask) - distance_transform_edt(~mask)
    return distance
