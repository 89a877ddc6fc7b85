from pathlib import Path

import numpy as np
import pytest

from ctc_submit.data.labels import write_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.report.gallery import SMALLEST, Picture, gallery
from ctc_submit.report.packed import unpack_labels
from ctc_submit.report.subject import describe
from tests.report.drawn_results import FRAMES, MISSED, draw_sequence


def pictures(sequence: Sequence, most: int = 20, truth: str | None = None) -> list[Picture]:
    subject = describe([sequence.result], sequence, truth=truth, frames_needed=False)
    return gallery(subject, subject.results[0], most=most, quality=90)


@pytest.mark.parametrize("depth", [0, 2])
def test_the_worst_come_first(tmp_path: Path, depth: int) -> None:
    found = pictures(draw_sequence(tmp_path, depth))
    first = found[0]
    assert (first["time"], first["label"], first["jaccard"]) == (*MISSED, 0.0)
    assert first["box"] == [36, 50, 20, 24] and first["z"] is None
    jaccards = [each["jaccard"] for each in found]
    assert jaccards == sorted(jaccards) and max(jaccards) < 1
    assert len(found) == 1 + 3 + 2 * (FRAMES - 3)


def test_a_picture_holds_its_object(tmp_path: Path) -> None:
    for each in pictures(draw_sequence(tmp_path)):
        truth = unpack_labels(each["truth"], tuple(each["size"]))
        assert (truth == each["label"]).sum() > 200
        assert SMALLEST <= min(each["size"]) <= 60 and each["raw"]
        assert unpack_labels(each["result"], tuple(each["size"])).shape == truth.shape


def test_one_slice_of_a_volume(tmp_path: Path) -> None:
    sequence = draw_sequence(tmp_path, depth=3)
    for path in (sequence.gold / "SEG").iterdir():
        path.unlink()
    one = np.zeros((60, 80), np.uint16)
    one[30:40, 10:30] = 9
    write_labels(sequence.gold / "SEG" / "man_seg_002_001.tif", one)
    (only,) = pictures(sequence)
    assert (only["time"], only["z"], only["label"], only["jaccard"]) == (2, 1, 9, 0.0)
    assert only["box"] == [30, 10, 10, 20]


def test_none_without_truth_or_where_none_is_wanted(tmp_path: Path) -> None:
    sequence = draw_sequence(tmp_path)
    assert pictures(sequence, truth="") == []
    assert pictures(sequence, most=0) == []
