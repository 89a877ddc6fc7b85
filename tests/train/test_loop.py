import math
import multiprocessing
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from click.testing import CliRunner
from torch.optim.swa_utils import AveragedModel

from ctc_submit.checkpoint import load_checkpoint, read_card
from ctc_submit.cli.train import command as train_command
from ctc_submit.data.labels import write_labels
from ctc_submit.errors import CheckpointError, CtcError, DataError
from ctc_submit.methods.maskrcnn.config import MaskRCNNConfig
from ctc_submit.methods.registry import method_named
from ctc_submit.methods.unet.config import UNetConfig
from ctc_submit.methods.unet.unet import UNet
from ctc_submit.pixels.augment import RECOMMENDED, AugmentSettings
from ctc_submit.train import run
from ctc_submit.train.config import TrainConfig
from ctc_submit.train.course import EpochReport, Job
from ctc_submit.train.crops import Batches, Order, Step, collate
from ctc_submit.train.job import chosen_in, describe_job, settings_from
from ctc_submit.train.loop import (
    Learner,
    StepReport,
    average_over_time,
    learn,
    learning_rate_at,
)
from ctc_submit.train.run import train
from ctc_submit.train.selection import Selection
from ctc_submit.train.validate import judge
from tests.courses import course
from tests.scenes import disc
from tests.stubs import Bright

FAST = TrainConfig(
    epochs=2, batch=2, crop=64, warmup=1, holdout=0.25, pretrained="none", workers=0, ema=0.5
)
TINY = ("pyramid_width=16", "box_width=16", "mask_width=16", "mask_pool=14")


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    root = tmp_path / "DS"
    (root / "01").mkdir(parents=True)
    (root / "01_ST/SEG").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for time in range(8):
        labels = np.zeros((64, 64), np.uint16)
        for label, centre in enumerate([(18, 18), (44, 40)], start=1):
            labels[disc(labels.shape, (rng.normal(centre[0], 2), rng.normal(centre[1], 2)), 10)] = (
                label
            )
        noise = rng.normal(40, 5, labels.shape)
        tifffile.imwrite(root / f"01/t{time:03d}.tif", (noise + 100 * (labels > 0)).astype("u1"))
        write_labels(root / f"01_ST/SEG/man_seg{time:03d}.tif", labels)
    return root


def job(dataset: Path, name: str, config: TrainConfig = FAST) -> Job:
    return describe_job(
        Selection((dataset,)),
        config,
        method="maskrcnn",
        settings=TINY,
        out=dataset.parent / name,
        work=dataset.parent / f"{name} work",
        device="cpu",
    )


def test_a_training_leaves_a_model_and_its_curves(dataset: Path) -> None:
    reports = list(train(job(dataset, "model")))
    epochs = [r for r in reports if isinstance(r, EpochReport)]
    assert [e.epoch for e in epochs] == [1, 2]
    assert epochs[0].best
    method, card = load_checkpoint(dataset.parent / "model")
    assert card.data["datasets"] == ["DS"]
    assert card.training["seed"] == 0
    assert card.config["anchor_sizes"][2] == pytest.approx(21, abs=1.5)
    assert not method.net.training
    work = dataset.parent / "model work"
    assert (work / "curves.csv").read_text().startswith("epoch,")
    assert (work / "curves.png").read_bytes()[:4] == b"\x89PNG"
    last = (work / "curves.csv").read_text().splitlines()[0].split(",")
    assert "images_per_second" in last
    for name in ("curves.csv", "curves.png"):
        assert (dataset.parent / "model" / name).read_bytes() == (work / name).read_bytes()
    assert "](curves.png)" in (dataset.parent / "model" / "README.md").read_text("utf-8")


