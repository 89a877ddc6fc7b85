"""Score a method on annotated frames, through the same door as inference."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ctc_submit.checkpoint import read_card, write_card
from ctc_submit.methods.method import Method
from ctc_submit.score.matching import overlaps
from ctc_submit.segment import SegmentConfig, segment
from ctc_submit.train.split import Example


@dataclass(frozen=True)
class Validation:
    """How a method did on some frames.

    Attributes:
        frames: How many frames were looked at.
        cells: Cells of their truth.
        seg: Mean Jaccard index of all cells, a missed one counting 0; NaN where there is no cell.
        matched: Mean Jaccard index of the cells that were found; NaN where none was.
        missed: Share of the cells that were not found; NaN where there is no cell.
        spurious: Objects that match no cell, by the number of cells; NaN where there is no cell.
        by_frame: Name of a frame to the Jaccard index of each of its cells.
    """

    frames: int
    cells: int
    seg: float
    matched: float
    missed: float
    spurious: float
    by_frame: Mapping[str, np.ndarray] = field(default_factory=dict)


def validate(method: Method, examples: Iterable[Example], config: SegmentConfig) -> Validation:
    """Segment annotated frames and score the outcome.

    Args:
        method: On its device; put into evaluation mode here.
        examples: Annotated frames.
        config: As for inference.
    """
    method.net.eval()
    return judge(lambda frame: segment(frame, method, config), examples)


def judge(cells: Callable[[np.ndarray], np.ndarray], examples: Iterable[Example]) -> Validation:
    """Score whatever finds the cells of a frame.

    SEG is of all cells that are found, also of those that `run` drops then, as they lie outside the
    field of interest; these are not spurious.

    Args:
        cells: From a raw frame, YX, to its label map.
        examples: Annotated frames.
    """
    found: dict[str, np.ndarray] = {}
    spurious = frames = 0
    for example in examples:
        frame, labels = example.read()
        result = cells(frame)
        common = overlaps(np.maximum(labels, 0), result)
        found[example.name] = common.jaccards
        matched = common.result_labels[common.matches[common.matches >= 0]]
        countable = _countable(example.inside(result), labels < 0)
        spurious += len(set(countable) - set(matched.tolist()))
        frames += 1
    jaccards = np.concatenate([np.zeros(0), *found.values()])
    number, hits = jaccards.size, jaccards[jaccards > 0]
    return Validation(
        frames=frames,
        cells=number,
        seg=float(jaccards.mean()) if number else float("nan"),
        matched=float(hits.mean()) if hits.size else float("nan"),
        missed=1 - hits.size / number if number else float("nan"),
        spurious=spurious / number if number else float("nan"),
        by_frame=found,
    )


def _countable(result: np.ndarray, unknown: np.ndarray) -> list[int]:
    """Return the labels of a result, without those mostly where cells may lie that nobody drew."""
    areas = np.bincount(result.ravel())
    inside = np.bincount(result[unknown], minlength=areas.size)
    return [int(label) for label in np.flatnonzero((areas > 0) & (2 * inside <= areas)) if label]


def score_entry(outcome: Validation, protocol: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return one entry of a card's scores, numbers to four decimals, None for NaN."""
    numbers = {name: getattr(outcome, name) for name in ("seg", "matched", "missed", "spurious")}
    rounded = {k: None if math.isnan(v) else round(v, 4) for k, v in numbers.items()}
    return {
        "protocol": protocol,
        "measure": "SEG",
        "value": rounded.pop("seg"),
        **rounded,
        "frames": outcome.frames,
        "cells": outcome.cells,
        "data": data,
    }


def record_score(model: Path, outcome: Validation, protocol: str, data: dict[str, Any]) -> None:
    """Write a score into a model's card; it replaces an earlier one of the same protocol.

    Raises:
        CheckpointError: If the folder is no model, or cannot be written.
    """
    card = read_card(model)
    others = [entry for entry in card.scores if entry["protocol"] != protocol]
    write_card(model, replace(card, scores=[*others, score_entry(outcome, protocol, data)]))
