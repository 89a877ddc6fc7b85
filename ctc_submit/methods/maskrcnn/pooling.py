"""Features of regions, cut out of the pyramid: RoIAlign, quick on a CPU as well."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.ops import MultiScaleRoIAlign
from torchvision.ops.poolers import initLevelMapper

from ctc_submit.methods.backbones import STRIDES

LEVELS = ("0", "1", "2", "3")
"""The pyramid's levels that regions are cut from; the coarsest is for proposals alone."""


class RegionAlign(MultiScaleRoIAlign):  # type: ignore[misc]
    """torchvision's RoIAlign over a pyramid; on a CPU as one product with a sparse matrix.

    RoIAlign (He et al., Mask R-CNN, 2017, section 3) is linear in the features: each value it
    gives is a weighted sum of feature pixels. torchvision walks over channels and points with one
    thread on the way back. Here places and weights are listed once, and all channels of a pixel
    are added in one go, forwards and backwards: the same values up to rounding, several times
    faster (benchmarks/training_step.py).
    """

    def __init__(
        self, output_size: int, sampling_ratio: int, *, canonical_scale: float = 224
    ) -> None:
        """Set the grid of a region.

        Args:
            output_size: Points of a region's side, P.
            sampling_ratio: Samples of a point's side, of which it is the mean.
            canonical_scale: Side of the region, in image pixels, that is cut from stride 16.
        """
        super().__init__(list(LEVELS), output_size, sampling_ratio, canonical_scale=canonical_scale)
        self.points = output_size
        self.levels = initLevelMapper(2, 5, canonical_scale=canonical_scale)

    def forward(
        self, x: dict[str, Tensor], boxes: list[Tensor], image_shapes: list[tuple[int, int]]
    ) -> Tensor:
        """Return the features NCPP of all images' boxes together, in the features' own type.

        Args:
            x: The pyramid's levels, BCYX, the finest four of which are used.
            boxes: N4 of each image: x and y of the upper left, then of the lower right corner, in
                pixels of the padded images.
            image_shapes: Height and width of the padded images.
        """
        pyramid = [x[level] for level in LEVELS]
        if pyramid[0].device.type != "cpu":
            pooled: Tensor = super().forward(x, boxes, image_shapes)
            return pooled
        channels = pyramid[0].shape[1]
        places, weights = self._product([level.shape for level in pyramid], boxes)
        table = torch.cat([level.permute(0, 2, 3, 1).reshape(-1, channels) for level in pyramid])
        rows: Tensor = WeightedRows.apply(table.float(), places, weights)
        regions = rows.to(table.dtype).reshape(-1, self.points, self.points, channels)
        return regions.permute(0, 3, 1, 2)

    def _product(self, shapes: list[torch.Size], boxes: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Return places and weights of `WeightedRows` for the pyramid's pixels, level by level."""
        counts = torch.tensor([len(one) for one in boxes])
        image = torch.arange(len(boxes)).repeat_interleave(counts)
        level = self.levels(boxes)
        sides = torch.tensor([shape[-2:] for shape in shapes])
        pixels = sides.prod(1) * len(boxes)
        height, width = sides[level].unbind(1)
        first = (pixels.cumsum(0) - pixels)[level] + image * height * width
        corners = torch.cat(boxes).float() / torch.tensor(STRIDES[:4])[level, None]
        left, top, right, bottom = corners.unbind(1)
        rows, down = self._samples(top, bottom, height)
        columns, across = self._samples(left, right, width)
        places = first[:, None, None] + rows * width[:, None, None]
        places = places[:, :, None, :, None] + columns[:, None, :, None, :]
        weights = down[:, :, None, :, None] * across[:, None, :, None, :]
        shape = (len(places) * self.points**2, (2 * self.sampling_ratio) ** 2)
        return places.reshape(shape), weights.reshape(shape)

    def _samples(self, low: Tensor, high: Tensor, side: Tensor) -> tuple[Tensor, Tensor]:
        """Return the pixels that each point takes along one axis, and their weights.

        Args:
            low: float32 N, where the regions begin, in feature pixels.
            high: float32 N, where they end.
            side: int64 N, how many pixels there are.

        Returns:
            int64 and float32 N × points × (2 · samples).
        """
        samples = self.sampling_ratio
        step = (high - low).clamp(min=1) / self.points
        at = (torch.arange(self.points * samples) + 0.5) / samples
        position = low[:, None] + at * step[:, None]
        side = side[:, None]
        within = (position >= -1) & (position <= side)
        position = torch.minimum(position.clamp(min=0), (side - 1).float())
        pixel = position.long()
        part = position - pixel
        both = torch.stack([pixel, torch.minimum(pixel + 1, side - 1)], -1)
        weight = torch.stack([1 - part, part], -1) * within[..., None] / samples
        shape = (len(low), self.points, 2 * samples)
        return both.reshape(shape), weight.reshape(shape)


class WeightedRows(torch.autograd.Function):
    """Weighted sums of the rows of a table, and their gradient without a scatter."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, places: Tensor, weights: Tensor) -> Tensor:
        """Return one row for each list of places.

        Args:
            ctx: Keeps what the gradient needs.
            table: float32 R × C.
            places: int64 M × K, rows of the table.
            weights: float32 M × K.

        Returns:
            float32 M × C.
        """
        ctx.save_for_backward(places, weights)
        ctx.rows = len(table)
        return F.embedding_bag(places, table, per_sample_weights=weights, mode="sum")

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        """Return the table's gradient: each of its rows gathers from where it was taken to."""
        places, weights = ctx.saved_tensors
        every = places.flatten()
        order = every.argsort(stable=True)
        taken = torch.bincount(every, minlength=ctx.rows)
        gathered = F.embedding_bag(
            order // places.shape[1],
            gradient.contiguous(),
            taken.cumsum(0) - taken,
            per_sample_weights=weights.flatten()[order],
            mode="sum",
        )
        return gathered, None, None
