"""What the methods around one `UShape` network share: all but targets, losses and decoding."""

import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar, Generic, Literal, Self, TypeVar

import numpy as np
import torch
from torch import Tensor

from ctc_submit.data.instances import Instance
from ctc_submit.methods.encoder import EncoderName
from ctc_submit.methods.method import CellSizes, MethodConfig
from ctc_submit.methods.ushape import UShape, load_weights
from ctc_submit.methods.views import VIEWS

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class UShapeConfig(MethodConfig):
    """Architecture of the network."""

    width: int = field(
        default=32,
        metadata={
            "help": "Channels at full size; 64 in U-Net's and CALT-US's original.",
            "least": 1,
            "unit": "channels",
        },
    )
    depth: int = field(
        default=4,
        metadata={
            "help": "How often the size is halved; an encoder does it five times.",
            "least": 0,
        },
    )
    encoder: EncoderName = field(
        default="none",
        metadata={"help": "Pretrained contracting path in the place of the network's own."},
    )
    scale: float = field(
        default=1.0,
        metadata={
            "help": "Frames are resized by this in the network, its answer back.",
            "least": 0.1,
            "most": 8,
        },
    )
    stride: Literal[1, 2, 4] = field(
        default=1,
        metadata={
            "help": "Pixels from one answer of the network to the next; between them it is "
            "interpolated, which saves the levels that see the most pixels."
        },
    )
    views: Literal[1, 2, 4] = field(
        default=1, metadata={"help": "Orientations that are averaged; each costs its time."}
    )
    norm: Literal["group", "batch", "none"] = field(
        default="group", metadata={"help": "Normalisation of the features; none in the originals."}
    )

    def __post_init__(self) -> None:
        """Refuse a stride that the network's levels do not reach.

        Raises:
            ValueError: If it is larger than the last level's.
        """
        if self.encoder == "none" and self.stride > 1 << self.depth:
            raise ValueError(f"a depth of {self.depth} cannot end at a stride of {self.stride}")


Config = TypeVar("Config", bound=UShapeConfig)


class UShapeMethod(ABC, Generic[Config]):
    """A method whose network answers every pixel; each says what its answers mean.

    Attributes:
        kind: The class of its settings.
        title: Its name in messages.
        outputs: Values a pixel.
    """

    kind: ClassVar[type[UShapeConfig]]
    title: ClassVar[str]
    outputs: ClassVar[int]

    def __init__(self, config: Config) -> None:
        """Build the network with Xavier-normal weights."""
        self.config = config
        net = UShape(
            width=config.width,
            depth=config.depth,
            outputs=self.outputs,
            norm=config.norm,
            scale=config.scale,
            encoder=config.encoder,
            stride=config.stride,
        )
        self.net = net.to(memory_format=torch.channels_last)

    @classmethod
    def of(cls, config: MethodConfig) -> Self:
        """Build the method from its settings."""
        return cls(cls._own(config))

    @classmethod
    def fitted(cls, config: MethodConfig, sizes: CellSizes) -> MethodConfig:
        """Return settings of which some follow the training set."""
        return cls.fit(cls._own(config), sizes)

    @classmethod
    @abstractmethod
    def fit(cls, config: Config, sizes: CellSizes) -> Config:
        """Return settings of which some follow the training set."""

    def pretrain(self, source: str) -> None:
        """Start from a file of weights, an encoder from ImageNet's; otherwise from random ones.

        An encoder also starts from the body of a Mask R-CNN with this backbone.

        Raises:
            CheckpointError: If the file cannot be read or holds another network, or ImageNet's
                weights cannot be had.
        """
        if source == "imagenet" and (encoder := self.net.encoder) is not None:
            encoder.pretrain()
        elif not load_weights(self.net, source) and source != "none":
            text = "there is no %s from %s; it starts from random weights"
            logger.warning(text, self.title, source)

    def instances(self, image: Tensor) -> list[Instance]:
        """Return the cells of one 11YX image, best first."""
        return self.read(self.answer(image), self.config)

    @torch.inference_mode()
    def answer(self, image: Tensor) -> np.ndarray:
        """Return the `probabilities` of one 11YX image, the mean over its views, float32."""
        views = VIEWS[: self.config.views]
        seen = [self.probabilities(view.turn(image)) for view in views]
        turned = [view.turn(torch.from_numpy(one)) for view, one in zip(views, seen, strict=True)]
        mean: np.ndarray = torch.stack(turned).mean(0).numpy()
        return mean

    def read(self, answer: np.ndarray, config: MethodConfig) -> list[Instance]:
        """Return the cells of an answer, best first."""
        return self.decode(answer, self._own(config))

    @abstractmethod
    def probabilities(self, image: Tensor) -> np.ndarray:
        """Return what the network says of every pixel of one 11YX image, float32."""

    @abstractmethod
    def decode(self, answer: np.ndarray, config: Config) -> list[Instance]:
        """Return the cells of `probabilities`, best first."""

    @classmethod
    def _own(cls, config: MethodConfig) -> Config:
        if not isinstance(config, cls.kind):
            raise TypeError(f"expected {cls.kind.__name__}, not {type(config).__name__}")
        return config  # type: ignore[return-value]
