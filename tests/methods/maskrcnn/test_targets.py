import numpy as np
import pytest
import torch

from ctc_submit.methods.maskrcnn.targets import boxes_of, covered, sample_masks, sample_weights
from tests.scenes import disc, drawn, two_touching


def test_boxes_reach_to_the_far_edge_of_the_last_pixel() -> None:
    ids, boxes = boxes_of(two_touching())
    assert ids.tolist() == [1, 2]
    assert boxes.tolist() == [[1, 1, 4, 4], [4, 1, 7, 4]]


def test_labels_may_have_gaps_and_unknown_pixels() -> None:
    labels = drawn("5..\n..9\n...").astype(np.int32)
    labels[2] = -1
    ids, boxes = boxes_of(labels)
    assert ids.tolist() == [5, 9]
    assert boxes.tolist() == [[0, 0, 1, 1], [2, 1, 3, 2]]


def test_a_frame_without_cells_has_no_boxes() -> None:
    ids, boxes = boxes_of(np.zeros((4, 4), np.int32))
    assert ids.shape == (0,)
    assert boxes.shape == (0, 4)


def test_a_mask_at_pixel_resolution_is_the_mask() -> None:
    labels = torch.from_numpy(two_touching().astype(np.int32))
    masks = sample_masks(labels, torch.tensor([1, 2]), torch.tensor([[0.0, 0, 5, 5]] * 2), 5)
    expected = two_touching()[:5, :5]
    np.testing.assert_array_equal(masks[0], expected == 1)
    np.testing.assert_array_equal(masks[1], expected == 2)


def test_a_coarse_mask_holds_shares() -> None:
    labels = torch.from_numpy(drawn("1...\n....\n....\n....").astype(np.int32))
    mask = sample_masks(labels, torch.tensor([1]), torch.tensor([[0.0, 0, 4, 4]]), 2)
    assert mask[0].tolist() == [[0.25, 0], [0, 0]]


def test_beyond_the_frame_there_is_no_cell_and_no_weight() -> None:
    labels = torch.ones((4, 4), dtype=torch.int32)
    box = torch.tensor([[-4.0, -4, 4, 4]])
    assert sample_masks(labels, torch.tensor([1]), box, 2)[0].tolist() == [[0, 0], [0, 1]]
    assert sample_weights(torch.full((4, 4), 3.0), box, 2)[0].tolist() == [[0, 0], [0, 3]]


def test_weights_are_read_where_masks_are() -> None:
    """A cell's mask and a weight map that is 1 on this cell alone are the same."""
    labels = torch.from_numpy(two_touching().astype(np.int32))
    boxes = torch.tensor([[0.5, 0, 4.25, 5], [1, -1.5, 9, 4]])
    masks = sample_masks(labels, torch.tensor([1, 1]), boxes, 7)
    weights = sample_weights((labels == 1).float(), boxes, 7)
    torch.testing.assert_close(weights, masks)
    assert 0 < masks.mean() < 1


def test_a_mask_keeps_its_area() -> None:
    cell = disc((100, 120), (50, 60), 30)
    labels = torch.from_numpy(cell.astype(np.int32))
    _, boxes = boxes_of(cell.astype(np.int32))
    mask = sample_masks(labels, torch.tensor([1]), torch.from_numpy(boxes), 56)[0]
    side = boxes[0, 2] - boxes[0, 0]
    assert float(mask.mean()) * side**2 == pytest.approx(cell.sum(), rel=0.02)


def test_the_covered_share_of_a_box() -> None:
    area = torch.zeros((10, 10), dtype=torch.bool)
    area[:, :5] = True
    boxes = torch.tensor([[0.0, 0, 5, 5], [0, 0, 10, 10], [5, 0, 10, 10], [-5, -5, 20, 20]])
    assert covered(area, boxes).tolist() == [1, 0.5, 0, 0.5]
    assert covered(area, torch.tensor([[3.6, 0, 5.6, 2], [3.4, 0, 5.4, 2]])).tolist() == [0.5, 1]
