"""CT: how many tracks are right from their first frame to their last.

CT = 2 T_rc / (T_r + T_c), where T_r and T_c are the tracks of reference and result, and T_rc those
of the reference that one track of the result follows alone in every frame, beginning and ending
with it. (Ulman et al. 2017, Nature Methods 14: 1141.)
"""

import numpy as np

from ctc_submit.score.lineage import Lineage, labels_of
from ctc_submit.score.paired import Paired


def complete_tracks(reference: Lineage, result: Lineage, paired: Paired) -> float | None:
    """Return CT in [0, 1], or None where the reference has no track."""
    if reference.label.size == 0:
        return None
    starts = np.searchsorted(labels_of(paired.reference), reference.label)
    lowest = np.minimum.reduceat(paired.sole, starts)
    highest = np.maximum.reduceat(paired.sole, starts)
    followed = (lowest == highest) & (lowest > 0)
    row = np.searchsorted(result.label, lowest[followed])
    same = (result.begin[row] == reference.begin[followed]) & (
        result.end[row] == reference.end[followed]
    )
    return float(2 * same.sum() / (reference.label.size + result.label.size))
