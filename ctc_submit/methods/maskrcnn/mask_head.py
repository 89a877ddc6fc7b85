"""A mask head that sees the whole region and keeps its detail."""

import torch.nn.functional as F
from torch import Tensor, nn


class Hourglass(nn.Module):
    """Convolutions at full, half and quarter resolution of a region, joined on the way back up.

    Four 3×3 convolutions, as in the plain head, see 9 × 9 features: enough of a region of 14 × 14,
    too little of one of 28 × 28, where what belongs to the cell is decided by what lies further
    off. Here the quarter resolution sees all of it, and the outline is drawn at the full one.
    """

    def __init__(self, inputs: int, width: int) -> None:
        """Build the head with Kaiming-normal weights.

        Args:
            inputs: Channels of the pooled features.
            width: Channels at full resolution; the coarser ones have twice as many.
        """
        super().__init__()
        self.enter = nn.Conv2d(inputs, width, 3, padding=1)
        self.down = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.quarter = nn.Conv2d(2 * width, 2 * width, 3, stride=2, padding=1)
        self.whole = nn.Conv2d(2 * width, 2 * width, 3, padding=1)
        self.rise = nn.Conv2d(2 * width, 2 * width, 3, padding=1)
        self.narrow = nn.Conv2d(2 * width, width, 3, padding=1)
        self.leave = nn.Conv2d(width, width, 3, padding=1)
        for layer in self.children():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)

    def forward(self, regions: Tensor) -> Tensor:
        """Return features of the shape of ``regions`` (N, inputs, Y, X), ``width`` channels."""
        full = F.relu(self.enter(regions))
        half = F.relu(self.down(full))
        quarter = F.relu(self.whole(F.relu(self.quarter(half))))
        half = F.relu(self.narrow(F.relu(self.rise(half + _like(quarter, half)))))
        return F.relu(self.leave(full + _like(half, full)))


def _like(coarse: Tensor, fine: Tensor) -> Tensor:
    """Enlarge features to the height and width of others."""
    return F.interpolate(coarse, size=fine.shape[-2:], mode="bilinear", align_corners=False)
