"""Settings of a training."""

from dataclasses import dataclass, field
from typing import Literal

TRUTHS = ("ST", "GT", "GT+ST", "allST", "allGT", "allGT+allST")
"""What can be learned from: silver or gold annotations of one data set, or all there are."""


@dataclass(frozen=True)
class TrainConfig:
    """How long, how fast, and from where a model learns; all but paths is kept in its card."""

    epochs: int = field(
        default=20, metadata={"help": "Passes over the training frames.", "least": 1}
    )
    batch: int = field(default=2, metadata={"help": "Frames a step.", "least": 1, "unit": "frames"})
    accumulate: int = field(
        default=1,
        metadata={"help": "Batches a step; their gradients are averaged.", "least": 1},
    )
    crop: int = field(
        default=512,
        metadata={
            "help": "Side of what is cut out of a frame; 0: whole frames.",
            "least": 0,
            "unit": "px",
        },
    )
    learning_rate: float = field(default=4e-4, metadata={"help": "Peak learning rate.", "least": 0})
    schedule: Literal["cosine", "third", "constant"] = field(
        default="cosine",
        metadata={
            "help": "cosine: warm up, then down to 1 %; third: ×0.1 every three epochs; constant."
        },
    )
    warmup: int = field(
        default=100, metadata={"help": "Steps of warming up.", "least": 0, "unit": "steps"}
    )
    weight_decay: float = field(
        default=0.01, metadata={"help": "Of AdamW; 0 makes it Adam.", "least": 0}
    )
    clip: float = field(
        default=5.0, metadata={"help": "Largest norm of the gradient; 0: free.", "least": 0}
    )
    ema: float = field(
        default=0.99,
        metadata={
            "help": "Weights averaged over time keep this share a step, less in the first ones; "
            "0: off.",
            "least": 0,
            "most": 0.99999,
        },
    )
    augment: Literal["recommended", "strong", "light", "oblique", "paper", "none"] = field(
        default="recommended",
        metadata={
            "help": "How frames are varied; strong: more of it, for long trainings; oblique: no "
            "flips nor turns, for light from one side."
        },
    )
    seed: int = field(default=0, metadata={"help": "Of everything random.", "least": 0})
    holdout: float = field(
        default=0.1,
        metadata={
            "help": "Share of the training frames kept for choosing the best.",
            "least": 0,
            "most": 0.9,
        },
    )
    validate_every: int = field(
        default=1, metadata={"help": "Score after so many epochs.", "least": 1}
    )
    patience: int = field(
        default=0,
        metadata={"help": "Stop after so many scores without a better one; 0: never.", "least": 0},
    )
    pretrained: str = field(
        default="imagenet",
        metadata={"help": "none, imagenet, coco, a model, or a file of weights."},
    )
    workers: int = field(
        default=1, metadata={"help": "Processes that prepare frames; 0: the main one.", "least": 0}
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = field(
        default="auto",
        metadata={"help": "Of the steps; auto: bfloat16 where the processor has it."},
    )


@dataclass(frozen=True)
class TuneConfig:
    """What tuning raises, where it looks, and what it takes for more than luck."""

    goal: Literal["SEG", "OP_CSB", "TRA", "OP_CLB"] = field(
        default="SEG",
        metadata={"help": "What is raised; TRA and OP_CLB with --tracks (TRA by default there)."},
    )
    margin: float = field(
        default=0.001,
        metadata={"help": "A change is kept only if it raises the goal by more than this."},
    )
    frames: Literal["held-out", "all"] = field(
        default="held-out",
        metadata={"help": "Those that the training held out of what it learned from, or all."},
    )
