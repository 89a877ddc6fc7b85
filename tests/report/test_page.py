import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ctc_submit.data.labels import write_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.errors import DataError
from ctc_submit.report import page as page_module
from ctc_submit.report.curves import Curves
from ctc_submit.report.packed import unpack_labels
from ctc_submit.report.page import write_report
from ctc_submit.report.report_settings import ReportSettings
from ctc_submit.report.subject import Subject, describe
from tests.report.drawn_results import FRAMES, SHAPE, answer_at, draw_sequence

JSON = re.compile(r'<script type="application/json" id="([\w-]+)">(.*?)</script>', re.DOTALL)


def subject_of(sequence: Sequence, *results: Path, truth: str | None = None) -> Subject:
    folders = results or (sequence.result,)
    return describe(folders, sequence, truth=truth, frames_needed=False)


def written(path: Path) -> dict[str, Any]:
    return {name: json.loads(text) for name, text in JSON.findall(path.read_text("utf-8"))}


def test_one_file_holds_all(tmp_path: Path) -> None:
    sequence, page = draw_sequence(tmp_path), tmp_path / "page.html"
    done = list(write_report(subject_of(sequence), page, ReportSettings()))
    assert done == sorted(done) and done[-1] == FRAMES
    assert not (tmp_path / "page_files").exists()
    held = written(page)
    assert set(held) == {"book", *(f"packet-{time}" for time in range(FRAMES))}
    labels = unpack_labels(held["packet-2"]["results"][0]["map"], SHAPE)
    assert (labels == answer_at(2)).all()
    book = held["book"]
    assert book["frames"] == FRAMES and book["folder"] == ""
    (result,) = book["results"]
    assert result["series"]["cells"] == [2, 2, 2, 3, 2, 3]
    assert [row[0] for row in result["tracks"]] == [3, 1, 4, 5, 2]


