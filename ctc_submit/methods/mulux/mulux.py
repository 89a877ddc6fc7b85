"""MU-Lux-CZ behind the contract of a method."""

import logging
from typing import Self

import numpy as np
import torch
from torch import Tensor

from ctc_submit.data.instances import Instance
from ctc_submit.methods.method import CellSizes, MethodConfig
from ctc_submit.methods.mulux.config import MuLuxConfig, fit
from ctc_submit.methods.mulux.decode import decode
from ctc_submit.methods.mulux.loss import MULUX_LOSSES
from ctc_submit.methods.mulux.targets import markers, proximity_weights, smoothed
from ctc_submit.methods.ushape import UShape, load_weights, stacked

logger = logging.getLogger(__name__)


class MuLux:
    """Markers say how many cells there are, the mask says how far they go."""

    def __init__(self, config: MuLuxConfig) -> None:
        """Build the network, one trunk with two outputs, with random weights."""
        self.config = config
        net = UShape(
            width=config.width,
            depth=config.depth,
            outputs=2,
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
        """Return settings with opening and least area that follow the training set."""
        return fit(_own(config), sizes)

    def pretrain(self, source: str) -> None:
        """Start from a file of weights; for any other source, from Xavier-normal ones.

        Raises:
            CheckpointError: If the file cannot be read or holds another network.
        """
        if not load_weights(self.net, source) and source != "none":
            logger.warning("there is no MU-Lux-CZ from %s; it starts from random weights", source)

    def targets(self, labels: np.ndarray) -> dict[str, np.ndarray]:
        """Return markers and mask, and how much each pixel counts.

        Args:
            labels: Integer YX; 0 background, below 0 unknown (weight 0).

        Returns:
            ``maps`` bool 2YX, markers and mask; ``weights`` float32 1YX.
        """
        marked = markers(labels, self.config.shrink)
        if self.config.loss == "weighted_mse":
            weights = proximity_weights(labels)
        else:
            weights = (labels >= 0).astype(np.float32)
        return {"maps": np.stack([marked, smoothed(labels > 0)]), "weights": weights[None]}

    def losses(self, images: Tensor, targets: list[dict[str, Tensor]]) -> dict[str, Tensor]:
        """Return ``markers`` and ``mask`` of a B1YX batch."""
        maps = stacked([target["maps"] for target in targets], images)
        weights = stacked([target["weights"] for target in targets], images)[:, 0]
        logits = self.net(images)
        loss = MULUX_LOSSES[self.config.loss]
        return {
            name: loss(logits[:, channel], maps[:, channel], weights)
            for channel, name in enumerate(("markers", "mask"))
        }

    def instances(self, image: Tensor) -> list[Instance]:
        """Return the cells of one 11YX image, best first."""
        return self.read(self.answer(image), self.config)

    @torch.inference_mode()
    def answer(self, image: Tensor) -> np.ndarray:
        """Return the `probabilities` of one 11YX image."""
        return self.probabilities(image)

    def read(self, answer: np.ndarray, config: MethodConfig) -> list[Instance]:
        """Return the cells of an answer, best first."""
        return decode(answer[0], answer[1], _own(config))

    def probabilities(self, image: Tensor) -> np.ndarray:
        """Return the probabilities of marker and of cell of one 11YX image, float32 2YX."""
        answer: np.ndarray = self.net(image)[0].float().sigmoid().cpu().numpy()
        return answer


def _own(config: MethodConfig) -> MuLuxConfig:
    if not isinstance(config, MuLuxConfig):
        raise TypeError(f"expected MuLuxConfig, not {type(config).__name__}")
    return config
