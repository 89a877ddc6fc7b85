"""Score a method on annotated frames, through the same door as inference."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

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
    """

    frames: int
    cells: int
    seg: float
    matched: float
    missed: float
    spurious: float


def validate(method: Method, examples: Iterable[Example], config: SegmentConfig) -> Validation:
    """Segment annotated frames and score the outcome.

    Args:
        method: On its device; put into evaluation mode here.
        examples: Annotated frames.
        config: As for inference.
    """
    method.net.eval()
    found: list[np.ndarray] = [np.zeros(0)]
    spurious = frames = 0
    for example in examples:
        frame, labels = example.read()
        truth = np.maximum(labels, 0)
        common = overlaps(truth, segment(frame, method, config))
        matches = common.matches[common.matches >= 0]
        found.append(common.jaccards)
        spurious += common.result_labels.size - np.unique(matches).size
        frames += 1
    jaccards = np.concatenate(found)
    cells, hits = jaccards.size, jaccards[jaccards > 0]
    return Validation(
        frames=frames,
        cells=cells,
        seg=float(jaccards.mean()) if cells else float("nan"),
        matched=float(hits.mean()) if hits.size else float("nan"),
        missed=1 - hits.size / cells if cells else float("nan"),
        spurious=spurious / cells if cells else float("nan"),
    )
