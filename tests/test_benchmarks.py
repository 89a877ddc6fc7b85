"""The benchmarks answer small and odd inputs with figures or one line."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from benchmarks import models
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
