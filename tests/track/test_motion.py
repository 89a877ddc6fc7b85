"""What is expected of each cell's next step, on dots that one can think through."""

import numpy as np
import pytest

from ctc_submit.track.cells import Cells
from ctc_submit.track.motion import FEWEST, expected_steps
from ctc_submit.track.movie import Movie
from ctc_submit.track.settings import Scale

GRID = np.array([(r, c) for r in range(0, 100, 20) for c in range(0, 100, 20)], float)


def walk(*places: np.ndarray) -> tuple[Movie, np.ndarray]:
    """The same dots in every frame, each linked to itself."""
    cells = len(places[0])
    ones = np.ones(cells)
    tables = [Cells(np.arange(cells) + 1, ones, each, 50 * ones, ones > 0) for each in places]
    follows = np.arange(cells * len(places)) + cells
    follows[-cells:] = -1
    return Movie(tables, [], np.zeros((len(places), 2)), Scale((1.0, 1.0))), follows


def along(steps: np.ndarray, frames: int = 8) -> tuple[Movie, np.ndarray]:
    """Every dot of the grid takes the same step again and again."""
    return walk(*[GRID + time * steps for time in range(frames)])


def test_cells_that_flow_together_are_expected_further_on_all_of_them() -> None:
    movie, follows = along(np.tile((3.0, -1.0), (len(GRID), 1)))
    expected = expected_steps(movie, follows)
    assert np.allclose(expected[: -len(GRID)], (3, -1))


def test_cells_that_go_their_own_ways_are_expected_to_keep_to_them() -> None:
    steps = np.random.default_rng(0).normal(0, 3, GRID.shape)
    movie, follows = along(steps)
    expected = expected_steps(movie, follows)
    usual = np.linalg.norm(steps, axis=1) < np.quantile(np.linalg.norm(steps, axis=1), 0.95)
    for time in range(1, 7):
        own = expected[time * len(GRID) : (time + 1) * len(GRID)]
        assert np.allclose(own[usual], steps[usual], atol=0.3)


def test_a_cell_without_a_past_is_expected_to_go_with_its_neighbours() -> None:
    movie, follows = along(np.tile((0.0, 4.0), (len(GRID), 1)))
    follows[4 * len(GRID) + 7] = -1
    assert np.allclose(expected_steps(movie, follows)[5 * len(GRID) + 7], (0, 4))


def test_of_cells_that_jitter_no_step_is_expected() -> None:
    rng = np.random.default_rng(1)
    movie, follows = walk(*[GRID + rng.normal(0, 2, GRID.shape) for _ in range(8)])
    assert not expected_steps(movie, follows).any()


def test_of_cells_that_stand_still_no_step_is_expected() -> None:
    movie, follows = along(np.zeros_like(GRID))
    assert not expected_steps(movie, follows).any()


@pytest.mark.parametrize(("kept", "some"), [(FEWEST - 1, False), (FEWEST, True)])
def test_from_so_few_steps_nothing_is_learned(kept: int, some: bool) -> None:
    """Of all equal steps none is unusual; those of the first frame have no past."""
    movie, follows = along(np.tile((3.0, -1.0), (len(GRID), 1)), 6)
    follows[len(GRID) + kept :] = -1
    assert expected_steps(movie, follows).any() == some


def test_steps_that_double_are_expected_as_long_as_the_last() -> None:
    """A weight is at most 1: what grows once need not go on growing."""
    ways = np.random.default_rng(2).normal(0, 0.1, GRID.shape)
    movie, follows = walk(*[GRID + 2.0**time * ways for time in range(8)])
    here = slice(5 * len(GRID), 6 * len(GRID))
    lengths = np.linalg.norm(expected_steps(movie, follows)[here], axis=1)
    assert np.median(lengths / np.linalg.norm(2.0**4 * ways, axis=1)) == pytest.approx(1, abs=0.1)


def test_a_cell_that_leaps_says_nothing_of_its_neighbours() -> None:
    """The median of those around; the cell's own step is none of them."""
    places = [GRID + np.array([3.0 * time, 0.0]) for time in range(8)]
    for here in places[5:]:
        here[12, 1] += 19
    expected = expected_steps(*walk(*places))[4 * len(GRID) : 5 * len(GRID)]
    assert np.allclose(expected, (3, 0), atol=0.2)
