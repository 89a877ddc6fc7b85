"""A pretrained network as the contracting path of a U-shaped one."""

from typing import Any, Literal, get_args

import timm
from torch import Tensor, nn

from ctc_submit.methods.backbones import LITE, fold_norms, hold_statistics, load_imagenet

EncoderName = Literal[
    "none", "tf_efficientnet_lite0", "tf_efficientnet_lite1", "tf_efficientnet_lite2", "resnet50"
]
ENCODERS = tuple(name for name in get_args(EncoderName) if name != "none")
"""Networks that can take the place of a contracting path."""

MEAN, STD = 0.449, 0.226
"""Grey value that becomes 0, and grey values that become 1: the mean of ImageNet's colours."""


class Encoder(nn.Module):
    """A classifier's features at full, half, ... and a thirty-second of the size.

    Attributes:
        channels: Features a level, finest first; the first level is the image itself.
    """

    def __init__(self, name: str) -> None:
        """Build it with random weights.

        Raises:
            ValueError: If there is no encoder of this name.
        """
        super().__init__()
        if name not in ENCODERS:
            raise ValueError(f"encoder must be one of {', '.join(ENCODERS)}, not {name!r}")
        body: Any = timm.create_model(name, features_only=True, out_indices=(0, 1, 2, 3, 4))
        if name in LITE:
            fold_norms(body)
        self.name = name
        self.channels: list[int] = [1, *body.feature_info.channels()]
        self.body = body

    def train(self, mode: bool = True) -> "Encoder":
        """Switch to training; batch normalisation keeps its statistics."""
        super().train(mode)
        hold_statistics(self)
        return self

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the levels, finest first, of float B1YX images whose sides are multiples of 32."""
        scaled = (images - MEAN) / STD
        return [scaled, *self.body(scaled.expand(-1, 3, -1, -1))]

    def pretrain(self) -> None:
        """Take ImageNet's weights.

        Raises:
            CheckpointError: If they cannot be had.
        """
        load_imagenet(self.body, self.name)
