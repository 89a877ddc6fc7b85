import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from ctc_submit.checkpoint import (
    CARD,
    CURVES,
    PARTNERS,
    Card,
    config_from,
    load_checkpoint,
    read_card,
    render_card,
    save_checkpoint,
    write_card,
)
from ctc_submit.errors import CheckpointError
from ctc_submit.methods.maskrcnn.config import MaskRCNNConfig
from ctc_submit.methods.maskrcnn.maskrcnn import MaskRCNN
from ctc_submit.methods.mulux.mulux import MuLux
from ctc_submit.methods.state_file import WEIGHTS
from ctc_submit.segment import SegmentConfig
from ctc_submit.track.settings import TrackConfig

MODELS = Path(__file__).parent.parent / "models"
SMALL = MaskRCNNConfig(pyramid_width=16, box_width=16, mask_width=16, mask_pool=14)


@pytest.fixture(scope="module")
def method() -> MaskRCNN:
    torch.manual_seed(0)
    return MaskRCNN(SMALL)


@pytest.fixture
def model(tmp_path: Path, method: MaskRCNN) -> Path:
    save_checkpoint(tmp_path / "a model", method, Card("a model", "maskrcnn", {}))
    return tmp_path / "a model"


def test_what_was_saved_comes_back(model: Path, method: MaskRCNN) -> None:
    again, card = load_checkpoint(model)
    assert again.config == SMALL
    assert not again.net.training
    assert card.config["box_width"] == 16
    for name, value in method.net.state_dict().items():
        expected = value.half().float() if value.is_floating_point() else value
        torch.testing.assert_close(again.net.state_dict()[name], expected, rtol=0, atol=0)


def test_weights_are_stored_in_half_the_space(model: Path, method: MaskRCNN) -> None:
    full = sum(v.numel() * 4 for v in method.net.state_dict().values())
    assert (model / WEIGHTS).stat().st_size < 0.55 * full


def test_what_half_precision_cannot_hold_is_stored_whole(tmp_path: Path) -> None:
    method = MaskRCNN(SMALL)
    name = next(n for n in method.net.state_dict() if n.endswith("running_var"))
    method.net.state_dict()[name].fill_(7e4)
    save_checkpoint(tmp_path / "large", method, Card("large", "maskrcnn", {}))
    again, _ = load_checkpoint(tmp_path / "large")
    assert (again.net.state_dict()[name] == 7e4).all()


def test_nothing_else_is_in_the_folder(model: Path) -> None:
    assert sorted(p.name for p in model.iterdir()) == ["README.md", CARD, WEIGHTS]


def broken(model: Path, what: str) -> None:
    weights, card = model / WEIGHTS, model / CARD
    known = json.loads(card.read_text())
    other = {
        "other format": known | {"format": 99},
        "an older format": known | {"format": 0},
        "other method": known | {"method": "magic"},
        "other setting": known | {"config": known["config"] | {"magic": 1}},
        "other width": known | {"config": known["config"] | {"box_width": 17}},
        "a list": [],
    }
    if what in other:
        card.write_text(json.dumps(other[what]))
    elif what == "no json":
        card.write_text("hello")
    elif what == "other weights":
        save_file({"a": torch.zeros(1)}, weights)
    elif what == "cut weights":
        weights.write_bytes(weights.read_bytes()[:1000])
    else:
        {"no weights": weights}.get(what, card).unlink()
    if what == "a folder for a card":
        card.mkdir()


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("no card", "missing; the folder is not a model"),
        ("no weights", "cannot be read"),
        ("other weights", "expected the weights of card.json"),
        ("cut weights", "expected the weights of card.json"),
        ("a folder for a card", "card.json: cannot be read (Is a directory)"),
        ("no json", "is not a model's card"),
        ("a list", "is not a model's card"),
        ("other format", "another format"),
        ("an older format", "another format"),
        ("other method", "no such method"),
        ("other setting", "magic is unknown"),
        ("other width", "does not fit"),
    ],
)
def test_broken_models_are_refused_in_one_line(model: Path, what: str, words: str) -> None:
    broken(model, what)
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(model)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        ("config", {"box_width": "wide"}),
        ("config", {"score_threshold": 2.0}),
        ("config", {"loss": "magic"}),
        ("config", {"anchor_sizes": ["small"]}),
        ("segment", None),
        ("sha256", None),
        ("notes", "a sentence"),
    ],
)
def test_values_that_are_none_are_refused_in_one_line(model: Path, part: str, wrong: Any) -> None:
    card = json.loads((model / CARD).read_text())
    card[part] = card[part] | wrong if isinstance(wrong, dict) else wrong
    (model / CARD).write_text(json.dumps(card))
    name = next(iter(wrong)) if isinstance(wrong, dict) else part
    with pytest.raises(CheckpointError, match=rf"card\.json: {name}: .* is no value of it$"):
        load_checkpoint(model)


