import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from click.testing import CliRunner
from torch import Tensor

from ctc_submit.checkpoint import (
    Card,
    load_checkpoint,
    read_card,
    render_card,
    save_checkpoint,
    write_card,
)
from ctc_submit.cli.tune import command
from ctc_submit.cli.validate import command as validate_command
from ctc_submit.data.instances import Instance
from ctc_submit.data.labels import read_labels, write_labels
from ctc_submit.errors import CtcError, DataError
from ctc_submit.methods.maskrcnn.config import MaskRCNNConfig
from ctc_submit.methods.maskrcnn.maskrcnn import MaskRCNN
from ctc_submit.methods.registry import METHODS
from ctc_submit.methods.unet.config import UNetConfig
from ctc_submit.methods.unet.unet import UNet
from ctc_submit.segment import SegmentConfig, segment
from ctc_submit.train.config import TuneConfig
from ctc_submit.train.held_out import tuning_frames
from ctc_submit.train.selection import Selection
from ctc_submit.train.split import hold_out
from ctc_submit.train.tune import (
    Bench,
    Settings,
    Trial,
    Tuned,
    grids,
    record,
    search,
    tune,
)
from ctc_submit.train.validate import validate
from tests.scenes import disc
from tests.stubs import Bright, BrightConfig

FRAMES = 4


@dataclass(frozen=True)
class Counting(BrightConfig):
    """As `BrightConfig`, with a threshold that can be tuned."""

    threshold: float = 0.5


