"""``ctc-submit eval`` as a program: table, files, exit codes."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from ctc_submit.cli.main import main
from ctc_submit.data.labels import write_labels
from ctc_submit.score.official import ENVIRONMENT
from ctc_submit.score.record import MEASURES
from tests.scenes import two_touching
from tests.score.random_sequences import random_case, write_case
from tests.score.test_official import ONE, install


@pytest.fixture(autouse=True)
def no_tools_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A data set ``Data`` with a faulty result of sequence 01."""
    folder = tmp_path / "Data"
    write_case(random_case(np.random.default_rng(3)), folder)
    return folder


def evaluate(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["eval", *map(str, arguments)])


def test_the_table_shows_scores_errors_and_the_worst(dataset: Path) -> None:
    done = evaluate(dataset, "01")
    assert done.exit_code == 0, done.output
    for words in ("Data 01 · gold truth", "scored by ctc-submit", "no official executables found"):
        assert words in done.stdout
    for words in ("OP_CTB", "SEG ", "missed (FN)", "worst frames", "worst objects", "no match"):
        assert words in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert not list((dataset / "01_RES").glob("*_log.txt"))


def test_json_and_csv_hold_the_same_scores_and_where_they_come_from(
    dataset: Path, tmp_path: Path
) -> None:
    done = evaluate(dataset, "01", "--json", tmp_path / "a.json", "--csv", tmp_path / "a.csv")
    assert done.exit_code == 0
    told = json.loads((tmp_path / "a.json").read_text())
    (record,) = told["sequences"]
    assert set(record["scores"]) == set(MEASURES)
    assert record["provenance"]["versions"]["numpy"]
    assert record["provenance"]["result"] == str(dataset / "01_RES")
    assert len(record["result_sha256"]) == 64
    assert len(record["frames"]) == 6
    assert told["mean"]["SEG"] == record["scores"]["SEG"]
    (row,) = csv.DictReader((tmp_path / "a.csv").read_text().splitlines())
    assert float(row["TRA"]) == record["scores"]["TRA"]
    assert row["result_folder"] == str(dataset / "01_RES")
    assert int(row["false_negatives"]) == record["counts"]["false_negatives"]


