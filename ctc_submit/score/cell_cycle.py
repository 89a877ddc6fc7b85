"""CCA: how well the lengths of cell cycles agree.

A cell cycle is complete where a track begins at a division and ends with one. CCA is 1 minus the
largest difference between the cumulative distributions of complete cycle lengths in reference and
result. (Ulman et al. 2017.)
"""

import numpy as np

from ctc_submit.score.branching import Division
from ctc_submit.score.lineage import Lineage


def cycle_lengths(tracks: Lineage, dividing: list[Division]) -> np.ndarray:
    """Return the lengths, in frames, of the tracks between two divisions; int64."""
    mothers = [division.label for division in dividing]
    complete = np.isin(tracks.label, mothers) & np.isin(tracks.parent, mothers)
    lengths: np.ndarray = (tracks.end - tracks.begin + 1)[complete]
    return lengths


def cell_cycle_accuracy(reference: np.ndarray, result: np.ndarray) -> float | None:
    """Return CCA in [0, 1] from the cycle lengths of both sides.

    Returns:
        0 where the result has no complete cycle, None where the reference has none.
    """
    if reference.size == 0:
        return None
    if result.size == 0:
        return 0.0
    lengths = np.union1d(reference, result)
    theirs = np.searchsorted(np.sort(reference), lengths, side="right") / reference.size
    ours = np.searchsorted(np.sort(result), lengths, side="right") / result.size
    return float(1 - np.abs(theirs - ours).max())
