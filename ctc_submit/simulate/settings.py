"""What a simulated time lapse is made of."""

import math
from dataclasses import dataclass, field
from typing import Literal

from ctc_submit.errors import DataError


@dataclass(frozen=True)
class SimulationSettings:
    """Settings of one simulated time lapse.

    Raises:
        DataError: If a value is out of its range.
    """

    look: Literal["dic", "fluo"] = field(
        default="dic",
        metadata={"help": "dic: label-free, relief-shaded, 8 bit; fluo: fluorescent, 16 bit."},
    )
    frames: int = field(default=30, metadata={"help": "Length of a sequence.", "unit": "frames"})
    height: int = field(default=512, metadata={"help": "Height of a frame.", "unit": "pixels"})
    width: int = field(default=512, metadata={"help": "Width of a frame.", "unit": "pixels"})
    cells: int = field(default=12, metadata={"help": "Number of cells at the start."})
    cover: float = field(
        default=0.4,
        metadata={"help": "Part of the frame that the cells cover at the start; sets their size."},
    )
    cycle: float = field(
        default=60.0, metadata={"help": "Mean time from division to division.", "unit": "frames"}
    )
    speed: float = field(
        default=0.05, metadata={"help": "Typical way of a cell in a frame.", "unit": "cell radii"}
    )
    contrast: float = field(
        default=1.0, metadata={"help": "Contrast of the cells; below 1 is harder."}
    )
    noise: float = field(
        default=1.0, metadata={"help": "Strength of the noise; 0 is none, above 1 is harder."}
    )

    def __post_init__(self) -> None:
        """Refuse values that no sequence can have."""
        _demand(self.look in {"dic", "fluo"}, "look", self.look, "'dic' or 'fluo'")
        for name in ("frames", "height", "width"):
            value = getattr(self, name)
            _demand(1 <= value <= 100_000, name, value, "from 1 to 100000")
        _demand(0 <= self.cells <= 10_000, "cells", self.cells, "from 0 to 10000")
        _demand(0 < self.cover <= 1, "cover", self.cover, "above 0 and at most 1")
        _demand(4 <= self.cycle < math.inf, "cycle", self.cycle, "4 frames or more")
        for name in ("speed", "contrast", "noise"):
            value = getattr(self, name)
            _demand(0 <= value <= 10, name, value, "from 0 to 10")
        if self.cells and self.radius < SMALLEST_RADIUS:
            raise DataError(
                f"{self.cells} cells on {self.height}×{self.width} pixels are smaller than "
                f"{SMALLEST_RADIUS} pixels in radius; take fewer cells or larger frames"
            )

    @property
    def radius(self) -> float:
        """Radius of a disc as large as a mean cell, in pixels."""
        area = self.cover * self.height * self.width / max(self.cells, 1)
        return math.sqrt(area / math.pi)


SMALLEST_RADIUS = 2.0
"""Cells with a smaller radius (in pixels) would be single pixels after a division."""


def _demand(holds: bool, name: str, value: object, expected: str) -> None:
    if not holds:
        raise DataError(f"--{name} is {value}; expected {expected}")
