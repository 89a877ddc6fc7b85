"""Markers that are missing where the truth has tracks."""

from pathlib import Path

import numpy as np
import pytest

from ctc_submit.data.sequence import Sequence
from ctc_submit.data.tracks import Track
from ctc_submit.score.judge import score
from ctc_submit.score.measure import measure
from ctc_submit.score.track_file import Row
from ctc_submit.score.unmarked import unmarked
from tests.scenes import two_touching
from tests.score.random_sequences import Case, write_case

FRAMES = 5


@pytest.fixture
def perfect(tmp_path: Path) -> Sequence:
    """Frames of two cells, found and tracked without fault."""
    frames = np.stack([two_touching()] * FRAMES)
    tracks = [Track(1, 0, FRAMES - 1, 0), Track(2, 0, FRAMES - 1, 0)]
    return write_case(Case(frames, tracks, frames, tracks), tmp_path / "Data")


@pytest.mark.parametrize("time", range(FRAMES))
@pytest.mark.parametrize("tracked", [True, False])
def test_a_missing_image_of_markers_is_named_and_det_not_taken(
    perfect: Sequence, time: int, tracked: bool
) -> None:
    (perfect.gold / "TRA" / f"man_track00{time}.tif").unlink()
    if not tracked:
        (perfect.result / "res_track.txt").unlink()
    record = score(perfect)
    (told,) = [fault.line for fault in record.faults]
    assert f"man_track00{time}.tif: [markers-missing]" in told
    assert "no file; put it back" in told
    assert {name for name, value in record.scores.items() if value is not None} == {"SEG"}
    assert record.missing["DET"] == record.missing["TRA"] == "a fault in the files"
    folder = str(perfect.folder.parent)
    assert measure("TRA", folder, "01", "3").code == 255


def test_all_images_of_markers_missing_are_one_fault(perfect: Sequence) -> None:
    for path in (perfect.gold / "TRA").glob("*.tif"):
        path.unlink()
    (told,) = [fault.line for fault in score(perfect).faults]
    assert "man_track000.tif: [markers-missing]" in told
    assert "nor for the frames up to 4" in told


def test_faults_of_track_files_are_told_beside_missing_markers(perfect: Sequence) -> None:
    (perfect.gold / "TRA" / "man_track002.tif").unlink()
    (perfect.result / "res_track.txt").write_text("1 0 4 0\nx\n")
    assert [fault.rule for fault in score(perfect).faults] == ["markers-missing", "track-line"]


def test_truth_of_some_frames_has_no_fault_where_it_has_no_track(perfect: Sequence) -> None:
    (perfect.gold / "TRA" / "man_track002.tif").unlink()
    (perfect.gold / "TRA" / "man_track.txt").write_text("1 0 1 0\n2 0 1 0\n3 3 4 1\n4 3 4 2\n")
    record = score(perfect)
    assert not record.faults
    assert record.scores["DET"] == 1.0
    assert "a run of frames" in record.missing["TRA"]


def test_segmentation_alone_is_no_fault(perfect: Sequence) -> None:
    for path in (perfect.gold / "TRA").iterdir():
        path.unlink()
    record = score(perfect)
    assert not record.faults
    assert record.scores["SEG"] == 1.0


def test_markers_without_tracks_are_a_fault_where_the_result_has_tracks(perfect: Sequence) -> None:
    (perfect.gold / "TRA" / "man_track.txt").unlink()
    record = score(perfect)
    (told,) = [fault.line for fault in record.faults]
    assert "man_track.txt: [track-file] expected the tracks of the markers, found no file" in told
    assert record.scores["DET"] == 1.0
    assert record.missing["TRA"] == "the truth has no man_track.txt"
    (perfect.result / "res_track.txt").unlink()
    record = score(perfect)
    assert not record.faults
    assert record.scores["DET"] == 1.0


def test_each_run_of_frames_is_told_whatever_the_numbers() -> None:
    rows = [Row(1, 1, 2, 0), Row(2, 3, 3, 0), Row(3, 7, 2**62, 0)]
    told = unmarked(rows, [2, 9, 10**9], 10**12, Path("TRA"), 4)
    assert [fault.path.name for fault in told] == [
        *("man_track0001.tif", "man_track0003.tif", "man_track0007.tif"),
        *("man_track0010.tif", "man_track1000000001.tif"),
    ]
    assert "up to 8" in told[2].found
    assert unmarked([], [5], 9, Path("TRA"), 3) == []
