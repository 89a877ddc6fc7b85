"""The organisers' executables, played by small scripts."""

import os
from pathlib import Path

import numpy as np
import pytest

from ctc_submit.data.sequence import Sequence
from ctc_submit.data.tracks import Track
from ctc_submit.errors import ToolError
from ctc_submit.score.confirm import confirm, disagreements
from ctc_submit.score.judge import score
from ctc_submit.score.official import ENVIRONMENT, TOOLS, find_tools
from tests.scenes import two_touching
from tests.score.random_sequences import Case, write_case

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-ins are shell scripts")


@pytest.fixture
def sequence(tmp_path: Path) -> Sequence:
    frames = np.stack([two_touching()] * 2)
    tracks = [Track(1, 0, 1, 0), Track(2, 0, 1, 0)]
    return write_case(Case(frames, tracks, frames, tracks), tmp_path / "Data")


@pytest.fixture(autouse=True)
def no_tools_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)


def install(folder: Path, body: str, names: tuple[str, ...] = tuple(TOOLS.values())) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    return folder


ONE = 'printf "%s measure: 1.000000\\r\\n" "$(basename "$0" Measure)"'


def test_same_values_confirm_the_record(sequence: Sequence, tmp_path: Path) -> None:
    record = confirm(score(sequence), find_tools(install(tmp_path / "flat", ONE)))
    assert record.official == {"SEG": 1.0, "DET": 1.0, "TRA": 1.0}
    assert disagreements(record) == []
    assert "SEGMeasure, DETMeasure, TRAMeasure" in record.provenance["scored_by"]
    assert len(record.provenance["official_tools"]["TRA"]["sha256"]) == 64


def test_they_see_the_files_and_leave_no_trace(sequence: Sequence, tmp_path: Path) -> None:
    (sequence.result / "SEG_log.txt").write_text("old")
    before = {path: path.stat().st_mtime_ns for path in sequence.result.rglob("*")}
    body = (
        f'echo "$@" > {tmp_path}/said; ls -R "$1" >> {tmp_path}/said; '
        f'cat "$1/$2_RES/res_track.txt" "$1/$2_GT/TRA/man_track.txt" > /dev/null || exit 9; '
        f'echo log > "$1/$2_RES/SEG_log.txt"; {ONE}'
    )
    confirm(score(sequence), find_tools(install(tmp_path / "tools", body)))
    said = (tmp_path / "said").read_text()
    assert " 01 3\n" in said.splitlines(keepends=True)[0]
    for name in ("mask001.tif", "man_track001.tif", "man_seg001.tif"):
        assert name in said
    assert {path: path.stat().st_mtime_ns for path in sequence.result.rglob("*")} == before
    assert not Path(said.split()[0]).exists()


def test_a_difference_is_told(sequence: Sequence, tmp_path: Path) -> None:
    body = 'echo "$(basename "$0" Measure) measure: 0.999998"'
    record = confirm(score(sequence), find_tools(install(tmp_path / "tools", body)))
    assert disagreements(record)[0] == "SEG: SEGMeasure says 0.999998, ctc-submit 1.000000000"
    assert len(disagreements(record)) == 3


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("echo 'The directory does not exist!'; exit 255", "ended with 255 and printed The dir"),
        ("exit 0", "ended with 0 and printed nothing"),
        ("echo 'SEG measure: many'", "printed SEG measure: many"),
        ("echo 'DET measure: 1.000000'", "printed DET measure"),
        ("kill -9 $$", "ended with -9"),
        ("head -c 100000 /dev/urandom; exit 3", "ended with 3"),
    ],
)
def test_misbehaviour_is_one_error(
    body: str, words: str, sequence: Sequence, tmp_path: Path
) -> None:
    tools = find_tools(install(tmp_path / "tools", body, ("SEGMeasure",)))
    with pytest.raises(ToolError, match="SEGMeasure") as caught:
        confirm(score(sequence), tools)
    assert words in str(caught.value)


def test_one_that_hangs_is_ended_with_its_children(sequence: Sequence, tmp_path: Path) -> None:
    body = f"sh -c 'echo $$ > {tmp_path}/child; sleep 60' & wait"
    tools = find_tools(install(tmp_path / "tools", body, ("SEGMeasure",)))
    with pytest.raises(ToolError, match=r"longer than 0\.5 seconds"):
        confirm(score(sequence), tools, timeout=0.5)
    child = int((tmp_path / "child").read_text())
    status = Path(f"/proc/{child}/status")
    assert not status.exists() or "zombie" in status.read_text()


def test_one_that_is_no_program(sequence: Sequence, tmp_path: Path) -> None:
    tools = find_tools(install(tmp_path / "tools", "", ("SEGMeasure",)))
    tools["SEG"].path.write_bytes(b"\x00\x01")
    with pytest.raises(ToolError, match="cannot be started"):
        confirm(score(sequence), tools)


def test_where_they_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert find_tools() == {}
    install(tmp_path / "bin", ONE, ("DETMeasure",))
    assert set(find_tools()) == {"DET"}
    software = tmp_path / "EvaluationSoftware"
    install(software / "Linux", ONE)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv(ENVIRONMENT, str(software))
    assert find_tools()["SEG"].path == software / "Linux" / "SEGMeasure"
    flat = install(tmp_path / "flat", ONE)
    assert find_tools(flat)["SEG"].path == flat / "SEGMeasure"
    with pytest.raises(ToolError, match="holds none of SEGMeasure"):
        find_tools(tmp_path)


def test_windows_programs_need_wine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    folder = tmp_path / "EvaluationSoftware" / "Win"
    folder.mkdir(parents=True)
    (folder / "SEGMeasure.exe").write_bytes(b"MZ")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(ToolError, match="install wine"):
        find_tools(folder.parent)
    wine = install(tmp_path / "bin", ONE, ("wine",)) / "wine"
    tool = find_tools(folder.parent)["SEG"]
    assert (tool.launcher, tool.path) == ((str(wine),), folder / "SEGMeasure.exe")


def test_one_without_permission_says_how_to_give_it(tmp_path: Path) -> None:
    folder = install(tmp_path / "tools", ONE)
    (folder / "SEGMeasure").chmod(0o644)
    with pytest.raises(ToolError, match=r"chmod \+x"):
        find_tools(folder)


def test_what_was_not_scored_is_not_run(sequence: Sequence, tmp_path: Path) -> None:
    (sequence.result / "res_track.txt").unlink()
    body = f'echo ran >> {tmp_path}/$(basename "$0"); {ONE}'
    record = confirm(score(sequence), find_tools(install(tmp_path / "tools", body)))
    assert set(record.official) == {"SEG", "DET"}
    assert not (tmp_path / "TRAMeasure").exists()
