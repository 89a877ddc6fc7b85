"""The two losses of MU-Lux-CZ, of marker and mask alike."""

from torch import Tensor

from ctc_submit.methods.losses.weighted_mean import at_least_float32, target_like, weighted_mean

TINY = 1e-7
"""Keeps the logarithm of a probability finite."""


def weighted_mse(logits: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return Σ w·(p - y)² / Σ w, with p = sigmoid(logits).

    The authors' nets answer with a softmax of two channels; their squared errors are equal, and
    their mean is this.

    Args:
        logits: Any shape; computed in float32 at least.
        target: y in [0, 1], same shape.
        weights: At least 0, same shape. None: all 1.
    """
    logits = at_least_float32(logits)
    target = target_like(target, logits)
    return weighted_mean((logits.sigmoid() - target) ** 2, weights)


def balanced_cross_entropy(logits: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return half the mean of -log p on foreground plus half the mean of -log(1 - p) elsewhere.

    Means are over the whole batch; without pixels of one kind, its half is left out.

    Args:
        logits: Any shape; computed in float32 at least.
        target: 0 or 1, same shape.
        weights: Only 0 (left out) or more than 0 (counts) matter. None: all count.
    """
    logits = at_least_float32(logits)
    target = target_like(target, logits)
    counts = logits.new_ones(logits.shape) if weights is None else (weights > 0).to(logits.dtype)
    cells = weighted_mean(-(logits.sigmoid() + TINY).log(), counts * target)
    ground = weighted_mean(-((-logits).sigmoid() + TINY).log(), counts * (1 - target))
    return (cells + ground) / 2


MULUX_LOSSES = {"weighted_mse": weighted_mse, "balanced": balanced_cross_entropy}