@pytest.mark.parametrize("stop", [2, 4])
def test_a_training_that_was_stopped_goes_on_exactly(dataset: Path, stop: int) -> None:
    whole = course(job(dataset, "whole"))
    first = course(job(dataset, "parts"), stop)
    second = course(job(dataset, "parts"))
    steps_kept = (len(whole) - len(second),)
    assert first[: steps_kept[0]] + second == whole
    for name, value in load_checkpoint(dataset.parent / "whole")[0].net.state_dict().items():
        again = load_checkpoint(dataset.parent / "parts")[0].net.state_dict()[name]
        assert torch.equal(again, value), name


@pytest.mark.parametrize(("seconds", "saved"), [(0, [1, 2, 3, 4]), (1e9, [1, 1, 1, 4])])
def test_short_epochs_are_saved_now_and_then(
    dataset: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, saved: list[int]
) -> None:
    """The table has every epoch; state and picture wait, but for the first and the last one."""
    monkeypatch.setattr("ctc_submit.train.course.SAVE_EVERY", seconds)
    described = job(dataset, "a", replace(FAST, batch=6, epochs=4))
    found, drawn = [], []
    for report in train(described):
        if isinstance(report, EpochReport):
            state = torch.load(described.work / "state.pt", weights_only=True)
            found.append(state["learner"]["step"])
            drawn.append((described.work / "curves.png").read_bytes())
            table = (described.work / "curves.csv").read_text().splitlines()
            assert len(table) == 1 + report.epoch
    assert found == saved
    assert [drawn[i] == drawn[i + 1] for i in range(3)] == [
        saved[i] == saved[i + 1] for i in range(3)
    ]


