"""``ctc-submit average``: the mean of weights, what is known of it, and what has no mean."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result

from ctc_submit.checkpoint import Card, load_checkpoint, read_card, save_checkpoint
from ctc_submit.cli.main import main
from ctc_submit.data.sequence import Sequence
from ctc_submit.ensemble.average import average
from ctc_submit.ensemble.join import join
from ctc_submit.errors import CheckpointError, DataError
from ctc_submit.methods.caltus.caltus import CaltUs
from ctc_submit.methods.caltus.config import CaltUsConfig
from ctc_submit.methods.method import Method
from ctc_submit.methods.unet.config import UNetConfig
from ctc_submit.methods.unet.unet import UNet
from ctc_submit.train.held_out import tuning_frames
from ctc_submit.train.split import Example
from ctc_submit.train.tune_tracks import strange_to

TINY = UNetConfig(width=2, depth=1)
IMAGE = torch.rand((1, 1, 16, 16), generator=torch.Generator().manual_seed(1))


def unet(seed: int, config: UNetConfig = TINY) -> UNet:
    torch.manual_seed(seed)
    method = UNet(config)
    for value in method.net.state_dict().values():
        if value.is_floating_point():
            value.copy_(value.half())  # as it is stored
    return method


def saved(folder: Path, method: Method, **known: Any) -> Path:
    save_checkpoint(folder, method, Card(folder.name, "unet", {}, **known))
    return folder


def call(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)


@pytest.mark.parametrize("number", [2, 3])
def test_every_weight_is_the_mean(tmp_path: Path, number: int) -> None:
    nets = [unet(seed) for seed in range(number)]
    folders = [saved(tmp_path / f"m {i}", net) for i, net in enumerate(nets)]
    done = call("average", *folders, "--out", tmp_path / "mean of all")
    assert done.exit_code == 0, done.output
    assert f"the mean of {number} models" in done.output
    method, card = load_checkpoint(tmp_path / "mean of all")
    states = [net.net.state_dict() for net in nets]
    for name, value in method.net.state_dict().items():
        expected = torch.stack([state[name].double() for state in states]).mean(0)
        assert torch.equal(value, expected.half().to(value.dtype)), name
    assert card.name == "mean of all" and not card.scores
    assert [one["name"] for one in card.training["averaged"]] == [f.name for f in folders]
    with torch.inference_mode():
        one = nets[0].net.eval()(IMAGE)
        assert not torch.allclose(method.net(IMAGE), one)


def test_the_card_tells_what_is_shared_and_what_is_not(tmp_path: Path) -> None:
    data = {"datasets": ["Zellen"], "truth": "ST", "frames": 9}
    known = {"epochs": 3, "augment": "light", "seconds": 7, "batch": 4}
    terms = "Cite it."
    one = saved(
        tmp_path / "one",
        unet(1),
        data=data | {"held_out": ["Zellen/01/t001", "Zellen/01/t004", "Zellen/01/t002"]},
        training=known,
        segment={"tile": 512},
        scores=[{"protocol": "p", "measure": "SEG", "value": 0.9}],
        notes=[terms, "First."],
        track={"gap": 2},
    )
    two = saved(
        tmp_path / "two",
        unet(2),
        data=data | {"datasets": ["Hefe"], "held_out": ["Zellen/01/t002", "Zellen/01/t001"]},
        training=known | {"augment": "none", "seconds": 8, "patience": 2},
        notes=["Second.", terms],
        track={"gap": 3},
    )
    card = average([one, two], tmp_path / "both")
    assert card == read_card(tmp_path / "both")
    assert card.data == data | {
        "datasets": ["Hefe", "Zellen"],
        "held_out": ["Zellen/01/t001", "Zellen/01/t002"],
    }
    sums = [read_card(folder).sha256 for folder in (one, two)]
    assert card.training == {
        "epochs": 3,
        "batch": 4,
        "averaged": [
            {"name": "one", "sha256": sums[0], "augment": "light", "seconds": 7},
            {"name": "two", "sha256": sums[1], "augment": "none", "seconds": 8, "patience": 2},
        ],
    }
    assert card.segment == {"tile": 512} and card.notes == [terms, "First.", "Second."]
    assert card.track == {"gap": 2} and not card.scores
    assert "averaged" in (tmp_path / "both/README.md").read_text("utf-8")


def test_the_mean_learned_from_all_that_its_models_learned_from(tmp_path: Path) -> None:
    known = {"datasets": ["Zellen"], "truth": "ST"}
    one, two, three = (
        saved(tmp_path / f"m{seed}", unet(seed), data=known | {"sequences": part, "frames": seed})
        for seed, part in enumerate((["02"], ["01"], "all"))
    )
    assert average([one, two], tmp_path / "a").data == known | {"sequences": ["01", "02"]}
    assert average([one, three], tmp_path / "b").data == known | {"sequences": "all"}
    joined = join([one, two], tmp_path / "c")
    assert joined.data == known | {"sequences": ["01", "02"]}
    zellen = Sequence.at(tmp_path / "Zellen" / "01")
    assert strange_to(read_card(one), zellen) and not strange_to(joined, zellen)
    done = call("average", tmp_path / "c", three, "--out", tmp_path / "d")
    assert done.exit_code == 4 and "c: has partners (m1), whose weights have no" in done.output
    assert not (tmp_path / "d").exists()


def test_the_mean_names_the_frames_and_starts_of_all_its_models(tmp_path: Path) -> None:
    one = {"learned": ["Z/01/t001", "Z/01/t000"], "started_from": ["b"], "learned_before": ["Y"]}
    two = {"learned": ["Z/01/t002"], "started_from": ["a", "b"], "learned_before": ["X"]}
    parts = [saved(tmp_path / str(n), unet(n), data=d) for n, d in enumerate((one, two, {}))]
    known = average(parts[:2], tmp_path / "mean").data
    assert known["learned"] == ["Z/01/t000", "Z/01/t001", "Z/01/t002"]
    assert known["started_from"] == ["b", "a"] and known["learned_before"] == ["X", "Y"]
    known = average(parts[1:], tmp_path / "other").data  # one does not name its frames
    assert "learned" not in known and known["learned_before"] == ["X"]


def test_frames_that_one_model_learned_from_are_not_held_out(tmp_path: Path) -> None:
    frames = [f"Zellen/01/t{t:03d}" for t in range(4)]
    one, two, three = (
        saved(
            tmp_path / name,
            unet(seed),
            data={"held_out": held_out, "frames": len(frames)},
            training={"holdout": 0.25, "seed": seed},
        )
        for seed, (name, held_out) in enumerate(
            {"one": frames[:2], "two": frames[1:3], "three": frames[3:]}.items()
        )
    )
    examples = [Example(name, tmp_path / name, tmp_path / name) for name in frames]
    card = average([one, two], tmp_path / "a")
    assert [e.name for e in tuning_frames(card, examples, {})] == [frames[1]]
    card = average([one, three], tmp_path / "b")
    assert "held_out" not in card.data
    assert [part["holdout"] for part in card.training["averaged"]] == [0.25, 0.25]
    with pytest.raises(DataError, match=r"no frames to tune on \(its training held none out\)"):
        tuning_frames(card, examples, {})


def test_what_has_no_mean_is_one_line(tmp_path: Path) -> None:
    one, two = saved(tmp_path / "one", unet(1)), saved(tmp_path / "two", unet(2))
    wide = saved(tmp_path / "wide", unet(3, replace(TINY, width=4)))
    (tmp_path / "copy").mkdir()
    for path in one.iterdir():
        (tmp_path / "copy" / path.name).write_bytes(path.read_bytes())
    out = tmp_path / "out"
    for models, found in (
        ([one], "expected at least two models to average, found 1"),
        ([one, tmp_path / "copy"], "copy: holds weights that are among the others already"),
        ([one, two, one], "one: holds weights that are among the others already"),
        ([one, wide], "wide: its network differs from that of"),
        ([one, tmp_path / "none"], "none: no such model folder"),
    ):
        done = call("average", *models, "--out", out)
        assert done.exit_code == 4 and found in done.output, done.output
        assert len(done.output.splitlines()) == 1 and not out.exists()
    done = call("average", one, two, "--out", two)
    assert done.exit_code == 4 and "two: is a model already" in done.output
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "README.md").write_text("my project")
    done = call("average", one, two, "--out", tmp_path / "mine")
    assert done.exit_code == 4 and "mine: has a README.md that is no model's" in done.output
    assert load_checkpoint(two)[1].sha256 == read_card(two).sha256
    assert call("average", one, two).exit_code == 2


def test_models_of_two_methods_have_no_mean(tmp_path: Path) -> None:
    one, two = saved(tmp_path / "one", unet(1)), tmp_path / "two"
    save_checkpoint(two, CaltUs(CaltUsConfig(width=2, depth=1)), Card("two", "caltus", {}))
    with pytest.raises(CheckpointError, match=r"two: is a caltus, .*one a unet; expected"):
        average([one, two], tmp_path / "out")


def test_other_settings_are_remarked_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    one = saved(tmp_path / "one", unet(1))
    two = saved(tmp_path / "two", unet(2, replace(TINY, scale=0.5)))
    with caplog.at_level(logging.WARNING):
        average([one, two], tmp_path / "out")
    assert caplog.messages == [f"{two} was made with scale 0.5, {one} with 1.0, which is kept"]
    assert load_checkpoint(tmp_path / "out")[1].config["scale"] == 1.0
