import copy
import logging
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision.models.detection import maskrcnn_resnet50_fpn, maskrcnn_resnet50_fpn_v2

from ctc_submit.errors import CheckpointError
from ctc_submit.methods.backbones import LITE, build_backbone, imagenet_state
from ctc_submit.methods.maskrcnn.config import Backbone, MaskRCNNConfig, fit_anchors
from ctc_submit.methods.maskrcnn.maskrcnn import MaskRCNN
from ctc_submit.methods.maskrcnn.net import Doubling, Net
from ctc_submit.methods.method import CellSizes, Method
from tests.scenes import two_touching

LIKE_TORCHVISION = MaskRCNNConfig(
    backbone="resnet50",
    pyramid_width=256,
    box_width=1024,
    mask_head="plain",
    mask_width=256,
    mask_pool=14,
)


def tensors(labels: np.ndarray, method: Method) -> dict[str, torch.Tensor]:
    return {k: torch.from_numpy(v) for k, v in method.targets(labels, method.config).items()}


@pytest.fixture(scope="module")
def light() -> MaskRCNN:
    torch.manual_seed(0)
    return MaskRCNN(MaskRCNNConfig(anchor_sizes=(8, 16, 32, 64, 128), proposals=50))


def test_it_keeps_the_contract(light: MaskRCNN) -> None:
    assert isinstance(light, Method)


def test_doubling_is_a_transposed_convolution() -> None:
    torch.manual_seed(0)
    known = nn.ConvTranspose2d(8, 5, 2, 2)
    ours = Doubling(8, 5, 2, 2)
    ours.load_state_dict(known.state_dict())
    x = torch.randn(3, 8, 7, 9)
    torch.testing.assert_close(ours(x), known(x))


@pytest.mark.parametrize("shape", [(1, 1), (17, 33), (64, 64), (100, 61)])
def test_any_size_and_constant_images_work(light: MaskRCNN, shape: tuple[int, int]) -> None:
    light.net.eval()
    for instance in light.instances(torch.zeros(1, 1, *shape)):
        bottom = instance.corner[0] + instance.mask.shape[0]
        right = instance.corner[1] + instance.mask.shape[1]
        assert bottom <= shape[0]
        assert right <= shape[1]


@pytest.mark.parametrize("empty", [False, True])
def test_every_loss_is_finite_and_has_a_gradient(light: MaskRCNN, empty: bool) -> None:
    scene = np.kron(two_touching(), np.ones((16, 16), np.uint16)).astype(np.int32)
    labels = np.zeros_like(scene) if empty else scene
    light.net.train()
    image = torch.from_numpy(scene / 2).float()[None, None]
    losses = light.losses(image, [tensors(labels, light)])
    assert set(losses) == {"objectness", "proposal_boxes", "class", "boxes", "mask"}
    total = torch.stack(list(losses.values())).sum()
    total.backward()  # type: ignore[no-untyped-call]
    assert torch.isfinite(total)
    light.net.zero_grad()


def test_unknown_cells_are_not_taught_as_background(light: MaskRCNN) -> None:
    """Where everything but one cell is unknown, no region counts as background."""
    labels = np.full((64, 64), -1, np.int32)
    labels[20:40, 20:40] = 1
    proposals = torch.tensor([[0.0, 0, 20, 20], [44, 44, 60, 60], [21, 21, 40, 40]])
    truth = torch.tensor([[20.0, 20, 40, 40]])
    unknown, lots = torch.from_numpy(labels < 0), torch.rand(4)
    boxes, _, classes = light._choose(proposals, truth, unknown, lots)
    assert set(classes.tolist()) == {1}
    assert len(boxes) == 2
    _, _, covered = light._choose(proposals, truth, torch.ones_like(unknown), lots)
    assert covered.tolist() == [1, 1], "a cell stays one, whatever is unknown around it"
    _, _, without = light._choose(proposals, truth, torch.zeros_like(unknown), lots)
    assert 0 in without.tolist()


def test_a_frame_of_which_nothing_is_known_teaches_nothing(light: MaskRCNN) -> None:
    light.net.train()
    target = tensors(np.full((64, 64), -1, np.int32), light)
    terms = light.losses(torch.rand(1, 1, 64, 64), [target])
    assert {name: term.item() for name, term in terms.items()} == dict.fromkeys(terms, 0.0)
    torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
    gradients = [p.grad for p in light.net.parameters() if p.grad is not None]
    assert all((gradient == 0).all() for gradient in gradients)
    light.net.zero_grad()


