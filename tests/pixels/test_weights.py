import math

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from ctc_submit.pixels.distance import boundary_pixels
from ctc_submit.pixels.weights import (
    WEIGHT_MAPS,
    class_balance,
    shape_aware_weights,
    unet2015_weights,
)
from tests.scenes import disc, drawn, two_touching

MAPS = pytest.mark.parametrize("name", WEIGHT_MAPS)


def crowd() -> np.ndarray:
    """Forty touching and free discs."""
    rng = np.random.default_rng(3)
    labels = np.zeros((128, 96), np.uint16)
    for label, centre in enumerate(rng.uniform((0, 0), labels.shape, (40, 2)), start=1):
        labels[disc((128, 96), (centre[0], centre[1]), 7) & (labels == 0)] = label
    return labels


def one_transform_a_cell(labels: np.ndarray) -> np.ndarray:
    """Distances to the boundary of every cell, sorted: the slow way."""
    boundary = boundary_pixels(labels)
    cells = np.unique(labels[boundary])
    return np.sort([distance_transform_edt(~(boundary & (labels == k))) for k in cells], axis=0)


def test_class_balance_by_hand() -> None:
    labels = drawn("....\n.11.\n.22.\n....")
    weights = class_balance(labels)
    assert weights.dtype == np.float32
    np.testing.assert_array_equal(weights, np.where(labels > 0, 3, 1))
    assert weights[labels > 0].sum() == weights[labels == 0].sum()


def test_equation_3_by_hand() -> None:
    labels = drawn(".......\n.11111.\n.11111.\n.11111.\n.......")
    weights = shape_aware_weights(labels)
    bell = 10 * math.exp(-1 / 50)
    assert weights.dtype == np.float32
    assert weights[1, 1] == pytest.approx(20 / 15 + 10)
    assert weights[2, 3] == pytest.approx(20 / 15 + bell)
    assert weights[0, 3] == pytest.approx(1 + bell)
    assert weights[0, 0] == pytest.approx(1 + 10 * math.exp(-2 / 50))


def test_touching_cells_have_a_ridge_between_them() -> None:
    labels = np.repeat(np.repeat(two_touching(), 8, 0), 8, 1)
    weights = shape_aware_weights(labels)
    row = weights[20, 8:56]
    assert row.argmax() in {0, 23, 24, 47}
    assert row[23] == row[24] == row[0]
    assert row[12] < row[23]


def test_equation_3_against_one_transform_a_cell() -> None:
    labels = crowd()
    distance = one_transform_a_cell(labels)[0]
    expected = class_balance(labels) + 10 * np.exp(-(distance**2) / 50)
    np.testing.assert_allclose(shape_aware_weights(labels), expected, atol=1e-5)


def test_unet2015_against_one_transform_a_cell() -> None:
    labels = crowd()
    first, second = one_transform_a_cell(labels)[:2]
    bell = 10 * np.exp(-((first + second) ** 2) / 50)
    expected = class_balance(labels) + np.where(labels == 0, bell, 0)
    np.testing.assert_allclose(unet2015_weights(labels), expected, atol=1e-5)


def test_unet2015_rises_in_gaps_only() -> None:
    labels = drawn("." * 20 + "\n" + "..111..222" + "." * 10 + "\n" + "." * 20)
    weights = unet2015_weights(labels, balance=False)
    np.testing.assert_array_equal(weights[labels > 0], 1)
    assert weights[1, 5] == pytest.approx(1 + 10 * math.exp(-9 / 50))
    assert weights[1, 19] < 1.01
    np.testing.assert_array_equal(unet2015_weights(drawn("...\n.1.\n..."), balance=False), 1)


def test_alpha_sigma_and_balance() -> None:
    labels = crowd()
    np.testing.assert_array_equal(shape_aware_weights(labels, alpha=0), class_balance(labels))
    np.testing.assert_array_equal(shape_aware_weights(labels, alpha=0, balance=False), 1)
    narrow, wide = (shape_aware_weights(labels, sigma=sigma).mean() for sigma in (1, 10))
    assert narrow < wide


def test_height_and_width_of_the_bell_in_gaps() -> None:
    labels = drawn(".......\n.1...2.\n.......")
    weights = unet2015_weights(labels, w0=4, sigma=2, balance=False)
    assert weights[1, 3] == pytest.approx(1 + 4 * math.exp(-((2 + 2) ** 2) / 8))


def test_the_boundary_map_is_equation_3_without_the_balance() -> None:
    labels = drawn(".......\n.11111.\n.11111.\n.11111.\n.......")
    weights = WEIGHT_MAPS["boundary"](labels)
    assert weights[1, 1] == pytest.approx(1 + 10)
    assert weights[2, 3] == weights[0, 3] == pytest.approx(1 + 10 * math.exp(-1 / 50))


@MAPS
@pytest.mark.parametrize("value", [0, 4])
def test_no_cells_or_no_background_weigh_1(name: str, value: int) -> None:
    np.testing.assert_array_equal(WEIGHT_MAPS[name](np.full((9, 9), value, np.uint16)), 1)


@MAPS
def test_unknown_weighs_nothing_and_counts_for_nothing(name: str) -> None:
    labels = np.pad(drawn("....\n.11.\n.11.\n....").astype(np.int32), ((0, 0), (0, 5)))
    known = WEIGHT_MAPS[name](labels[:, :4])
    labels[:, 4:] = -1
    weights = WEIGHT_MAPS[name](labels)
    np.testing.assert_array_equal(weights[:, 4:], 0)
    np.testing.assert_allclose(weights[:, :4], known)
    np.testing.assert_array_equal(WEIGHT_MAPS[name](np.full((3, 3), -1)), 0)


@MAPS
def test_extreme_frames_stay_finite(name: str) -> None:
    labels = np.zeros((200, 200), np.uint16)
    labels[0, 0] = 1
    weights = WEIGHT_MAPS[name](labels)
    assert np.isfinite(weights).all()
    assert weights.max() <= 39_999 + 10
    every = np.arange(1, 401, dtype=np.uint16).reshape(20, 20)
    assert np.isfinite(WEIGHT_MAPS[name](every)).all()
