import math

import pytest
import torch
from torch import Tensor
from torchvision.ops import sigmoid_focal_loss

from ctc_submit.methods.losses.focal import focal
from ctc_submit.methods.losses.registry import LOSSES, Loss
from ctc_submit.methods.losses.shape_aware import shape_aware

LN2 = math.log(2)
ALL = pytest.mark.parametrize("name", LOSSES)


def some(shape: tuple[int, ...] = (3, 4, 5)) -> tuple[Tensor, Tensor, Tensor]:
    """Logits, target and weights in float64."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(shape, generator=generator, dtype=torch.float64)
    target = (torch.rand(shape, generator=generator) > 0.5).double()
    weights = 10 * torch.rand(shape, generator=generator, dtype=torch.float64)
    return logits, target, weights


@pytest.mark.parametrize(
    ("name", "expected"),
    [("bce", LN2), ("shape_aware", LN2), ("focal", LN2 / 4), ("balanced", LN2), ("unet2015", LN2)],
)
def test_an_undecided_net_has_a_known_loss(name: str, expected: float) -> None:
    _, target, weights = some()
    loss = LOSSES[name](torch.zeros_like(target), target, weights)
    assert loss.item() == pytest.approx(expected, rel=1e-12)


def test_values_by_hand() -> None:
    """Logit ln 3 is p = 3/4; logit −ln 4 is p = 1/5; logit 0 is p = 1/2."""
    logits = torch.tensor([math.log(3), -math.log(4), 0.0], dtype=torch.float64)
    target = torch.tensor([1.0, 1.0, 0.0], dtype=torch.float64)
    weights = torch.tensor([1.0, 3.0, 4.0], dtype=torch.float64)
    terms = [-math.log(3 / 4), -math.log(1 / 5), -math.log(1 / 2)]
    assert LOSSES["bce"](logits, target).item() == pytest.approx(sum(terms) / 3)
    expected = (1 * terms[0] + 3 * terms[1] + 4 * terms[2]) / 8
    assert shape_aware(logits, target, weights).item() == pytest.approx(expected)
    focused = [terms[0] / 16, terms[1] * 16 / 25, terms[2] / 4]
    assert focal(logits, target).item() == pytest.approx(sum(focused) / 3)
    alphas = (0.3 * focused[0] + 0.3 * focused[1] + 0.7 * focused[2]) / 3
    assert focal(logits, target, alpha=0.3).item() == pytest.approx(alphas)
    both = 2 * (3 / 4 + 1 / 5) + 1
    either = 3 / 4 + 1 / 5 + 1 / 2 + 2 + 1
    one_item = LOSSES["dice"](logits[None], target[None])
    assert one_item.item() == pytest.approx(1 - both / either)


def test_gradients_by_hand() -> None:
    """The derivative of a pixel's cross-entropy by its logit is p − y, times w / Σ w."""
    logits, target, weights = some()
    logits.requires_grad_()
    (gradient,) = torch.autograd.grad(shape_aware(logits, target, weights), logits)
    expected = weights * (logits.detach().sigmoid() - target) / weights.sum()
    torch.testing.assert_close(gradient, expected)


def test_focal_agrees_with_torchvision_and_gamma_0_with_cross_entropy() -> None:
    logits, target, weights = some()
    for alpha in (0.25, -1):
        theirs = sigmoid_focal_loss(logits, target, alpha=alpha, gamma=2, reduction="mean")
        ours = focal(logits, target, alpha=None if alpha < 0 else alpha)
        torch.testing.assert_close(ours, theirs)
    plain = focal(logits, target, weights, gamma=0)
    torch.testing.assert_close(plain, LOSSES["bce"](logits, target, weights))


@ALL
def test_gradcheck(name: str) -> None:
    logits, target, weights = some((2, 3, 3))
    logits.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: LOSSES[name](x, target, weights), (logits,))


@ALL
@pytest.mark.parametrize("factor", [7, 1e-4])
def test_only_the_ratio_of_weights_matters(name: str, factor: float) -> None:
    logits, target, weights = some()
    weights = weights.gt(5).double() if name == "dice" else weights
    factor = 1 if name == "dice" else factor
    once = LOSSES[name](logits, target, weights)
    torch.testing.assert_close(LOSSES[name](logits, target, factor * weights), once)


