"""The paper's recipe from end to end, from weights of COCO's shape, served on this machine."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from torch import Tensor
from torchvision.models.detection import MaskRCNN_ResNet50_FPN_Weights, maskrcnn_resnet50_fpn

from ctc_submit.checkpoint import load_checkpoint
from ctc_submit.data.labels import write_labels
from ctc_submit.errors import CheckpointError
from ctc_submit.methods.maskrcnn.pretrained import load_pretrained
from ctc_submit.train.config import TrainConfig
from ctc_submit.train.job import describe_job
from ctc_submit.train.loop import StepReport
from ctc_submit.train.presets import apply, preset_named
from ctc_submit.train.run import train
from ctc_submit.train.selection import Selection
from tests.scenes import disc

WEIGHTS = MaskRCNN_ResNet50_FPN_Weights.COCO_V1


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def coco(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Tensor]]:
    """Random weights of torchvision's network for 91 classes, served in the place of the real."""
    torch.manual_seed(7)
    state = maskrcnn_resnet50_fpn(weights=None, weights_backbone=None).state_dict()
    assert state["roi_heads.box_predictor.cls_score.weight"].shape == (91, 1024)
    (tmp_path / "served").mkdir()
    torch.save(state, tmp_path / "served" / "x")
    digest = hashlib.sha256((tmp_path / "served" / "x").read_bytes()).hexdigest()
    name = f"maskrcnn_resnet50_fpn_coco-{digest[:8]}.pth"
    (tmp_path / "served" / "x").rename(tmp_path / "served" / name)
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "served"))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(WEIGHTS.value, "url", f"http://127.0.0.1:{server.server_port}/{name}")
    yield state
    server.shutdown()
    server.server_close()


def write_dataset(folder: Path) -> Path:
    (folder / "01").mkdir(parents=True)
    (folder / "01_ST" / "SEG").mkdir(parents=True)
    for time in range(3):
        labels = disc((64, 64), (30, 25 + 5 * time), 14).astype(np.uint16)
        tifffile.imwrite(folder / "01" / f"t{time:03d}.tif", (40 + 100 * labels).astype(np.uint8))
        write_labels(folder / "01_ST" / "SEG" / f"man_seg{time:03d}.tif", labels)
    return folder


@pytest.mark.slow
def test_it_learns_from_weights_of_coco_s_shape(tmp_path: Path, coco: dict[str, Tensor]) -> None:
    preset = preset_named("paper", "maskrcnn")
    config = apply(preset, TrainConfig(epochs=1, workers=0), frozenset({"epochs", "workers"}))
    assert config.pretrained == "coco"
    job = describe_job(
        Selection((write_dataset(tmp_path / "DS"),)),
        config,
        method="maskrcnn",
        settings=preset.method,
        out=tmp_path / "m",
        work=tmp_path / "w",
        device="cpu",
    )
    steps = [report for report in train(job) if isinstance(report, StepReport)]
    assert [step.learning_rate for step in steps] == [5e-4]
    assert all(np.isfinite(value) for value in steps[0].losses.values())
    method, card = load_checkpoint(tmp_path / "m")
    assert card.training["pretrained"] == "coco"
    learned = method.net.state_dict()
    for name in ("backbone.body.conv1.weight", "roi_heads.mask_head.0.0.weight"):
        moved = (learned[name] - coco[name]).abs().max()
        assert 0 < moved < 1e-3, name  # one step of Adam from where COCO's left off
    assert learned["roi_heads.box_predictor.cls_score.weight"].shape == (2, 1024)


@pytest.mark.slow
def test_weights_that_were_damaged_on_the_way_are_said(
    tmp_path: Path, coco: dict[str, Tensor]
) -> None:
    (served,) = (tmp_path / "served").iterdir()
    content = bytearray(served.read_bytes())
    content[len(content) // 2] ^= 1
    served.write_bytes(content)
    with pytest.raises(CheckpointError, match="COCO weights of maskrcnn_resnet50_fpn: cannot be"):
        load_pretrained(torch.nn.Module(), "resnet50", "coco")
