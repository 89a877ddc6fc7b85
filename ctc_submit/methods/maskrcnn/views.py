"""Averaging what is seen of an image in several orientations."""

import torch
from torch import Tensor
from torchvision.ops import box_iou, nms

SAME = 0.6
"""Boxes of different views with at least this IoU are of the same cell."""


def fuse(boxes: list[Tensor], scores: list[Tensor], limit: float) -> tuple[Tensor, Tensor]:
    """Join what each view found.

    Of boxes with an IoU above ``limit`` the best stays; it becomes the mean, weighted by score, of
    all that look at the same cell, and its score the mean over the views of their best, 0 where a
    view did not see it.

    Args:
        boxes: Of each view, N4, turned back.
        scores: Of each view, N.
        limit: Largest IoU of two cells.

    Returns:
        Boxes M4 and scores M, best first.
    """
    every, score = torch.cat(boxes), torch.cat(scores)
    kept = nms(every, score, limit)
    if len(boxes) == 1 or not len(kept):
        return every[kept], score[kept]
    same = (box_iou(every[kept], every) >= SAME) * score
    # a product of matrices would be taken in half precision, of which a pixel is a fraction
    mean = (same[..., None] * every).sum(1) / same.sum(1, keepdim=True)
    views = same.split([len(part) for part in boxes], 1)
    nothing = same.new_zeros(len(kept), 1)
    fused = torch.stack([torch.cat([view, nothing], 1).amax(1) for view in views]).mean(0)
    order = fused.argsort(descending=True)
    return mean[order], fused[order]
