"""What the figures show."""

from dataclasses import dataclass, field

from ctc_submit.errors import DataError
from ctc_submit.pixels.weights import ALPHA, SIGMA


@dataclass(frozen=True)
class FiguresConfig:
    """What the figures show.

    Raises:
        DataError: If a value is out of its range.
    """

    sigma: tuple[float, ...] = field(
        default=(2.0, SIGMA, 10.0, 20.0),
        metadata={"help": "σ of a weight map in figure 2; can be repeated.", "unit": "px"},
    )
    alpha: tuple[float, ...] = field(
        default=(1.0, 5.0, ALPHA, 20.0),
        metadata={"help": "α of a weight map in figure 3; can be repeated."},
    )
    contour: int = field(
        default=2, metadata={"help": "Width of the cells' contours.", "unit": "px"}
    )
    dpi: int = field(
        default=200, metadata={"help": "Resolution of the PNG files.", "unit": "dots an inch"}
    )

    def __post_init__(self) -> None:
        """Refuse values that cannot be drawn."""
        if any(sigma <= 0 for sigma in self.sigma):
            raise DataError(f"--sigma is {min(self.sigma):g}; expected more than 0 pixels")
        if any(alpha < 0 for alpha in self.alpha):
            raise DataError(f"--alpha is {min(self.alpha):g}; expected 0 or more")
        if not 0 <= self.contour <= 100:
            raise DataError(f"--contour is {self.contour}; expected from 0 to 100 pixels")
        if not 30 <= self.dpi <= 1200:
            raise DataError(f"--dpi is {self.dpi}; expected from 30 to 1200")
