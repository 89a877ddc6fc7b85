"""Learning in several processes, and in several batches a step."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch

from ctc_submit.checkpoint import load_checkpoint
from ctc_submit.data.labels import write_labels
from ctc_submit.errors import DataError
from ctc_submit.train.config import TrainConfig
from ctc_submit.train.course import Job, fingerprint
from ctc_submit.train.curves import NO_LOSS
from ctc_submit.train.job import describe_job
from ctc_submit.train.loop import StepReport
from ctc_submit.train.processes import Group, joined
from ctc_submit.train.run import train
from ctc_submit.train.selection import Selection
from tests.scenes import disc

CONFIG = TrainConfig(
    epochs=2,
    batch=4,
    crop=32,
    warmup=1,
    holdout=0.2,
    pretrained="none",
    workers=0,
    ema=0.5,
    precision="float32",
)
UNET = ("unet", "width=8", "depth=2", "loss=bce")
SHAPE_AWARE = (*UNET[:-1], "loss=shape_aware")
MASK_RCNN = ("maskrcnn", "pyramid_width=16", "box_width=16", "mask_width=16", "mask_pool=14")
ROOT = Path(__file__).parent.parent.parent
PATIENCE = 1200
"""Seconds; a machine under load takes minutes to start torch three times."""


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    root = tmp_path / "DS"
    (root / "01").mkdir(parents=True)
    (root / "01_ST/SEG").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(10):
        labels = np.zeros((48, 48), np.uint16)
        labels[disc(labels.shape, (rng.uniform(15, 33), rng.uniform(15, 33)), 4 + number)] = 1
        raw = rng.normal(40, 5, labels.shape) + 100 * labels
        tifffile.imwrite(root / f"01/t{number:03d}.tif", raw.astype(np.uint8))
        write_labels(root / f"01_ST/SEG/man_seg{number:03d}.tif", labels)
    return root


def job(
    dataset: Path, name: str, config: TrainConfig = CONFIG, settings: tuple[str, ...] = UNET
) -> Job:
    return describe_job(
        Selection((dataset,)),
        config,
        method=settings[0],
        settings=settings[1:],
        out=dataset.parent / name,
        work=dataset.parent / f"{name} work",
        device="cpu",
    )


def losses(described: Job) -> list[float]:
    return [r.losses["total"] for r in train(described) if isinstance(r, StepReport)]


def test_small_batches_added_up_are_one_large_batch(dataset: Path) -> None:
    whole = losses(job(dataset, "whole"))
    parts = losses(job(dataset, "parts", replace(CONFIG, batch=2, accumulate=2)))
    uneven = losses(job(dataset, "uneven", replace(CONFIG, batch=3, accumulate=2)))
    assert parts == pytest.approx(whole, rel=1e-5)
    assert len(uneven) == 2  # six of eight frames a step, three and three
    for name, value in load_checkpoint(dataset.parent / "whole")[0].net.state_dict().items():
        again = load_checkpoint(dataset.parent / "parts")[0].net.state_dict()[name]
        torch.testing.assert_close(again, value, rtol=1e-3, atol=1e-3)


def test_one_batch_a_step_is_the_training_it_was_before(dataset: Path) -> None:
    """A state that an earlier version left behind is still taken up."""
    known = fingerprint(job(dataset, "a"))
    assert known == fingerprint(replace(job(dataset, "a"), group=Group()))
    assert known != fingerprint(job(dataset, "a", replace(CONFIG, accumulate=2)))
    assert known != fingerprint(replace(job(dataset, "a"), group=Group(0, 2)))


def command(dataset: Path, name: str, settings: tuple[str, ...]) -> list[str]:
    given = ["train", str(dataset), "--method", settings[0], "--out", str(dataset.parent / name)]
    given += ["--work", str(dataset.parent / f"{name} work"), "--pretrained", "none"]
    given += ["--epochs", "2", "--crop", "32", "--warmup", "1", "--holdout", "0.2", "--ema", "0.5"]
    given += ["--workers", "0", "--precision", "float32"]
    return given + [word for setting in settings[1:] for word in ("--set", setting)]


def together(
    dataset: Path, name: str, *options: str, settings: tuple[str, ...] = UNET
) -> subprocess.Popen[str]:
    """Start two processes of ``ctc-submit train`` by torchrun."""
    words = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    program = "from ctc_submit.cli.main import main; main()"
    script = dataset.parent / "ctc_submit_main.py"
    script.write_text(program)
    return subprocess.Popen(
        [*words, str(script), *command(dataset, name, settings), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
    )


def finish(started: subprocess.Popen[str]) -> tuple[str, str]:
    out, err = started.communicate(timeout=PATIENCE)
    assert started.returncode == 0, err[-3000:]
    return out, err


def weights(dataset: Path, name: str) -> dict[str, torch.Tensor]:
    return load_checkpoint(dataset.parent / name)[0].net.state_dict()


def curves(dataset: Path, name: str) -> list[dict[str, float]]:
    head, *rows = (dataset.parent / f"{name} work/curves.csv").read_text().splitlines()
    pairs = [zip(head.split(","), row.split(","), strict=True) for row in rows]
    return [{name: float(value) for name, value in pair if value} for pair in pairs]


@pytest.mark.slow
@pytest.mark.parametrize("settings", [SHAPE_AWARE, MASK_RCNN], ids=lambda value: value[0])
def test_two_processes_learn_what_one_does_with_twice_the_batch(
    dataset: Path, settings: tuple[str, ...]
) -> None:
    """Also where the frames' pixels weigh differently, and regions are drawn at random."""
    out, err = finish(together(dataset, "two", "--batch", "2", settings=settings))
    assert "(2 processes)" in err
    assert err.count("epoch 1/2: ") == err.count("epoch 2/2: ") == 1
    assert out.count("SEG") == 1
    losses(job(dataset, "one", settings=settings))
    # a step agrees to rounding (test_shared_step.py); Adam makes more of it with every further one
    near = 1e-3 if settings[0] == "maskrcnn" else 1e-4
    for one, two in zip(curves(dataset, "one"), curves(dataset, "two"), strict=True):
        for name in (one.keys() - NO_LOSS) | {"seg", "learning_rate"}:
            assert two[name] == pytest.approx(one[name], rel=near, abs=near), name
    both = weights(dataset, "two")
    for name, value in weights(dataset, "one").items():
        torch.testing.assert_close(both[name], value, rtol=10 * near, atol=10 * near)


