import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctc_submit.track.assignment import assign


def best(costs: np.ndarray) -> float:
    """Least sum of (cost - 1) over all ways to pair rows and columns, by trying them all."""
    rows, columns = costs.shape
    found = 0.0
    for count in range(1, min(rows, columns) + 1):
        for chosen in itertools.combinations(range(rows), count):
            for partners in itertools.permutations(range(columns), count):
                found = min(found, float((costs[list(chosen), list(partners)] - 1).sum()))
    return found


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**31))
def test_the_best_of_all_pairings_is_found(rows: int, columns: int, seed: int) -> None:
    costs = np.random.default_rng(seed).random((rows, columns)) * 1.5
    where = np.nonzero(np.ones_like(costs))
    chosen = assign(where[0] + 7, where[1] + 3, costs.ravel())
    assert len(set(where[0][chosen])) == len(set(where[1][chosen])) == len(chosen)
    assert np.isclose((costs.ravel()[chosen] - 1).sum(), best(costs))


def test_nothing_to_choose() -> None:
    none = np.zeros(0, int)
    assert assign(none, none, np.zeros(0)).size == 0
    assert assign(np.array([0]), np.array([0]), np.array([1.0])).size == 0


def test_a_cost_of_zero_is_a_cost() -> None:
    assert assign(np.array([0]), np.array([0]), np.array([0.0])).tolist() == [0]


@pytest.mark.parametrize("cost", [-0.1, np.nan, np.inf])
def test_impossible_costs_are_refused(cost: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        assign(np.array([0]), np.array([0]), np.array([cost]))
