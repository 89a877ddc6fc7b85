"""Recipes by name: the paper's, and our own."""

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from ctc_submit.errors import CtcError
from ctc_submit.train.config import TrainConfig


@dataclass(frozen=True)
class Preset:
    """Settings that take the place of the defaults.

    Attributes:
        training: Fields of `TrainConfig`.
        method: Settings of the method, each ``name=value``.
    """

    training: MappingProxyType[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    method: tuple[str, ...] = ()


RECOMMENDED = Preset()
"""The defaults themselves."""

_COMMON = {
    "weight_decay": 0.0,  # AdamW without it is Adam
    "warmup": 0,
    "clip": 0.0,
    "ema": 0.0,
    "augment": "paper",
    "holdout": 0.2,
    "patience": 5,
    "crop": 0,
    "precision": "float32",
}
_MASK_RCNN = {"learning_rate": 5e-4, "schedule": "third", "pretrained": "coco", "epochs": 20}
_UNET = {"learning_rate": 1e-3, "schedule": "constant", "pretrained": "none", "epochs": 50}

PAPER = {
    "maskrcnn": Preset(
        MappingProxyType(_COMMON | _MASK_RCNN),
        (
            "backbone=resnet50",
            "pyramid_width=256",
            "box_width=1024",
            "mask_head=plain",
            "mask_width=256",
            "mask_pool=14",
            "mask_margin=0",
            "mask_canonical=224",
            "input_mean=0.449",
            "input_std=0.226",
        ),
    ),
    "unet": Preset(MappingProxyType(_COMMON | _UNET), ("width=64",)),
}
"""Lin & Norouzi 2021, sections II, III.B and IV.A, a method.

Theirs: Mask R-CNN from pretrained weights, heads Kaiming-normal, Adam at 0.0005, ×0.1 every three
epochs; U-Net from Xavier-normal weights, Adam at 0.001; both with random horizontal flips, early
stopping, and frames shuffled and divided 80 to 20, the fifth being the validation set. The paper
is silent on epochs, patience, batch and frame size, and on the U-Net's schedule and width: those
here are ours.
"""

PRESETS = ("recommended", "paper")


def preset_named(name: str, method: str) -> Preset:
    """Return a recipe for a method.

    Raises:
        CtcError: If there is no such recipe, or it says nothing of this method.
    """
    if name not in PRESETS:
        raise CtcError(f"--preset {name}: expected one of {', '.join(PRESETS)}")
    if name == "recommended":
        return RECOMMENDED
    if method not in PAPER:
        raise CtcError(f"--preset paper: is for {' and '.join(PAPER)}, not for {method}")
    return PAPER[method]


def apply(preset: Preset, config: TrainConfig, chosen: frozenset[str]) -> TrainConfig:
    """Return settings with the recipe's values, but for those that the user chose.

    Args:
        preset: The recipe.
        config: Defaults, and what the user chose.
        chosen: Names of the fields that the user chose.
    """
    return replace(config, **{k: v for k, v in preset.training.items() if k not in chosen})
