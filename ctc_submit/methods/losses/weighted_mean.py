"""How the pixels' terms become one number: the normalisation that all losses here share."""

import torch
from torch import Tensor

from ctc_submit.methods.losses.over_processes import over_processes


def at_least_float32(logits: Tensor) -> Tensor:
    """Return the logits in float32, or unchanged where they are float64.

    In half precision a confident pixel's loss is rounded to 0 (fp16 knows nothing between 1 and
    1.001), and a sum over a frame overflows; so no loss is computed in it.
    """
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def weighted_mean(terms: Tensor, weights: Tensor | None) -> Tensor:
    """Return Σ w·l / Σ w over all elements, and over all processes that learn together.

    Args:
        terms: l, the loss of every pixel, any shape, float32 or float64.
        weights: w, at least 0, of the same shape; 0 leaves a pixel out. None: all 1.

    Returns:
        Scalar; 0, with gradient 0, where no pixel has weight.

    Raises:
        ValueError: If the shapes differ.
    """
    if weights is None:
        weights = torch.ones_like(terms)
    _same_shape("weights", weights, terms)
    weights = weights.to(terms.dtype)
    total = over_processes(weights.sum())
    whole = over_processes((weights * terms).sum())
    return whole / torch.where(total > 0, total, torch.ones_like(total))


def target_like(target: Tensor, logits: Tensor) -> Tensor:
    """Return the target in the logits' data type.

    Raises:
        ValueError: If the shapes differ.
    """
    _same_shape("target", target, logits)
    return target.to(logits.dtype)


def _same_shape(name: str, given: Tensor, expected: Tensor) -> None:
    if given.shape != expected.shape:
        raise ValueError(f"{name} {tuple(given.shape)} and logits {tuple(expected.shape)} differ")
