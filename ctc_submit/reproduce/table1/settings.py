"""What is asked of the table."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Table1Config:
    """How long and how every row is trained; all of it is kept with each number."""

    minutes: float = field(
        default=30.0,
        metadata={
            "help": "Training of one row on one data set, protocol and seed; epochs follow from "
            "the measured step.",
            "least": 0.001,
            "unit": "min",
        },
    )
    epochs: int = field(
        default=0,
        metadata={
            "help": "This many instead, whatever they take: fairer where others use the machine "
            "too; 0: as --minutes hold.",
            "least": 0,
        },
    )
    batch: int = field(
        default=0,
        metadata={
            "help": "Frames a step; 0: four, as every row has it.",
            "least": 0,
            "unit": "frames",
        },
    )
    held_out: float = field(
        default=0.2,
        metadata={
            "help": "Share of the training frames that is scored where test frames have no masks.",
            "least": 0.01,
            "most": 0.9,
        },
    )
    width: int = field(
        default=16,
        metadata={"help": "Of the U-shaped networks at full size.", "least": 1, "unit": "channels"},
    )
    scale: float = field(
        default=0.5,
        metadata={
            "help": "Frames are resized by this in the U-shaped networks; 0.5 takes a quarter of "
            "the time.",
            "least": 0.1,
            "most": 8,
        },
    )
    augment: Literal["recommended", "strong", "light", "oblique", "paper", "none"] = field(
        default="light", metadata={"help": "How frames are varied, the same for every row."}
    )
    pretrained: str = field(
        default="imagenet",
        metadata={
            "help": "Of Mask R-CNN, and of an encoder of a U-shaped network: none, imagenet, "
            "coco, a model, or a file of weights."
        },
    )
    workers: int = field(
        default=1, metadata={"help": "Processes that prepare frames; 0: the main one.", "least": 0}
    )
