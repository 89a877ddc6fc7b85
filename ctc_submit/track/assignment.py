"""Sparse linear assignment in which everybody may stay alone."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

FINENESS = 2.0**30
"""Costs are multiples of one part in so many."""


def assign(rows: np.ndarray, columns: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """Choose pairs so that the sum of (cost − 1) is least; no row and no column is used twice.

    Leaving a row and a column alone costs 1 together, so a pair of cost 1 or more is never chosen.
    Solved exactly: the candidates are padded to a square (Jaqaman et al. 2008, Nature Methods 5,
    figure 1b) of which a perfect matching always exists, and solved by the sparse
    Jonker-Volgenant algorithm of scipy. Costs are rounded to 2⁻³⁰, so that its sums and differences
    are exact: with rounding errors it may turn in circles for ever where many costs are equal.

    Args:
        rows: int (k,), row of each candidate.
        columns: int (k,), column of each candidate; a pair occurs once.
        costs: float (k,), at least 0.

    Returns:
        int64 indices of the chosen candidates, ascending.

    Raises:
        ValueError: If a cost is negative or not finite.
    """
    if costs.size and not (np.isfinite(costs).all() and costs.min() >= 0):
        raise ValueError("costs must be finite and not negative")
    good = np.flatnonzero(costs < 1)
    if good.size == 0:
        return good
    used_rows, row = np.unique(rows[good], return_inverse=True)
    used_columns, column = np.unique(columns[good], return_inverse=True)
    height, width = len(used_rows), len(used_columns)
    alone_rows, alone_columns = np.arange(height), np.arange(width)
    exact = np.rint(costs[good] * FINENESS) / FINENESS
    matrix = coo_array(
        (
            # every perfect matching has height + width entries, so 1 may be added to all of them;
            # scipy drops entries that are 0
            np.concatenate([exact, np.full(height + width, 0.5), np.zeros(good.size)]) + 1,
            (
                np.concatenate([row, alone_rows, height + alone_columns, height + column]),
                np.concatenate([column, width + alone_rows, alone_columns, width + row]),
            ),
        ),
        shape=(height + width, height + width),
    ).tocsr()
    _, partner = min_weight_full_bipartite_matching(matrix)
    chosen: np.ndarray = good[partner[row] == column]
    return chosen
