import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_edt

from ctc_submit.pixels.boundary import disc, grown, shrunk
from tests.scenes import drawn

CLOSED = (False, False, False, False)


def test_discs_are_round() -> None:
    assert disc(0).tolist() == [[True]]
    np.testing.assert_array_equal(disc(1), drawn(".1.\n111\n.1.") > 0)
    assert disc(2).sum() == 13


@given(st.integers(0, 2**31), st.integers(0, 2))
def test_growing_reaches_what_is_within_the_distance(seed: int, by: int) -> None:
    mask = np.random.default_rng(seed).random((7, 9)) < 0.2
    padded = np.pad(mask, by)
    expected = distance_transform_edt(~padded) <= by if mask.any() else padded
    np.testing.assert_array_equal(grown(mask, by), expected)


@given(st.integers(0, 2**31), st.integers(0, 2))
def test_shrinking_is_growing_what_is_outside(seed: int, by: int) -> None:
    mask = np.random.default_rng(seed).random((7, 9)) < 0.8
    outside = grown(~np.pad(mask, by), by)
    expected = ~outside[2 * by : outside.shape[0] - 2 * by, 2 * by : outside.shape[1] - 2 * by]
    np.testing.assert_array_equal(shrunk(mask, by, CLOSED), expected)


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        (CLOSED, "......\n.1111.\n.1111.\n......"),
        ((True, False, False, False), ".1111.\n.1111.\n.1111.\n......"),
        ((False, True, True, False), "......\n11111.\n11111.\n11111."),
        ((True, True, True, True), "111111\n111111\n111111\n111111"),
    ],
)
def test_a_mask_goes_on_beyond_open_sides(
    sides: tuple[bool, bool, bool, bool], expected: str
) -> None:
    np.testing.assert_array_equal(shrunk(np.ones((4, 6), bool), 1, sides), drawn(expected) > 0)


def test_nothing_stays_nothing() -> None:
    assert shrunk(np.zeros((0, 0), bool), 2, CLOSED).shape == (0, 0)
    assert not grown(np.zeros((2, 2), bool), 1).any()
