"""Which anchors and regions a network learns from: drawn at random, by the frame alone."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Quota:
    """How many of one frame are drawn.

    Attributes:
        most: Of cells and background together.
        cells: Of cells; what they leave goes to background.
    """

    most: int
    cells: int


ANCHORS, REGIONS = Quota(256, 128), Quota(128, 32)
"""Of region proposals and of the box and mask heads, as in torchvision's Mask R-CNN."""


@dataclass(frozen=True)
class Lots:
    """A random number from 0 to 1 for all that may be drawn of one frame; the largest are drawn.

    Attributes:
        anchors: float32 N, of each anchor.
        regions: float32 N + C, of the region that each anchor may become, and of the C true boxes.
    """

    anchors: Tensor
    regions: Tensor

    def of_regions(self, origins: Tensor) -> Tensor:
        """Return the numbers of regions, given the anchor of each, with the true boxes' behind."""
        return torch.cat([self.regions[origins], self.regions[len(self.anchors) :]])


def cast_lots(seed: Tensor | None, *, anchors: int, cells: int, device: torch.device) -> Lots:
    """Draw the numbers of one frame on the CPU, and hand them over to a device in one piece.

    They follow from the frame's seed: not from the other frames of its step, nor from the process
    or the device that has it. As every number belongs to an anchor, two runs in which rounding puts
    regions in another order still draw the same ones.

    Args:
        seed: int64 scalar on the CPU; None takes one from torch's own generator.
        anchors: How many the frame has.
        cells: How many true boxes it has.
        device: Where the numbers are needed.
    """
    seed = torch.randint(1 << 62, ()) if seed is None else seed
    generator = torch.Generator().manual_seed(int(seed))
    numbers = torch.rand(2 * anchors + cells, generator=generator).to(device, non_blocking=True)
    return Lots(numbers[:anchors], numbers[anchors:])


def drawn(classes: Tensor, lots: Tensor, quota: Quota) -> Tensor:
    """Return which of a frame's candidates are drawn; nothing is read off the device.

    Args:
        classes: N; 1 and more is a cell, 0 background, below 0 is never drawn.
        lots: float32 N.
        quota: How many.

    Returns:
        bool N.
    """
    cells = _largest(lots, classes > 0, quota.cells)
    room = quota.most - cells.sum()
    return cells | _largest(lots, classes == 0, quota.most, room)


def _largest(lots: Tensor, members: Tensor, most: int, room: Tensor | None = None) -> Tensor:
    """Return the members with the largest numbers, at most ``most`` and at most ``room``."""
    values, places = torch.where(members, lots, -1.0).topk(min(most, len(lots)))
    taken = values >= 0
    if room is not None:
        taken &= torch.arange(len(values), device=values.device) < room
    return torch.zeros_like(members).scatter_(0, places, taken)
