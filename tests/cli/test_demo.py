"""``ctc-submit demo`` in a process of its own, with the model that is committed for it."""

import re
import subprocess
from pathlib import Path

import pytest

from ctc_submit.data.labels import find_masks
from tests.processes import Finished, Program

MODEL = Path(__file__).parents[2] / "models" / "demo"


def demo(*arguments: object, at: Path) -> Finished:
    words = [str(word) for word in arguments]
    return Program(("demo", *words), at, at / "log").finished()


@pytest.fixture
def model() -> Path:
    if not (MODEL / "card.json").exists():
        pytest.skip(f"{MODEL} is not there yet")
    return MODEL


@pytest.mark.slow
def test_the_whole_road(tmp_path: Path, model: Path) -> None:
    done = demo("--frames", 4, "--out", "my demo", at=tmp_path)
    assert done.code == 0 and not done.err, done
    scored = re.search(r"^SEG (0\.\d{4}) in \d+\.\d s, all included$", done.out, re.MULTILINE)
    assert scored and float(scored[1]) > 0.8, done.out
    root = tmp_path / "my demo" / "DIC-SIM"
    assert len(find_masks(root / "01_RES")) == 4
    assert (root / "01_RES" / "res_track.txt").is_file()
    assert sorted(p.name for p in (root / "01_overlay").iterdir()) == [
        "overlay.gif",
        *(f"t{time:03d}.png" for time in range(4)),
    ]
    script = tmp_path / "my demo" / "SW" / "DIC-SIM-01.sh"
    assert subprocess.run(["sh", "-n", script], check=False).returncode == 0
    for line in done.out.splitlines()[-5:]:
        assert (
            tmp_path / line.strip().split(maxsplit=1)[1].removeprefix("frames ").strip()
        ).exists()


def test_without_its_model_it_is_one_line(tmp_path: Path) -> None:
    done = demo("--model", "nowhere", at=tmp_path)
    assert done.code == 3 and done.err.count("\n") == 1 and not done.out
    assert "nowhere: the demo's model is missing; name another with --model" in done.err
    assert not (tmp_path / "demo").exists()


def test_a_folder_of_the_users_is_not_replaced(tmp_path: Path, model: Path) -> None:
    (tmp_path / "demo" / "DIC-SIM").mkdir(parents=True)
    (tmp_path / "demo" / "DIC-SIM" / "mine").write_text("mine")
    done = demo(at=tmp_path)
    assert done.code == 3 and "exists already" in done.err.splitlines()[-1], done
    assert done.out.endswith(" … stopped\n")
    assert (tmp_path / "demo" / "DIC-SIM" / "mine").read_text() == "mine"


@pytest.mark.parametrize("option", [("--frames", "0"), ("--seed", "-1")])
def test_numbers_out_of_range(tmp_path: Path, option: tuple[str, str]) -> None:
    done = demo(*option, at=tmp_path)
    assert done.code == 2 and "not in the range" in done.err
