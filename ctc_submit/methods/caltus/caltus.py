"""CALT-US behind the contract of a method."""

import numpy as np
import torch
from torch import Tensor

from ctc_submit.data.instances import Instance
from ctc_submit.methods.caltus.config import CaltUsConfig, fit
from ctc_submit.methods.caltus.decode import decode
from ctc_submit.methods.caltus.loss import cross_entropy, j_regularisation
from ctc_submit.methods.caltus.targets import CLASSES, classes_of
from ctc_submit.methods.method import CellSizes
from ctc_submit.methods.ushape import stacked
from ctc_submit.methods.ushape_method import UShapeMethod


class CaltUs(UShapeMethod[CaltUsConfig]):
    """Touching and gap are classes of their own, resolved to cell or background afterwards."""

    kind, title, outputs = CaltUsConfig, "CALT-US", CLASSES

    @classmethod
    def fit(cls, config: CaltUsConfig, sizes: CellSizes) -> CaltUsConfig:
        """Return settings with a least area that follows the training set."""
        return fit(config, sizes)

    @staticmethod
    def targets(labels: np.ndarray, config: CaltUsConfig) -> dict[str, np.ndarray]:
        """Return the class of every pixel, and which pixels count.

        Args:
            labels: Integer YX; 0 background, below 0 unknown (does not count).
            config: The settings.

        Returns:
            ``classes`` int64 1YX, 0 to 3; ``weights`` float32 1YX, 0 or 1.
        """
        classes = classes_of(labels, touching=config.touching, gap=config.gap)
        return {"classes": classes[None], "weights": (labels >= 0).astype(np.float32)[None]}

    def losses(self, images: Tensor, targets: list[dict[str, Tensor]]) -> dict[str, Tensor]:
        """Return ``cross_entropy`` and ``youden`` of a B1YX batch."""
        classes = stacked([target["classes"] for target in targets], images)[:, 0]
        known = stacked([target["weights"] for target in targets], images)[:, 0]
        logits = self.net(images)
        terms = {"cross_entropy": cross_entropy(logits, classes, known)}
        if self.config.lambda_j:
            youden = j_regularisation(logits, classes, known)
            terms["youden"] = self.config.lambda_j * youden
        return terms

    def decode(self, answer: np.ndarray, config: CaltUsConfig) -> list[Instance]:
        """Return the cells of an answer, best first."""
        return decode(answer, config)

    def probabilities(self, image: Tensor) -> np.ndarray:
        """Return the class probabilities of one 11YX image, float32 4YX.

        With ``turns``, logits are averaged over the four quarter turns before the softmax.
        """
        quarters = range(4 if self.config.turns else 1)
        answers = [self.net(image.rot90(k, (2, 3))).float().rot90(-k, (2, 3)) for k in quarters]
        mean = torch.stack(answers).mean(0)[0]
        probabilities: np.ndarray = mean.softmax(0).cpu().numpy()
        return probabilities
