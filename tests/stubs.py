"""A method without a network, for tests of everything around it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor, nn

from ctc_submit.checkpoint import Card
from ctc_submit.data.instances import Instance
from ctc_submit.methods.method import CellSizes, Method, MethodConfig


@dataclass(frozen=True)
class BrightConfig(MethodConfig):
    """Settings of `Bright`."""

    threshold: float = 0.5


class Bright:
    """Cells are what is bright: connected pieces above a threshold, larger ones first."""

    def __init__(self, config: BrightConfig | None = None) -> None:
        self.config = config or BrightConfig()
        self.net = nn.Linear(1, 1)

    @classmethod
    def of(cls, config: MethodConfig) -> Self:
        assert isinstance(config, BrightConfig)
        return cls(config)

    @classmethod
    def fitted(cls, config: MethodConfig, sizes: CellSizes) -> MethodConfig:
        return config

    def pretrain(self, source: str) -> None: ...

    @staticmethod
    def targets(labels: np.ndarray, config: MethodConfig) -> dict[str, np.ndarray]:
        return {"cells": (labels > 0).astype(np.float32)}

    def losses(self, images: Tensor, targets: list[dict[str, Tensor]]) -> dict[str, Tensor]:
        guess = self.net(images[..., None])[..., 0]
        truth = torch.stack([t["cells"] for t in targets])[:, None]
        return {"squares": (guess - truth).square().mean()}

    def instances(self, image: Tensor) -> list[Instance]:
        pieces, _ = ndimage.label(image[0, 0].numpy() > self.config.threshold)
        found = []
        for label, box in enumerate(ndimage.find_objects(pieces), start=1):
            mask = pieces[box] == label
            score = min(mask.sum() / 1e4, 1.0)
            found.append(Instance((box[0].start, box[1].start), mask, score))
        return sorted(found, key=lambda cell: -cell.score)


def bright_model(folder: Path) -> Callable[..., tuple[Method, Card]]:
    """Return a stand-in for `load_checkpoint` that gives `Bright`."""

    def load(model: Path, device: str = "cpu") -> tuple[Method, Card]:
        assert model == folder
        return Bright(), Card("bright", "bright", {"threshold": 0.5}, sha256="0" * 64)

    return load
