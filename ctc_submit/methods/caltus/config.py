"""Settings of CALT-US."""

from dataclasses import dataclass, field
from typing import Literal

from ctc_submit.methods.label_instances import least_area_of
from ctc_submit.methods.method import CellSizes, where_free
from ctc_submit.methods.ushape_method import UShapeConfig


@dataclass(frozen=True)
class CaltUsConfig(UShapeConfig):
    """Architecture, loss and decoding of CALT-US."""

    lambda_j: float = field(
        default=0.05,
        metadata={"help": "Weight of Youden's J in the loss; 0: cross-entropy alone.", "least": 0},
    )
    touching: int = field(
        default=1,
        metadata={"help": "Shared borders are widened by this.", "least": 0, "unit": "px"},
    )
    gap: int = field(
        default=7,
        metadata={"help": "Slits up to twice this wide are gaps.", "least": 0, "unit": "px"},
    )
    turns: bool = field(
        default=False,
        metadata={"help": "Average over quarter turns; theirs does, at 4 times the cost."},
    )
    decoding: Literal["map", "th", "wts"] = field(
        default="map",
        metadata={
            "help": "Most probable class, thresholds, or watershed from sure cells.",
            "tune": ("map", "th", "wts"),
        },
    )
    adaptive_area: float = field(
        default=0.1,
        metadata={
            "help": "Cells below this share of a frame's mean area are dropped.",
            "least": 0,
            "most": 1,
        },
    )
    fill_holes: bool = field(default=False, metadata={"help": "Fill the holes of a cell."})
    least_area: int = field(
        default=0,
        metadata={
            "help": "Smaller cells are dropped; 0: a tenth of the usual cell.",
            "follows": 0,
            "least": 0,
            "unit": "px",
        },
    )


def fit(config: CaltUsConfig, sizes: CellSizes) -> CaltUsConfig:
    """Let the least area follow the cells of the training set, where it was not chosen."""
    area = least_area_of(sizes)
    return config if area is None else where_free(config, {"least_area": area})
