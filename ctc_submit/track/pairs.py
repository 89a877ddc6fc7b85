"""Which detections may belong together: near ones, found with a k-d tree."""

import numpy as np
from scipy.spatial import cKDTree


def near_pairs(
    first: np.ndarray, second: np.ndarray, *, reach: float, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pair each point with its nearest ones of the other set, both ways.

    Args:
        first: float64 (m, d), points.
        second: float64 (n, d), points.
        reach: Largest distance of a pair.
        count: Most partners that a point looks for.

    Returns:
        int64 indices into ``first`` and ``second``; a pair occurs once, in sorted order.
    """
    if not (len(first) and len(second)):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    rows, columns = _nearest(first, second, reach, count)
    columns_back, rows_back = _nearest(second, first, reach, count)
    return unique_pairs(
        np.concatenate([rows, rows_back]), np.concatenate([columns, columns_back]), len(second)
    )


def unique_pairs(
    rows: np.ndarray, columns: np.ndarray, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs without repetition, sorted by row and column.

    Args:
        rows: int (k,).
        columns: int (k,), less than ``width``.
        width: Number of columns.
    """
    keys = np.unique(rows.astype(np.int64) * width + columns)
    return keys // width, keys % width


def _nearest(
    points: np.ndarray, others: np.ndarray, reach: float, count: int
) -> tuple[np.ndarray, np.ndarray]:
    ranks = np.arange(1, min(count, len(others)) + 1)
    far, found = cKDTree(others).query(points, k=ranks, distance_upper_bound=reach)
    point, rank = np.nonzero(np.isfinite(far))
    return point, found[point, rank]
