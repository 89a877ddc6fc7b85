"""TF: how long, at best, each detected track is followed without a break.

The followed fraction of a reference track is the longest run of frames in which one result track
matches it alone, by the track's length. TF is the mean over the tracks that are followed at all.
(Ulman et al. 2017.) As in the organisers' measures, result tracks are visited in order of labels,
and one that follows a reference track from end to end is not tried on later ones.
"""

from collections import defaultdict

import numpy as np

from ctc_submit.score.lineage import Lineage, labels_of
from ctc_submit.score.paired import Paired


def track_fractions(reference: Lineage, paired: Paired) -> float | None:
    """Return TF in [0, 1], 0 where no track is followed, or None where there is no track."""
    if reference.label.size == 0:
        return None
    runs = _longest_runs(reference, paired)
    lengths = (reference.end - reference.begin + 1).tolist()
    best = [0] * reference.label.size
    for label in sorted(runs):
        for row in sorted(runs[label]):
            if best[row] == lengths[row]:
                continue
            best[row] = max(best[row], runs[label][row])
            if runs[label][row] == lengths[row]:
                break
    followed = [run / length for run, length in zip(best, lengths, strict=True) if run]
    return float(np.mean(followed)) if followed else 0.0


def _longest_runs(reference: Lineage, paired: Paired) -> dict[int, dict[int, int]]:
    """Return result label to (row of the reference track to longest run of frames)."""
    row = np.searchsorted(reference.label, labels_of(paired.reference))
    changes = np.ones(row.size, bool)
    changes[1:] = (row[1:] != row[:-1]) | (paired.sole[1:] != paired.sole[:-1])
    starts = np.flatnonzero(changes)
    lengths = np.diff(starts, append=row.size)
    followed = paired.sole[starts] > 0
    runs: dict[int, dict[int, int]] = defaultdict(dict)
    columns = (paired.sole[starts], row[starts], lengths)
    for label, track, length in zip(
        *(column[followed].tolist() for column in columns), strict=True
    ):
        runs[label][track] = max(runs[label].get(track, 0), length)
    return runs