def test_a_training_goes_on_exactly_from_an_older_state(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two epochs are learned again, and the model that the first run kept of them comes back."""
    monkeypatch.setattr("ctc_submit.train.course.SAVE_EVERY", 1e9)
    config = replace(FAST, batch=6, epochs=4)
    whole = course(job(dataset, "whole", config))
    course(job(dataset, "parts", config), 4)
    assert course(job(dataset, "parts", config)) == whole[1:]
    place = dataset.parent
    kept = [(place / run / "weights.safetensors").read_bytes() for run in ("whole", "parts")]
    assert kept[0] == kept[1]
    tables = [(place / f"{run} work/curves.csv").read_text() for run in ("whole", "parts")]
    assert [len(table.splitlines()) for table in tables] == [5, 5]


def test_workers_change_nothing(dataset: Path) -> None:
    alone = course(job(dataset, "a"))
    helped = course(job(dataset, "b", replace(FAST, workers=2)))
    assert alone == helped


def test_another_seed_is_another_training(dataset: Path) -> None:
    assert course(job(dataset, "a"), 1) != course(job(dataset, "b", replace(FAST, seed=1)), 1)


def test_the_state_of_another_job_is_refused(dataset: Path) -> None:
    course(job(dataset, "a"))
    with pytest.raises(CheckpointError, match="other data or settings"):
        course(job(dataset, "a", replace(FAST, learning_rate=1e-5)))


def test_a_state_that_cannot_be_read_is_said(dataset: Path) -> None:
    described = job(dataset, "a")
    described.work.mkdir()
    (described.work / "state.pt").write_bytes(b"half a state")
    with pytest.raises(CheckpointError, match="delete it"):
        course(described)


def test_a_state_that_may_not_be_read_is_not_to_be_deleted(dataset: Path) -> None:
    described = job(dataset, "a")
    (described.work / "state.pt").mkdir(parents=True)  # root, too, may not read this
    with pytest.raises(CheckpointError, match=r"state\.pt: cannot be read \(Is a directory\)$"):
        course(described)


def test_patience_ends_a_training_early(dataset: Path) -> None:
    patient = replace(FAST, epochs=30, learning_rate=1e-12, patience=2)
    steps = course(job(dataset, "a", patient))
    assert len(steps) == 3 * 3, "the first epoch and two that are no better"
    assert course(job(dataset, "a", patient)) == []  # the same command again adds nothing


def test_scores_are_taken_every_so_often_and_at_the_end(dataset: Path) -> None:
    reports = train(job(dataset, "a", replace(FAST, epochs=3, validate_every=2)))
    rows = [r.row for r in reports if isinstance(r, EpochReport)]
    assert ["seg" in row for row in rows] == [False, True, True]


def test_without_held_out_frames_the_average_of_the_last_epoch_is_kept(dataset: Path) -> None:
    described = job(dataset, "a", replace(FAST, holdout=0))
    assert [r.best for r in train(described) if isinstance(r, EpochReport)] == [False, True]
    state = torch.load(described.work / "state.pt", weights_only=True)["learner"]
    differ = 0
    for name, value in load_checkpoint(described.out)[0].net.state_dict().items():
        average, last = state["average"][f"module.{name}"], state["net"][name]
        assert torch.equal(value, average.half().to(value.dtype)), name
        differ += not torch.equal(average, last)
    assert differ


def test_held_out_frames_without_a_cell_choose_nothing(dataset: Path) -> None:
    described = job(dataset, "a")
    for number in np.random.default_rng([0, 0]).permutation(8)[:2]:
        write_labels(dataset / f"01_ST/SEG/man_seg{number:03d}.tif", np.zeros((64, 64), np.uint16))
    with pytest.raises(DataError, match="none of the 2 frames held out"):
        course(described)


def test_a_loss_that_is_not_finite_stops_and_keeps_the_model(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = job(dataset, "a", replace(FAST, clip=0, epochs=20))
    course(described, 4)  # an epoch is three steps
    kept = (described.out / "weights.safetensors").read_bytes()
    monkeypatch.setattr("ctc_submit.train.loop.learning_rate_at", lambda *_: 1e30)
    with pytest.raises(CtcError, match="smaller --learning-rate"):
        course(described)
    assert len((described.out / "weights.safetensors").read_bytes()) == len(kept)
    load_checkpoint(described.out)


def test_a_model_without_its_training_is_not_replaced(dataset: Path) -> None:
    course(job(dataset, "a"))
    kept = (dataset.parent / "a/weights.safetensors").read_bytes()
    with pytest.raises(CheckpointError, match="holds a model"):
        course(replace(job(dataset, "b"), out=dataset.parent / "a"))
    assert (dataset.parent / "a/weights.safetensors").read_bytes() == kept


def test_a_training_that_ended_before_its_first_state_begins_anew(dataset: Path) -> None:
    described = job(dataset, "a")
    course(described, 4)
    (described.work / "state.pt").unlink()  # as after a full disk: the model is there alone
    assert course(described) == course(job(dataset, "b"))
    (described.work / "state.pt").unlink()
    with pytest.raises(CheckpointError, match="holds a model"):
        course(replace(described, out=dataset.parent / "b"))


def test_frames_that_the_start_has_learned_from_are_said(
    dataset: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    course(job(dataset, "a", replace(FAST, epochs=1)))
    start = replace(FAST, epochs=1, pretrained=str(dataset.parent / "a/weights.safetensors"))
    of_file = course(job(dataset, "b", start))
    of_model = replace(start, pretrained=str(dataset.parent / "a"))
    assert course(job(dataset, "e", of_model)) == of_file
    assert read_card(dataset.parent / "e").data["started_from"] == ["a"]
    assert not caplog.text  # the same seed holds out the same frames
    course(job(dataset, "c", replace(start, seed=3)))
    assert "learned from 2 of the 2 frames that are held out now" in caplog.text
    caplog.clear()
    monkeypatch.chdir(dataset.parent / "a")  # a start by name is no file of this folder
    course(job(dataset, "d", replace(FAST, epochs=1, seed=3)))
    assert not caplog.text


def test_a_model_names_what_it_and_its_start_learned_from(dataset: Path) -> None:
    whole, few = job(dataset, "a", replace(FAST, epochs=1)), job(dataset, "b")
    course(whole)
    start = str(whole.out / "weights.safetensors")
    few = replace(few, examples=few.examples[:3], config=replace(FAST, pretrained=start))
    course(few, 3)
    shutil.rmtree(whole.out)
    course(few)  # goes on without the folder that it began with
    card = read_card(few.out)
    assert len(card.data["learned"]) == 2 and len(card.data["held_out"]) == 1
    assert {*card.data["learned"], *card.data["held_out"]} == {e.name for e in few.examples}
    assert card.data["started_from"] == ["a"] and len(card.data["learned_before"]) == 6
    assert "- learned: 2 frames, which card.json names" in (few.out / "README.md").read_text()


def test_a_training_goes_on_without_the_weights_that_it_began_with(dataset: Path) -> None:
    course(job(dataset, "a"))
    weights = dataset.parent / "a/weights.safetensors"
    described = job(dataset, "b", replace(FAST, pretrained=str(weights)))
    whole = course(replace(described, out=dataset.parent / "c", work=dataset.parent / "c work"))
    first = course(described, 4)
    weights.unlink()
    assert [*first[:3], *course(described)] == whole


@pytest.mark.parametrize(
    ("name", "given", "follows"),
    [
        ("maskrcnn", "detections=100", False),
        ("maskrcnn", "anchor_sizes=32,64,128,256,512", False),
        ("mulux", "opening=8", False),
        ("mulux", "least_area=7", False),
        ("mulux", "least_area=0", True),  # which says: as the cells are
        ("unet", "gap=1", False),
    ],
)
def test_a_setting_that_is_given_stays_so_at_its_default_too(
    dataset: Path, name: str, given: str, follows: bool
) -> None:
    kind, small = method_named(name).config, TINY if name == "maskrcnn" else ("width=2", "depth=1")
    config, field = settings_from(kind, (*small, given)), given.partition("=")[0]
    asked = replace(job(dataset, "a", replace(FAST, epochs=1)), method=name, method_config=config)
    course(replace(asked, chosen=chosen_in(config, (*small, given))))
    found = load_checkpoint(asked.out)[0].config
    assert (getattr(found, field) != getattr(config, field)) == follows


def test_a_state_of_another_device_is_taken_up() -> None:
    config = replace(FAST, precision="float32")
    here, there = (Learner(UNet.of(UNetConfig(width=2, depth=1)), config, 1) for _ in range(2))
    state = here.state()
    state["optimizer"]["param_groups"][0]["fused"] = True  # type: ignore[index]
    there.scaler = torch.amp.GradScaler("cpu")  # as where float16 is computed on a GPU
    assert not state["scaler"] and there.scaler.is_enabled()
    there.restore(state)
    assert there.optimizer.param_groups[0]["fused"] is False


@pytest.mark.parametrize("name", ["maskrcnn", "mulux", "unet", "caltus"])
def test_what_processes_are_sent_is_small(
    dataset: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    sizes = []

    def seen(_: Learner, batches: Batches) -> Iterator[StepReport]:
        sizes.append(len(pickle.dumps(batches)))
        yield from ()

    monkeypatch.setattr(run, "learn", seen)
    described = replace(job(dataset, "a"), method=name, chosen=frozenset())
    list(train(replace(described, method_config=method_named(name).config())))
    assert sizes and sizes[0] < 1e5


@pytest.mark.skipif(
    "forkserver" not in multiprocessing.get_all_start_methods(), reason="no forkserver here"
)
def test_processes_may_be_started_by_a_server(dataset: Path) -> None:
    program = (
        "import multiprocessing, sys\n"
        "from ctc_submit.cli.main import main\n"
        "if __name__ == '__main__':\n"
        "    multiprocessing.set_start_method('forkserver')\n"
        "    main(sys.argv[1:])\n"
    )
    script, model = dataset.parent / "go.py", dataset.parent / "model"
    script.write_text(program)
    given = ["--epochs", "1", "--pretrained", "none", "--workers", "1", "--batch", "2"]
    for setting in TINY:
        given += ["--set", setting]
    call = [sys.executable, str(script), "train", str(dataset), *given, "--out", str(model)]
    done = subprocess.run(call, check=False, capture_output=True, text=True, cwd=dataset.parent)
    assert done.returncode == 0, done.stderr
    assert (model / "weights.safetensors").is_file()


def test_one_folder_for_model_and_state_is_refused(dataset: Path) -> None:
    described = job(dataset, "a")
    with pytest.raises(CheckpointError, match="a: is --out and --work; give the training another"):
        course(replace(described, work=described.out))
    assert not described.out.exists()


@pytest.mark.parametrize("workers", [0, 1])
def test_a_frame_that_goes_away_is_one_line(dataset: Path, workers: int) -> None:
    reports = train(job(dataset, "a", replace(FAST, workers=workers, epochs=30)))
    next(reports)
    for path in (dataset / "01").glob("*.tif"):
        path.unlink()
    with pytest.raises(DataError, match=r"^[^\n]*t00\d\.tif: [^\n]*$"):
        list(reports)


def test_what_lies_where_gold_truth_left_cells_out_is_not_spurious(dataset: Path) -> None:
    for folder, name in (("SEG", "man_seg"), ("TRA", "man_track")):
        (dataset / "01_GT" / folder).mkdir(parents=True)
        labels = np.zeros((64, 64), np.uint16)
        labels[disc(labels.shape, (18, 18), 10 if folder == "SEG" else 3)] = 1
        if folder == "TRA":
            labels[disc(labels.shape, (44, 40), 3)] = 2
        write_labels(dataset / f"01_GT/{folder}/{name}000.tif", labels)
    found = np.zeros((64, 64), np.uint16)
    for label, centre in enumerate([(18, 18), (44, 40), (8, 56)], start=1):
        found[disc(found.shape, centre, 8)] = label
    outcome = judge(lambda _: found, Selection((dataset,), "GT").examples())
    assert (outcome.cells, outcome.frames) == (1, 1)
    assert outcome.spurious == 1  # the third; the second is a cell that nobody drew
    found[found == 2] = 0
    assert judge(lambda _: found, Selection((dataset,), "GT").examples()).spurious == 1


def test_weights_that_are_not_finite_are_never_kept(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A finite loss may leave them behind; at the end of an epoch they would become the model."""
    described = job(dataset, "a", replace(FAST, batch=8, ema=0, holdout=0))
    course(described, 2)  # an epoch a step, and the second is dropped
    state = (described.work / "state.pt").read_bytes()

    def spoiled(parameters: Iterable[torch.Tensor], _: float) -> None:
        for parameter in parameters:
            if parameter.grad is not None:
                parameter.grad.fill_(math.nan)

    monkeypatch.setattr("torch.nn.utils.clip_grad_norm_", spoiled)
    with pytest.raises(CtcError, match="step 2: the weights are not finite; the last good"):
        course(described)
    assert (described.work / "state.pt").read_bytes() == state
    assert not described.out.joinpath("card.json").exists()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_training_on_a_gpu_goes_on(dataset: Path) -> None:
    whole = course(replace(job(dataset, "whole"), device="cuda"))
    first = course(replace(job(dataset, "parts"), device="cuda"), 4)
    second = course(replace(job(dataset, "parts"), device="cuda"))
    steps = [losses["total"] for losses in first[: len(whole) - len(second)] + second]
    assert steps == pytest.approx([losses["total"] for losses in whole], rel=0.05)


def test_frames_without_a_cell_cannot_be_learned_from(dataset: Path) -> None:
    for path in (dataset / "01_ST/SEG").iterdir():
        write_labels(path, np.zeros((64, 64), np.uint16))
    with pytest.raises(DataError, match="none of the 6 frames"):
        course(job(dataset, "a"))


def test_an_empty_selection_is_said(dataset: Path) -> None:
    with pytest.raises(DataError, match="no annotated frame"):
        course(replace(job(dataset, "a"), examples=[]))


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (Selection((Path("nowhere"),)), "no such data set folder"),
        (Selection((Path(),), truth="ST"), "no 01_ST"),
        (Selection((Path(),), splits=(Path("s.json"),), fold="1/5"), "choose one"),
    ],
)
def test_bad_selections_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, selection: Selection, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=words):
        selection.examples()


