"""U-Net behind the contract of a method."""

import numpy as np
from torch import Tensor

from ctc_submit.data.instances import Instance
from ctc_submit.methods.losses.registry import LOSSES
from ctc_submit.methods.method import CellSizes
from ctc_submit.methods.unet.config import UNetConfig, fit_area
from ctc_submit.methods.unet.decode import decode
from ctc_submit.methods.unet.targets import separated
from ctc_submit.methods.ushape import stacked
from ctc_submit.methods.ushape_method import UShapeMethod
from ctc_submit.pixels.weights import WEIGHT_MAPS


class UNet(UShapeMethod[UNetConfig]):
    """Cell or background, pixel by pixel; the network of Ronneberger et al. 2015."""

    kind, title, outputs = UNetConfig, "U-Net", 1

    @classmethod
    def fit(cls, config: UNetConfig, sizes: CellSizes) -> UNetConfig:
        """Return settings with a least area that follows the training set."""
        return fit_area(config, sizes)

    @staticmethod
    def targets(labels: np.ndarray, config: UNetConfig) -> dict[str, np.ndarray]:
        """Return which pixels are cell, and the weight of each.

        Args:
            labels: Integer YX; 0 background, below 0 unknown (weight 0).
            config: The settings.

        Returns:
            ``mask`` bool 1YX, cells apart by a line of background (`separated`); ``weights``
            float32 1YX, the loss's map of the label map, or 1.
        """
        weigh = WEIGHT_MAPS.get(config.loss)
        weights = weigh(labels) if weigh else (labels >= 0).astype(np.float32)
        return {"mask": separated(labels, config.gap)[None], "weights": weights[None]}

    def losses(self, images: Tensor, targets: list[dict[str, Tensor]]) -> dict[str, Tensor]:
        """Return ``mask``, the loss of all pixels of a B1YX batch."""
        mask = stacked([target["mask"] for target in targets], images)
        weights = stacked([target["weights"] for target in targets], images)
        return {"mask": LOSSES[self.config.loss](self.net(images), mask, weights)}

    def decode(self, answer: np.ndarray, config: UNetConfig) -> list[Instance]:
        """Return the cells of an answer, best first."""
        return decode(answer, config)

    def probabilities(self, image: Tensor) -> np.ndarray:
        """Return the probability of cell of every pixel of one 11YX image, float32 YX."""
        answer: np.ndarray = self.net(image)[0, 0].float().sigmoid().cpu().numpy()
        return answer
