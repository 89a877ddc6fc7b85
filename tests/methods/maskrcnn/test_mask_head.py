import pytest
import torch
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads

from ctc_submit.methods.maskrcnn.config import MaskRCNNConfig
from ctc_submit.methods.maskrcnn.mask_head import Hourglass
from ctc_submit.methods.maskrcnn.net import Net


def seen_by_the_centre(head: torch.nn.Module, side: int) -> torch.Tensor:
    """Which features of a region change the answer at its centre, bool YX."""
    torch.manual_seed(0)
    region = torch.rand(1, 8, side, side, requires_grad=True)
    head(region)[0, :, side // 2, side // 2].sum().backward()
    assert region.grad is not None
    return region.grad[0].abs().sum(0) > 0


def test_the_hourglass_sees_the_whole_region() -> None:
    torch.manual_seed(0)
    assert seen_by_the_centre(Hourglass(8, 8), 28).float().mean() > 0.9


def test_the_plain_head_sees_a_tenth_of_as_fine_a_region() -> None:
    torch.manual_seed(0)
    assert seen_by_the_centre(MaskRCNNHeads(8, (8,) * 4, 1), 28).sum() <= 81


@pytest.mark.parametrize("side", [7, 14, 15, 28])
def test_it_keeps_the_region_s_size(side: int) -> None:
    assert Hourglass(8, 16)(torch.rand(3, 8, side, side)).shape == (3, 16, side, side)


def test_it_takes_no_region_at_all() -> None:
    assert Hourglass(8, 16)(torch.rand(0, 8, 28, 28)).shape == (0, 16, 28, 28)


@pytest.mark.parametrize(("kind", "pool"), [("hourglass", 28), ("plain", 14)])
def test_masks_have_twice_as_many_features(kind: str, pool: int) -> None:
    config = MaskRCNNConfig(pyramid_width=8, mask_width=8, mask_pool=pool, mask_head=kind)  # type: ignore[arg-type]
    net = Net(config).eval()
    boxes = [torch.tensor([[0.0, 0.0, 32.0, 32.0], [8.0, 8.0, 60.0, 40.0]])]
    features = net.features(torch.rand(1, 1, 64, 64))
    assert net.masks(features, boxes, (64, 64)).shape == (2, 2 * pool, 2 * pool)