@ALL
def test_pixels_without_weight_do_not_count(name: str) -> None:
    logits, target, weights = some()
    weights[0] = weights[1, 0] = 0
    once = LOSSES[name](logits, target, weights)
    for place in (0, (1, 0)):
        logits[place] += 100
        target[place] = 1 - target[place]
    torch.testing.assert_close(LOSSES[name](logits, target, weights), once)


@ALL
@pytest.mark.parametrize("shape", [(2, 3, 3), (0, 3, 3)])
def test_nothing_to_learn_from_is_zero_with_zero_gradient(
    name: str, shape: tuple[int, ...]
) -> None:
    logits = torch.randn(shape, requires_grad=True)
    loss = LOSSES[name](logits, torch.zeros(shape), torch.zeros(shape))
    (gradient,) = torch.autograd.grad(loss, logits)
    assert loss.item() == 0
    assert gradient.abs().sum() == 0


@ALL
@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_float32(name: str, kind: torch.dtype) -> None:
    logits, target, weights = some((4, 64, 64))
    half = logits.to(kind)
    loss = LOSSES[name](half, target.to(kind), weights.float())
    assert loss.dtype == torch.float32
    expected = LOSSES[name](half.double(), target, weights)
    torch.testing.assert_close(loss.double(), expected, rtol=1e-4, atol=1e-6)


@ALL
@pytest.mark.parametrize("logit", [-1e4, -100.0, 100.0, 1e4])
def test_extreme_logits_stay_finite(name: str, logit: float) -> None:
    logits = torch.full((1, 2, 2), logit, requires_grad=True)
    target = torch.tensor([[[0.0, 1.0], [0.0, 1.0]]])
    loss = LOSSES[name](logits, target, torch.ones(1, 2, 2))
    (gradient,) = torch.autograd.grad(loss, logits)
    assert torch.isfinite(loss)
    assert torch.isfinite(gradient).all()


@ALL
def test_a_perfect_answer_costs_next_to_nothing(name: str) -> None:
    _, target, weights = some((2, 32, 32))
    assert LOSSES[name](40 * (2 * target - 1), target, weights) < 1e-3


@ALL
def test_targets_may_be_bool(name: str) -> None:
    logits, target, weights = some()
    expected = LOSSES[name](logits, target, weights)
    torch.testing.assert_close(LOSSES[name](logits, target.bool(), weights), expected)


@ALL
def test_shapes_that_differ_are_a_mistake(name: str) -> None:
    loss: Loss = LOSSES[name]
    with pytest.raises(ValueError, match="differ"):
        loss(torch.zeros(1, 2, 2), torch.zeros(1, 2, 3), torch.ones(1, 2, 2))
    with pytest.raises(ValueError, match="differ"):
        loss(torch.zeros(1, 2, 2), torch.zeros(1, 2, 2), torch.ones(1, 1, 2, 2))


@pytest.mark.parametrize("name", ["shape_aware", "boundary"])
def test_shape_aware_without_weights_is_a_mistake(name: str) -> None:
    with pytest.raises(ValueError, match="equation 3"):
        LOSSES[name](torch.zeros(1, 2), torch.zeros(1, 2))


def test_dice_counts_every_region_alike() -> None:
    """A small region answered well and a large one answered badly: the mean of both."""
    target = torch.zeros(2, 10, 10)
    target[0, :2, :2] = 1
    target[1] = 1
    logits = torch.where(target > 0, 50.0, -50.0)
    logits[1] = -50.0
    loss = LOSSES["dice"](logits, target)
    assert loss.item() == pytest.approx((0 + 1 - 1 / 101) / 2)


def test_dice_leaves_out_a_region_without_weight() -> None:
    logits, target, weights = some()
    weights[1] = 0
    both = LOSSES["dice"](logits[::2], target[::2], weights[::2])
    torch.testing.assert_close(LOSSES["dice"](logits, target, weights), both)
