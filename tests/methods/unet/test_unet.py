import time

import numpy as np
import pytest
import torch

from ctc_submit.data.instances import paint
from ctc_submit.errors import CheckpointError
from ctc_submit.methods.losses.registry import LOSSES
from ctc_submit.methods.maskrcnn.config import MaskRCNNConfig
from ctc_submit.methods.method import CellSizes, Method
from ctc_submit.methods.unet.config import UNetConfig
from ctc_submit.methods.unet.unet import UNet
from tests.methods.oracle import drawn_frame, learn, seg, simulated_frame, tensors

SMALL = UNetConfig(width=4, depth=2)


def test_it_keeps_the_contract() -> None:
    method = UNet.of(SMALL)
    assert isinstance(method, Method)
    sizes = CellSizes(np.full(3, 20.0), np.full(3, 20.0), 3)
    fitted = UNet.fitted(SMALL, sizes)
    assert isinstance(fitted, UNetConfig)
    assert fitted.least_area == 31
    with pytest.raises(TypeError, match="expected UNetConfig"):
        UNet.of(MaskRCNNConfig())
    assert UNetConfig.__dataclass_fields__["loss"].type is not None


def test_the_config_names_the_registered_losses() -> None:
    for loss in LOSSES:
        method = UNet.of(UNetConfig(loss=loss, width=4, depth=1))  # type: ignore[arg-type]
        _, labels = drawn_frame()
        terms = method.losses(torch.rand(1, 1, 96, 96), [tensors(method, labels)])
        assert list(terms) == ["mask"]
        assert torch.isfinite(terms["mask"])


def test_unknown_regions_do_not_teach() -> None:
    image, labels = drawn_frame()
    labels[:, 60:] = -1
    other = np.where(labels < 0, -1, labels)
    method = UNet.of(SMALL)
    target = tensors(method, other)
    assert target["weights"][0, :, 60:].abs().sum() == 0
    images = torch.from_numpy(image)[None, None]
    flipped = {**target, "mask": target["mask"].clone()}
    flipped["mask"][0, :, 60:] ^= True
    once, again = (method.losses(images, [one])["mask"] for one in (target, flipped))
    torch.testing.assert_close(once, again)


def test_frames_of_different_sizes_make_a_batch() -> None:
    image, labels = drawn_frame()
    method = UNet.of(UNetConfig(loss="bce", width=4, depth=2))
    images = torch.zeros(2, 1, 96, 96)
    images[0, 0] = torch.from_numpy(image)
    images[1, 0, :50, :70] = torch.from_numpy(image[:50, :70])
    targets = [tensors(method, labels), tensors(method, labels[:50, :70])]
    assert torch.isfinite(method.losses(images, targets)["mask"])


def test_an_empty_frame_teaches_background() -> None:
    method = UNet.of(SMALL)
    target = tensors(method, np.zeros((32, 32), np.int32))
    loss = method.losses(torch.rand(1, 1, 32, 32), [target])["mask"]
    torch.autograd.backward(loss)
    bias = dict(method.net.named_parameters())["head.bias"].grad
    assert bias is not None
    assert bias.item() > 0


def test_pretrain(caplog: pytest.LogCaptureFixture) -> None:
    method = UNet.of(SMALL)
    method.pretrain("none")
    assert not caplog.records
    method.pretrain("coco")
    assert "random weights" in caplog.text
    with pytest.raises(CheckpointError, match="no such file"):
        method.pretrain("missing.pt")


@pytest.mark.parametrize("loss", ["shape_aware", "bce"])
def test_it_overfits_one_simulated_frame(loss: str) -> None:
    """SEG of at least 0.95 on the frame that it learned, in under two minutes of one core."""
    torch.manual_seed(0)
    start = time.process_time()
    image, labels = simulated_frame()
    method = UNet.of(UNetConfig(loss=loss, width=8, depth=3, least_area=30))  # type: ignore[arg-type]
    learn(method, image, labels, 250)
    found = paint(method.instances(torch.from_numpy(image)[None, None]), (128, 128))
    assert seg(labels, found) >= 0.95
    assert time.process_time() - start < 120
