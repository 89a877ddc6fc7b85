"""MU-Lux-CZ behind the contract of a method."""

import numpy as np
from torch import Tensor

from ctc_submit.data.instances import Instance
from ctc_submit.methods.method import CellSizes
from ctc_submit.methods.mulux.config import MuLuxConfig, fit
from ctc_submit.methods.mulux.decode import decode
from ctc_submit.methods.mulux.loss import MULUX_LOSSES
from ctc_submit.methods.mulux.targets import markers, proximity_weights, smoothed
from ctc_submit.methods.ushape import stacked
from ctc_submit.methods.ushape_method import UShapeMethod


class MuLux(UShapeMethod[MuLuxConfig]):
    """Markers say how many cells there are, the mask says how far they go."""

    kind, title, outputs = MuLuxConfig, "MU-Lux-CZ", 2

    @classmethod
    def fit(cls, config: MuLuxConfig, sizes: CellSizes) -> MuLuxConfig:
        """Return settings with opening and least area that follow the training set."""
        return fit(config, sizes)

    @staticmethod
    def targets(labels: np.ndarray, config: MuLuxConfig) -> dict[str, np.ndarray]:
        """Return markers and mask, and how much each pixel counts.

        Args:
            labels: Integer YX; 0 background, below 0 unknown (weight 0).
            config: The settings.

        Returns:
            ``maps`` bool 2YX, markers and mask; ``weights`` float32 1YX.
        """
        marked = markers(labels, config.shrink)
        if config.loss == "weighted_mse":
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

    def decode(self, answer: np.ndarray, config: MuLuxConfig) -> list[Instance]:
        """Return the cells of an answer, best first."""
        return decode(answer[0], answer[1], config)

    def probabilities(self, image: Tensor) -> np.ndarray:
        """Return the probabilities of marker and of cell of one 11YX image, float32 2YX."""
        answer: np.ndarray = self.net(image)[0].float().sigmoid().cpu().numpy()
        return answer
