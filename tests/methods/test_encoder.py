import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_type_hints

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn

from ctc_submit.checkpoint import Card, load_checkpoint, save_checkpoint
from ctc_submit.data.instances import paint
from ctc_submit.errors import CheckpointError
from ctc_submit.methods import backbones
from ctc_submit.methods.backbones import LITE
from ctc_submit.methods.caltus.caltus import CaltUs
from ctc_submit.methods.caltus.config import CaltUsConfig
from ctc_submit.methods.encoder import ENCODERS, Encoder, EncoderName
from ctc_submit.methods.maskrcnn.config import MaskRCNNConfig
from ctc_submit.methods.maskrcnn.maskrcnn import MaskRCNN
from ctc_submit.methods.mulux.config import MuLuxConfig
from ctc_submit.methods.mulux.mulux import MuLux
from ctc_submit.methods.unet.config import UNetConfig
from ctc_submit.methods.unet.unet import UNet
from ctc_submit.methods.ushape import UShape
from ctc_submit.methods.ushape_method import UShapeConfig
from tests.methods.oracle import drawn_frame, learn, seg, tensors

LIGHT: EncoderName = "tf_efficientnet_lite0"
SMALL = MuLuxConfig(width=4, encoder=LIGHT, opening=1)
METHODS: list[UNet | MuLux | CaltUs] = [
    UNet(UNetConfig(width=4, encoder=LIGHT)),
    MuLux(SMALL),
    CaltUs(CaltUsConfig(width=4, encoder=LIGHT)),
]

installed = pytest.mark.skipif(
    importlib.util.find_spec(LITE[LIGHT]) is None, reason="ImageNet's weights are not installed"
)


@pytest.mark.parametrize("name", ENCODERS)
def test_levels_halve_and_the_first_is_the_image(name: str) -> None:
    encoder = Encoder(name).eval()
    with torch.inference_mode():
        levels = encoder(torch.full((2, 1, 64, 96), 0.449 + 0.226))
    assert [tuple(level.shape[-2:]) for level in levels] == [(64 >> k, 96 >> k) for k in range(6)]
    assert [level.shape[1] for level in levels] == encoder.channels
    torch.testing.assert_close(levels[0], torch.ones(2, 1, 64, 96))


@pytest.mark.parametrize("name", ENCODERS)
def test_features_are_those_of_the_known_network(name: str) -> None:
    torch.manual_seed(0)
    encoder = Encoder(name).eval()
    for key, values in encoder.state_dict().items():
        if key.endswith("running_var"):
            values.uniform_(0.5, 2)
        elif key.endswith("running_mean"):
            values.normal_(0, 0.3)
    known = timm.create_model(name, features_only=True).eval()
    known.load_state_dict(encoder.body.state_dict())
    image = torch.rand(1, 1, 64, 64)
    with torch.inference_mode():
        found = encoder(image)[1:]
        expected = known(((image - 0.449) / 0.226).repeat(1, 3, 1, 1))
    for level, other in zip(found, expected, strict=True):
        torch.testing.assert_close(level, other, rtol=1e-3, atol=1e-3 * float(other.abs().max()))


@pytest.mark.parametrize("shape", [(32, 32), (33, 50), (1, 1), (5, 70)])
@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_answers_are_as_large_as_images(shape: tuple[int, int], scale: float) -> None:
    net = UShape(width=4, depth=4, outputs=3, scale=scale, encoder=LIGHT).eval()
    with torch.inference_mode():
        assert net(torch.rand(2, 1, *shape)).shape == (2, 3, *shape)


def test_the_decoder_has_the_width_and_the_encoder_its_own_depth() -> None:
    nets = [UShape(width=6, depth=d, outputs=1, encoder=LIGHT) for d in (1, 4)]
    shapes = [{name: v.shape for name, v in net.state_dict().items()} for net in nets]
    assert shapes[0] == shapes[1]
    outputs = [shapes[0][f"up.{level}.0.weight"][0] for level in range(5)]
    assert outputs == [6, 12, 24, 48, 96]
    assert not any(name.startswith("down") for name in shapes[0])
    assert not any(
        name.startswith("encoder") for name in UShape(width=4, depth=1, outputs=1).state_dict()
    )


def test_an_answer_does_not_depend_on_the_batch_even_in_training() -> None:
    net = UShape(width=8, depth=4, outputs=1, encoder=LIGHT).train()
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    assert norms
    assert not any(norm.training for norm in norms)
    before = {k: v.clone() for k, v in net.state_dict().items() if "running" in k}
    images = torch.rand(3, 1, 64, 64)
    torch.testing.assert_close(net(images)[1:2], net(images[1:2]), rtol=1e-3, atol=1e-4)
    assert all(torch.equal(net.state_dict()[name], value) for name, value in before.items())


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.title)
def test_every_layer_learns(method: UNet | MuLux | CaltUs) -> None:
    method.net.train()
    image, labels = drawn_frame()
    terms = method.losses(torch.from_numpy(image)[None, None], [tensors(method, labels)])
    torch.autograd.backward(torch.stack(list(terms.values())).sum())
    silent = [name for name, p in method.net.named_parameters() if p.grad is None]
    assert not silent
    stem = method.net.get_parameter("encoder.body.conv_stem.weight").grad
    assert stem is not None
    assert stem.abs().max() > 0


