import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ctc_submit.pixels.distance import (
    boundary_distance,
    boundary_pixels,
    two_boundary_distances,
)
from tests.scenes import disc, drawn, two_touching

MAPS = arrays(
    np.int32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(-1, 5)
)


def by_force(labels: np.ndarray) -> np.ndarray:
    """Sorted distances of every pixel to every cell's boundary: cells first, inf where none."""
    boundary = boundary_pixels(labels)
    pixels = np.argwhere(np.ones_like(boundary))
    distances = [np.full(labels.shape, np.inf)] * 2
    for cell in np.unique(labels[boundary]):
        own = np.argwhere(boundary & (labels == cell))
        apart = np.linalg.norm(pixels[:, None] - own[None], axis=-1)
        distances.append(apart.min(1).reshape(labels.shape))
    return np.sort(np.stack(distances), axis=0)


def test_a_boundary_has_two_sides_between_cells_and_one_to_the_ground() -> None:
    expected = drawn("........\n.111111.\n.1.11.1.\n.111111.\n........")
    np.testing.assert_array_equal(boundary_pixels(two_touching()), expected)


def test_frame_edge_and_unknown_region_are_no_boundary() -> None:
    labels = drawn("111.\n111.\n1111\n1111").astype(np.int32)
    labels[3, 3] = -1
    expected = drawn("..1.\n..1.\n...1\n....")
    np.testing.assert_array_equal(boundary_pixels(labels), expected)


def test_distances_by_hand() -> None:
    distance = boundary_distance(drawn("......\n.111..\n.111..\n.111.."))
    expected: list[list[float]] = [
        [2**0.5, 1, 1, 1, 2**0.5, 5**0.5],
        [1, 0, 0, 0, 1, 2],
        [1, 0, 1, 0, 1, 2],
        [1, 0, 1, 0, 1, 2],
    ]
    np.testing.assert_allclose(distance, expected)


@settings(max_examples=60, deadline=None)
@given(MAPS)
def test_exact_against_brute_force(labels: np.ndarray) -> None:
    expected = by_force(labels)
    np.testing.assert_allclose(boundary_distance(labels), expected[0], atol=1e-9)
    first, second = two_boundary_distances(labels)
    np.testing.assert_allclose(first, expected[0], atol=1e-9)
    np.testing.assert_allclose(second, expected[1], atol=1e-9)


def test_exact_for_many_cells() -> None:
    rng = np.random.default_rng(1)
    labels = np.zeros((90, 110), np.uint16)
    for label, centre in enumerate(rng.uniform((0, 0), labels.shape, (70, 2)), start=1):
        labels[disc((90, 110), (centre[0], centre[1]), 4) & (labels == 0)] = 900 * label
    expected = by_force(labels)
    first, second = two_boundary_distances(labels)
    np.testing.assert_allclose(first, expected[0], atol=1e-9)
    np.testing.assert_allclose(second, expected[1], atol=1e-9)


@pytest.mark.parametrize("value", [0, 3, -1])
def test_without_a_boundary_everything_is_infinitely_far(value: int) -> None:
    labels = np.full((3, 4), value)
    assert np.isinf(boundary_distance(labels)).all()
    assert np.isinf(two_boundary_distances(labels)).all()


def test_a_single_cell_has_no_second() -> None:
    first, second = two_boundary_distances(drawn("....\n.1..\n...."))
    assert np.isfinite(first).all()
    assert np.isinf(second).all()
