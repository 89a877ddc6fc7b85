import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from ctc_submit import pipeline
from ctc_submit.checkpoint import Card
from ctc_submit.data.frames import read_frame
from ctc_submit.data.labels import find_masks, read_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.ensemble import members
from ctc_submit.errors import CtcError, DataError
from ctc_submit.methods.method import Method
from ctc_submit.pipeline import Run, RunConfig
from ctc_submit.segment import relabelled
from ctc_submit.track.settings import TrackConfig
from tests.scenes import disc
from tests.stubs import bright_model

MODEL = Path("a model")


@pytest.fixture(autouse=True)
def bright(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "load_checkpoint", bright_model(MODEL))


def frame(time: int) -> np.ndarray:
    """Two discs, one of them moving; the one at the edge is outside a border of 10."""
    picture = np.zeros((60, 80), np.uint8)
    picture[disc((60, 80), (30, 25 + 2 * time), 8)] = 200
    picture[disc((60, 80), (4, 60), 4)] = 180
    return picture


@pytest.fixture
def sequence(tmp_path: Path) -> Sequence:
    return written(tmp_path / "A data set" / "01")


def written(folder: Path) -> Sequence:
    folder.mkdir(parents=True)
    for time in range(6):
        tifffile.imwrite(folder / f"t{time:03d}.tif", frame(time))
    return Sequence.at(folder)


def run(sequence: Sequence, result: Path | None = None, **settings: object) -> Run:
    job = Run(sequence, MODEL, result or sequence.result, RunConfig(**settings))  # type: ignore[arg-type]
    reports = list(job("cpu"))
    assert [r.frames for r in reports] == [6] * len(reports)
    return job


def test_one_mask_a_frame(sequence: Sequence) -> None:
    run(sequence, track=False)
    masks = find_masks(sequence.result)
    assert list(masks) == list(range(6))
    for time, path in masks.items():
        labels = read_labels(path)
        np.testing.assert_array_equal(labels > 0, frame(time) > 0)
        assert set(np.unique(labels)) == {0, 1, 2}
    assert sorted(p.name for p in sequence.result.parent.iterdir()) == [
        "01",
        "01_RES",
        "01_RES.run.json",
    ]


def test_tracks_are_linked_by_default(sequence: Sequence) -> None:
    job = run(sequence)
    assert job.tracked is not None
    assert len(job.tracked.tracks) == 2
    lines = (sequence.result / "res_track.txt").read_text().splitlines()
    assert [line.split()[1:3] for line in lines] == [["0", "5"]] * 2


@pytest.mark.parametrize("track", [True, False])
def test_cells_in_the_border_are_dropped(sequence: Sequence, track: bool) -> None:
    run(sequence, border=10, track=track)
    assert read_labels(sequence.result / "mask000.tif").max() == 1


def test_digits_are_those_of_the_frames(tmp_path: Path) -> None:
    folder = tmp_path / "01"
    folder.mkdir()
    for time in range(6):
        tifffile.imwrite(folder / f"t{time:04d}.tif", frame(time))
    run(Sequence.at(folder), track=False)
    assert (tmp_path / "01_RES" / "mask0005.tif").exists()


