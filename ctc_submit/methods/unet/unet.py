"""U-Net behind the contract of a method."""

import logging
from typing import Self

import numpy as np
import torch
from torch import Tensor

from ctc_submit.data.instances import Instance
from ctc_submit.methods.losses.registry import LOSSES
from ctc_submit.methods.method import CellSizes, MethodConfig
from ctc_submit.methods.unet.config import UNetConfig, fit_area
from ctc_submit.methods.unet.decode import decode
from ctc_submit.methods.unet.targets import separated
from ctc_submit.methods.ushape import UShape, load_weights, stacked
from ctc_submit.pixels.weights import WEIGHT_MAPS

logger = logging.getLogger(__name__)


class UNet:
    """Cell or background, pixel by pixel; the network of Ronneberger et al. 2015."""

    def __init__(self, config: UNetConfig) -> None:
        """Build the network with Xavier-normal weights."""
        self.config = config
        net = UShape(
            width=config.width,
            depth=config.depth,
            outputs=1,
            norm=config.norm,
            scale=config.scale,
        )
        self.net = net.to(memory_format=torch.channels_last)

    @classmethod
    def of(cls, config: MethodConfig) -> Self:
        """Build the method from its settings."""
        return cls(_own(config))

    @classmethod
    def fitted(cls, config: MethodConfig, sizes: CellSizes) -> MethodConfig:
        """Return settings with a least area that follows the training set."""
        return fit_area(_own(config), sizes)

    def pretrain(self, source: str) -> None:
        """Start from a file of weights; for any other source, from Xavier-normal ones.

        Raises:
            CheckpointError: If the file cannot be read or holds another network.
        """
        if not load_weights(self.net, source) and source != "none":
            logger.warning("there is no U-Net from %s; it starts from random weights", source)

    def targets(self, labels: np.ndarray) -> dict[str, np.ndarray]:
        """Return which pixels are cell, and the weight of each.

        Args:
            labels: Integer YX; 0 background, below 0 unknown (weight 0).

        Returns:
            ``mask`` bool 1YX, cells apart by a line of background (`separated`); ``weights``
            float32 1YX, the loss's map of the label map, or 1.
        """
        weigh = WEIGHT_MAPS.get(self.config.loss)
        weights = weigh(labels) if weigh else (labels >= 0).astype(np.float32)
        return {"mask": separated(labels, self.config.gap)[None], "weights": weights[None]}

    def losses(self, images: Tensor, targets: list[dict[str, Tensor]]) -> dict[str, Tensor]:
        """Return ``mask``, the loss of all pixels of a B1YX batch."""
        mask = stacked([target["mask"] for target in targets], images)
        weights = stacked([target["weights"] for target in targets], images)
        return {"mask": LOSSES[self.config.loss](self.net(images), mask, weights)}

    def instances(self, image: Tensor) -> list[Instance]:
        """Return the cells of one 11YX image, best first."""
        return self.read(self.answer(image), self.config)

    @torch.inference_mode()
    def answer(self, image: Tensor) -> np.ndarray:
        """Return the `probabilities` of one 11YX image."""
        return self.probabilities(image)

    def read(self, answer: np.ndarray, config: MethodConfig) -> list[Instance]:
        """Return the cells of an answer, best first."""
        return decode(answer, _own(config))

    def probabilities(self, image: Tensor) -> np.ndarray:
        """Return the probability of cell of every pixel of one 11YX image, float32 YX."""
        answer: np.ndarray = self.net(image)[0, 0].float().sigmoid().cpu().numpy()
        return answer


def _own(config: MethodConfig) -> UNetConfig:
    if not isinstance(config, UNetConfig):
        raise TypeError(f"expected UNetConfig, not {type(config).__name__}")
    return config
