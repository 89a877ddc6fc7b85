"""Soft Dice loss (Milletari et al. 2016, V-Net, with plain instead of squared sums below)."""

from torch import Tensor

from ctc_submit.methods.losses.weighted_mean import at_least_float32, target_like, weighted_mean

SMOOTH = 1.0
"""Pixels added above and below: an empty target with an empty answer scores 1, not 0/0."""


def dice(logits: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return 1 − (2 Σ w·p·y + 1) / (Σ w·p + Σ w·y + 1), a mean over the items of the first axis.

    p = sigmoid(logits). The first axis counts regions or frames, each of which has its own ratio,
    so that a small cell counts as much as a large one. An item without any weight is left out.

    Args:
        logits: N first, then any axes; any float type, computed in float32 at least.
        target: y in [0, 1], same shape.
        weights: At least 0, same shape; 0 leaves a pixel out. None: all 1.

    Returns:
        Scalar in [0, 1]; 0 where no pixel has weight.

    Raises:
        ValueError: If the shapes differ.
    """
    logits = at_least_float32(logits)
    target = target_like(target, logits)
    weights = logits.new_ones(logits.shape) if weights is None else target_like(weights, logits)
    axes = tuple(range(1, logits.ndim))
    probability = logits.sigmoid()
    both = (weights * probability * target).sum(axes)
    either = (weights * (probability + target)).sum(axes)
    terms = 1 - (2 * both + SMOOTH) / (either + SMOOTH)
    return weighted_mean(terms, weights.sum(axes).gt(0))
