from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctc_submit.data.instances import Instance, paint
from ctc_submit.data.labels import MOST_LABELS
from ctc_submit.errors import DataError
from tests.scenes import disc, drawn


def block(top: int, left: int, height: int = 2, width: int = 3, score: float = 1.0) -> Instance:
    return Instance((top, left), np.ones((height, width), bool), score)


def test_the_first_instance_is_label_1() -> None:
    painted = paint([block(1, 1)], (4, 6))
    assert painted.dtype == np.uint16
    assert (painted == drawn("......\n.111..\n.111..\n......")).all()


def test_no_instance_leaves_an_empty_map() -> None:
    assert (paint([], (3, 5)) == np.zeros((3, 5))).all()
    assert (paint([Instance((0, 0), np.zeros((2, 2), bool), 1)], (3, 5)) == 0).all()
    assert (paint([Instance((0, 0), np.zeros((0, 0), bool), 1)], (3, 5)) == 0).all()


def test_nested_the_inner_first_keeps_both() -> None:
    painted = paint([block(2, 2, 1, 2), block(1, 1, 3, 4)], (5, 6))
    assert (painted == drawn("......\n.2222.\n.2112.\n.2222.\n......")).all()


def test_nested_the_outer_first_drops_the_inner() -> None:
    painted = paint([block(1, 1, 3, 4), block(2, 2, 1, 2), block(4, 0, 1, 1)], (5, 6))
    assert (painted == drawn("......\n.1111.\n.1111.\n.1111.\n2.....")).all()


def test_crossing_the_first_owns_the_shared_pixels() -> None:
    painted = paint([block(2, 0, 1, 5), block(0, 2, 5, 1)], (5, 5))
    assert (painted == drawn("..2..\n..2..\n11111\n..2..\n..2..")).all()


def test_identical_only_the_first_stays() -> None:
    assert (
        paint([block(0, 0), block(0, 0), block(0, 0)], (3, 4)) == paint([block(0, 0)], (3, 4))
    ).all()


def test_covered_by_several_is_dropped_without_a_gap_in_the_labels() -> None:
    painted = paint(
        [block(0, 0, 2, 2), block(0, 2, 2, 2), block(0, 1, 2, 2), block(2, 0, 1, 1)], (3, 4)
    )
    assert (painted == drawn("1122\n1122\n3...")).all()


def test_the_order_given_decides_not_the_score() -> None:
    painted = paint([block(0, 0, 1, 2, score=0.1), block(0, 0, 1, 3, score=0.9)], (1, 3))
    assert (painted == drawn("112")).all()


@pytest.mark.parametrize("top", [-9, -2, -1, 0, 1, 3, 4, 5, 50])
@pytest.mark.parametrize("left", [-9, -3, -1, 0, 2, 5, 6, 7, 50])
def test_crops_that_reach_over_the_edge(top: int, left: int) -> None:
    shape = (5, 7)
    mask = np.array([[1, 1, 0], [1, 0, 1]], bool)
    canvas = np.zeros((200, 200), np.uint16)
    canvas[60 + top : 62 + top, 60 + left : 63 + left][mask] = 1
    painted = paint([Instance((top, left), mask, 1.0)], shape)
    assert (painted == canvas[60:65, 60:67]).all()


def test_a_crop_larger_than_the_frame() -> None:
    painted = paint([Instance((-10, -10), disc((30, 30), (12, 12), 2), 1.0)], (4, 4))
    assert (painted == disc((4, 4), (2, 2), 2)).all()


def test_more_than_255_cells() -> None:
    painted = paint(
        [block(row, column, 1, 1) for row in range(20) for column in range(20)], (20, 20)
    )
    assert (painted.ravel() == np.arange(1, 401)).all()


def test_as_many_cells_as_16_bits_hold() -> None:
    pixel = np.ones((1, 1), bool)
    cells = [Instance((0, column), pixel, 1.0) for column in range(MOST_LABELS + 1)]
    painted = paint(cells[:-1], (1, MOST_LABELS + 1))
    assert painted[0, -2] == MOST_LABELS and painted[0, -1] == 0
    with pytest.raises(DataError, match=r"more than 65535 cells.*raise the score threshold"):
        paint(cells, (1, MOST_LABELS + 1))


@pytest.mark.parametrize("mask", [np.ones((2, 2), np.uint8), np.ones(4, bool)])
def test_a_mask_is_a_bool_picture(mask: np.ndarray) -> None:
    with pytest.raises(ValueError, match="a mask is bool YX, not"):
        Instance((0, 0), mask, 1.0)


@pytest.mark.parametrize(("least_free", "kept"), [(0.0, 2), (0.5, 2), (0.6, 1)])
def test_an_instance_may_have_to_keep_a_share_of_its_pixels(least_free: float, kept: int) -> None:
    halves = [block(0, 0, 2, 2), block(0, 1, 2, 2)]
    assert paint(halves, (2, 3), least_free).max() == kept


def test_instances_may_stream_in_and_are_not_changed() -> None:
    mask = np.ones((2, 2), bool)
    mask.flags.writeable = False
    assert paint((Instance((0, k), mask, 1.0) for k in range(3)), (2, 4)).max() == 3
    with pytest.raises(FrozenInstanceError):
        block(0, 0).score = 0.5  # type: ignore[misc]


@given(st.lists(st.tuples(*[st.integers(-4, 8)] * 2, *[st.integers(1, 6)] * 2), max_size=8))
def test_every_pixel_belongs_to_the_first_that_covers_it(
    boxes: list[tuple[int, int, int, int]],
) -> None:
    painted = paint([block(*box) for box in boxes], (7, 7))
    owner = np.full((7, 7), -1)
    for number, (top, left, height, width) in enumerate(boxes):
        rows, columns = np.indices((7, 7))
        inside = (
            (rows >= top) & (rows < top + height) & (columns >= left) & (columns < left + width)
        )
        owner[inside & (owner < 0)] = number
    assert ((painted > 0) == (owner >= 0)).all()
    pairs = np.unique(np.stack([owner.ravel(), painted.ravel()]), axis=1)
    kept = pairs[:, pairs[1] > 0]
    assert (kept[1] == np.arange(1, kept.shape[1] + 1)).all()
