"""Cross-entropy with Youden's J statistic as a regulariser (arXiv 1910.09783)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ctc_submit.methods.losses.over_processes import over_processes
from ctc_submit.methods.losses.weighted_mean import at_least_float32, weighted_mean

TINY = 1e-8
"""Keeps the logarithm of J = -1 finite."""


def cross_entropy(logits: Tensor, classes: Tensor, known: Tensor) -> Tensor:
    """Return the mean of -log p of the true class.

    Args:
        logits: BCYX; computed in float32 at least.
        classes: int64 BYX, 0 to C - 1.
        known: BYX, 0 where a pixel is left out.
    """
    terms = F.cross_entropy(at_least_float32(logits), classes, reduction="none")
    return weighted_mean(terms, known)


def j_regularisation(logits: Tensor, classes: Tensor, known: Tensor) -> Tensor:
    """Return -Σ log(½ + ½·J_ik) over ordered pairs of different classes i, k.

    J_ik = T_i - F_ik, the mean of p_i over the pixels of class i less that over the pixels of class
    k: soft rates of true and false positives, in the batch and over all processes. Pairs with an
    absent class are left out. 0 for a perfect answer, ln 2 a pair for an undecided one.

    Args:
        logits: BCYX; computed in float32 at least.
        classes: int64 BYX, 0 to C - 1.
        known: BYX, 0 where a pixel is left out.
    """
    number = logits.shape[1]
    probabilities = at_least_float32(logits).softmax(1).movedim(1, -1).reshape(-1, number)
    members = F.one_hot(classes, number).reshape(-1, number).to(probabilities.dtype)
    members = members * (known.reshape(-1, 1) > 0)
    counts = over_processes(members.sum(0))
    with torch.autocast(logits.device.type, enabled=False):  # half precision ends at 65,504
        sums = probabilities.T @ members
    rates = over_processes(sums) / counts.clamp_min(1)
    youden = rates.diagonal()[:, None] - rates
    present = counts > 0
    pairs = present[:, None] & present & ~torch.eye(number, dtype=torch.bool, device=counts.device)
    return -(0.5 + 0.5 * youden[pairs] + TINY).clamp_min(TINY).log().sum()
