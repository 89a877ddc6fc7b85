"""Settings of MU-Lux-CZ."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ctc_submit.methods.label_instances import least_area_of
from ctc_submit.methods.method import CellSizes, where_free
from ctc_submit.methods.ushape_method import UShapeConfig

OPENING_SHARE = 0.1
"""Diameter of the opening over the median cell's; gives about the 8 pixels used for HeLa cells."""


@dataclass(frozen=True)
class MuLuxConfig(UShapeConfig):
    """Architecture, loss and decoding of MU-Lux-CZ."""

    loss: Literal["weighted_mse", "balanced"] = field(
        default="weighted_mse",
        metadata={"help": "Weighted squared error, or class-balanced cross-entropy."},
    )
    shrink: float = field(
        default=70.0,
        metadata={
            "help": "A marker keeps what is deeper than 1 - this in its cell.",
            "least": 1,
            "most": 100,
            "unit": "%",
        },
    )
    marker_threshold: float = field(
        default=0.5,
        metadata={
            "help": "Least probability of a marker's pixel, 0 to 1.",
            "least": 0,
            "most": 1,
            "tune": (0.3, 0.4, 0.5, 0.6, 0.7, 0.8),
        },
    )
    mask_threshold: float = field(
        default=0.5,
        metadata={
            "help": "Least probability of a cell's pixel, 0 to 1.",
            "least": 0,
            "most": 1,
            "tune": (0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7),
        },
    )
    opening: int = field(
        default=8,
        metadata={"help": "Diameter of the opening of markers.", "least": 0, "unit": "px"},
    )
    fill_holes: bool = field(default=True, metadata={"help": "Fill the holes of a cell."})
    least_area: int = field(
        default=0,
        metadata={
            "help": "Smaller cells are dropped; 0: a tenth of the usual cell.",
            "follows": 0,
            "least": 0,
            "unit": "px",
        },
    )


def fit(config: MuLuxConfig, sizes: CellSizes) -> MuLuxConfig:
    """Let least area and opening follow the cells of the training set, where not chosen."""
    area = least_area_of(sizes)
    if area is None:
        return config
    diameter = float(np.median(np.sqrt(sizes.heights * sizes.widths)))
    opening = max(1, round(OPENING_SHARE * diameter))
    return where_free(config, {"least_area": area, "opening": opening})
