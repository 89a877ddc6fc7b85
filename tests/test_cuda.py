"""What only a CUDA device can show; everywhere else these tests skip."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ctc_submit.checkpoint import load_checkpoint
from ctc_submit.data.frames import read_frame
from ctc_submit.data.labels import read_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.pipeline import Run, RunConfig
from ctc_submit.score.matching import overlaps
from ctc_submit.segment import SegmentConfig, device_named, segment
from ctc_submit.simulate.dataset import write_dataset
from ctc_submit.simulate.settings import SimulationSettings
from ctc_submit.train.config import TrainConfig
from ctc_submit.train.course import Job
from ctc_submit.train.job import describe_job
from ctc_submit.train.selection import Selection
from tests.courses import course

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "models" / "demo"
SHORT = TrainConfig(
    epochs=2, batch=2, crop=128, warmup=1, holdout=0.25, pretrained="none", workers=0, ema=0.5
)
TINY = {
    "maskrcnn": ("pyramid_width=16", "box_width=16", "mask_width=16"),
    "unet": ("width=8", "depth=2"),
    "mulux": ("width=8", "depth=2"),
    "caltus": ("width=8", "depth=2"),
}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated") / "DIC-SIM"
    settings = SimulationSettings(frames=8, height=192, width=192, cells=5)
    list(write_dataset(folder, settings, seed=1))
    return folder


def job(dataset: Path, out: Path, config: TrainConfig = SHORT, method: str = "maskrcnn") -> Job:
    return describe_job(
        Selection((dataset,), "GT"),
        config,
        method=method,
        settings=TINY[method],
        out=out,
        work=out.with_name(f"{out.name} work"),
        device="cuda",
    )


def test_cuda_is_chosen_by_itself() -> None:
    assert device_named("auto") == "cuda"


@pytest.mark.parametrize("precision", ["auto", "float16", "float32"])
def test_cells_are_those_that_a_processor_finds(dataset: Path, precision: str) -> None:
    config = SegmentConfig(precision=precision)  # type: ignore[arg-type]
    here, _ = load_checkpoint(DEMO, "cpu")
    there, _ = load_checkpoint(DEMO, "cuda")
    found = []
    for path in Sequence.at(dataset / "01").frames.values():
        frame = read_frame(path)
        exact = segment(frame, here, SegmentConfig(precision="float32"))
        found.append(overlaps(exact, segment(frame, there, config)).jaccards)
    jaccards = np.concatenate(found)
    assert jaccards.size >= 30
    # in half precision a doubtful cell may be lost, and no other may change much
    assert np.median(jaccards) > 0.98
    assert jaccards.mean() > (0.999 if precision == "float32" else 0.93)


def test_a_sequence_is_run(dataset: Path, tmp_path: Path) -> None:
    sequence = Sequence.at(dataset / "01")
    list(Run(sequence, DEMO, tmp_path / "01_RES", RunConfig())("cuda"))
    masks = sorted((tmp_path / "01_RES").glob("mask*.tif"))
    assert len(masks) == 8
    assert all(read_labels(mask).any() for mask in masks)
    assert (tmp_path / "01_RES/res_track.txt").read_text()


@pytest.mark.parametrize("method", list(TINY))
@pytest.mark.parametrize("precision", ["auto", "float16"])
def test_every_method_learns(dataset: Path, tmp_path: Path, method: str, precision: str) -> None:
    config = replace(SHORT, precision=precision)  # type: ignore[arg-type]
    losses = course(job(dataset, tmp_path / method, config, method))
    assert losses
    assert all(np.isfinite(value) for step in losses for value in step.values())
    learned, card = load_checkpoint(tmp_path / method, "cuda")
    assert card.method == method
    assert next(learned.net.parameters()).is_cuda


def test_a_training_that_was_stopped_goes_on(dataset: Path, tmp_path: Path) -> None:
    config = replace(SHORT, precision="float32", epochs=3)
    whole = course(job(dataset, tmp_path / "whole", config))
    first = course(job(dataset, tmp_path / "parts", config), stop=4)
    rest = course(job(dataset, tmp_path / "parts", config))
    kept = len(whole) - len(rest)
    assert 0 < kept <= len(first)
    together = [step["total"] for step in (first[:kept] + rest)]
    np.testing.assert_allclose(together, [step["total"] for step in whole], rtol=0.2)


def test_torchrun_learns_with_nccl(dataset: Path, tmp_path: Path) -> None:
    script = tmp_path / "start.py"
    script.write_text("from ctc_submit.cli.main import main\n\nmain()\n", "utf-8")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=1"]
    command += [str(script), "train", str(dataset), "--truth", "GT", "--epochs", "1"]
    command += ["--pretrained", "none", "--crop", "128", "--device", "cuda"]
    command += ["--out", str(tmp_path / "model"), "--work", str(tmp_path / "work")]
    command += [part for setting in TINY["maskrcnn"] for part in ("--set", setting)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "model/weights.safetensors").exists()
