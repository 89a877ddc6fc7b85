import itertools
import subprocess
import sys

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


ENDLESS = """
import numpy as np
from ctc_submit.track.assignment import assign
rng = np.random.default_rng(20)
shape = (rng.integers(4, 9),) * 3
one, two = (np.argwhere(rng.random(shape) < 0.6) for _ in range(2))
apart = ((one[:, None] - two[None]) ** 2).sum(-1)
share = 1 / (rng.random() * 30 + 3) ** 2
rows, columns = np.nonzero(apart <= 9)
costs = apart[rows, columns] + rng.random() * rng.integers(0, 3, len(rows)) ** 2
print(len(assign(rows, columns, costs * share)), min(len(one), len(two)))
"""


def test_costs_that_are_equal_to_the_last_bit_or_nearly() -> None:
    """Cells of one pixel on a lattice: with rounding errors scipy's solver never ends here."""
    done = subprocess.run(
        [sys.executable, "-c", ENDLESS], capture_output=True, text=True, timeout=120, check=True
    )
    chosen, most = map(int, done.stdout.split())
    assert chosen == most
