"""``run --model A --model B`` and ``validate``: several models as one, and what cannot be fused."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner, Result

from ctc_submit import pipeline
from ctc_submit.checkpoint import Card, save_checkpoint
from ctc_submit.cli.main import main
from ctc_submit.data.labels import find_masks, read_labels, write_labels
from ctc_submit.ensemble.fusion import fused
from ctc_submit.ensemble.members import find_cells, load_members
from ctc_submit.ensemble.settings import EnsembleConfig
from ctc_submit.errors import CheckpointError
from ctc_submit.methods.caltus.caltus import CaltUs
from ctc_submit.methods.caltus.config import CaltUsConfig
from ctc_submit.methods.method import Method
from ctc_submit.segment import SegmentConfig, segment
from tests.ensemble.bright import bright_unet, write_two_discs


def saved(folder: Path, method: Method, name: str, datasets: tuple[str, ...] = ("Zellen",)) -> Path:
    card = Card(folder.name, name, {}, data={"datasets": list(datasets)})
    save_checkpoint(folder, method, card)
    return folder


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A data set of three frames with a bright and a dim disc, and three models."""
    root = tmp_path / "two models"
    write_two_discs(root)
    saved(root / "keen", bright_unet(0.2), "unet")
    saved(root / "strict", bright_unet(0.8), "unet")
    saved(root / "other", CaltUs(CaltUsConfig(width=2, depth=1)), "caltus")
    return root


def call(place: Path, *words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)


def test_two_models_run_as_one(place: Path) -> None:
    models = ("--model", place / "keen", "--model", place / "strict")
    done = call(place, "run", place / "Zellen/01", *models)
    assert done.exit_code == 0, done.output
    result = place / "Zellen/01_RES"
    labels = [read_labels(path) for path in find_masks(result).values()]
    assert len(labels) == 3 and all(np.unique(one).size == 3 for one in labels)
    record = json.loads((place / "Zellen/01_RES.run.json").read_text())
    assert [m["name"] for m in record["models"]] == ["keen", "strict"]
    assert len({m["sha256"] for m in record["models"]}) == 2
    assert all(len(m["sha256"]) == 64 and m["method"] == "unet" for m in record["models"])
    assert record["ensemble"] == {"agree": 0.5} and "model" not in record
    done = call(place, "run", place / "Zellen/01", *models, "--agree", "1")
    assert done.exit_code == 0, done.output
    assert all(read_labels(p).max() == 1 for p in find_masks(result).values())


def test_methods_may_differ(place: Path) -> None:
    members = load_members([place / "keen", place / "other"], "cpu")
    frame = tifffile.imread(place / "Zellen/01/t000.tif")
    each = [segment(frame, m.method, m.segment) for m in members]
    labels = find_cells(frame, members, EnsembleConfig())
    assert np.array_equal(labels, fused(each)) and labels.any()


def test_one_model_is_what_it_was(place: Path) -> None:
    members = load_members([place / "keen"], "cpu")
    frame = tifffile.imread(place / "Zellen/01/t000.tif")
    alone = segment(frame, members[0].method, SegmentConfig())
    assert np.array_equal(find_cells(frame, members, EnsembleConfig()), alone)


def test_an_ensemble_is_validated(place: Path) -> None:
    words = ("validate", place / "strict", place / "Zellen", "--model", place / "keen")
    done = call(place, *words)
    assert done.exit_code == 0, done.output
    assert f"{place / 'strict'} + {place / 'keen'}: SEG" in done.output
    assert "6 cells of 3 frames" in done.output and "missed 0.0%" in done.output
    alone = call(place, "validate", place / "strict", place / "Zellen")
    assert "missed 50.0%" in alone.output
    done = call(place, *words, "--record", "fused")
    assert done.exit_code == 1 and "a card is of one model" in done.output
    assert not json.loads((place / "strict/card.json").read_text())["scores"]


def test_what_cannot_be_fused_is_one_line(place: Path) -> None:
    keen = place / "keen"
    done = call(place, "run", place / "Zellen/01", "--model", keen, "--model", f"{keen}/")
    assert done.exit_code == 4 and "is the same model as" in done.output, done.output
    done = call(place, "run", place / "Zellen/01", "--model", keen, "--model", place / "Zellen")
    assert done.exit_code == 4 and "Zellen/card.json: missing" in done.output
    done = call(place, "run", place / "Zellen/01", "--model", keen, "--agree", "2")
    assert done.exit_code == 2 and "agree" in done.output
    done = call(place, "run", place / "Zellen/01")
    assert done.exit_code == 2 and "--model" in done.output
    assert not (place / "Zellen/01_RES").exists() and not list(place.rglob("*.partial"))


def test_the_same_weights_under_other_settings_are_another_model(place: Path) -> None:
    saved(place / "keen too", bright_unet(0.2, least_area=9), "unet")
    assert len(load_members([place / "keen", place / "keen too"], "cpu")) == 2
    with pytest.raises(CheckpointError, match="keen: is the same model as"):
        load_members([place / "keen", place / "strict", place / "keen"], "cpu")


def test_models_of_different_cells_are_remarked_on(
    place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    saved(place / "stranger", bright_unet(0.5), "unet", ("Yeast",))
    with caplog.at_level(logging.WARNING):
        load_members([place / "keen", place / "strict"], "cpu")
        assert not caplog.messages
        load_members([place / "keen", place / "stranger"], "cpu")
    assert "models of different cells rarely agree" in caplog.text


def test_an_interrupted_run_goes_on_with_the_same_models_only(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def once(path: Path, labels: np.ndarray) -> None:
        write_labels(path, labels)
        if "001" in path.name:
            raise KeyboardInterrupt

    models = ["--model", place / "keen", "--model", place / "strict"]
    run = ("run", place / "Zellen/01", "--resume")
    monkeypatch.setattr(pipeline, "write_labels", once)
    assert call(place, *run, *models).exit_code == 130
    monkeypatch.setattr(pipeline, "write_labels", write_labels)
    done = call(place, *run, "--model", place / "keen", "--model", place / "other")
    assert done.exit_code == 1 and "another model" in done.output
    done = call(place, *run, *models, "--agree", "1")
    assert done.exit_code == 1 and "other settings" in done.output
    assert call(place, *run, *models).exit_code == 0