def test_a_result_that_may_not_be_written_leaves_nothing_beside(
    sequence: Sequence, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shut(folder: Path) -> None:
        raise DataError(f"{folder}: cannot be written (no permission)")

    monkeypatch.setattr(pipeline, "demand_writable", shut)
    sequence.result.mkdir()
    with pytest.raises(DataError, match="no permission"):
        run(sequence)
    assert sorted(p.name for p in sequence.result.parent.iterdir()) == ["01", "01_RES"]


def test_the_record_tells_how_cells_were_linked(
    sequence: Sequence, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tuned(*given: Any) -> tuple[Method, Card]:
        method, card = bright_model(MODEL)(*given)
        return method, replace(card, track={"repair": True, "gap": 4})

    monkeypatch.setattr(members, "load_checkpoint", tuned)
    for track in (True, False):
        run(sequence, track=track)
        record = json.loads(sequence.result.with_name("01_RES.run.json").read_text())
        linking = asdict(TrackConfig(repair=True, gap=4)) if track else {}
        assert (record["repair"], record["linking"]) == (track, linking)


def test_the_record_lies_beside_and_holds_all_that_is_needed(sequence: Sequence) -> None:
    run(sequence, border=3)
    record = json.loads(sequence.result.with_name("01_RES.run.json").read_text())
    assert record["state"] == "complete"
    assert record["model"]["sha256"] == "0" * 64
    assert record["border"] == 3
    assert {"load", "read", "network", "write", "track"} <= set(record["phases"])


def test_stale_output_is_cleared_and_foreign_files_stay(sequence: Sequence) -> None:
    sequence.result.mkdir()
    for name in ("mask000.tif", "mask099.tif", "res_track.txt", "SEG_log.txt", "notes.md"):
        (sequence.result / name).write_text("old")
    run(sequence, track=False)
    left = sorted(p.name for p in sequence.result.iterdir())
    assert left == [f"mask{t:03d}.tif" for t in range(6)] + ["notes.md"]


@pytest.mark.parametrize("track", [True, False])
def test_a_bad_frame_leaves_the_earlier_result_as_it_was(sequence: Sequence, track: bool) -> None:
    run(sequence, track=track)
    before = {p.name: p.read_bytes() for p in sequence.result.iterdir()}
    (sequence.folder / "t004.tif").write_bytes(b"II*\0 cut off")
    with pytest.raises(DataError, match=r"t004\.tif"):
        run(sequence, track=track)
    assert {p.name: p.read_bytes() for p in sequence.result.iterdir()} == before


def stopped_after(sequence: Sequence, count: int, **settings: object) -> None:
    job = Run(sequence, MODEL, sequence.result, RunConfig(**settings))  # type: ignore[arg-type]
    reports = job("cpu")
    for _ in range(count):
        next(reports)
    reports.close()  # type: ignore[attr-defined]


def test_an_interrupted_run_is_resumed(sequence: Sequence, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped_after(sequence, 3)
    assert not sequence.result.exists()
    read: list[str] = []

    def counting(path: Path) -> np.ndarray:
        read.append(path.name)
        return read_frame(path)

    monkeypatch.setattr(pipeline, "read_frame", counting)
    run(sequence, resume=True)
    assert "t000.tif" not in read
    assert "t005.tif" in read
    resumed = {p.name: p.read_bytes() for p in sequence.result.iterdir()}
    run(sequence)
    assert {p.name: p.read_bytes() for p in sequence.result.iterdir()} == resumed


def test_other_settings_cannot_be_resumed(sequence: Sequence) -> None:
    stopped_after(sequence, 3)
    with pytest.raises(CtcError, match="without --resume"):
        run(sequence, resume=True, border=5)


def test_resume_without_an_interrupted_run_is_a_run(sequence: Sequence) -> None:
    run(sequence, resume=True)
    assert len(find_masks(sequence.result)) == 6


def test_half_written_masks_are_made_again(sequence: Sequence) -> None:
    stopped_after(sequence, 3)
    partial = sequence.result.with_name(".01_RES.partial")
    (partial / ".mask003.tif.partial").write_bytes(b"half")
    run(sequence, resume=True, track=True)
    assert not list(sequence.result.glob(".*"))


def test_masks_that_a_power_failure_damaged_are_made_again(sequence: Sequence) -> None:
    run(sequence)
    whole = {p.name: p.read_bytes() for p in sequence.result.iterdir()}
    stopped_after(sequence, 3)
    sequence.result.with_name(".01_RES.partial").joinpath("mask000.tif").write_bytes(b"")
    run(sequence, resume=True)
    assert {p.name: p.read_bytes() for p in sequence.result.iterdir()} == whole


def test_a_stop_before_the_first_mask_is_resumed(sequence: Sequence) -> None:
    sequence.result.with_name(".01_RES.partial").mkdir()
    run(sequence, resume=True)
    assert len(find_masks(sequence.result)) == 6


@pytest.mark.parametrize("track", [True, False])
def test_a_resumed_run_keeps_to_the_size_before_the_stop(sequence: Sequence, track: bool) -> None:
    for time in range(3, 6):
        tifffile.imwrite(sequence.folder / f"t{time:03d}.tif", np.zeros((59, 80), np.uint8))
    for resume in (False, True, True):
        with pytest.raises(DataError, match=r"01/t003\.tif: is 59×80.*before are 60×80"):
            run(sequence, resume=resume, track=track)
    assert not sequence.result.exists()


@pytest.mark.parametrize("size", [(60, 81), (59, 80)])
def test_one_size_a_sequence(sequence: Sequence, size: tuple[int, int]) -> None:
    tifffile.imwrite(sequence.folder / "t003.tif", np.zeros(size, np.uint8))
    with pytest.raises(DataError, match=r"t003\.tif.*one size"):
        run(sequence)


def test_a_place_that_cannot_be_written_is_said(users_place: Path) -> None:
    sequence = written(users_place / "A data set" / "01")
    sequence.folder.parent.chmod(0o500)
    with pytest.raises(DataError, match="cannot be written"):
        run(sequence)


def test_a_result_that_may_not_be_replaced_stays(users_place: Path) -> None:
    sequence = written(users_place / "A data set" / "01")
    run(sequence)
    before = {p.name: p.read_bytes() for p in sequence.result.iterdir()}
    sequence.result.chmod(0o555)
    with pytest.raises(DataError, match="cannot be written"):
        run(sequence)
    assert {p.name: p.read_bytes() for p in sequence.result.iterdir()} == before
    sequence.result.chmod(0o755)
    run(sequence)


def test_a_full_disk_is_said_and_leaves_nothing_half(
    sequence: Sequence, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(sequence, track=False)
    before = {p.name: p.read_bytes() for p in sequence.result.iterdir()}

    def full(path: Path, labels: np.ndarray) -> None:
        raise DataError(f"{path}: cannot be written (No space left on device)")

    monkeypatch.setattr(pipeline, "write_labels", full)
    with pytest.raises(DataError, match="No space left"):
        run(sequence, track=False)
    assert {p.name: p.read_bytes() for p in sequence.result.iterdir()} == before


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0, 3, 7], [0, 1, 2]), ([3, 7, 3], [1, 2, 1]), ([0, 0, 0], [0, 0, 0])],
)
def test_relabelling_leaves_no_gap(values: list[int], expected: list[int]) -> None:
    assert relabelled(np.array([values], np.uint16)).tolist() == [expected]


def test_frames_are_read_ahead_but_not_all_at_once(
    sequence: Sequence, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streaming: with one frame in the network, at most `AHEAD` more are in memory."""
    read: list[str] = []

    def counting(path: Path) -> np.ndarray:
        read.append(path.name)
        return read_frame(path)

    monkeypatch.setattr(pipeline, "read_frame", counting)
    reports = Run(sequence, MODEL, sequence.result, RunConfig(track=False))("cpu")
    next(reports)
    assert len(read) <= 1 + pipeline.AHEAD
    assert re.fullmatch(r"t00\d\.tif", read[0])
    list(reports)


@pytest.mark.parametrize("track", [True, False])
def test_repair_mends_masks_with_and_without_tracks(sequence: Sequence, track: bool) -> None:
    missed = frame(2)
    missed[disc((60, 80), (30, 29), 9)] = 0
    tifffile.imwrite(sequence.folder / "t002.tif", missed)
    run(sequence, track=track, repair=True, border=10)
    found = read_labels(find_masks(sequence.result)[2])
    assert found[30, 29], "the missed cell was not drawn in"
    assert not found[4, 60], "a cell outside the field of interest stayed"
    assert (sequence.result / "res_track.txt").exists() == track
