"""The losses of boxes: what they hold, and where exactly they lie.

As torchvision's, but divided by the number of boxes of a step's frames in all processes.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from ctc_submit.methods.losses.over_processes import over_processes

BETA = 1 / 9
"""Box shifts below this have a squared loss, larger ones an absolute one."""


def anchor_losses(
    objectness: Tensor, shifts: Tensor, classes: Tensor, truth: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the losses of objectness and of box shifts, of the anchors that were drawn.

    Args:
        objectness: Logits, float32 N, of all images' anchors together.
        shifts: float32 N4.
        classes: N; 1 cell, 0 background, below 0 not drawn.
        truth: What the shifts of cells should be, float32 N4.
    """
    drawn = (classes >= 0).nonzero()[:, 0]
    cells = (classes > 0).nonzero()[:, 0]
    return _means(
        F.binary_cross_entropy_with_logits(
            objectness[drawn], classes[drawn].to(objectness.dtype), reduction="none"
        ),
        F.smooth_l1_loss(shifts[cells], truth[cells], beta=BETA, reduction="none"),
    )


def region_losses(
    logits: Tensor, shifts: Tensor, classes: Tensor, truth: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the losses of classes and of box shifts, of the regions that were drawn.

    Args:
        logits: float32 NC, of all images' regions together.
        shifts: float32 N(4·C), four for each class.
        classes: int64 N, 0 background.
        truth: What the shifts of cells should be, float32 N4.
    """
    cells = (classes > 0).nonzero()[:, 0]
    own = shifts.reshape(len(classes), logits.shape[1], 4)[cells, classes[cells]]
    return _means(
        F.cross_entropy(logits, classes, reduction="none"),
        F.smooth_l1_loss(own, truth[cells], beta=BETA, reduction="none"),
    )


def _means(kinds: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
    """Divide the sums of both terms by how many boxes there are; 0 where there is none."""
    sums = torch.stack([kinds.sum(), places.sum(), torch.ones_like(kinds).sum()])
    kind, place, number = over_processes(sums).unbind()
    number = number.clamp_min(1)
    return kind / number, place / number
