"""The benchmark of levers: both sides are trained or read, and nothing but the lever differs."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from benchmarks.levers import READING, TRAINING, _changes, main
from ctc_submit.methods.maskrcnn.config import MaskRCNNConfig
from ctc_submit.segment import SegmentConfig
from ctc_submit.simulate.dataset import write_dataset
from ctc_submit.simulate.settings import SimulationSettings
from ctc_submit.train.config import TrainConfig
from ctc_submit.train.job import settings_from

TINY = ("pyramid_width=16", "box_width=16", "mask_width=16", "mask_head=plain", "mask_pool=14")


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    settings = SimulationSettings(frames=8, height=96, width=96, cells=4)
    list(write_dataset(tmp_path / "SIM", settings))
    return tmp_path / "SIM"


def pulled(dataset: Path, lever: str, *words: object) -> Result:
    tiny = [word for setting in TINY for word in ("--set", setting)]
    asked = [dataset, "--lever", lever, "--truth", "GT", "--work", dataset.parent / "w", *words]
    return CliRunner().invoke(main, [*map(str, asked), *tiny], catch_exceptions=False)


def test_every_side_sets_what_there_is() -> None:
    for sides in (TRAINING | READING).values():
        assert len({side.name for side in sides}) == 2
        for side in sides:
            settings_from(MaskRCNNConfig, side.method)
            TrainConfig(**side.training)
            SegmentConfig(**side.segment)


def test_levers_share_the_side_that_leaves_all_as_it_is() -> None:
    given = {"augment": "light", "pretrained": "imagenet"}
    folders = {lever: [_changes(side, given) for side in TRAINING[lever]] for lever in TRAINING}
    assert all(first != second for first, second in folders.values())
    for lever in ("loss", "mask-head", "margin", "anchors", "pretrained", "average", "grey"):
        assert "as-it-is" in folders[lever], lever
    assert folders["loss"] == ["loss=bce", "as-it-is"]
    given["augment"] = "oblique"
    assert _changes(TRAINING["turns"][1], given) == "as-it-is"


def test_both_sides_are_trained_and_one_model_is_read_twice(dataset: Path) -> None:
    words = ("--epochs", 1, "--pretrained", "none")
    done = pulled(dataset, "average", *words)
    assert done.exit_code == 0, done.output
    first, second, last = done.output.splitlines()
    assert first.startswith("average, ema=0.0: SEG ") and "1 epochs" in first
    assert second.startswith("average, ema=0.99: SEG ")
    found = re.fullmatch(r"average: the second brings ([+-][\d.]+) \(95 %: \S+ to \S+\)", last)
    assert found is not None, last
    scores = [float(re.search(r"SEG ([\d.]+)", line)[1]) for line in (first, second)]  # type: ignore[index]
    assert float(found[1]) == pytest.approx(scores[1] - scores[0], abs=2e-3)
    cards = [
        json.loads(path.read_text())["training"]
        for path in sorted((dataset.parent / "w").rglob("model/card.json"))
    ]
    differing = {k for k in cards[0] if cards[0][k] != cards[1][k]}
    assert len(cards) == 2 and "ema" in differing <= {"ema", "seconds", "epoch"}
    assert pulled(dataset, "average", *words).output == done.output  # nothing is trained again
    folders = {path.parent.name for path in (dataset.parent / "w").rglob("model")}
    assert folders == {"as-it-is-seed0", "ema=0.0-seed0"}

    model = next((dataset.parent / "w").rglob("model"))
    done = pulled(dataset, "score-threshold", "--model", model)
    assert done.exit_code == 0, done.output
    assert [line.split(":")[0] for line in done.output.splitlines()] == [
        "score-threshold, score_threshold=0.3",
        "score-threshold, score_threshold=0.05",
        "score-threshold",
    ]
    again = pulled(dataset, "score-threshold")
    assert again.exit_code == 1 and "expected --model" in again.output