class Looking(Bright):
    """`Bright` in two steps, that counts how often its network is asked."""

    asked = 0

    def answer(self, image: Tensor) -> Tensor:
        Looking.asked += 1
        return image

    def read(self, answer: Tensor, config: Any) -> list[Instance]:
        return Bright(config).instances(answer)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Cells drawn one pixel wider than they are annotated; a marker on each but one."""
    root = tmp_path / "DS"
    for folder in ("01", "01_ST/SEG", "01_GT/TRA"):
        (root / folder).mkdir(parents=True)
    for time in range(FRAMES):
        labels = np.zeros((64, 64), np.uint16)
        wide = np.zeros(labels.shape, bool)
        for label, centre in enumerate([(16, 18 + time), (44, 42)], start=1):
            labels[disc(labels.shape, centre, 9)] = label
            wide |= disc(labels.shape, centre, 10)
        tifffile.imwrite(root / f"01/t{time:03d}.tif", wide * np.uint8(200))
        write_labels(root / f"01_ST/SEG/man_seg{time:03d}.tif", labels)
        write_labels(root / f"01_GT/TRA/man_track{time:03d}.tif", np.where(labels == 1, labels, 0))
    return root


@pytest.fixture
def start() -> Settings:
    return Settings(BrightConfig(), SegmentConfig())


def bench_of(dataset: Path, start: Settings) -> Bench:
    return Bench(Looking(), Selection((dataset,)).examples(), start)


def tuned(bench: Bench, start: Settings, config: TuneConfig | None = None) -> Tuned:
    *_, last = tune(bench, start, config or TuneConfig())
    assert isinstance(last, Tuned)
    return last


def test_a_boundary_too_wide_is_drawn_in(dataset: Path, start: Settings) -> None:
    found = tuned(bench_of(dataset, start), start)
    assert found.changes == {"segment.shift": {"before": 0, "after": -1}}
    assert found.settings.segment.shift == -1
    assert found.before["SEG"] < 0.85 < 0.96 < found.after["SEG"]


def test_the_network_looks_at_every_frame_once(dataset: Path, start: Settings) -> None:
    Looking.asked = 0
    tuned(bench_of(dataset, start), start)
    assert Looking.asked == FRAMES


def test_the_scores_are_those_of_the_same_door(dataset: Path, start: Settings) -> None:
    bench, examples = bench_of(dataset, start), Selection((dataset,)).examples()
    for config in (start.segment, replace(start.segment, shift=2, order="small", least_area=300)):
        expected = validate(Bright(), examples, config).seg
        assert bench.score(replace(start, segment=config))["SEG"] == pytest.approx(expected)


def test_markers_count_towards_op_csb(dataset: Path, start: Settings) -> None:
    scores = bench_of(dataset, start).score(start)
    assert scores["DET"] == pytest.approx(1 - FRAMES * 1 / (FRAMES * 10))  # one spurious a frame
    assert scores["OP_CSB"] == pytest.approx((scores["SEG"] + scores["DET"]) / 2)
    found = tuned(bench_of(dataset, start), start, TuneConfig(goal="OP_CSB"))
    assert found.after["OP_CSB"] > found.before["OP_CSB"]


def test_cells_outside_the_field_count_for_nothing(dataset: Path, start: Settings) -> None:
    """The first cell lies wholly in the strip of 25 pixels, but for the last frame."""
    (dataset / f"01_ST/SEG/man_seg{FRAMES - 1:03d}.tif").unlink()
    for kind in ("SEG/man_seg", "TRA/man_track"):
        truth = "01_ST" if kind.startswith("SEG") else "01_GT"
        for time in range(FRAMES - 1):
            labels = read_labels(dataset / f"01_ST/SEG/man_seg{time:03d}.tif")
            write_labels(dataset / f"{truth}/{kind}{time:03d}.tif", np.where(labels == 2, 2, 0))
    examples = Selection((dataset,)).examples()
    assert validate(Bright(), examples, start.segment).spurious == 1
    assert bench_of(dataset, start).score(start)["DET"] == pytest.approx(0.9)
    known = dataset.rename(dataset.with_name("Fluo-N2DL-HeLa"))
    outcome = validate(Bright(), Selection((known,)).examples(), start.segment)
    assert (outcome.spurious, outcome.missed) == (0, 0)
    assert bench_of(known, start).score(start)["DET"] == 1


def test_op_csb_needs_markers(dataset: Path, start: Settings) -> None:
    for path in (dataset / "01_GT/TRA").iterdir():
        path.unlink()
    assert set(bench_of(dataset, start).score(start)) == {"SEG"}
    with pytest.raises(DataError, match="no tracking markers"):
        tuned(bench_of(dataset, start), start, TuneConfig(goal="OP_CSB"))


def test_frames_without_a_cell_are_said(dataset: Path, start: Settings) -> None:
    for path in (dataset / "01_ST/SEG").iterdir():
        write_labels(path, np.zeros((64, 64), np.uint16))
    with pytest.raises(DataError, match="has a cell"):
        bench_of(dataset, start)


def test_a_method_that_answers_in_one_step_is_said(dataset: Path, start: Settings) -> None:
    with pytest.raises(CtcError, match="cannot be tuned"):
        Bench(Bright(), Selection((dataset,)).examples(), start)


def scored(rule: Callable[[Settings], float], margin: float) -> list[Trial]:
    start = Settings(BrightConfig(), SegmentConfig())
    values: dict[str, list[Any]] = {
        "method.threshold": [0.3, 0.4, 0.5],
        "segment.shift": [0, -1, 1],
    }
    return list(search(rule, start, values, margin))


def test_what_brings_less_than_the_margin_is_left() -> None:
    trials = scored(lambda s: 0.0005 * s.segment.shift, 0.001)
    assert [t.settings.segment.shift for t in trials] == [0, 0]
    assert trials[1].scores == {0: 0, -1: -0.0005, 1: 0.0005}


def test_settings_are_gone_through_until_none_brings_more() -> None:
    def both(settings: Settings) -> float:
        """The threshold only matters once the shift is right."""
        wrong = abs(settings.value("method.threshold") - 0.3)
        return -wrong if settings.segment.shift == 1 else -1.0

    trials = scored(both, 0.001)
    assert trials[-1].score == 0
    assert trials[-1].settings.value("method.threshold") == 0.3
    assert [t.name for t in trials[:2]] == ["method.threshold", "segment.shift"]
    assert len(trials) == 6


@pytest.mark.parametrize("name", METHODS)
def test_every_method_can_be_tuned(name: str) -> None:
    plug = METHODS[name]
    assert callable(getattr(plug.method, "answer", None))
    assert callable(getattr(plug.method, "read", None))
    tried = grids(Settings(plug.config(), SegmentConfig()), np.array([100, 200]))
    assert {"segment.shift", "segment.order", "segment.least_free"} < set(tried)
    assert any(n.startswith("method.") for n in tried)
    for setting, values in tried.items():
        kind = plug.config() if setting.startswith("method") else SegmentConfig()
        assert getattr(kind, setting.partition(".")[2]) in values, setting


def test_a_loose_answer_read_strictly_is_the_strict_one() -> None:
    config = MaskRCNNConfig(pyramid_width=16, box_width=16, mask_width=16, mask_pool=14)
    config = replace(config, anchor_sizes=(8, 16, 32, 64, 128), proposals=40, detections=9)
    torch.manual_seed(1)
    loose = MaskRCNN(replace(config, score_threshold=0.05))
    loose.net.eval()
    image = torch.rand(1, 1, 64, 64)
    answer = loose.answer(image)
    middle = float(np.median(answer.scores))
    strict = MaskRCNN(replace(config, score_threshold=middle, mask_threshold=0.4))
    strict.net.load_state_dict(loose.net.state_dict())
    strict.net.eval()
    found, expected = loose.read(answer, strict.config), strict.instances(image)
    assert 0 < len(found) == len(expected) < len(answer.scores)
    for one, other in zip(found, expected, strict=True):
        assert (one.corner, one.score) == (other.corner, other.score)
        np.testing.assert_array_equal(one.mask, other.mask)


UNET = UNetConfig(width=8, depth=2)


@pytest.fixture
def model(tmp_path: Path, dataset: Path) -> Path:
    torch.manual_seed(0)
    method = UNet(UNET)
    with torch.no_grad():  # bright is cell
        for value in method.net.parameters():
            value.zero_()
        method.net.head.bias.fill_(1.0)  # type: ignore[union-attr]
    frames = Selection((dataset,)).examples()
    held = [e.name for e in hold_out(frames, 0.5, np.random.default_rng([0, 0]))[1]]
    card = Card(
        "m",
        "unet",
        {},
        segment={"tile": 1024, "overlap": 64},
        data={"datasets": ["DS"], "truth": "ST", "frames": FRAMES, "held_out": held},
        training={"holdout": 0.5, "seed": 0},
        scores=[{"protocol": "random split", "measure": "SEG", "value": 0.5}],
    )
    save_checkpoint(tmp_path / "m", method, card)
    return tmp_path / "m"


def test_the_frames_are_those_that_training_held_out(model: Path, dataset: Path) -> None:
    selection, card = Selection((dataset,)), read_card(model)
    named = tuning_frames(card, selection.examples(), selection.card())
    assert [e.name for e in named] == card.data["held_out"]
    older = replace(card, data={k: v for k, v in card.data.items() if k != "held_out"})
    assert tuning_frames(older, selection.examples(), selection.card()) == named


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"held_out": ["DS/01/t009"]}, "1 of the 1 frames"),
        ({"held_out": [], "frames": 3}, "its frames differ"),
        ({"held_out": [], "truth": "GT"}, "its truth differ"),
        ({"held_out": [], "datasets": ["other"]}, "its datasets differ"),
    ],
)
def test_frames_of_another_training_are_refused(
    model: Path, dataset: Path, change: dict[str, Any], words: str
) -> None:
    selection, card = Selection((dataset,)), read_card(model)
    with pytest.raises(DataError, match=words):
        tuning_frames(
            replace(card, data=card.data | change), selection.examples(), selection.card()
        )


def test_the_card_tells_what_tuning_did(model: Path, dataset: Path, start: Settings) -> None:
    found = tuned(bench_of(dataset, start), start)
    settings = Settings(replace(UNET, threshold=0.6), found.settings.segment)
    record(model, read_card(model), replace(found, settings=settings), {"frames": "2 held-out"})
    method, card = load_checkpoint(model)
    assert method.config == settings.method
    assert SegmentConfig(**card.segment) == settings.segment
    assert [s["protocol"] for s in card.scores] == ["random split (before tuning)"]
    assert card.tuning["changes"] == {"segment.shift": {"before": 0, "after": -1}}
    assert card.tuning["margin"] == 0.001
    assert card.tuning["after"]["SEG"] > card.tuning["before"]["SEG"]
    text = (model / "README.md").read_text()
    assert "## Tuned after training" in text
    assert text == render_card(card)


def test_tuning_again_tells_of_both(model: Path, dataset: Path, start: Settings) -> None:
    found = tuned(bench_of(dataset, start), start)
    found = replace(found, settings=Settings(UNET, found.settings.segment))
    tracks = {"goal": "TRA", "changes": {}, "before": [0.1], "after": [0.2]}
    card = read_card(model)
    write_card(model, replace(card, tuning={"tracks": tracks}))
    record(model, read_card(model), found, {})
    score = {"protocol": "random split", "measure": "SEG", "value": 0.6}
    card = read_card(model)
    write_card(model, replace(card, scores=[*card.scores, score]))
    shift, area = "segment.shift", "segment.least_area"
    again = {shift: {"before": -1, "after": -2}, area: {"before": 0, "after": 9}}
    record(model, read_card(model), replace(found, changes=again), {})
    card = read_card(model)
    assert card.tuning["tracks"] == tracks
    assert card.tuning["changes"] == again | {shift: {"before": 0, "after": -2}}
    assert [(s["protocol"], s["value"]) for s in card.scores] == [
        ("random split (before tuning)", 0.6)
    ]
    record(model, card, replace(found, changes={shift: {"before": -2, "after": 0}}), {})
    assert read_card(model).tuning["changes"] == {area: again[area]}


def test_cards_without_tuning_read_as_before(model: Path) -> None:
    known = json.loads((model / "card.json").read_text())
    del known["tuning"]
    (model / "card.json").write_text(json.dumps(known))
    assert read_card(model).tuning == {}
    assert "Tuned" not in render_card(read_card(model))


def test_the_command_writes_only_what_helps(model: Path, dataset: Path) -> None:
    """A network that finds one giant cell everywhere: nothing helps."""
    before = (model / "card.json").read_bytes()
    done = CliRunner().invoke(command, [str(model), str(dataset)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "the card stays" in done.output
    assert "4 cells of 2 frames" in done.output
    assert (model / "card.json").read_bytes() == before


def test_a_card_that_may_not_be_written_is_said_before_the_work(
    model: Path, dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda place, _mode: place != model)
    done = CliRunner().invoke(command, [str(model), str(dataset)])
    assert done.exit_code == 4
    assert done.output == f"ctc-submit: {model}: cannot be written (no permission)\n"
    done = CliRunner().invoke(validate_command, [str(model), str(dataset), "--record", "all"])
    assert done.exit_code == 4
    assert done.output == f"ctc-submit: {model}: cannot be written (no permission)\n"
    other = str(dataset / "none")
    arguments = [str(model), str(dataset), "--record", "all", "--into", other]
    done = CliRunner().invoke(validate_command, arguments)
    assert done.exit_code == 4
    assert done.output.count("\n") == 1 and f"{other}: no such model" in done.output


@pytest.mark.parametrize("dry", [True, False])
def test_the_command_tunes(
    model: Path, dataset: Path, dry: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(UNet, "probabilities", lambda self, image: image[0, 0].numpy() * 0.55)
    before = (model / "card.json").read_bytes()
    options = ["--frames", "all", *(["--dry-run"] if dry else [])]
    done = CliRunner().invoke(command, [str(model), str(dataset), *options], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "segment.shift: 0 → -1" in done.output
    assert ((model / "card.json").read_bytes() == before) == dry
    if not dry:
        assert read_card(model).segment["shift"] == -1
        assert read_card(model).tuning["data"]["frames"] == "4 all"


def test_boundaries_move_but_not_at_the_frame_s_edge() -> None:
    frame = np.zeros((20, 20), np.uint8)
    frame[:10, :10] = 9
    wide = segment(frame, Bright(), SegmentConfig(shift=2))
    assert wide[11, 5] == wide[5, 11] == 1
    assert not wide[12, 5]
    thin = segment(frame, Bright(), SegmentConfig(shift=-2))
    assert np.argwhere(thin).min(0).tolist() == [0, 0]
    assert np.argwhere(thin).max(0).tolist() == [7, 7]


@pytest.mark.parametrize(("order", "owner"), [("score", 9), ("large", 25), ("small", 9)])
def test_contested_pixels_go_by_the_order(order: Any, owner: int) -> None:
    class Two(Bright):
        def instances(self, image: Tensor) -> list[Instance]:
            small = Instance((0, 0), np.ones((3, 3), bool), 0.9)
            return [Instance((1, 1), np.ones((5, 5), bool), 0.5), small]

    labels = segment(np.zeros((8, 8), np.uint8), Two(), SegmentConfig(order=order))
    areas = {9: 9, 25: 25}
    assert areas[owner] in np.bincount(labels.ravel())[1:]
    assert np.count_nonzero(labels) == 9 + 25 - 4


def test_every_setting_of_a_segmentation_is_kept_in_the_card(start: Settings) -> None:
    assert SegmentConfig(**asdict(start.segment)) == start.segment
