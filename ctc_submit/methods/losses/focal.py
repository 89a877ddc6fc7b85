"""Focal Loss (Lin et al. 2017, Focal Loss for Dense Object Detection, equations 4 and 5)."""

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid

from ctc_submit.methods.losses.weighted_mean import at_least_float32, target_like, weighted_mean

GAMMA = 2.0
"""The exponent that the authors found best."""


def focal(
    logits: Tensor,
    target: Tensor,
    weights: Tensor | None = None,
    *,
    gamma: float = GAMMA,
    alpha: float | None = None,
) -> Tensor:
    """Return the mean of −α_t · (1 − p_t)^γ · log p_t.

    p_t is the probability given to the true class: p = sigmoid(logits) for y = 1, 1 − p for y = 0.

    α is off by default. The value 0.25 of the paper of origin was chosen for detectors, where
    99.9 % of the anchors are background and γ over-corrects; a mask's pixels are near balance, and
    0.25 would teach that cells count a third of what background does.

    Args:
        logits: Any shape, any float type; computed in float32 at least.
        target: 0 or 1, same shape (a y between them gives the mixture of both terms).
        weights: At least 0, same shape; 0 leaves a pixel out (Σ w·l / Σ w). None: all 1.
        gamma: γ, at least 0; 0 is cross-entropy.
        alpha: α_t is α for y = 1 and 1 − α for y = 0; None: α_t = 1.

    Returns:
        Scalar; ln 2 / 4 for logits of 0 and γ = 2, 0 where no pixel has weight.

    Raises:
        ValueError: If the shapes differ.
    """
    logits = at_least_float32(logits)
    target = target_like(target, logits)
    cross_entropy = binary_cross_entropy_with_logits(logits, target, reduction="none")
    log_missed = logsigmoid(logits) * (1 - target) + logsigmoid(-logits) * target  # log(1 − p_t)
    terms = (gamma * log_missed).exp() * cross_entropy
    if alpha is not None:
        terms = terms * (alpha * target + (1 - alpha) * (1 - target))
    return weighted_mean(terms, weights)
