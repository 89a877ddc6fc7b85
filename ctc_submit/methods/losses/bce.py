"""Binary cross-entropy."""

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ctc_submit.methods.losses.weighted_mean import at_least_float32, target_like, weighted_mean


def bce(logits: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the mean of −y·log p − (1 − y)·log(1 − p), with p = sigmoid(logits).

    Args:
        logits: Any shape, any float type; computed in float32 at least.
        target: y in [0, 1], same shape.
        weights: At least 0, same shape; 0 leaves a pixel out (Σ w·l / Σ w). None: all 1.

    Returns:
        Scalar; ln 2 for logits of 0, 0 where no pixel has weight.

    Raises:
        ValueError: If the shapes differ.
    """
    logits = at_least_float32(logits)
    target = target_like(target, logits)
    terms = binary_cross_entropy_with_logits(logits, target, reduction="none")
    return weighted_mean(terms, weights)
