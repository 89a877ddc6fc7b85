"""The contract that every segmentation method keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self, TypeVar, runtime_checkable

import numpy as np
from torch import Tensor, nn

from ctc_submit.data.instances import Instance


@dataclass(frozen=True)
class MethodConfig:
    """Settings of a method; every field has a default, help and unit, and is kept in the card.

    A setting may hold ``follows`` in its metadata: the value with which it follows the training set
    even where it was asked for. One that only `TwoStep.read` looks at may hold ``tune`` there: the
    values that tuning tries, the one with which an answer holds most first.
    """


@dataclass(frozen=True)
class CellSizes:
    """What the cells of a training set are like, for settings that follow the data.

    Attributes:
        heights: Heights of all cells' bounding boxes in pixels, float64, one a cell.
        widths: Their widths, in the same order.
        most: Cells in the fullest frame.
    """

    heights: np.ndarray
    widths: np.ndarray
    most: int


Config = TypeVar("Config", bound=MethodConfig)


def where_free(config: Config, found: Mapping[str, Any]) -> Config:
    """Let settings follow the training set; one that is not at its default was chosen and stays.

    Args:
        config: What was asked for.
        found: Settings by name, as the training set would have them.
    """
    standard = type(config)()
    free = {k: v for k, v in found.items() if getattr(config, k) == getattr(standard, k)}
    return replace(config, **free)


@runtime_checkable
class Method(Protocol):
    """A network with what it learns from and what its answers mean.

    Images are float32 B1YX, scaled by `ctc_submit.pixels.normalise`.
    """

    @property
    def net(self) -> nn.Module:
        """The network."""
        ...

    @property
    def config(self) -> MethodConfig:
        """The method's settings."""
        ...

    @classmethod
    def fitted(cls, config: MethodConfig, sizes: CellSizes) -> MethodConfig:
        """Return settings whose data-driven fields follow the training set."""
        ...

    @classmethod
    def of(cls, config: MethodConfig) -> Self:
        """Build the method with fresh random weights."""
        ...

    def pretrain(self, source: str) -> None:
        """Start from pretrained weights.

        Args:
            source: ``none``, ``imagenet``, ``coco``, or the path of a state dict or of a model.

        Raises:
            CheckpointError: If the weights cannot be had or do not fit.
        """
        ...

    @staticmethod
    def targets(labels: np.ndarray, config: Any) -> dict[str, np.ndarray]:
        """Return what the net should answer.

        It knows the settings and not the network, as other processes are sent it to prepare frames.

        Args:
            labels: Integer YX label map, 0 background; -1 where nothing is known.
            config: The method's settings.
        """
        ...

    def losses(self, images: Tensor, targets: list[dict[str, Tensor]]) -> dict[str, Tensor]:
        """Return named loss terms; their sum is minimised.

        The terms, and the calls of `over_processes` in them, are the same for every batch.

        Args:
            images: float32 B1YX.
            targets: One dictionary of `targets` an image, as tensors. In training it also holds
                ``seed``, an int64 scalar on the CPU: all that is drawn at random for the image
                follows from it, so that it does not matter which process has the image, or which
                others are in its batch.
        """
        ...

    def instances(self, image: Tensor) -> list[Instance]:
        """Return the cells of one image, best first.

        Args:
            image: float32 11YX.
        """
        ...


@runtime_checkable
class TwoStep(Method, Protocol):
    """A method whose network answers once, and whose answer can be read with other settings.

    ``instances(image)`` is ``read(answer(image), config)``.
    """

    def answer(self, image: Tensor) -> Any:
        """Return what the network says of one 11YX image, as numpy arrays.

        An answer given under some settings can be read with any that are no looser.
        """
        ...

    def read(self, answer: Any, config: MethodConfig) -> list[Instance]:
        """Return the cells of an answer under these settings, best first."""
        ...
