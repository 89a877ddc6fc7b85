"""SEG of drawn frames."""

import numpy as np
import pytest

from ctc_submit.score.seg import jaccards, mean_seg
from tests.scenes import drawn, two_touching


def test_the_mean_is_over_objects_not_over_frames() -> None:
    frames = [np.array([1.0, 0.5, 0.0]), np.array([1.0])]
    assert mean_seg(frames) == pytest.approx(2.5 / 4)


def test_extra_objects_and_frames_without_objects_do_not_count() -> None:
    one = jaccards(drawn("11...222"), drawn("11.33444"))
    nothing = jaccards(drawn("....."), drawn("11111"))
    assert mean_seg([one, nothing]) == 1.0


def test_nothing_annotated_is_no_score() -> None:
    assert mean_seg([]) is None
    assert mean_seg([np.zeros(0)]) is None


def test_labels_come_in_order_and_may_be_large() -> None:
    truth, result = two_touching(), two_touching()
    truth[truth == 1] = 65535
    result[result == 2] = 0
    assert jaccards(truth, result).tolist() == [0.0, 1.0]
