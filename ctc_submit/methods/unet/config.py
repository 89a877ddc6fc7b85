"""Settings of U-Net."""

from dataclasses import dataclass, field
from typing import Literal

from ctc_submit.methods.label_instances import least_area_of
from ctc_submit.methods.method import CellSizes, where_free
from ctc_submit.methods.ushape_method import UShapeConfig


@dataclass(frozen=True)
class UNetConfig(UShapeConfig):
    """Architecture, loss and decoding of U-Net."""

    loss: Literal["bce", "focal", "shape_aware", "boundary", "dice", "balanced", "unet2015"] = (
        field(
            default="shape_aware",
            metadata={"help": "Loss of a pixel, with the weight map of its name."},
        )
    )
    gap: int = field(
        default=1,
        metadata={
            "help": "Half the width of the line cut between touching cells.",
            "least": 0,
            "unit": "px",
        },
    )
    threshold: float = field(
        default=0.5,
        metadata={
            "help": "Least probability of a cell's pixel, 0 to 1.",
            "least": 0,
            "most": 1,
            "tune": (0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8),
        },
    )
    fill_holes: bool = field(default=True, metadata={"help": "Fill the holes of a cell."})
    least_area: int = field(
        default=0,
        metadata={
            "help": "Smaller pieces are dropped; 0: a tenth of the usual cell.",
            "follows": 0,
            "least": 0,
            "unit": "px",
        },
    )


def fit_area(config: UNetConfig, sizes: CellSizes) -> UNetConfig:
    """Let the least area follow the cells of the training set, where it was not chosen."""
    area = least_area_of(sizes)
    return config if area is None else where_free(config, {"least_area": area})