def test_unknown_encoders_are_mistakes() -> None:
    with pytest.raises(ValueError, match=r"tf_efficientnet_lite0.*not 'vgg'"):
        UShape(width=4, depth=1, outputs=1, encoder="vgg")
    assert get_type_hints(UShapeConfig)["encoder"] is EncoderName


def test_imagenet_is_taken_where_there_is_an_encoder(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    given = {k: torch.full_like(v, 0.5) for k, v in Encoder(LIGHT).body.state_dict().items()}
    asked: list[str] = []

    def state(name: str) -> dict[str, torch.Tensor]:
        asked.append(name)
        return {k: v for k, v in given.items() if "num_batches" not in k} | {"classifier": v0}

    v0 = torch.zeros(1)
    monkeypatch.setattr(backbones, "imagenet_state", state)
    method = MuLux.of(SMALL)
    decoder = {k: v.clone() for k, v in method.net.state_dict().items() if "encoder" not in k}
    method.pretrain("imagenet")
    assert asked == [LIGHT]
    assert not caplog.records
    found = method.net.state_dict()
    assert (found["encoder.body.conv_stem.weight"] == 0.5).all()
    assert all(torch.equal(found[name], value) for name, value in decoder.items())
    MuLux.of(replace(SMALL, encoder="none", depth=1)).pretrain("imagenet")
    assert asked == [LIGHT]
    assert "random weights" in caplog.text
    del given["conv_stem.weight"]
    with pytest.raises(CheckpointError, match=r"lite0 lack conv_stem\.weight"):
        method.pretrain("imagenet")


@pytest.mark.parametrize("backbone", ["tf_efficientnet_lite0", "resnet50"])
def test_a_mask_rcnn_gives_its_body(tmp_path: Path, backbone: Literal["resnet50"]) -> None:
    width = 256 if backbone == "resnet50" else 16
    teacher = MaskRCNN(MaskRCNNConfig(backbone=backbone, pyramid_width=width, box_width=16))
    path = tmp_path / "weights.safetensors"
    save_file({k: v.contiguous() for k, v in teacher.net.state_dict().items()}, path)
    method = MuLux.of(replace(SMALL, encoder=backbone))
    head = method.net.state_dict()["head.weight"].clone()
    method.pretrain(str(path))
    known, found = teacher.net.state_dict(), method.net.state_dict()
    taken = [name for name in found if f"backbone.{name.removeprefix('encoder.')}" in known]
    assert len(taken) > 200
    for name in taken:
        assert torch.equal(found[name], known[f"backbone.{name.removeprefix('encoder.')}"])
    assert torch.equal(found["head.weight"], head)
    other = MuLux.of(replace(SMALL, encoder="tf_efficientnet_lite2"))
    with pytest.raises(CheckpointError, match=r"does not hold this network's weights .*encoder"):
        other.pretrain(str(path))
    with pytest.raises(CheckpointError, match="does not hold this network's weights"):
        MuLux.of(replace(SMALL, encoder="none", depth=1)).pretrain(str(path))


@installed
def test_installed_weights_are_imagenets() -> None:
    method = MuLux.of(SMALL)
    method.pretrain("imagenet")
    known = backbones.imagenet_state(LIGHT)
    found = method.net.state_dict()
    assert torch.equal(found["encoder.body.conv_stem.weight"], known["conv_stem.weight"])


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    method = MuLux.of(SMALL)
    save_checkpoint(tmp_path / "m", method, Card("m", "mulux", {}))
    again, card = load_checkpoint(tmp_path / "m", "cpu")
    assert card.config["encoder"] == LIGHT
    assert isinstance(again, MuLux)
    image = torch.rand(1, 1, 40, 50)
    method.net.eval()
    before, after = (one.answer(image) for one in (method, again))
    np.testing.assert_allclose(before, after, atol=5e-3)


@installed
@pytest.mark.slow
def test_it_learns_a_drawn_frame() -> None:
    torch.manual_seed(0)
    image, labels = drawn_frame()
    method = MuLux.of(replace(SMALL, width=8))
    method.pretrain("imagenet")
    learn(method, image, labels, steps=120)
    cells = method.instances(torch.from_numpy(image)[None, None])
    assert seg(labels, paint(cells, (96, 96))) > 0.8
