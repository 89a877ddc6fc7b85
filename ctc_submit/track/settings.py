"""Everything that can be set about tracking, each with its unit."""

from dataclasses import dataclass, field
from typing import Any, Literal


def _setting(default: Any, help_text: str, unit: str, least: int = 0) -> Any:
    limits = {} if isinstance(default, bool | str) else {"least": least}
    return field(default=default, metadata={"help": help_text, "unit": unit, **limits})


@dataclass(frozen=True)
class TrackConfig:
    """How cells are linked.

    Lengths are in radii of the sequence's median cell and costs are relative to leaving two cells
    alone, so that one set of defaults serves every magnification and time step.
    """

    gate: float = _setting(
        3.0, "Farthest step to the next frame, or the mean neighbour distance if longer", "radii"
    )
    speed: float = _setting(
        0.0, "Fastest a cell can be, 0 for no limit; needs a known data set", "µm/min"
    )
    habit: float = _setting(
        2.0, "Steps beyond this multiple of the sequence's own are weighed last", "95 % quantiles"
    )
    neighbours: int = _setting(6, "Candidates of a cell in the next frame", "cells", least=1)
    overlap: float = _setting(1.0, "Weight of missing overlap beside distance", "of distance")
    gap: int = _setting(5, "Frames a cell may be missed and is drawn in", "frames")
    gap_cost: float = _setting(0.7, "Weight of distance and size across missed frames", "cost")
    gap_growth: float = _setting(
        0.1, "Added for each frame that a cell is missed for beyond two", "cost"
    )
    absence: int = _setting(
        10, "Frames a cell may be out of the field of interest and be known again", "frames"
    )
    divisions: bool = _setting(True, "Let a cell have two daughters", "")
    midpoint: float = _setting(
        1.3, "Division: weight of the way from mother to the daughters' midpoint", "per radius"
    )
    apart: float = _setting(0.6, "Division: weight of a daughter beside the mother's place", "cost")
    unequal: float = _setting(0.3, "Division: weight of daughters unequal in size", "per e-fold")
    unshrunk: float = _setting(
        0.3, "Division: weight of a daughter as large as the mother", "per e-fold"
    )
    inside: float = _setting(
        0.7, "Division: how much likelier for a cell that turns up far from the border", "fraction"
    )
    cycle: float = _setting(
        0.2, "Shortest life between two divisions; needs a known data set", "hours"
    )
    repair: bool = _setting(
        False, "Mend the masks where the frames before and after agree on what is there", ""
    )
    longest_merge: int = _setting(
        50, "Repair: longest time for which two cells in one mask are split", "frames"
    )
    longest_break: int = _setting(
        3, "Repair: longest time for which two masks of one cell are joined", "frames"
    )
    drop_flickers: bool = _setting(True, "Repair: drop lone masks of one frame", "")
    linker: Literal["ctc-submit", "trackastra"] = _setting(
        "ctc-submit", "Who links; another library needs the raw frames, and memory for all", ""
    )
    linker_model: str = _setting(
        "general_2d", "Weights of another linker: a name (fetched by it) or a folder", ""
    )


@dataclass(frozen=True)
class Scale:
    """What is known of the pictures.

    Attributes:
        spacing: Edge lengths of a pixel in micrometres, in the order of the axes; ones where
            unknown.
        time_step: Minutes between two frames, None where unknown (then lengths are in pixels).
        border: Width of the strip outside the field of interest, in pixels.
    """

    spacing: tuple[float, ...]
    time_step: float | None = None
    border: int = 0
