import pytest
import torch
from torch import Tensor
from torchvision.ops import MultiScaleRoIAlign

from ctc_submit.methods.backbones import STRIDES
from ctc_submit.methods.maskrcnn.pooling import LEVELS, RegionAlign, WeightedRows

HEIGHT, WIDTH = 128, 192


def pyramid(images: int, kind: torch.dtype = torch.float32) -> dict[str, Tensor]:
    return {
        level: torch.randn(images, 6, HEIGHT // stride, WIDTH // stride)
        .to(kind)
        .contiguous(memory_format=torch.channels_last)
        .requires_grad_()
        for level, stride in zip(LEVELS, STRIDES, strict=False)
    }


def regions(count: int) -> Tensor:
    """Boxes of all sizes, some of which leave the image or have no width."""
    corner = torch.rand(count, 2) * torch.tensor([WIDTH, HEIGHT]) * 1.3 - 20
    size = torch.rand(count, 2) ** 3 * 250
    size[0] = 0
    return torch.cat([corner, corner + size], 1)


@pytest.mark.parametrize("points, samples, scale", [(7, 2, 60), (28, 1, 60.0), (14, 3, 80)])
def test_values_and_gradients_are_those_of_torchvision(
    points: int, samples: int, scale: float
) -> None:
    torch.manual_seed(0)
    features = pyramid(2)
    boxes = [regions(40), regions(25)]
    shapes = [(HEIGHT, WIDTH)] * 2
    known = MultiScaleRoIAlign(list(LEVELS), points, samples, canonical_scale=scale)
    ours = RegionAlign(points, samples, canonical_scale=scale)
    answers = [pool(features, boxes, shapes) for pool in (known, ours)]
    assert answers[1].shape == (65, 6, points, points)
    torch.testing.assert_close(answers[1], answers[0], rtol=1e-4, atol=1e-4)
    pull = torch.randn_like(answers[0])
    for level in features.values():
        gradients = [
            torch.autograd.grad((answer * pull).sum(), level, retain_graph=True)[0]
            for answer in answers
        ]
        assert gradients[0].any()
        torch.testing.assert_close(gradients[1], gradients[0], rtol=1e-3, atol=2e-3)


@pytest.mark.parametrize("counts", [(0,), (0, 3), (3, 0)])
def test_images_without_regions(counts: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    features = pyramid(len(counts))
    boxes = [regions(count) if count else torch.zeros(0, 4) for count in counts]
    pooled = RegionAlign(7, 2)(features, boxes, [(HEIGHT, WIDTH)] * len(counts))
    assert pooled.shape == (sum(counts), 6, 7, 7)
    pooled.sum().backward()
    for image, count in enumerate(counts):
        touched = any(
            level.grad[image].any() for level in features.values() if level.grad is not None
        )
        assert touched == (count > 0)


def test_it_keeps_the_type_of_the_features() -> None:
    torch.manual_seed(0)
    features = pyramid(1, torch.bfloat16)
    boxes = [regions(20)]
    pooled = RegionAlign(7, 2)(features, boxes, [(HEIGHT, WIDTH)])
    assert pooled.dtype == torch.bfloat16
    exact = {level: values.detach().float() for level, values in features.items()}
    torch.testing.assert_close(
        pooled, RegionAlign(7, 2)(exact, boxes, [(HEIGHT, WIDTH)]).to(torch.bfloat16)
    )


def test_weighted_rows_by_hand() -> None:
    table = torch.tensor([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]], requires_grad=True)
    places = torch.tensor([[0, 2], [2, 2]])
    weights = torch.tensor([[0.5, 2.0], [1.0, 0.25]])
    rows = WeightedRows.apply(table, places, weights)
    assert rows.tolist() == [[6.5, 65.0], [3.75, 37.5]]
    rows.backward(torch.tensor([[1.0, 0.0], [0.0, 4.0]]))
    assert table.grad is not None
    assert table.grad.tolist() == [[0.5, 0.0], [0.0, 0.0], [2.0, 5.0]]


def test_gradients_are_the_same_from_run_to_run() -> None:
    torch.manual_seed(0)
    boxes = [regions(60)]
    features = pyramid(1)
    found = []
    for _ in range(3):
        pooled = RegionAlign(14, 2)(features, boxes, [(HEIGHT, WIDTH)])
        found.append(torch.autograd.grad(pooled.square().sum(), features["0"])[0])
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])
