"""Opening and filling against scipy's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import binary_fill_holes, binary_opening

from ctc_submit.methods.mulux.decode import ellipse
from ctc_submit.pixels.opening import filled, opened

MASKS = st.tuples(st.integers(1, 24), st.integers(1, 24)).flatmap(lambda s: arrays(bool, s))
BLOBS = st.tuples(st.integers(0, 2**32 - 1), st.integers(4, 40), st.integers(4, 40))


@given(MASKS, st.integers(1, 14))
def test_drawn_masks_are_opened_as_by_scipy(mask: np.ndarray, diameter: int) -> None:
    disc = ellipse(diameter)
    assert (opened(mask, disc) == binary_opening(mask, disc)).all()


@given(BLOBS, st.integers(1, 14))
def test_dense_masks_are_opened_as_by_scipy(blob: tuple[int, int, int], diameter: int) -> None:
    seed, height, width = blob
    mask = np.random.default_rng(seed).random((height, width)) > 0.02
    disc = ellipse(diameter)
    assert (opened(mask, disc) == binary_opening(mask, disc)).all()


@given(MASKS)
def test_holes_are_filled_as_by_scipy(mask: np.ndarray) -> None:
    assert (filled(mask) == binary_fill_holes(mask)).all()


@pytest.mark.parametrize("value", [False, True])
def test_even_masks_stay(value: bool) -> None:
    mask = np.full((6, 9), value)
    assert (filled(mask) == value).all()
    assert (opened(mask, ellipse(3)) == value).all()


def test_a_disc_opens_to_itself_and_a_line_to_nothing() -> None:
    mask = np.zeros((40, 60), bool)
    mask[5:18, 5:18] = ellipse(13)
    mask[30, 3:57] = True
    assert opened(mask, ellipse(13)).sum() == ellipse(13).sum()


def test_a_footprint_that_is_wider_than_high_opens_as_by_scipy() -> None:
    mask = np.random.default_rng(0).random((30, 50)) > 0.1
    wide = np.zeros((3, 8), bool)
    wide[0, 2:5] = wide[1] = wide[2, 3:] = True
    assert (opened(mask, wide) == binary_opening(mask, wide)).all()