@pytest.mark.parametrize(
    "wrong", [{"tile": "big"}, {"tile": 0}, {"precision": "x"}, {"order": "x"}, {"tile": True}]
)
def test_values_of_the_segmentation_are_looked_at(wrong: dict[str, Any]) -> None:
    [name] = wrong
    with pytest.raises(CheckpointError, match=f"m: {name}: .* is no value of it$"):
        config_from(SegmentConfig, wrong, Path("m"))
    assert config_from(SegmentConfig, {"least_free": 1}, Path("m")).least_free == 1


def test_tiles_that_share_all_of_themselves_are_refused() -> None:
    for wrong in ({"tile": 200}, {"overlap": 1024}, {"tile": 64, "overlap": 64}):
        with pytest.raises(CheckpointError, match=r"^m: tiles of \d+ pixels cannot share \d+$"):
            config_from(SegmentConfig, wrong, Path("m"))


@pytest.mark.parametrize("wrong", [{"gate": "far"}, {"neighbours": 0}, {"wings": 2}])
def test_settings_of_the_tracking_are_looked_at(wrong: dict[str, Any]) -> None:
    [name] = wrong
    with pytest.raises(CheckpointError, match=f"^m: (setting )?{name}"):
        config_from(TrackConfig, wrong, Path("m"))
    assert config_from(TrackConfig, {"repair": True, "gate": 2}, Path("m")).gate == 2


@pytest.mark.parametrize("wrong", [None, "DIC-C2DH-HeLa", "all", [1], {"a": "b"}])
def test_names_of_data_are_a_list(model: Path, wrong: Any) -> None:
    card = json.loads((model / CARD).read_text())
    card["data"] = {"datasets": wrong}
    (model / CARD).write_text(json.dumps(card))
    with pytest.raises(CheckpointError, match=r"card\.json: .*datasets: .* is no list of names"):
        load_checkpoint(model)


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such model folder"):
        load_checkpoint(tmp_path / "none")


def test_a_card_survives_the_way_through_its_file(model: Path) -> None:
    card = read_card(model)
    assert card == Card(**asdict(card))
    assert len(card.sha256) == 64


def test_every_committed_model_s_readme_is_its_card_s() -> None:
    for folder in sorted(p for p in MODELS.iterdir() if p.is_dir()):
        page = render_card(read_card(folder), curves=(folder / CURVES).exists())
        assert (folder / "README.md").read_text("utf-8") == page, folder


def test_the_readme_tells_notes_tuning_and_tracking_where_there_are_some() -> None:
    card = Card("a", "maskrcnn", {}, notes=["Cite it.", "Not for 3D."], track={"gap": 2})
    page = render_card(card)
    assert page.endswith(
        "## Tracking\n\n- gap: 2\n\n## Limits and terms\n\n- Cite it.\n- Not for 3D.\n"
    )
    assert "Tuned" not in page
    tuned = render_card(Card("a", "maskrcnn", {}, tuning={"shift": 1}))
    assert "## Tuned after training\n\n- shift: 1\n" in tuned and "Tracking" not in tuned
    assert tuned.endswith("## Limits and terms\n\n- none stated\n")


@pytest.mark.parametrize("wrong", ["", "..", "a/b", "/a"])
def test_partners_are_folders_beside_the_card(wrong: str) -> None:
    with pytest.raises(ValueError, match="is no name of a folder"):
        Card("a", "unet", {}, partners=[wrong])


def test_curves_that_lie_there_stay_in_the_readme_of_new_weights(
    model: Path, method: MaskRCNN
) -> None:
    (model / CURVES).write_bytes(b"")
    save_checkpoint(model, method, Card("a model", "maskrcnn", {}))
    assert f"]({CURVES})" in (model / "README.md").read_text("utf-8")


def test_the_readme_shows_the_curves_where_there_are_some(model: Path) -> None:
    assert CURVES not in (model / "README.md").read_text("utf-8")
    (model / CURVES).write_bytes(b"")
    write_card(model, read_card(model))
    assert f"]({CURVES})" in (model / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(p.name for p in MODELS.iterdir() if p.is_dir()))
def test_every_committed_model_loads_and_is_small(name: str) -> None:
    folder = MODELS / name
    method, card = load_checkpoint(folder)
    assert (folder / WEIGHTS).stat().st_size <= 32 * 2**20
    assert card.name == name
    assert card.notes
    learned, held_out = (card.data.get(part, []) for part in ("learned", "held_out"))
    assert not set(learned) & set(held_out)
    assert len(learned) + len(held_out) in {0, card.data["frames"]}
    assert isinstance(method, MuLux if name.endswith("-mulux") else MaskRCNN)
    for partner in card.partners:
        place = folder / PARTNERS / partner
        _, known = load_checkpoint(place)
        assert (place / WEIGHTS).stat().st_size <= 32 * 2**20
        assert known.notes and known.scores
        assert set(known.data["held_out"]) == set(card.data["held_out"])