def test_settings_are_read_by_type() -> None:
    given = ("loss=focal", "scale=1.5", "anchor_sizes=8,16,32,64,128", "detections=7")
    config = settings_from(MaskRCNNConfig, given)
    expected = MaskRCNNConfig(
        loss="focal", scale=1.5, anchor_sizes=(8, 16, 32, 64, 128), detections=7
    )
    assert config == expected


@pytest.mark.parametrize("given", ["magic=1", "scale", "scale=big", "loss=best"])
def test_bad_settings_are_said(given: str) -> None:
    with pytest.raises(CtcError, match="--set"):
        settings_from(MaskRCNNConfig, (given,))


@pytest.mark.parametrize("given", [("depth=1", "stride=4"), ("depth=-1",), ("width=0",)])
def test_settings_that_make_no_network_are_said(given: tuple[str, ...]) -> None:
    with pytest.raises(CtcError, match=r"^--set [^\n]*(cannot end at|no value of)[^\n]*$"):
        settings_from(UNetConfig, given)


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("maskrcnn", "backbone=resnet50"),
        ("maskrcnn", "anchor_sizes=32,64"),
        ("maskrcnn", "anchor_ratios=0"),
        ("maskrcnn", "input_std=0"),
        ("unet", "gap=-1"),
        ("unet", "threshold=2"),
        ("mulux", "shrink=0"),
        ("mulux", "opening=-1"),
        ("caltus", "touching=-1"),
        ("caltus", "least_area=-1"),
    ],
)
def test_settings_that_no_method_could_work_with_are_one_line(method: str, given: str) -> None:
    with pytest.raises(CtcError, match=rf"^--set {given}: [^\n]+$"):
        settings_from(method_named(method).config, (given,))


