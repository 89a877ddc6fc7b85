"""``ctc-submit join``: several models in one folder, and all that then takes it as one."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from ctc_submit.checkpoint import CARD, PARTNERS, Card, read_card, save_checkpoint
from ctc_submit.cli.main import main
from ctc_submit.data.labels import find_masks, read_labels
from ctc_submit.ensemble.join import join
from ctc_submit.ensemble.members import load_members
from ctc_submit.ensemble.settings import EnsembleConfig
from ctc_submit.errors import CheckpointError
from ctc_submit.methods.state_file import WEIGHTS
from tests.ensemble.bright import bright_unet, write_two_discs


def bright(folder: Path, threshold: float, **known: object) -> Path:
    """A model that answers with the image's own brightness."""
    save_checkpoint(folder, bright_unet(threshold), Card(folder.name, "unet", {}, **known))  # type: ignore[arg-type]
    return folder


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A data set of three frames with a bright and a dim disc, and three models."""
    root = tmp_path / "as one"
    write_two_discs(root)
    held = {"held_out": ["Zellen/01/t000", "Zellen/01/t001"], "datasets": ["Zellen"]}
    scores = [{"protocol": "by hand", "measure": "SEG", "value": 0.5}]
    bright(root / "strict", 0.8, data=held, scores=scores)
    bright(root / "keen", 0.2, data=held | {"held_out": ["Zellen/01/t001"]})
    bright(root / "third", 0.4, data=held)
    return root


def call(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)


def masks(result: Path) -> list[np.ndarray]:
    return [read_labels(path) for path in find_masks(result).values()]


def test_a_joined_folder_finds_what_its_models_find_together(place: Path) -> None:
    done = call("join", place / "strict", place / "keen", "--out", place / "models" / "Zellen")
    assert done.exit_code == 0, done.output
    assert "unet and keen, without a score yet" in done.output
    joined = place / "models" / "Zellen"
    run = ("run", place / "Zellen/01")
    models = ("--model", place / "strict", "--model", place / "keen")
    assert call(*run, place / "apart", *models).exit_code == 0
    assert call(*run, place / "joined", "--model", joined).exit_code == 0
    assert call(*run, place / "alone", "--model", joined, "--no-partners").exit_code == 0
    for one, other in zip(masks(place / "apart"), masks(place / "joined"), strict=True):
        assert np.array_equal(one, other) and one.max() == 2
    assert all(one.max() == 1 for one in masks(place / "alone"))
    record = json.loads((place / "joined.run.json").read_text())
    assert [m["name"] for m in record["models"]] == ["Zellen", "keen"]
    assert "model" in json.loads((place / "alone.run.json").read_text())


def test_the_folder_stands_alone_and_holds_the_models_unchanged(place: Path) -> None:
    (place / "strict" / "curves.png").write_bytes(b"a picture")
    (place / "strict" / ".hidden").touch()
    sums = {name: read_card(place / name).sha256 for name in ("strict", "keen")}
    card = join([place / "strict", place / "keen"], place / "both")
    assert card == read_card(place / "both")
    assert sorted(str(p.relative_to(place / "both")) for p in (place / "both").rglob("*")) == [
        "README.md",
        CARD,
        "curves.png",
        PARTNERS,
        f"{PARTNERS}/keen",
        f"{PARTNERS}/keen/README.md",
        f"{PARTNERS}/keen/{CARD}",
        f"{PARTNERS}/keen/{WEIGHTS}",
        WEIGHTS,
    ]
    shutil.rmtree(place / "strict")
    shutil.rmtree(place / "keen")
    assert card.sha256 == sums["strict"] and card.name == "both"
    assert read_card(place / "both" / PARTNERS / "keen").sha256 == sums["keen"]
    assert [m.card.sha256 for m in load_members([place / "both"], "cpu")] == list(sums.values())
    [alone] = load_members([place / "both"], "cpu", EnsembleConfig(partners=False))
    assert alone.card.sha256 == sums["strict"]


def test_the_card_tells_what_is_known_of_all(place: Path) -> None:
    card = join([place / "strict", place / "keen"], place / "both")
    assert card.data["held_out"] == ["Zellen/01/t001"]
    assert [score["protocol"] for score in card.scores] == ["strict alone: by hand"]
    readme = (place / "both" / "README.md").read_text()
    assert "Its partners see every frame too, and cells are fused: keen." in readme


def test_a_joined_folder_is_validated_and_keeps_its_score(place: Path) -> None:
    both = place / "both"
    join([place / "strict", place / "keen"], both)
    done = call("validate", both, place / "Zellen", "--record", "all frames")
    assert done.exit_code == 0 and "missed 0.0%" in done.output, done.output
    card = read_card(both)
    assert card.partners == ["keen"]
    assert [score["protocol"] for score in card.scores] == ["strict alone: by hand", "all frames"]
    done = call("validate", both, place / "Zellen", "--no-partners")
    assert "missed 50.0%" in done.output
    done = call("validate", both, place / "Zellen", "--no-partners", "--record", "x")
    assert done.exit_code == 1 and "leave out --no-partners" in done.output
    done = call("tune", both, place / "Zellen")
    assert done.exit_code == 4 and "tune each model before they are joined" in done.output


def test_joined_models_can_be_joined_to_another(place: Path) -> None:
    two = place / "two"
    join([place / "strict", place / "keen"], two)
    card = join([two, place / "third"], place / "three")
    assert card.partners == ["keen", "third"]
    assert [score["protocol"] for score in card.scores] == ["strict alone: by hand"]
    assert len(load_members([place / "three"], "cpu")) == 3
    card = join([place / "third", two], place / "other way")
    assert card.partners == ["two", "keen"]
    assert not read_card(place / "other way" / PARTNERS / "two").partners
    assert len(load_members([place / "other way"], "cpu")) == 3


def test_models_of_one_name_have_folders_of_their_own(place: Path) -> None:
    twin = bright(place / "elsewhere" / "keen", 0.3)
    card = join([place / "strict", place / "keen", twin], place / "all")
    assert card.partners == ["keen", "keen-2"]
    sums = [read_card(place / "all" / PARTNERS / name).sha256 for name in card.partners]
    assert sums == [read_card(place / "keen").sha256, read_card(twin).sha256]


def test_what_cannot_be_joined_is_one_line_and_leaves_nothing(place: Path) -> None:
    strict, keen = place / "strict", place / "keen"
    (place / "mine").mkdir()
    (place / "mine" / "notes.txt").write_text("mine")
    (place / "file").write_text("mine")
    before = sorted(place.rglob("*"))
    for words, found in (
        ((strict,), "expected at least two models to join, found 1"),
        ((strict, strict), "strict: is the same model as"),
        ((strict, place / "none"), "none: no such model folder"),
        ((strict, place / "Zellen"), "card.json: missing; the folder is not a model"),
        ((strict, keen, "--out", keen), "keen: is a model already"),
        ((strict, keen, "--out", place / "mine"), "mine: has something else in it"),
        ((strict, keen, "--out", place / "file"), "file: has something else in it"),
        ((strict, keen, "--out", place / "file" / "in"), "in: cannot be written ("),
    ):
        out = () if "--out" in words else ("--out", place / "new")
        done = call("join", *words, *out)
        assert done.exit_code == 4 and found in done.output, done.output
        assert len(done.output.splitlines()) == 1
        assert sorted(place.rglob("*")) == before


def test_a_partner_that_is_damaged_or_away_is_told(place: Path) -> None:
    both = place / "both"
    join([place / "strict", place / "keen"], both)
    weights = both / PARTNERS / "keen" / WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match=r"keen/weights.safetensors: expected the weights"):
        load_members([both], "cpu")
    shutil.rmtree(both / PARTNERS)
    done = call("run", place / "Zellen/01", "--model", both)
    assert done.exit_code == 4 and "partners/keen: no such model folder" in done.output
    assert not (place / "Zellen/01_RES").exists()


@pytest.mark.parametrize("name", ["", "..", "a/b", "../keen", 7, None])
def test_names_that_lead_elsewhere_are_refused(place: Path, name: object) -> None:
    path = place / "strict" / CARD
    path.write_text(json.dumps(json.loads(path.read_text()) | {"partners": [name]}))
    with pytest.raises(CheckpointError, match="partners"):
        read_card(place / "strict")
