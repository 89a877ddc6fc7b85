"""Our region proposals and box losses beside torchvision's own."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torchvision.models.detection.roi_heads import fastrcnn_loss
from torchvision.models.detection.rpn import RegionProposalNetwork

from ctc_submit.methods.maskrcnn.config import MaskRCNNConfig
from ctc_submit.methods.maskrcnn.net import Net
from ctc_submit.methods.maskrcnn.region_losses import region_losses

SHAPE = (128, 192)
SMALL = MaskRCNNConfig(pyramid_width=8, box_width=8, mask_width=8, anchor_sizes=(8, 16, 32, 64, 99))


@pytest.fixture(scope="module")
def net() -> Net:
    torch.manual_seed(0)
    return Net(SMALL)


def some_answers(net: Net, images: int) -> tuple[Tensor, Tensor, list[int]]:
    """Boxes BN4, of which some are empty or outside, objectness, and anchors of every level."""
    generator = torch.Generator().manual_seed(1)
    counts = [3 * (SHAPE[0] // s) * (SHAPE[1] // s) for s in (4, 8, 16, 32, 64)]
    number = sum(counts)
    corners = torch.rand((images, number, 2), generator=generator) * 240 - 20
    sides = torch.rand((images, number, 2), generator=generator) * 60 - 4
    boxes = torch.cat([corners, corners + sides.clamp(min=0)], 2)
    objectness = torch.randn((images * number, 1), generator=generator)
    return boxes, objectness, counts


@pytest.mark.parametrize("training", [True, False])
def test_the_same_regions_are_proposed(net: Net, training: bool) -> None:
    net.train(training)
    boxes, objectness, counts = some_answers(net, 2)
    given = (boxes, objectness, [SHAPE] * 2, counts)
    ours, scores = net.rpn.filter_proposals(*given)
    theirs, expected = RegionProposalNetwork.filter_proposals(net.rpn, *given)
    for i in range(2):
        assert torch.equal(ours[i], theirs[i]) and torch.equal(scores[i], expected[i])
        assert len(ours[i]) > 100
        at = boxes[i][net.rpn.origins[i]]
        inside = at.clamp(min=0).minimum(torch.tensor([SHAPE[1], SHAPE[0]] * 2))
        assert torch.equal(inside, ours[i]), "each comes from the anchor it is said to come from"


@pytest.mark.parametrize("shape", [(64, 64), (128, 192), (320, 64)])
def test_anchors_are_counted(net: Net, shape: tuple[int, int]) -> None:
    net.eval()
    images = torch.zeros(1, 1, *shape)
    levels, _ = net.rpn.head(list(net.features(images).values()))
    assert net.anchors(shape) == sum(level[0].numel() for level in levels)


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_anchors_over_unknown_cells_teach_no_background_but_cells_stay_cells(scale: float) -> None:
    """Of the frame, before it is scaled, the right half is unknown."""
    proposals = Net(replace(SMALL, scale=scale)).rpn
    unknown = torch.zeros((64, 64), dtype=torch.bool)
    unknown[:, 32:] = True
    cell, known, hidden = [34.0, 8, 50, 24], [2.0, 40, 18, 56], [40.0, 40, 56, 56]
    anchors = scale * torch.tensor([cell, known, hidden])
    told = {"boxes": anchors[:1], "unknown": unknown, "lots": torch.rand(3)}
    (labels,), _ = proposals.assign_targets_to_anchors([anchors], [told])
    assert labels.tolist() == [1, 0, -1]


def test_the_losses_of_anchors_are_torchvision_s(net: Net) -> None:
    generator = torch.Generator().manual_seed(2)
    labels = [torch.randint(-1, 2, (40,), generator=generator).float() for _ in range(2)]
    truth = [torch.randn((40, 4), generator=generator) for _ in range(2)]
    truth[1][labels[1] <= 0] = -math.inf  # as where an image has no cell
    objectness, shifts = torch.randn((80, 1)), torch.randn((80, 4))
    ours = net.rpn.compute_loss(objectness, shifts, labels, truth)
    theirs = RegionProposalNetwork.compute_loss(net.rpn, objectness, shifts, labels, truth)
    torch.testing.assert_close(ours, theirs)


def test_the_losses_of_regions_are_torchvision_s() -> None:
    generator = torch.Generator().manual_seed(3)
    classes = [torch.randint(0, 2, (n,), generator=generator) for n in (30, 5)]
    truth = [torch.randn((n, 4), generator=generator) for n in (30, 5)]
    logits, shifts = torch.randn((35, 2)), torch.randn((35, 8))
    ours = region_losses(logits, shifts, torch.cat(classes), torch.cat(truth))
    torch.testing.assert_close(ours, fastrcnn_loss(logits, shifts, classes, truth))


def test_without_a_region_the_losses_are_zero() -> None:
    logits, shifts = torch.zeros((0, 2), requires_grad=True), torch.zeros((0, 8))
    terms = region_losses(logits, shifts, torch.zeros(0, dtype=torch.int64), torch.zeros(0, 4))
    assert [term.item() for term in terms] == [0, 0]
    torch.autograd.backward(terms[0])
