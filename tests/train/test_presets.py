from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from torchvision.models.detection import maskrcnn_resnet50_fpn

from ctc_submit.cli.train import command
from ctc_submit.errors import CtcError
from ctc_submit.methods.maskrcnn.config import MaskRCNNConfig
from ctc_submit.methods.maskrcnn.net import Net
from ctc_submit.pixels.augment import PAPER as PAPER_AUGMENTATION
from ctc_submit.pixels.augment import AugmentSettings
from ctc_submit.train.config import TrainConfig
from ctc_submit.train.course import Job
from ctc_submit.train.job import AUGMENTATIONS, settings_from
from ctc_submit.train.loop import learning_rate_at
from ctc_submit.train.presets import PRESETS, apply, preset_named


def config_of(name: str, method: str = "maskrcnn") -> TrainConfig:
    return apply(preset_named(name, method), TrainConfig(), frozenset())


def test_the_paper_s_recipe_is_the_paper_s() -> None:
    config = config_of("paper")
    assert (config.learning_rate, config.weight_decay, config.pretrained) == (5e-4, 0, "coco")
    assert [learning_rate_at(e * 7, config, 7) for e in (0, 2, 3, 6)] == pytest.approx(
        [5e-4, 5e-4, 5e-5, 5e-6]
    )
    assert AUGMENTATIONS[config.augment] == PAPER_AUGMENTATION
    assert PAPER_AUGMENTATION == AugmentSettings(flip_horizontal=0.5)
    assert config.patience > 0
    assert (config.ema, config.clip, config.warmup) == (0, 0, 0)
    assert [round(config.holdout * frames) for frames in (168, 230)] == [34, 46]


def test_the_paper_s_network_is_the_one_that_coco_s_weights_belong_to() -> None:
    config = settings_from(MaskRCNNConfig, preset_named("paper", "maskrcnn").method)
    assert isinstance(config, MaskRCNNConfig)
    theirs = maskrcnn_resnet50_fpn(weights=None, weights_backbone=None)
    pool = theirs.roi_heads.mask_roi_pool
    assert config.mask_canonical == pool.canonical_scale == 224
    assert config.mask_pool == pool.output_size[0]
    assert config.input_mean == pytest.approx(np.mean(theirs.transform.image_mean), abs=1e-3)
    assert config.input_std == pytest.approx(np.mean(theirs.transform.image_std), abs=1e-3)
    ours, own = Net(config).state_dict(), theirs.state_dict()
    strange = [k for k, v in ours.items() if k not in own or own[k].shape != v.shape]
    assert {".".join(k.split(".")[:2]) for k in strange} == {
        "roi_heads.box_predictor",
        "roi_heads.mask_predictor",
    }


def test_the_paper_s_unet_learns_at_its_own_rate() -> None:
    config = config_of("paper", "unet")
    assert {learning_rate_at(step, config, 3) for step in range(30)} == {1e-3}
    assert config.pretrained == "none"


def test_recommended_is_what_one_gets_without_asking() -> None:
    assert config_of("recommended") == TrainConfig()
    assert preset_named("recommended", "caltus").method == ()


def test_what_the_user_says_counts_more() -> None:
    chosen = TrainConfig(learning_rate=3.0, epochs=7)
    config = apply(preset_named("paper", "maskrcnn"), chosen, frozenset({"learning_rate"}))
    assert config.learning_rate == 3.0
    assert config.epochs == config_of("paper").epochs


@pytest.mark.parametrize(("name", "method"), [("magic", "unet"), ("paper", "caltus")])
def test_a_recipe_that_is_none_is_said(name: str, method: str) -> None:
    with pytest.raises(CtcError, match="--preset"):
        preset_named(name, method)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), TrainConfig()),
        (("--preset", "paper"), config_of("paper")),
        (("--preset", "paper", "--epochs", "20", "--seed", "3"), {"epochs": 20, "seed": 3}),
        (("--preset", "paper", "--clip", "5"), {"clip": 5.0, "ema": 0.0, "learning_rate": 5e-4}),
    ],
)
def test_the_command_line_overrides_the_recipe(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    expected: TrainConfig | dict[str, float],
) -> None:
    seen: list[Job] = []

    def note(job: Job) -> Iterator[None]:
        seen.append(job)
        return iter(())

    monkeypatch.setattr("ctc_submit.train.run.train", note)
    monkeypatch.setattr(
        "ctc_submit.train.selection.Selection.examples", lambda self, part="train": []
    )
    given = ["DS", "--out", str(tmp_path / "m"), "--set", "mask_pool=20", *options]
    done = CliRunner().invoke(command, given, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    if isinstance(expected, TrainConfig):
        assert seen[0].config == expected
    else:
        assert {name: asdict(seen[0].config)[name] for name in expected} == expected
    method = seen[0].method_config
    assert isinstance(method, MaskRCNNConfig)
    assert method.mask_pool == 20
    assert method.box_width == (1024 if options else 512)


def test_every_recipe_is_offered() -> None:
    (option,) = [p for p in command.params if p.name == "preset"]
    assert tuple(option.type.choices) == PRESETS  # type: ignore[attr-defined]