def test_what_is_drawn_follows_the_seed_of_the_frame(light: MaskRCNN) -> None:
    """Not its place in the batch, nor torch's own generator."""
    labels = np.zeros((128, 128), np.int32)
    labels[10:40, 10:40], labels[70:100, 60:110] = 1, 2
    light.net.train()
    image = torch.rand(1, 1, 128, 128)
    first, second = (tensors(labels, light) | {"seed": torch.tensor(n)} for n in (1, 2))
    other = torch.rand(1, 1, 128, 128)

    def losses(*batch: tuple[torch.Tensor, dict[str, torch.Tensor]]) -> list[float]:
        with torch.no_grad():
            terms = light.losses(torch.cat([i for i, _ in batch]), [t for _, t in batch])
        return [float(term) for term in terms.values()]

    once = losses((image, first))
    torch.rand(1)
    assert losses((image, first)) == once
    assert losses((image, second)) != once
    both, turned = (
        losses(*order)
        for order in ([(image, first), (other, second)], [(other, second), (image, first)])
    )
    assert both == pytest.approx(turned, rel=1e-5)


def test_unknown_pixels_have_no_weight(light: MaskRCNN) -> None:
    labels = np.zeros((32, 32), np.int32)
    labels[4:12, 4:12], labels[20:] = 1, -1
    weights = light.targets(labels, light.config)["weights"]
    assert (weights[20:] == 0).all()
    assert (weights[:20] > 0).all()


def test_the_paper_s_weights_are_used_for_its_loss_only(light: MaskRCNN) -> None:
    labels = two_touching().astype(np.int32)
    assert light.targets(labels, light.config)["weights"].max() > 5
    plain = MaskRCNN(MaskRCNNConfig(loss="bce"))
    assert set(np.unique(plain.targets(labels, plain.config)["weights"])) == {1}


def test_anchors_follow_the_cells() -> None:
    sizes = CellSizes(np.full(9, 40.0), np.full(9, 10.0), 30)
    fitted = fit_anchors(MaskRCNNConfig(), sizes)
    assert fitted.anchor_sizes == (5.0, 10.0, 20.0, 40.0, 80.0)
    assert fitted.anchor_ratios == (4.0, 4.0, 4.0)
    assert fitted.detections == 60


def test_without_cells_the_defaults_stay() -> None:
    nothing = CellSizes(np.zeros(0), np.zeros(0), 0)
    assert fit_anchors(MaskRCNNConfig(), nothing) == MaskRCNNConfig()


STOCK = {"resnet50": maskrcnn_resnet50_fpn, "resnet50_v2": maskrcnn_resnet50_fpn_v2}


@pytest.mark.parametrize("backbone", ["resnet50", "resnet50_v2"])
def test_a_state_dict_of_torchvision_with_91_classes_fits(
    tmp_path: Path, backbone: Literal["resnet50", "resnet50_v2"]
) -> None:
    """All of it is taken but the predictors of 91 classes, which stay fresh as a whole."""
    torch.manual_seed(0)
    stock = STOCK[backbone](weights=None, weights_backbone=None).state_dict()
    torch.save(stock, tmp_path / "coco.pth")
    ours = MaskRCNN(replace(LIKE_TORCHVISION, backbone=backbone))
    before = {name: value.clone() for name, value in ours.net.state_dict().items()}
    counters = {n for n in stock if n.endswith("num_batches_tracked")}  # not of frozen norms
    assert set(before) | counters == set(stock)
    ours.pretrain(str(tmp_path / "coco.pth"))
    fresh = {n for n in before if "_predictor." in n}
    assert {n for n, v in before.items() if v.shape != stock[n].shape} < fresh
    for name, value in ours.net.state_dict().items():
        torch.testing.assert_close(value, before[name] if name in fresh else stock[name])


def test_weights_of_its_own_are_taken_whole(tmp_path: Path, light: MaskRCNN) -> None:
    torch.manual_seed(3)
    other = MaskRCNN(light.config)
    state = {name: value.contiguous() for name, value in other.net.state_dict().items()}
    save_file(state, tmp_path / "weights.safetensors")
    ours = MaskRCNN(light.config)
    ours.pretrain(str(tmp_path / "weights.safetensors"))
    for name, value in ours.net.state_dict().items():
        assert torch.equal(value, other.net.state_dict()[name]), name


def test_heads_are_kaiming_normal() -> None:
    """Of the spread √(2 / inputs), as torch takes a layer's inputs; biases are 0."""
    torch.manual_seed(0)
    heads = MaskRCNN(LIKE_TORCHVISION).net.roi_heads
    layers = {
        heads.box_predictor.cls_score: 1024,
        heads.box_predictor.bbox_pred: 1024,
        heads.mask_predictor.conv5_mask: 256 * 4,
        heads.mask_predictor.mask_fcn_logits: 256,
    }
    for layer, inputs in layers.items():
        weight, few = layer.weight.detach(), 4 / layer.weight.numel() ** 0.5
        assert weight.std().item() == pytest.approx((2 / inputs) ** 0.5, rel=few)
        assert abs(weight.mean().item()) < few * weight.std().item()
        assert not layer.bias.any()


