"""How label maps are drawn over their frames."""

from dataclasses import dataclass, field

from ctc_submit.errors import DataError


@dataclass(frozen=True)
class OverlaySettings:
    """How label maps are drawn.

    Raises:
        DataError: If a value is out of its range.
    """

    contour: int = field(
        default=2, metadata={"help": "Width of the contours; 0 draws none.", "unit": "pixels"}
    )
    fill: float = field(
        default=0.2, metadata={"help": "Strength of the colour inside a cell, from 0 to 1."}
    )
    labels: bool = field(default=False, metadata={"help": "Write its label on every cell."})
    raw: bool = field(default=False, metadata={"help": "Put the bare frame at the left."})
    beside: bool = field(
        default=False, metadata={"help": "Put the truth at the right, in place of its contours."}
    )
    every: int = field(
        default=1, metadata={"help": "Draw every n-th frame only.", "unit": "frames"}
    )
    speed: float = field(
        default=8.0, metadata={"help": "Speed of GIF and MP4.", "unit": "pictures a second"}
    )

    def __post_init__(self) -> None:
        """Refuse values that cannot be drawn."""
        if not 0 <= self.contour <= 100:
            raise DataError(f"--contour is {self.contour}; expected from 0 to 100 pixels")
        if not 0 <= self.fill <= 1:
            raise DataError(f"--fill is {self.fill}; expected from 0 to 1")
        if self.every < 1:
            raise DataError(f"--every is {self.every}; expected 1 or more")
        if not 0.1 <= self.speed <= 50:
            raise DataError(f"--speed is {self.speed:g}; expected from 0.1 to 50 pictures a second")
