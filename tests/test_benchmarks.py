"""The benchmarks answer small and odd inputs with figures or one line."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks import (
    boundary_error,
    check_conformance,
    models,
    oracle,
    run_memory,
    run_speed,
    score_growth,
    training_step,
)
from ctc_submit.checkpoint import read_card
from ctc_submit.simulate.dataset import write_dataset
from ctc_submit.simulate.settings import SimulationSettings

MODELS = Path(__file__).parent.parent / "models"


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Two sequences of two frames, with gold truth only."""
    settings = SimulationSettings(frames=2, height=64, width=64, cells=1)
    list(write_dataset(tmp_path / "SIM", settings, sequences=2))
    return tmp_path / "SIM"


def entry(measure: str, sequence: str, value: float | None) -> dict[str, Any]:
    data = {"datasets": ["SIM"], "sequences": [sequence]}
    return {"protocol": "p", "measure": measure, "value": value, "data": data}


def test_scores_replace_those_of_the_same_measurement() -> None:
    plain = {"protocol": "p", "measure": "SEG", "value": 0.1}
    old = [plain, *(entry(name, "01", 0.2) for name in ("SEG", "DET", "TRA"))]
    new = [entry("SEG", "01", 0.3), entry("DET", "01", None), entry("TRA", "02", 0.0)]
    assert models.with_entries(old, new) == [plain, old[3], new[0], new[2]]


def test_a_model_on_sequences_without_silver_truth(dataset: Path, tmp_path: Path) -> None:
    card = shutil.copytree(MODELS / "demo", tmp_path / "demo")
    before = read_card(card).scores
    for number in ("01", "02"):
        given = [str(MODELS / "demo"), str(dataset), number, "--into", str(card)]
        done = CliRunner().invoke(models.main, given)
        assert done.exit_code == 0, done.output
        assert f"SIM {number}: SEG (silver truth) –" in done.output
    added = read_card(card).scores[len(before) :]
    assert [each["data"]["sequences"] for each in added] == [["01"]] * 5 + [["02"]] * 5
    assert {each["data"]["truth"] for each in added} == {"GT"}
    done = CliRunner().invoke(models.main, [str(MODELS / "demo"), str(dataset), "03"])
    assert done.exit_code == 3 and done.stderr.startswith("ctc-submit: ")


def test_the_silver_truth_is_told_in_every_card() -> None:
    cards = [path.parent for path in MODELS.glob("*/card.json")]
    scores = [each for folder in cards for each in read_card(folder).scores]
    silver = [each for each in scores if each["measure"] == models.SILVER]
    assert silver and all(each["data"]["truth"] == "ST" for each in silver)


@pytest.mark.parametrize(
    ("count", "parts"),
    [(0, []), (1, [1]), (2, [1, 1]), (3, [1, 1, 1]), (4, [1] * 4), (9, [3, 2, 2, 2])],
)
def test_few_cells_make_few_quarters(count: int, parts: list[int]) -> None:
    cells = [boundary_error.Cell(length, 0.9, 0.5, False) for length in range(count, 0, -1)]
    found = boundary_error.quarters(cells)
    assert [len(part) for part in found] == parts
    assert [cell.length for part in found for cell in part] == list(range(1, count + 1))


def test_the_worst_cells_are_named_with_what_they_cost() -> None:
    truth, found = np.zeros((2, 20, 20), np.uint16)
    truth[2:6, 2:6], truth[10:14, 0:4], truth[10:14, 10:14] = 1, 4, 9
    found[2:6, 2:6], found[10:13, 0:4] = 3, 5
    cells = boundary_error.cells_of("01/t000", truth, found)
    assert [(c.name, c.jaccard, c.cut, c.area) for c in cells] == [
        ("01/t000 1", 1.0, False, 16),
        ("01/t000 4", 0.75, True, 16),
        ("01/t000 9", 0.0, False, 16),
    ]
    ranked = boundary_error.without_worst(cells, 5)
    assert [(c.name, rest) for c, rest in ranked] == [("01/t000 9", 0.875), ("01/t000 4", 1.0)]
    assert not boundary_error.without_worst([], 3)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="not on Linux")
def test_the_memory_after_tracking_is_always_told() -> None:
    done = CliRunner().invoke(run_memory.main, ["--frames", "17", "--size", "64"])
    assert done.exit_code == 0, done.output
    lines = [line.split()[0] for line in done.output.splitlines() if line.endswith(" GB")]
    assert lines == ["2", "4", "6", "8", "10", "12", "14", "16", "17", "17"]


def test_the_cost_of_each_pixel_and_cell_counts_all_frames(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def pixels(frames: int, side: int, _pitch: int, _repeats: int) -> float:
        return frames * side**2 / 1e6

    monkeypatch.setattr(score_growth, "judged", pixels)
    monkeypatch.setattr("sys.argv", ["score_growth"])
    score_growth.main()
    lines = [line for line in capsys.readouterr().out.splitlines() if line.endswith(" each")]
    assert lines[0].split()[0] == "131,072"
    assert all("   1.000 µs each" in line for line in lines[:5])
    assert lines[5].split()[0] == "128" and "65536.000 µs each" in lines[5]


def test_too_little_to_measure_is_one_line(dataset: Path) -> None:
    done = CliRunner().invoke(training_step.main, ["--images", "1", "--batch", "2"])
    assert done.exit_code == 2 and "--images 1 is less than a batch; give 2" in done.output
    done = CliRunner().invoke(check_conformance.main, [str(dataset)])
    assert done.exit_code == 1 and "holds no case" in str(done.output)
    (dataset / "01" / "t001.tif").unlink()
    with pytest.raises(SystemExit, match="expected two frames or more, found 1"):
        run_speed.seconds_a_frame(dataset / "01", MODELS / "demo", dataset)


def test_methods_need_silver_truth(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["oracle", str(dataset)])
    with pytest.raises(SystemExit, match="SIM: holds no silver truth"):
        oracle.main()