def test_weights_of_another_network_are_refused(tmp_path: Path, light: MaskRCNN) -> None:
    save_file({"a": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match=r"only 0 of \d+ tensors fit"):
        light.pretrain(str(tmp_path / "other.safetensors"))


@pytest.mark.parametrize("content", [b"", b"not weights", b"\x80\x04cos\nsystem\n."])
def test_files_that_are_no_weights_are_refused(
    tmp_path: Path, light: MaskRCNN, content: bytes
) -> None:
    path = tmp_path / "x.pth"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="expected a state dict"):
        light.pretrain(str(path))


@pytest.mark.parametrize("backbone", LITE)
def test_imagenet_weights_of_the_light_backbones(backbone: Backbone) -> None:
    pytest.importorskip(LITE[backbone])
    method = MaskRCNN(MaskRCNNConfig(backbone=backbone))
    name = "backbone.body.conv_stem.weight"
    before = method.net.state_dict()[name].clone()
    method.pretrain("imagenet")
    assert not torch.equal(before, method.net.state_dict()[name])


def test_weights_out_of_reach_are_told_with_their_package_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hub = logging.getLogger("huggingface_hub")
    before = hub.level

    def no_network(name: str, pretrained: bool = False) -> None:
        if pretrained:
            hub.getChild("utils._http").warning("Retrying in 1s [Retry 1/5].")
            raise OSError(name)

    monkeypatch.setitem(LITE, "tf_efficientnet_lite2", "a_package_of_weights")
    monkeypatch.setattr("ctc_submit.methods.backbones.timm.create_model", no_network)
    with pytest.raises(
        CheckpointError, match=r"lite2: .*OSError.*install a-package-of-weights, or"
    ):
        imagenet_state("tf_efficientnet_lite2")
    assert not caplog.records
    assert hub.level == before


def test_folded_normalisation_changes_neither_answers_nor_gradients() -> None:
    torch.manual_seed(0)
    ours = build_backbone("tf_efficientnet_lite1", 32).get_submodule("body").eval().double()
    for name, values in ours.state_dict().items():
        if name.endswith(("running_var", "bn1.weight", "bn2.weight", "bn3.weight")):
            values.uniform_(0.5, 2)
        elif name.endswith(("running_mean", "bias")):
            values.normal_(0, 0.3)
    known = timm.create_model("tf_efficientnet_lite1", features_only=True, out_indices=(1, 2, 3, 4))
    known.double().load_state_dict(ours.state_dict())
    images = torch.randn(2, 3, 64, 96, dtype=torch.float64)
    for answer, expected in zip(ours(images), known.eval()(images), strict=True):
        close(answer, expected)
        for level in (answer, expected):
            level.square().mean().backward(retain_graph=True)
    for name, parameter in known.named_parameters():
        close(ours.get_parameter(name).grad, parameter.grad)


def close(values: torch.Tensor | None, expected: torch.Tensor | None) -> None:
    assert values is not None
    assert expected is not None
    scale = float(expected.detach().abs().max())
    assert scale > 0
    torch.testing.assert_close(values / scale, expected / scale, rtol=0, atol=1e-9)


def test_a_copy_of_a_folded_network_stands_alone(light: MaskRCNN) -> None:
    twin = copy.deepcopy(light.net)
    image = torch.rand(1, 1, 64, 64)
    before = light.net.features(image)["3"]
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.fill_(0.5)
    assert torch.equal(light.net.features(image)["3"], before)
    assert not torch.equal(twin.features(image)["3"], before)


def test_unknown_backbones_and_widths_are_mistakes() -> None:
    with pytest.raises(ValueError, match="no backbone named"):
        build_backbone("vgg", 256)
    with pytest.raises(ValueError, match="256 channels"):
        build_backbone("resnet50", 128)


def test_batch_statistics_do_not_move_in_training(light: MaskRCNN) -> None:
    light.net.train()
    body = light.net.get_submodule("backbone.body")
    norm = next(m for m in body.modules() if isinstance(m, nn.BatchNorm2d))
    assert not norm.training
    assert norm.weight.requires_grad


def test_an_image_without_cells_learns_beside_another(light: MaskRCNN) -> None:
    labels = np.zeros((64, 64), np.int32)
    both = [tensors(labels, light), tensors(labels.copy(), light)]
    labels[10:40, 10:40] = 1
    both[0] = tensors(labels, light)
    light.net.train()
    terms = light.losses(torch.rand(2, 1, 64, 64), both)
    assert all(torch.isfinite(term) for term in terms.values())


def test_anchors_of_tiny_cells_are_not_empty() -> None:
    config = fit_anchors(MaskRCNNConfig(), CellSizes(np.full(9, 2.0), np.full(9, 1.0), 2000))
    assert min(config.anchor_sizes) >= 4
    anchors = Net(config).rpn.anchor_generator.cell_anchors
    assert all((a[:, 2:] > a[:, :2]).all() for a in anchors)


def test_what_the_user_sets_is_not_fitted() -> None:
    given = MaskRCNNConfig(detections=7)
    config = fit_anchors(given, CellSizes(np.full(9, 40.0), np.full(9, 40.0), 90))
    assert config.detections == 7 and config.proposals == 900