def test_nothing_comes_from_the_network(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    list(write_report(subject_of(draw_sequence(tmp_path)), page, ReportSettings()))
    text = page.read_text("utf-8")
    addresses = set(re.findall(r"https?://[^\s\"'<>)]+", text))
    assert addresses == {"http://www.w3.org/2000/svg"}  # the name of a format, not a place
    assert "default-src 'none'" in text and not re.search(r"<(link|script|img)[^>]+src=", text)


def test_scores_errors_and_reasons_are_words_too(tmp_path: Path) -> None:
    sequence, page = draw_sequence(tmp_path), tmp_path / "page.html"
    list(write_report(subject_of(sequence), page, ReportSettings()))
    text = re.sub(r"<[^>]*>|\s+", " ", page.read_text("utf-8"))
    assert re.search(r"FN +objects missed +1 +15 ", text)
    assert re.search(r"SEG +outlines: mean Jaccard index +0\.8\d{3}", text)
    assert re.search(r"divisions found, at most 2 frames off +1", text)
    assert "the truth has no complete cell cycle" in text


def test_the_page_holds_no_number_that_json_lacks(tmp_path: Path) -> None:
    sequence, page = draw_sequence(tmp_path), tmp_path / "page.html"
    curves = [Curves("mine", {"epoch": [1], "total": [float("nan")]})]
    with pytest.raises(ValueError, match="not JSON compliant"):
        list(write_report(subject_of(sequence), page, ReportSettings(), curves))
    assert not page.exists()


def test_a_folder_of_frames(tmp_path: Path) -> None:
    sequence, page = draw_sequence(tmp_path), tmp_path / "page.html"
    settings = ReportSettings(frames="folder")
    assert list(write_report(subject_of(sequence), page, settings))[-1] == FRAMES
    assert set(written(page)) == {"book"}
    assert written(page)["book"]["folder"] == "page_files"
    names = sorted(path.name for path in (tmp_path / "page_files").iterdir())
    assert names == [f"t{time:03d}.js" for time in range(FRAMES)]
    text = (tmp_path / "page_files" / "t002.js").read_text()
    packet = json.loads(re.fullmatch(r"ctcFrame\(2,(.*)\)\n", text)[1])  # type: ignore[index]
    assert packet["size"] == list(SHAPE)
    list(write_report(subject_of(sequence), page, ReportSettings(frames="page")))
    assert not (tmp_path / "page_files").exists()


def test_long_sequences_get_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sequence, page = draw_sequence(tmp_path), tmp_path / "page.html"
    monkeypatch.setattr(page_module, "MOST_IN_PAGE", FRAMES * SHAPE[0] * SHAPE[1] - 1)
    list(write_report(subject_of(sequence), page, ReportSettings()))
    assert (tmp_path / "page_files").is_dir()


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    sequence, page = draw_sequence(tmp_path), tmp_path / "page.html"
    (tmp_path / "page_files").mkdir()
    (tmp_path / "page_files" / "mine.txt").touch()
    with pytest.raises(DataError, match="page_files: holds something else than frames; name"):
        next(write_report(subject_of(sequence), page, ReportSettings(frames="folder")))
    assert not page.exists() and (tmp_path / "page_files" / "mine.txt").exists()


@pytest.mark.parametrize("frames", ["page", "folder"])
def test_a_page_that_fails_leaves_the_earlier_one(tmp_path: Path, frames: Any) -> None:
    sequence, page = draw_sequence(tmp_path), tmp_path / "page.html"
    settings = ReportSettings(frames=frames)
    list(write_report(subject_of(sequence), page, settings))
    subject = subject_of(sequence)
    before = {p: p.read_bytes() for p in tmp_path.rglob("page*/*")} | {page: page.read_bytes()}
    write_labels(sequence.result / "mask004.tif", np.zeros((3, 4), np.uint16))
    with pytest.raises(DataError, match=r"mask004\.tif: is 3×4 pixels"):
        list(write_report(subject, page, settings))
    assert all(path.read_bytes() == content for path, content in before.items())
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("frames", ["page", "folder"])
def test_stopping_halfway_leaves_nothing(tmp_path: Path, frames: Any) -> None:
    sequence, page = draw_sequence(tmp_path), tmp_path / "page.html"
    progress = write_report(subject_of(sequence), page, ReportSettings(frames=frames))
    assert next(done for done in progress if done)
    progress.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["01", "01_GT", "01_RES"]


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    subject = subject_of(draw_sequence(tmp_path))
    with pytest.raises(DataError, match=r"is a folder; name a file such as .*report\.html"):
        next(write_report(subject, tmp_path, ReportSettings()))
    with pytest.raises(DataError, match=r"missing/page\.html: cannot be written"):
        list(write_report(subject, tmp_path / "missing" / "page.html", ReportSettings()))


def test_names_cannot_break_out_of_the_page(tmp_path: Path) -> None:
    sequence = draw_sequence(tmp_path)
    evil = shutil.copytree(sequence.result, tmp_path / "<b onclick='x'>")
    (tmp_path / f"{evil.name}.run.json").write_text(
        json.dumps({"device": "</script><script>alert(1)</script>"})
    )
    page = tmp_path / "page.html"
    curves = [Curves("<i>", {"epoch": [1]})]
    list(write_report(subject_of(sequence, evil), page, ReportSettings(), curves))
    text = page.read_text("utf-8")
    assert "<b onclick" not in text and "<script>alert" not in text and "<i>" not in text
    assert written(page)["book"]["results"][0]["name"] == evil.name


def test_silver_truth_no_truth_no_tracks_no_frames_no_cells(tmp_path: Path) -> None:
    sequence, page = draw_sequence(tmp_path), tmp_path / "page.html"
    (sequence.result / "res_track.txt").unlink()
    for path in sequence.result.glob("*.tif"):
        write_labels(path, np.zeros(SHAPE, np.uint16))
    shutil.rmtree(sequence.gold)
    shutil.rmtree(sequence.folder)
    list(write_report(subject_of(Sequence.at(sequence.folder)), page, ReportSettings()))
    text = page.read_text("utf-8")
    assert "There is no truth to score against." in text
    assert "this result is a segmentation only" in text
    assert "No raw frames at " in text
    assert written(page)["book"]["results"][0]["series"] == {"cells": [0] * FRAMES}


def test_faults_are_listed(tmp_path: Path) -> None:
    sequence, page = draw_sequence(tmp_path), tmp_path / "page.html"
    (sequence.result / "res_track.txt").write_text("1 0 2 0\n2 0 9 0\n")
    list(write_report(subject_of(sequence), page, ReportSettings()))
    assert re.search(r"01_RES: \d+ faults in the files", page.read_text("utf-8"))