@pytest.mark.skipif(sys.platform != "linux", reason="names there are not bytes")
def test_names_that_are_no_utf_8_are_written_all_the_same(dataset: Path, tmp_path: Path) -> None:
    named = tmp_path / os.fsdecode(b"na\xffme")
    dataset.rename(named)
    program = [sys.executable, "-c", "from ctc_submit.cli.main import main; main()", "eval"]
    files = ["--json", str(tmp_path / "a.json"), "--csv", str(tmp_path / "a.csv")]
    for encoding in ("utf-8:strict", "ascii:strict"):
        done = subprocess.run(
            [*program, str(named), "01", *files],
            env=os.environ | {"PYTHONIOENCODING": encoding},
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"na?me 01" in done.stdout
    told = json.loads((tmp_path / "a.json").read_text("utf-8"))["sequences"][0]
    assert told["provenance"]["result"] == str(named / "01_RES")
    assert "na\\udcffme" in (tmp_path / "a.csv").read_text("utf-8")


def test_without_a_number_all_results_and_their_mean(dataset: Path) -> None:
    write_case(random_case(np.random.default_rng(4)), dataset / "more")
    for part in ("GT", "RES"):
        (dataset / "more" / f"01_{part}").rename(dataset / f"02_{part}")
    done = evaluate(dataset)
    assert done.exit_code == 0
    for words in ("Data 01 ·", "Data 02 ·", "mean of 01 and 02"):
        assert words in done.stdout


def test_another_result_folder_and_silver_truth(dataset: Path, tmp_path: Path) -> None:
    (dataset / "01_RES").rename(tmp_path / "mine")
    (dataset / "01_GT").rename(dataset / "01_ST")
    done = evaluate(dataset, "01", "--result", tmp_path / "mine", "--truth", "ST")
    assert done.exit_code == 0
    assert "silver truth" in done.stdout
    assert "silver truth has no tracking markers" in done.stdout
    assert evaluate(dataset, "--result", tmp_path / "mine").exit_code == 2


def test_segmentation_only_says_why_there_is_no_tra(dataset: Path) -> None:
    (dataset / "01_RES" / "res_track.txt").unlink()
    done = evaluate(dataset, "01")
    assert done.exit_code == 0
    assert "no res_track.txt in 01_RES: segmentation only" in done.stdout


def test_a_result_in_the_folder_one_stands_in_has_a_name(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (dataset / "01_RES" / "res_track.txt").unlink()
    monkeypatch.chdir(dataset / "01_RES")
    done = evaluate("..", "01", "--result", ".")
    assert "no res_track.txt in 01_RES: segmentation only" in done.stdout


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_in_the_place_of_a_mask_is_a_fault_and_not_waited_for(
    dataset: Path, tmp_path: Path
) -> None:
    mask = dataset / "01_RES" / "mask001.tif"
    mask.unlink()
    os.mkfifo(mask)
    done = evaluate(dataset, "01", "--json", tmp_path / "a.json")
    assert done.exit_code == 3
    assert "mask001.tif: [unreadable]" in done.stderr and "no file that can be read" in done.stderr


@pytest.mark.parametrize("option", ["--json", "--csv"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("01_RES/mask000.tif", "is no name for what is written"),
        ("01_GT/TRA/man_track.txt", "is no name for what is written"),
        ("-", "is no name for what is written"),
        ("nowhere/a.json", "no such folder"),
        ("01_GT", "is a folder"),
    ],
)
def test_a_place_that_cannot_take_the_scores_is_told_before_they_are_taken(
    dataset: Path, option: str, name: str, said: str
) -> None:
    before = {p: p.read_bytes() for p in dataset.rglob("*") if p.is_file()}
    done = evaluate(dataset, "01", option, dataset / name)
    assert (done.exit_code, done.stdout) == (3, "") and said in done.stderr
    assert {p: p.read_bytes() for p in dataset.rglob("*") if p.is_file()} == before


def test_one_file_for_json_and_csv_is_refused(dataset: Path, tmp_path: Path) -> None:
    place = tmp_path / "scores"
    done = evaluate(dataset, "01", "--json", place, "--csv", place)
    assert done.exit_code == 2 and "is given for --json and for --csv" in done.stderr
    assert not place.exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize("place", ["01_RES/res_track.txt", "01_GT/TRA/man_track.txt"])
def test_a_pipe_in_the_place_of_a_track_file_is_not_waited_for(dataset: Path, place: str) -> None:
    (dataset / place).unlink()
    os.mkfifo(dataset / place)
    done = evaluate(dataset, "01")
    assert done.exit_code == 3
    assert f"{Path(place).name}: " in done.stderr and "a pipe or a device, no file" in done.stderr


def test_without_truth_it_says_so_in_one_line(dataset: Path) -> None:
    write_labels(dataset / "01_RES" / "mask000.tif", two_touching())
    (dataset / "01_RES").rename(dataset / "02_RES")
    done = evaluate(dataset, "02")
    assert (done.exit_code, done.stdout) == (3, "")
    assert len(done.stderr.splitlines()) == 1
    assert "truth" in done.stderr


@pytest.mark.parametrize("named", ["01", "01_RES", "01_GT", "01_RES/"])
def test_a_sequence_in_the_place_of_its_data_set_is_told_the_command(
    dataset: Path, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spaced = dataset.rename(dataset.with_name("my data"))
    (spaced / "01").mkdir()
    done = evaluate(f"{spaced}/{named}")
    assert (done.exit_code, len(done.stderr.splitlines())) == (3, 1)
    assert done.stderr.endswith(f"name the data set: ctc-submit eval '{spaced}' 01\n")
    monkeypatch.chdir(spaced)
    assert "ctc-submit eval . 01" in evaluate(named).stderr
    monkeypatch.chdir(spaced / named)
    assert f"ctc-submit eval '{spaced}' 01" in evaluate(".").stderr
    (spaced / "02_GT").mkdir()
    assert "nothing to score" in evaluate(spaced / "02_GT").stderr


def test_each_reason_is_told_where_nothing_is_scored(dataset: Path) -> None:
    shutil.rmtree(dataset / "01_GT" / "SEG")
    (dataset / "01_RES" / "mask001.tif").write_bytes(b"")
    told = [line for line in evaluate(dataset, "01").stdout.splitlines() if "not scored" in line]
    assert any("SEG" in line and "no annotated object" in line for line in told)
    assert any("DET" in line and "no annotated object" not in line for line in told), told


def test_faults_are_lines_on_stderr_and_exit_code_3(dataset: Path, tmp_path: Path) -> None:
    (dataset / "01_RES" / "mask001.tif").unlink()
    (dataset / "01_RES" / "mask003.tif").write_bytes(b"no")
    done = evaluate(dataset, "01", "--json", tmp_path / "a.json")
    assert done.exit_code == 3
    lines = done.stderr.splitlines()
    assert all(line.startswith("ctc-submit: ") for line in lines)
    assert "mask001.tif: [mask-missing] expected a mask" in lines[0]
    assert lines[-1] == "ctc-submit: 2 faults; what they touch was not scored"
    told = json.loads((tmp_path / "a.json").read_text())["sequences"][0]
    assert len(told["faults"]) == 2
    assert told["scores"]["SEG"] is None


def test_many_faults_are_cut_short(dataset: Path) -> None:
    (dataset / "01_RES" / "res_track.txt").write_text("x\n" * 50)
    done = evaluate(dataset, "01")
    assert done.exit_code == 3
    assert len(done.stderr.splitlines()) == 31
    assert "50 faults, the first 30 shown, all with --json" in done.stderr
    assert "SEG " in done.stdout


def test_official_values_stand_beside_ours(dataset: Path, tmp_path: Path) -> None:
    for path in (dataset / "01_GT" / "TRA").iterdir():
        name = path.name.replace("man_track.txt", "res_track.txt").replace("man_track", "mask")
        (dataset / "01_RES" / name).write_bytes(path.read_bytes())
    done = evaluate(dataset, "01", "--tools", install(tmp_path / "tools", ONE))
    assert done.exit_code == 0, done.output
    assert done.stdout.count("official 1.000000") == 3
    assert "and SEGMeasure, DETMeasure, TRAMeasure" in done.stdout


def test_a_difference_fails_loudly_after_the_table(dataset: Path, tmp_path: Path) -> None:
    done = evaluate(dataset, "01", "--tools", install(tmp_path / "tools", ONE, ("SEGMeasure",)))
    assert done.exit_code == 6
    assert "official 1.000000" in done.stdout
    assert "SEG: SEGMeasure says 1.000000, ctc-submit 0." in done.stderr


def test_a_failing_executable_is_one_line(dataset: Path, tmp_path: Path) -> None:
    tools = install(tmp_path / "tools", "exit 255", ("SEGMeasure",))
    done = evaluate(dataset, "01", "--tools", tools)
    assert done.exit_code == 6
    assert "ended with 255" in done.stderr.splitlines()[-1]
    assert "SEG " in done.stdout
    assert evaluate(dataset, "01", "--tools", tmp_path / "nowhere").exit_code == 6
