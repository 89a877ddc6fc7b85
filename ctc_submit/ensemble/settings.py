"""Settings of an ensemble."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class EnsembleConfig:
    """How several models become one."""

    agree: float = field(
        default=0.5,
        metadata={
            "help": "Share of the models that must see a cell, where there are several.",
            "least": 0,
            "most": 1,
        },
    )
    partners: bool = field(
        default=True,
        metadata={"help": "Whether a model's partners, those joined to it, see every frame too."},
    )
