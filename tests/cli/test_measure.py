"""``ctc-submit measure`` as a program: output, exit codes, log."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from ctc_submit.cli.main import main
from ctc_submit.data.labels import write_labels
from tests.scenes import two_touching


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """One frame, found without fault, under ``tmp_path``."""
    for folder, name in (("GT/SEG", "man_seg"), ("GT/TRA", "man_track"), ("RES", "mask")):
        path = tmp_path / f"01_{folder}"
        path.mkdir(parents=True, exist_ok=True)
        write_labels(path / f"{name}000.tif", two_touching())
    for track in ("GT/TRA/man_track.txt", "RES/res_track.txt"):
        (tmp_path / f"01_{track}").write_text("1 0 0 0\n2 0 0 0\n")
    return tmp_path


@pytest.mark.parametrize("tool", ["SEG", "DET", "TRA", "tra"])
def test_prints_one_line_and_writes_the_log(dataset: Path, tool: str) -> None:
    done = CliRunner().invoke(main, ["measure", tool, str(dataset), "01", "3"])
    assert (done.exit_code, done.output) == (0, f"{tool.upper()} measure: 1.000000\n")
    log = dataset / "01_RES" / f"{tool.upper()}_log.txt"
    assert log.read_bytes().endswith(f"=\n{done.output}".encode())


@pytest.mark.parametrize("arguments", [[], ["x"], ["x", "01"], ["x", "01", "3", "1", "1"]])
def test_wrong_number_of_arguments_is_255(arguments: list[str]) -> None:
    done = CliRunner().invoke(main, ["measure", "DET", *arguments])
    assert done.exit_code == 255
    assert done.output.startswith("Usage: ")


def test_only_det_takes_a_fourth_argument(dataset: Path) -> None:
    given = [str(dataset), "01", "3", "0"]
    assert CliRunner().invoke(main, ["measure", "DET", *given]).exit_code == 0
    assert CliRunner().invoke(main, ["measure", "SEG", *given]).exit_code == 255


def test_errors_go_to_standard_output_and_leave_no_log(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["measure", "SEG", str(tmp_path), "01", "3"])
    assert done.exit_code == 255
    assert done.stdout == f"The directory '{tmp_path}/01_GT/SEG/' does not exist!\n"
    assert not list(tmp_path.rglob("*_log.txt"))


def test_a_log_that_cannot_be_written_is_an_error(dataset: Path) -> None:
    (dataset / "01_RES" / "SEG_log.txt").mkdir()
    done = CliRunner().invoke(main, ["measure", "SEG", str(dataset), "01", "3"])
    assert done.exit_code == 255
    assert "cannot be created!" in done.output


def test_ctrl_c_ends_with_one_line(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ctc_submit.score.measure.measure", stop)
    done = CliRunner().invoke(main, ["measure", "SEG", str(dataset), "01", "3"])
    assert (done.exit_code, done.stdout, done.stderr) == (130, "", "ctc-submit: stopped\n")
