import json
import shutil
from pathlib import Path

import pytest

from ctc_submit.data.sequence import Sequence
from ctc_submit.errors import DataError
from ctc_submit.report.series import series
from ctc_submit.report.subject import Subject, describe
from tests.report.drawn_results import FRAMES, MISSED, draw_sequence


def subject_of(sequence: Sequence, *results: Path, truth: str | None = None) -> Subject:
    folders = results or (sequence.result,)
    return describe(folders, sequence, truth=truth, frames_needed=False)


def test_gold_truth_is_taken_where_there_is_one(tmp_path: Path) -> None:
    sequence = draw_sequence(tmp_path)
    subject = subject_of(sequence)
    assert subject.truth == "GT" and list(subject.times) == list(range(FRAMES))
    assert subject.digits == 3 and len(subject.frames) == FRAMES
    (shown,) = subject.results
    assert shown.name == "01_RES" and len(shown.tracks) == 5 and shown.record is not None
    assert shown.no_run.startswith("There is no 01_RES.run.json")


def test_else_silver_truth_else_none(tmp_path: Path) -> None:
    sequence = draw_sequence(tmp_path)
    sequence.gold.rename(sequence.silver)
    assert subject_of(sequence).truth == "ST"
    assert subject_of(sequence, truth="").truth == ""
    shutil.rmtree(sequence.silver)
    subject = subject_of(sequence)
    assert subject.truth == "" and subject.images is None and subject.results[0].record is None


def test_a_truth_that_was_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="01_ST: no such folder"):
        subject_of(draw_sequence(tmp_path), truth="ST")


def test_without_raw_frames(tmp_path: Path) -> None:
    sequence = draw_sequence(tmp_path)
    shutil.rmtree(sequence.folder)
    assert len(subject_of(sequence).frames) == 0
    with pytest.raises(DataError, match="01: no such folder; expected raw frames"):
        describe([sequence.result], sequence, frames_needed=True)


def test_names_tell_results_apart(tmp_path: Path) -> None:
    sequence = draw_sequence(tmp_path)
    other = shutil.copytree(sequence.result, tmp_path / "mine" / "01_RES")
    names = [shown.name for shown in subject_of(sequence, sequence.result, other).results]
    assert names == [f"{tmp_path.name}/01_RES", "mine/01_RES"]
    with pytest.raises(DataError, match="01_RES: is given twice"):
        subject_of(sequence, sequence.result, tmp_path / "mine" / ".." / "01_RES")


def test_without_tracks_or_with_broken_ones(tmp_path: Path) -> None:
    sequence = draw_sequence(tmp_path)
    rows = sequence.result / "res_track.txt"
    rows.write_text("1 0 nine 0\n")
    assert "line 1: expected four numbers" in subject_of(sequence).results[0].no_tracks
    rows.write_text("")
    assert "no cell was found" in subject_of(sequence).results[0].no_tracks
    rows.unlink()
    assert "segmentation only" in subject_of(sequence).results[0].no_tracks


@pytest.mark.parametrize(
    ("text", "told"),
    [("{", "cannot be read"), ("[1]", "is not a record"), ('{"device": "cpu"}', "")],
)
def test_records_of_runs(tmp_path: Path, text: str, told: str) -> None:
    sequence = draw_sequence(tmp_path)
    (tmp_path / "01_RES.run.json").write_text(text)
    (shown,) = subject_of(sequence).results
    assert told in shown.no_run and bool(told) == bool(shown.no_run)
    assert dict(shown.run) == ({} if told else json.loads(text))


def test_scores_and_errors_of_every_frame(tmp_path: Path) -> None:
    subject = subject_of(draw_sequence(tmp_path))
    (shown,) = subject.results
    assert shown.record is not None
    columns = series(shown.record, subject.times)
    assert list(columns) == ["SEG", "FN", "FP", "NS", "EA", "ED", "EC"]
    assert columns["FN"] == [0, 0, 0, 0, 1, 0] and columns["FP"] == [0] * FRAMES
    assert columns["EA"] == [0, 0, 0, 0, 1, 1]
    whole = [value for value in columns["SEG"] if value is not None]
    assert len(whole) == FRAMES and min(whole) == whole[MISSED[0]] < whole[0] < 1


def test_frames_without_truth_have_no_score(tmp_path: Path) -> None:
    sequence = draw_sequence(tmp_path)
    shutil.rmtree(sequence.gold / "TRA")
    (sequence.gold / "SEG" / "man_seg001.tif").unlink()
    subject = subject_of(sequence)
    record = subject.results[0].record
    assert record is not None
    columns = series(record, subject.times)
    assert list(columns) == ["SEG"]
    assert [value is None for value in columns["SEG"]] == [False, True, *[False] * 4]
