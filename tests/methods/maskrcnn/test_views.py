from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from ctc_submit.data.instances import Instance
from ctc_submit.methods.maskrcnn import maskrcnn
from ctc_submit.methods.maskrcnn.config import MaskRCNNConfig
from ctc_submit.methods.maskrcnn.maskrcnn import MaskRCNN
from ctc_submit.methods.maskrcnn.views import fuse
from ctc_submit.methods.views import VIEWS
from tests.scenes import drawn

TWO = np.ones((2, 2), np.int32)
SMALL = MaskRCNNConfig(
    pyramid_width=16,
    box_width=16,
    mask_width=16,
    mask_pool=14,
    anchor_sizes=(8, 16, 32, 64, 128),
    score_threshold=0.01,
    proposals=20,
)


@pytest.mark.parametrize("view", VIEWS)
def test_boxes_turn_with_the_image(view: object) -> None:
    scene = torch.from_numpy(drawn("......\n.11...\n.11...\n......\n......").astype(np.int32))
    turned = view.turn(scene)  # type: ignore[attr-defined]
    (box,) = view.turn_boxes(torch.tensor([[1.0, 1, 3, 3]]), (5, 6)).int().tolist()  # type: ignore[attr-defined]
    x0, y0, x1, y1 = box
    assert (turned[y0:y1, x0:x1] == 1).all()
    assert turned.sum() == 4


def test_what_all_views_see_is_averaged() -> None:
    first, second = torch.tensor([[0.0, 0, 10, 10]]), torch.tensor([[2.0, 0, 12, 10]])
    boxes, scores = fuse([first, second], [torch.tensor([0.8]), torch.tensor([0.8])], 0.5)
    assert boxes.tolist() == [[1, 0, 11, 10]]
    assert scores.tolist() == pytest.approx([0.8])


def test_boxes_are_averaged_to_fractions_of_a_pixel_in_half_precision_too() -> None:
    first = torch.tensor([[901.3, 601.8, 1001.1, 705.4]])
    with torch.autocast("cpu", torch.bfloat16):
        boxes, _ = fuse([first, first + 0.5], [torch.tensor([0.8])] * 2, 0.5)
    torch.testing.assert_close(boxes, first + 0.25, rtol=0, atol=1e-3)


def test_what_one_view_sees_counts_half() -> None:
    boxes, scores = fuse(
        [torch.tensor([[0.0, 0, 10, 10]]), torch.zeros((0, 4))],
        [torch.tensor([0.8]), torch.zeros(0)],
        0.5,
    )
    assert len(boxes) == 1
    assert scores.tolist() == pytest.approx([0.4])


def test_the_mean_of_boxes_is_weighted_by_score() -> None:
    first, second = torch.tensor([[0.0, 0, 10, 10]]), torch.tensor([[2.0, 0, 12, 10]])
    boxes, scores = fuse([first, second], [torch.tensor([0.9]), torch.tensor([0.3])], 0.5)
    assert boxes[0].tolist() == pytest.approx([0.5, 0, 10.5, 10])
    assert scores.tolist() == pytest.approx([0.6])


def test_a_view_counts_once_and_what_more_views_see_comes_first() -> None:
    twice = torch.tensor([[0.0, 0, 10, 10], [1, 0, 11, 10], [40, 40, 50, 50]])
    once = torch.tensor([[40.0, 40, 50, 50]])
    boxes, scores = fuse([twice, once], [torch.tensor([0.9, 0.6, 0.5]), torch.tensor([0.5])], 0.5)
    assert boxes[0].tolist() == [40, 40, 50, 50]
    assert scores.tolist() == pytest.approx([0.5, 0.45])


def test_one_view_is_plain_suppression() -> None:
    found = torch.tensor([[0.0, 0, 10, 10], [1, 0, 11, 10], [40, 40, 50, 50]])
    boxes, scores = fuse([found], [torch.tensor([0.5, 0.9, 0.7])], 0.5)
    assert boxes.tolist() == found[[1, 2]].tolist()
    assert scores.tolist() == pytest.approx([0.9, 0.7])


def test_nothing_is_nothing() -> None:
    nothing = [torch.zeros((0, 4))] * 2
    boxes, scores = fuse(nothing, [torch.zeros(0)] * 2, 0.5)
    assert boxes.shape == (0, 4)
    assert scores.shape == (0,)


def scaled(scale: float) -> MaskRCNN:
    torch.manual_seed(2)
    return MaskRCNN(replace(SMALL, scale=scale, loss="bce", mask_margin=0.05))


