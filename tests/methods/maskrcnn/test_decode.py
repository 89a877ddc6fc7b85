import numpy as np
import pytest
import torch

from ctc_submit.data.instances import paint
from ctc_submit.methods.maskrcnn.decode import crop_of, decode, largest_piece, without_holes
from ctc_submit.methods.maskrcnn.targets import boxes_of, sample_masks
from ctc_submit.score.seg import jaccards
from tests.scenes import disc, drawn


def test_a_full_mask_fills_its_box() -> None:
    corner, mask = crop_of(np.array([2.0, 3, 6, 8]), np.ones((4, 4), np.float32), (20, 20), 0.5)
    assert corner == (3, 2)
    assert mask.shape == (5, 4)
    assert mask.all()


def test_a_mask_is_read_at_the_centres_of_pixels() -> None:
    corner_cell = np.array([[1, 0], [0, 0]], np.float32)
    _, mask = crop_of(np.array([0.0, 0, 4, 4]), corner_cell, (9, 9), 0.5)
    np.testing.assert_array_equal(mask, drawn("11..\n11..\n....\n....") > 0)
    upper = np.array([[1, 1], [0, 0]], np.float32)
    _, mask = crop_of(np.array([0.0, 0, 4, 4]), upper, (9, 9), 0.5)
    np.testing.assert_array_equal(mask, drawn("1111\n1111\n....\n....") > 0)


def test_the_threshold_itself_is_enough_up_to_the_rim_of_the_box() -> None:
    box = np.array([2.25, 1.25, 7.75, 6.75])
    corner, mask = crop_of(box, np.full((2, 2), 0.5, np.float32), (9, 9), 0.5)
    assert corner == (1, 2)
    assert mask.shape == (6, 6) and mask.all()


def test_of_a_mask_the_largest_piece_without_its_holes_is_the_cell() -> None:
    mask = (drawn("111..\n1.1..\n111..\n....1\n....1") > 0).astype(np.float32)[None]
    (found,) = decode(np.array([[0.0, 0, 5, 5]]), np.ones(1), mask, (5, 5), 0.6)
    np.testing.assert_array_equal(found.mask[:3, :3], np.ones((3, 3), bool))
    assert found.mask.sum() == 9


def test_a_crop_ends_at_the_frame() -> None:
    box = np.array([-5.0, -5, 50, 50])
    corner, mask = crop_of(box, np.ones((4, 4), np.float32), (20, 30), 0.5)
    assert corner == (0, 0)
    assert mask.shape == (20, 30)


def test_a_box_outside_the_frame_gives_nothing() -> None:
    outside = np.array([[30.0, 30, 40, 40]])
    assert decode(outside, np.ones(1), np.ones((1, 4, 4), np.float32), (20, 20), 0.5) == []


@pytest.mark.parametrize(("size", "least"), [(28, 0.97), (56, 0.985)])
def test_true_boxes_and_masks_give_back_the_scene(size: int, least: float) -> None:
    """The oracle: what sampling takes away, decoding must give back, nearly."""
    scene = np.zeros((200, 240), np.int32)
    for label, (row, column, radius) in enumerate([(50, 60, 30), (110, 150, 45), (170, 40, 22)], 1):
        scene[disc((200, 240), (row, column), radius)] = label
    ids, boxes = boxes_of(scene)
    wide = boxes + np.array([-3.3, -2.1, 4.2, 2.7], np.float32)
    masks = sample_masks(
        torch.from_numpy(scene), torch.from_numpy(ids), torch.from_numpy(wide), size
    )
    found = decode(wide, np.ones(len(ids)), masks.numpy(), (200, 240), 0.5)
    assert jaccards(scene, paint(found, (200, 240))).min() > least


def test_only_the_largest_piece_is_kept() -> None:
    mask = drawn("11...\n11...\n.....\n....1\n...1.").astype(bool)
    assert largest_piece(mask).sum() == 4
    diagonal = drawn("1..\n.1.\n..1").astype(bool)
    assert largest_piece(diagonal).sum() == 3


def test_holes_are_filled_and_bays_are_not() -> None:
    ring = drawn(".111.\n11.11\n1...1\n11.11\n.111.").astype(bool)
    assert without_holes(ring).sum() == 21
    bay = drawn("111\n1..\n111").astype(bool)
    np.testing.assert_array_equal(without_holes(bay), bay)
    np.testing.assert_array_equal(without_holes(np.ones((3, 3), bool)), np.ones((3, 3), bool))
