import numpy as np

from ctc_submit.pixels.pieces import in_one_piece
from tests.scenes import drawn


def test_only_the_largest_piece_of_a_cell_is_kept() -> None:
    scene = drawn("11.2.\n11.2.\n...3.\n1..22\n...22")
    expected = drawn("11...\n11...\n...3.\n...22\n...22")
    np.testing.assert_array_equal(in_one_piece(scene), expected)


def test_pieces_that_touch_at_a_corner_are_one() -> None:
    scene = drawn("1..\n.1.\n..1")
    np.testing.assert_array_equal(in_one_piece(scene), scene)


def test_the_map_given_stays_as_it_was() -> None:
    scene = drawn("1.1")
    in_one_piece(scene)
    assert scene.tolist() == [[1, 0, 1]]


def test_an_empty_map_stays_empty() -> None:
    assert not in_one_piece(np.zeros((3, 4), np.uint16)).any()