@pytest.mark.slow
def test_two_processes_that_were_ended_go_on_exactly(dataset: Path) -> None:
    options = ("--batch", "2", "--epochs", "12")
    finish(together(dataset, "whole", *options))
    state = dataset.parent / "parts work" / "state.pt"
    started = together(dataset, "parts", *options)
    end = time.monotonic() + PATIENCE
    while not state.exists():
        assert started.poll() is None and time.monotonic() < end, started.communicate()
        time.sleep(0.002)
    started.terminate()  # torchrun ends its processes, in the midst of a step
    started.communicate(timeout=PATIENCE)
    before = torch.load(state, weights_only=True)["learner"]["step"]
    assert before < 12 * 2, "it was over before it was ended"
    _, err = finish(together(dataset, "parts", *options))
    assert "epoch 1/12" not in err and "epoch 12/12" in err
    names = ("epoch", "mask", "total", "seg", "learning_rate")
    told = [
        [[row[n] for n in names] for row in curves(dataset, name)] for name in ("whole", "parts")
    ]
    assert told[0] == told[1]
    for name, value in weights(dataset, "whole").items():
        assert torch.equal(weights(dataset, "parts")[name], value), name


@pytest.mark.slow
def test_two_processes_stop_early_together(dataset: Path) -> None:
    """Mask R-CNN, whose mask head is not used in steps without cells."""
    for number in {0, 2, 4, 6, 8} - {4, 6}:  # the held-out frames keep theirs
        write_labels(dataset / f"01_ST/SEG/man_seg{number:03d}.tif", np.zeros((48, 48), np.uint16))
    options = ["--batch", "1", "--learning-rate", "1e-12", "--patience", "1", "--epochs", "9"]
    finish(together(dataset, "m", *options, settings=MASK_RCNN))
    assert 1 < len(curves(dataset, "m")) < 9


def test_too_few_frames_for_the_processes_are_said(dataset: Path) -> None:
    with pytest.raises(DataError, match="fewer than 9 processes"):
        losses(replace(job(dataset, "a"), group=Group(0, 9)))


def test_one_process_joins_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with joined("cpu") as group:
        assert group == Group(0, 1)
        assert group.told(True, torch.device("cpu"))
        assert group.mean(torch.ones(2)).tolist() == [1, 1]


def test_the_card_tells_of_accumulation(dataset: Path) -> None:
    losses(job(dataset, "m", replace(CONFIG, batch=2, accumulate=2, epochs=1)))
    card = json.loads((dataset.parent / "m/card.json").read_text())
    assert card["training"]["accumulate"] == 2