def test_a_resnet_takes_the_width_of_its_pyramid() -> None:
    config = settings_from(MaskRCNNConfig, ("backbone=resnet50", "pyramid_width=256"))
    assert isinstance(config, MaskRCNNConfig)


def test_an_encoder_has_levels_enough_for_every_stride() -> None:
    given = ("encoder=tf_efficientnet_lite0", "depth=1", "stride=4")
    assert isinstance(settings_from(UNetConfig, given), UNetConfig)


def test_the_paper_s_schedule_drops_every_third_epoch() -> None:
    config = TrainConfig(schedule="third", learning_rate=5e-4)
    rates = [learning_rate_at(epoch * 10, config, 10) for epoch in range(7)]
    assert rates == pytest.approx([5e-4] * 3 + [5e-5] * 3 + [5e-6])


def test_the_cosine_warms_up_and_ends_near_nothing() -> None:
    config = TrainConfig(epochs=10, warmup=10, learning_rate=1.0)
    rates = [learning_rate_at(step, config, 10) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(0.98, abs=0.02)
    assert rates[-1] == pytest.approx(0.01, abs=5e-4)
    assert all(math.isfinite(rate) for rate in rates)


def test_the_average_soon_forgets_the_first_weights() -> None:
    net = torch.nn.Linear(1, 1, bias=False)
    average = AveragedModel(net, multi_avg_fn=average_over_time(0.99))
    weight = next(average.module.parameters())
    expected = 0.0
    for step in range(1000):
        with torch.no_grad():
            net.weight.fill_(1.0 if step == 0 else 0.0)
        average.update_parameters(net)
        expected = 1.0 if step == 0 else expected * min(0.99, (1 + step) / (10 + step))
        if step == 99:
            assert weight.item() < 1e-6 < 0.99**99
    assert weight.item() == pytest.approx(expected, rel=1e-3, abs=1e-30)
    with torch.no_grad():
        net.weight.fill_(1.0)
    before = weight.item()
    average.update_parameters(net)  # by now the share itself
    assert weight.item() == pytest.approx(0.99 * before + 0.01)


def bright_step(seed: int) -> Step:
    image = torch.rand((1, 1, 8, 8), generator=torch.Generator().manual_seed(seed))
    return image, [{"cells": (image[0, 0] > 0.5).float()}]


def test_the_average_follows_every_step_and_is_what_is_judged() -> None:
    learner = Learner(Bright(), replace(FAST, learning_rate=0.1), 4)
    net, kept = (next(each.parameters()) for each in (learner.method.net, learner.best_net))
    expected = 0.0
    for done, _ in enumerate(learn(learner, [bright_step(s) for s in range(5)])):  # type: ignore[arg-type]
        share = min(0.5, (1 + done) / (10 + done)) if done else 0
        expected = share * expected + (1 - share) * net.item()
        assert kept.item() == pytest.approx(expected, rel=1e-5)
    assert kept.item() != pytest.approx(net.item(), rel=1e-3)


@pytest.mark.parametrize("clip", [0.0, 1e-3])
def test_a_gradient_is_that_of_its_step_alone_and_as_long_as_allowed(clip: float) -> None:
    config = replace(FAST, clip=clip, learning_rate=1e-12, weight_decay=0.25, precision="float32")
    torch.manual_seed(0)
    learner = Learner(Bright(), config, 3)
    assert [group["weight_decay"] for group in learner.optimizer.param_groups] == [0.25]
    lengths = []
    for _ in learn(learner, [bright_step(0)] * 3):  # type: ignore[arg-type]
        gradients = [p.grad for p in learner.method.net.parameters() if p.grad is not None]
        lengths.append(torch.stack([g.norm() for g in gradients]).norm().item())
    assert lengths == pytest.approx([clip or lengths[0]] * 3, rel=0.01)
    assert lengths[0] > 0.01 or clip


def test_an_average_that_never_moves_is_refused(dataset: Path) -> None:
    result = CliRunner().invoke(train_command, [str(dataset), "--ema", "1", "--out", "x"])
    assert result.exit_code == 2
    assert "--ema" in result.stderr


def test_every_frame_is_seen_once_an_epoch() -> None:
    order = Order(frames=10, batch=2, seed=4)
    for epoch in range(3):
        seen = [f for step in range(5) for f in order.frames_of(epoch * 5 + step)]
        assert sorted(seen) == list(range(10))
    assert order.frames_of(0) != order.frames_of(5)


def test_the_recommended_augmentation_is_the_default(dataset: Path) -> None:
    assert job(dataset, "a").augmentation == RECOMMENDED


def test_a_last_smaller_batch_is_left_out() -> None:
    order = Order(frames=5, batch=2, seed=0)
    assert order.steps == 2
    assert [len(order.frames_of(step)) for step in range(4)] == [2] * 4
    assert Order(frames=1, batch=2, seed=0).steps == 1


def test_a_frame_is_varied_anew_in_every_step_and_at_every_place(dataset: Path) -> None:
    batches = Batches(
        Selection((dataset,)).examples()[:1] * 2,
        lambda _: {},
        order=Order(frames=2, batch=2, seed=0),
        augmentation=AugmentSettings(noise=1),
        crop=None,
        steps=range(3),
    )
    steps = [step for step in map(batches.__getitem__, range(3)) if isinstance(step, tuple)]
    assert len({image.numpy().tobytes() for images, _ in steps for image in images}) == 6
    assert len({int(target["seed"]) for _, targets in steps for target in targets}) == 6


def test_smaller_images_are_filled_up_right_and_below() -> None:
    images, _ = collate([(torch.ones(1, 2, 3), {})], (3, 5))
    assert images[0, 0].tolist() == [[1, 1, 1, 0, 0], [1, 1, 1, 0, 0], [0] * 5]
