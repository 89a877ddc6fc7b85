import shutil
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from ctc_submit.cli.main import main
from ctc_submit.data.labels import read_labels, write_labels
from ctc_submit.simulate.dataset import write_dataset
from ctc_submit.simulate.settings import SimulationSettings


@pytest.fixture
def result(tmp_path: Path) -> Path:
    folder = tmp_path / "Sim"
    list(write_dataset(folder, SimulationSettings(frames=3, height=40, width=40, cells=2)))
    (folder / "01_RES").mkdir()
    for time in range(3):
        labels = read_labels(folder / "01_GT" / "SEG" / f"man_seg{time:03d}.tif")
        write_labels(folder / "01_RES" / f"mask{time:03d}.tif", labels)
    return folder / "01_RES"


def test_pictures_lie_beside_the_result(result: Path) -> None:
    before = sorted(result.iterdir())
    done = CliRunner().invoke(main, ["overlay", str(result), "--truth", "GT", "--gif"])
    assert done.exit_code == 0, done.output
    out = result.with_name("01_RES_overlay")
    assert f"{out}: 3 pictures, overlay.gif\n" in done.stdout
    names = [path.name for path in sorted(out.iterdir())]
    assert names == ["overlay.gif", "t000.png", "t001.png", "t002.png"]
    assert sorted(result.iterdir()) == before


def test_a_video_needs_ffmpeg_before_anything_is_drawn(
    result: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    done = CliRunner().invoke(main, ["overlay", str(result), "--mp4"])
    assert done.exit_code == 6
    assert done.stderr.startswith("ctc-submit: --mp4 needs ffmpeg: install it")
    assert not result.with_name("01_RES_overlay").exists()


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg here")
def test_all_that_can_be_asked_for(result: Path) -> None:
    asked = ["--truth", "GT", "--labels", "--raw", "--beside", "--gif", "--mp4", "--speed", "4"]
    done = CliRunner().invoke(main, ["overlay", str(result), *asked])
    assert done.exit_code == 0, done.output
    out = result.with_name("01_RES_overlay")
    assert f"{out}: 3 pictures, overlay.gif, overlay.mp4\n" in done.stdout
    with Image.open(out / "t000.png") as picture, Image.open(out / "overlay.gif") as animation:
        assert picture.size == animation.size == (120, 40)
        assert animation.info["duration"] == 250


def test_truth_beside_the_result_must_be_named(result: Path) -> None:
    done = CliRunner().invoke(main, ["overlay", str(result), "--beside"])
    assert done.exit_code == 3
    assert done.stderr == (
        "ctc-submit: --beside shows the truth; say which with --truth GT or --truth ST\n"
    )


def test_the_folder_can_be_named_by_a_dot(result: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(result)
    done = CliRunner().invoke(main, ["overlay", "."])
    assert done.exit_code == 0, done.output
    assert result.with_name("01_RES_overlay").is_dir()


def test_results_of_a_training_configuration(result: Path) -> None:
    other = result.rename(result.with_name("01_RES-GT+ST"))
    assert CliRunner().invoke(main, ["overlay", str(other)]).exit_code == 0


def test_any_folder_with_the_frames_named(result: Path, tmp_path: Path) -> None:
    other = result.rename(tmp_path / "mine")
    done = CliRunner().invoke(main, ["overlay", str(other)])
    assert done.exit_code == 3 and "say where its frames are with --sequence" in done.stderr
    arguments = ["--sequence", str(result.with_name("01")), "--out", str(tmp_path / "out")]
    assert CliRunner().invoke(main, ["overlay", str(other), *arguments]).exit_code == 0
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_bad_settings_are_one_line(result: Path) -> None:
    done = CliRunner().invoke(main, ["overlay", str(result), "--fill", "7"])
    assert done.exit_code == 3
    assert done.stderr == "ctc-submit: --fill is 7.0; expected from 0 to 1\n"


@pytest.mark.parametrize("given", ["Sim", "Sim/01"])
def test_a_folder_beside_the_result_is_told_its_name(result: Path, given: str) -> None:
    (result.parent / "01_RES_overlay").mkdir()
    folder = result.parent.parent / given
    done = CliRunner().invoke(main, ["overlay", str(folder)])
    assert done.exit_code == 3
    assert f"{folder}: is not named NN_RES; name {result}, or say where" in done.stderr
