import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ctc_submit.cli.main import main
from ctc_submit.data.labels import write_labels
from tests.processes import Program
from tests.report.drawn_results import draw_sequence, labels_at


@pytest.fixture
def result(tmp_path: Path) -> Path:
    return draw_sequence(tmp_path / "Drawn").result


def report(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["report", *map(str, arguments)])


def test_the_page_lies_beside_the_result(result: Path) -> None:
    before = sorted(result.iterdir())
    done = report(result)
    assert done.exit_code == 0, done.output
    page = result.with_name("01_RES_report.html")
    assert done.stdout == f"{page}: {page.stat().st_size / 1e6:.1f} MB\n"
    assert sorted(result.iterdir()) == before
    assert "01_RES · 6 frames · gold truth" in page.read_text("utf-8")


def test_several_results_and_a_folder_of_frames(result: Path, tmp_path: Path) -> None:
    other = shutil.copytree(result, result.with_name("01_RES-GT+ST"))
    out = tmp_path / "a page.html"
    done = report(result, other, "--out", out, "--frames", "folder", "--truth", "none")
    assert done.exit_code == 0, done.output
    assert done.stdout.endswith(f"MB in 6 files in {tmp_path / 'a page_files'}\n")
    text = out.read_text("utf-8")
    assert "01_RES, 01_RES-GT+ST · 6 frames · no truth" in text


def test_the_folder_can_be_named_by_a_dot(result: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(result)
    assert report(".").exit_code == 0
    assert result.with_name("01_RES_report.html").is_file()


def test_any_folder_with_the_frames_named(result: Path, tmp_path: Path) -> None:
    other = result.rename(tmp_path / "mine")
    done = report(other)
    assert done.exit_code == 3 and "say where its frames are with --sequence" in done.stderr
    assert report(other, "--sequence", result.with_name("01")).exit_code == 0
    assert "SEG" in (tmp_path / "mine_report.html").read_text("utf-8")
    done = report(other, "--sequence", tmp_path / "03")
    assert done.exit_code == 3 and "03: no such folder; expected raw frames" in done.stderr


def test_results_of_two_sequences_need_two_pages(result: Path) -> None:
    other = shutil.copytree(result, result.with_name("02_RES"))
    done = report(result, other)
    assert done.exit_code == 3 and done.stderr.count("\n") == 1
    assert "02_RES: belongs to " in done.stderr and "name the one of all results" in done.stderr


def test_curves_beside_the_model_or_named(result: Path, tmp_path: Path) -> None:
    (tmp_path / "curves.csv").write_text("epoch,total\n1,2\n")
    page = result.with_name("01_RES_report.html")
    result.with_name("01_RES.run.json").write_text(f'{{"model": {{"folder": "{tmp_path}"}}}}')
    for arguments in ([], ["--curves", tmp_path]):
        assert report(result, *arguments).exit_code == 0
        assert '"columns":{"epoch":[1.0],"total":[2.0]}' in page.read_text("utf-8")
    done = report(result, "--curves", tmp_path / "none")
    assert done.exit_code == 3 and "none: cannot be read" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--truth", "ST"], 3, "01_ST: no such folder"),
        (["--quality", "101"], 2, "101 is not in the range"),
        (["--gallery", "-1"], 2, "-1 is not in the range"),
        (["--out", "."], 3, "is a folder; name a file such as"),
        (["--out", "01/t000.tif"], 3, "expected a name that ends in .html"),
    ],
)
def test_wrong_use_is_told_in_a_line(
    result: Path, arguments: list[str], code: int, told: str
) -> None:
    done = report(result, *arguments)
    assert done.exit_code == code and told in done.stderr
    assert not list(result.parent.glob("*.html"))


def test_a_mask_of_another_size_leaves_no_page(result: Path) -> None:
    write_labels(result / "mask005.tif", labels_at(5)[1:])
    done = report(result, "--truth", "none")
    assert done.exit_code == 3 and done.stderr.strip().endswith(
        "mask005.tif: is 59×80 pixels, its frame is 60×80"
    )
    assert sorted(path.name for path in result.parent.iterdir()) == ["01", "01_GT", "01_RES"]


def test_ctrl_c_leaves_no_half_page(result: Path, tmp_path: Path) -> None:
    folder = result.parent
    for path in [*folder.rglob("*.tif")]:
        for copy in range(1, 40):
            time = int(path.stem[-3:]) + 6 * copy
            shutil.copy(path, path.with_name(f"{path.stem[:-3]}{time:03d}.tif"))
    for kind in ("page", "folder"):
        arguments = ("report", "01_RES", "--frames", kind, "--truth", "none")
        program = Program(arguments, folder, tmp_path / kind)
        program.wait_for(lambda: any(folder.glob(".*.partial")))
        done = program.signal(signal.SIGINT)
        assert done.code == 130 and done.err.strip().endswith("ctc-submit: stopped")
        assert sorted(path.name for path in folder.iterdir()) == ["01", "01_GT", "01_RES"]


def test_a_report_never_imports_torch(result: Path) -> None:
    program = (
        "import sys\nfrom ctc_submit.cli.main import main\n"
        f"try:\n    main(['report', {str(result)!r}])\n"
        "except SystemExit as stop:\n    assert not stop.code\n"
        "assert 'torch' not in sys.modules, 'torch was imported'\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text there")
def test_names_that_are_no_text(result: Path) -> None:
    odd = result.parent.rename(result.parent.with_name(os.fsdecode(b"Z\xff")))
    assert report(odd / "01_RES").exit_code == 0
    assert "Z?" in (odd / "01_RES_report.html").read_text("utf-8")
