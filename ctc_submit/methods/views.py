"""Looking at an image in several orientations."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class View:
    """One orientation of an image; each undoes itself.

    Attributes:
        down: Whether it is flipped upside down.
        across: Whether left and right are swapped.
    """

    down: bool
    across: bool

    def turn(self, images: Tensor) -> Tensor:
        """Turn images or masks, whose last axes are Y and X."""
        axes = [axis for axis, flipped in ((-2, self.down), (-1, self.across)) if flipped]
        return images.flip(axes) if axes else images

    def turn_boxes(self, boxes: Tensor, shape: tuple[float, float]) -> Tensor:
        """Turn boxes N4 (x0, y0, x1, y1) with an image of this height and width."""
        x0, y0, x1, y1 = boxes.unbind(1)
        if self.across:
            x0, x1 = shape[1] - x1, shape[1] - x0
        if self.down:
            y0, y1 = shape[0] - y1, shape[0] - y0
        return torch.stack([x0, y0, x1, y1], 1)


VIEWS = (View(False, False), View(False, True), View(True, False), View(True, True))
"""In the order in which more of them are taken: as it is, mirrored, upside down, both."""
