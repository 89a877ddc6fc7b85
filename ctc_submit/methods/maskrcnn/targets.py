"""What Mask R-CNN should answer: boxes and ids of the cells, and masks sampled to a region.

The label map itself is the target. A region's mask is read off it at the region's own grid, so that
no full-frame mask an instance is ever made.
"""

import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage
from torch import Tensor

SAMPLES = 2
"""Points a side at which a mask cell is read; their mean is its target, as in RoIAlign."""

UNKNOWN_SHARE = 0.5
"""A background box of which unannotated cells cover more than this share teaches nothing."""


def boxes_of(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return ids and boxes of all cells of a label map.

    Args:
        labels: Integer YX; values below 1 are no cells.

    Returns:
        ids, int32 N, ascending; boxes, float32 N4 as (x0, y0, x1, y1) in pixels, the far edge
        exclusive, so that a single pixel has width 1.
    """
    found = ndimage.find_objects(np.maximum(labels, 0))
    pairs = [(i, box) for i, box in enumerate(found, start=1) if box is not None]
    boxes = [(x.start, y.start, x.stop, y.stop) for _, (y, x) in pairs]
    ids = np.array([i for i, _ in pairs], np.int32)
    return ids, np.array(boxes, np.float32).reshape(-1, 4)


def sample_masks(labels: Tensor, ids: Tensor, boxes: Tensor, size: int) -> Tensor:
    """Read the masks of cells off the label map, each at the grid of its box.

    Args:
        labels: Integer YX label map.
        ids: The cell looked for in each box, N.
        boxes: float N4 as (x0, y0, x1, y1) in pixels; may reach beyond the frame.
        size: Mask cells a side, M.

    Returns:
        float32 NMM, the share of each mask cell that lies on the cell, 0 to 1.
    """
    rows, columns, inside = _grid(labels, boxes, size * SAMPLES)
    on_cell = (labels[rows, columns] == ids[:, None, None]) & inside
    return F.avg_pool2d(on_cell[:, None].float(), SAMPLES)[:, 0]


def sample_weights(weights: Tensor, boxes: Tensor, size: int) -> Tensor:
    """Read a weight map at the grids of boxes, as `sample_masks` reads masks; 0 beyond the frame.

    Args:
        weights: float32 YX.
        boxes: float N4 as (x0, y0, x1, y1) in pixels.
        size: Mask cells a side, M.

    Returns:
        float32 NMM, the mean weight of each mask cell.
    """
    rows, columns, inside = _grid(weights, boxes, size * SAMPLES)
    return F.avg_pool2d((weights[rows, columns] * inside)[:, None], SAMPLES)[:, 0]


def covered(area: Tensor, boxes: Tensor) -> Tensor:
    """Return the share of each box that a region covers, float32 N from 0 to 1.

    Args:
        area: bool or float YX map of the region.
        boxes: float N4 as (x0, y0, x1, y1) in pixels.
    """
    height, width = area.shape
    total = F.pad(area.double().cumsum(0).cumsum(1), (1, 0, 1, 0))
    corners = boxes.round().long()
    x0, x1 = corners[:, 0].clamp(0, width), corners[:, 2].clamp(0, width)
    y0, y1 = corners[:, 1].clamp(0, height), corners[:, 3].clamp(0, height)
    inside = total[y1, x1] - total[y0, x1] - total[y1, x0] + total[y0, x0]
    return (inside / ((x1 - x0) * (y1 - y0)).clamp(min=1)).float()


def _grid(frame: Tensor, boxes: Tensor, points: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return rows, columns (N, points, points) of evenly spread points, and which lie inside."""
    steps = (torch.arange(points, device=boxes.device) + 0.5) / points
    x = boxes[:, 0, None] + steps * (boxes[:, 2] - boxes[:, 0])[:, None]
    y = boxes[:, 1, None] + steps * (boxes[:, 3] - boxes[:, 1])[:, None]
    height, width = frame.shape
    columns, rows = x.floor().long(), y.floor().long()
    in_x = (columns >= 0) & (columns < width)
    in_y = (rows >= 0) & (rows < height)
    inside = in_y[:, :, None] & in_x[:, None, :]
    whole = rows.clamp(0, height - 1)[:, :, None].expand_as(inside)
    across = columns.clamp(0, width - 1)[:, None, :].expand_as(inside)
    return whole, across, inside
