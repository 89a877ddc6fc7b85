"""What the evaluator finds amiss first, and what it says."""

import numpy as np
import pytest

from ctc_submit.score.consistency import inconsistencies
from ctc_submit.score.track_file import Row

Rows = dict[int, Row]


def rows_of(*rows: tuple[int, int, int, int]) -> Rows:
    return {row[0]: Row(*row) for row in sorted(rows)}


def first(truth: Rows, result: Rows, frames: list[list[int]], answers: list[list[int]]) -> str:
    theirs, ours = ([np.array(f, np.int64) for f in side] for side in (frames, answers))
    found = next(inconsistencies((truth, theirs), (result, ours), 0), None)
    return found.output if found else ""


TRUTH = rows_of((1, 0, 1, 0), (2, 0, 0, 0))
FRAMES = [[1, 2], [1]]


@pytest.mark.parametrize(
    ("rows", "answers", "said"),
    [
        (TRUTH, FRAMES, ""),
        (rows_of((1, 0, 1, 0)), FRAMES, "computed track with label 2 is not consistent"),
        (TRUTH, [[1, 2], [1, 2]], "computed track with label 2 is not consistent"),
        (TRUTH, [[1], [1]], "computed track with label 2 is not consistent"),
        (rows_of((0, 0, 0, 0), *[(1, 0, 1, 0), (2, 0, 0, 0)]), FRAMES, "label 0 is not consistent"),
        (rows_of((1, 0, 9, 0), (2, 0, 0, 0)), FRAMES, "label 1 is not consistent"),
        (rows_of((1, 0, 1, 2), (2, 0, 0, 0)), FRAMES, "Invalid parent connection for the comp"),
        (rows_of((1, 0, 1, 1), (2, 0, 0, 0)), FRAMES, "Invalid parent connection for the comp"),
        (rows_of((1, 0, 1, 9), (2, 0, 0, 0)), FRAMES, "Non-existing parent track with label 9"),
    ],
)
def test_what_is_said(rows: Rows, answers: list[list[int]], said: str) -> None:
    output = first(TRUTH, rows, FRAMES, answers)
    assert said in output
    assert bool(output) == bool(said)


def test_the_truth_is_asked_first_and_tracks_before_frames() -> None:
    lost = rows_of((1, 0, 1, 0))
    assert "reference track with label 2" in first(lost, lost, FRAMES, FRAMES)
    late = rows_of((1, 0, 1, 0), (2, 0, 1, 0))
    assert "computed track with label 2" in first(lost, late, FRAMES, FRAMES)