def test_a_scale_of_two_answers_as_of_a_frame_twice_as_large() -> None:
    image = torch.rand(1, 1, 64, 96, generator=torch.Generator().manual_seed(0))
    twice = F.interpolate(image, scale_factor=2.0, mode="bilinear")
    small, large = scaled(2.0), scaled(1.0)
    small.net.eval(), large.net.eval()
    one, other = small.answer(image), large.answer(twice)
    assert len(one.boxes) > 2 and one.shape == (64, 96)
    np.testing.assert_allclose(2 * one.boxes, other.boxes, atol=1e-3)
    np.testing.assert_allclose(one.masks, other.masks, atol=1e-5)


def test_a_scale_of_two_learns_as_from_a_frame_twice_as_large() -> None:
    """Cells and an unknown region alike."""
    image = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    labels = np.zeros((64, 64), np.int32)
    labels[4:24, 4:24], labels[36:60, 8:28], labels[:, 32:] = 1, 2, -1
    terms = []
    for method, seen, truth in (
        (scaled(2.0), image, labels),
        (
            scaled(1.0),
            F.interpolate(image, scale_factor=2.0, mode="bilinear"),
            np.kron(labels, TWO),
        ),
    ):
        method.net.train()
        target = {k: torch.from_numpy(v) for k, v in method.targets(truth, method.config).items()}
        losses = method.losses(seen, [target | {"seed": torch.tensor(5)}])
        terms.append({name: term.item() for name, term in losses.items()})
    # a region about half of which is unknown may count in one and not in the other
    assert terms[0].pop("class") == pytest.approx(terms[1].pop("class"), rel=0.05)
    assert terms[0] == pytest.approx(terms[1], rel=1e-3)
    assert terms[0]["mask"] > 0


def test_regions_over_unknown_cells_are_told_at_any_scale() -> None:
    unknown = torch.zeros((64, 64), dtype=torch.bool)
    unknown[:, 32:] = True
    proposals = torch.tensor([[70.0, 20, 110, 60], [34, 20, 62, 60]])  # of a frame of 128 pixels
    truth = torch.tensor([[4.0, 4, 30, 30]])
    boxes, _, classes = scaled(2.0)._choose(proposals, truth, unknown, torch.rand(3))
    assert boxes[classes == 0].tolist() == [[34, 20, 62, 60]]


def test_of_several_views_one_may_be_less_sure() -> None:
    boxes, scores = torch.tensor([[1.0, 1, 9, 9]] * 3), torch.tensor([0.5, 0.25, 0.2])
    for views, kept in ((1, 1), (2, 2)):
        method = MaskRCNN(replace(SMALL, views=views, score_threshold=0.5))  # type: ignore[arg-type]
        assert len(method._likely(boxes, scores, (20, 20))[0]) == kept


def test_boxes_are_widened_by_the_margin_on_every_side_as_far_as_the_frame() -> None:
    method = MaskRCNN(replace(SMALL, mask_margin=0.1))
    wide = method._widened(torch.tensor([[10.0, 20, 30, 60], [0, 50, 40, 70]]), (70, 42))
    assert wide.tolist() == [[8, 16, 32, 64], [0, 48, 42, 70]]


def picture(found: list[Instance], shape: tuple[int, int]) -> np.ndarray:
    total = np.zeros(shape)
    for cell in found:
        top, left = cell.corner
        height, width = cell.mask.shape
        total[top : top + height, left : left + width] += cell.mask * cell.score
    return total


@pytest.mark.parametrize("views", [1, 2, 4])
def test_averaged_views_do_not_care_for_orientation(views: Literal[1, 2, 4]) -> None:
    torch.manual_seed(3)
    method = MaskRCNN(replace(SMALL, views=views))
    method.net.eval()
    rng = np.random.default_rng(0)
    image = torch.from_numpy(rng.normal(0.5, 0.3, (1, 1, 64, 128))).float()
    straight = picture(method.instances(image), (64, 128))
    mirrored = picture(method.instances(image.flip(-1)), (64, 128))[:, ::-1]
    assert straight.any()
    same = np.isclose(straight, mirrored, atol=1e-4).mean()
    assert (same > 0.99) == (views > 1)


@pytest.mark.parametrize("views", [1, 2])
def test_masks_in_small_lots_are_the_same_masks(
    views: Literal[1, 2], monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    method = MaskRCNN(replace(SMALL, views=views))
    method.net.eval()
    image = torch.rand(1, 1, 64, 64)
    whole = method.answer(image)
    assert len(whole.masks) > 2
    monkeypatch.setattr(maskrcnn, "MASKS_AT_ONCE", 2)
    lots = method.answer(image)
    np.testing.assert_allclose(lots.masks, whole.masks, atol=1e-5)
