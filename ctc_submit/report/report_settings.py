"""How a report page is made."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class ReportSettings:
    """How a report page is made."""

    frames: Literal["auto", "page", "folder"] = field(
        default="auto",
        metadata={
            "help": "Where the frames go: into the page, or into a folder beside it from which "
            "they are loaded when they are looked at; auto: into the page where all have at most "
            "100 million pixels."
        },
    )
    quality: int = field(
        default=75,
        metadata={
            "help": "Quality of the raw frames, which are shown as 8-bit JPEG; cells are exact.",
            "unit": "percent",
            "least": 1,
            "most": 100,
        },
    )
    gallery: int = field(
        default=12,
        metadata={"help": "How many of each result's worst objects are shown.", "least": 0},
    )
