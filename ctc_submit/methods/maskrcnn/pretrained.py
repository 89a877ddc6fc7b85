"""Pretrained starts of Mask R-CNN."""

import sys
from pathlib import Path

from torch import Tensor, nn

from ctc_submit.errors import CheckpointError
from ctc_submit.methods.backbones import LITE, load_imagenet
from ctc_submit.methods.state_file import read_state

PREDICTORS = ("roi_heads.box_predictor.", "roi_heads.mask_predictor.")
"""The last layers of both branches, which depend on the number of classes."""

LEAST_SHARE = 0.5
"""Of the network's tensors, at least this share must be found in a given file."""


def load_pretrained(net: nn.Module, backbone: str, source: str) -> None:
    """Fill a fresh network with pretrained weights.

    A box or mask predictor made for another number of classes is not taken in part: all of its
    layers stay fresh.

    Args:
        net: `ctc_submit.methods.maskrcnn.net.Net`.
        backbone: Name of its backbone.
        source: ``none``: nothing. ``imagenet``: the backbone's body. ``coco``: torchvision's Mask
            R-CNN of the ResNets. Otherwise a file or a model's folder (`read_state`), of which
            every tensor that has the name and shape of one of ours is taken.

    Raises:
        CheckpointError: If the weights cannot be had or do not fit.
    """
    if source == "none":
        return
    if source == "imagenet":
        load_imagenet(net.get_submodule("backbone.body"), backbone)
        return
    state = _coco_state(backbone) if source == "coco" else read_state(Path(source))
    ours = net.state_dict()
    fitting = _fitting(state, ours)
    if len(fitting) < LEAST_SHARE * len(ours):
        raise CheckpointError(
            f"{source}: only {len(fitting)} of {len(ours)} tensors fit a Mask R-CNN on {backbone}; "
            "choose the backbone that the weights were made with"
        )
    net.load_state_dict(fitting, strict=False)


def _fitting(state: dict[str, Tensor], ours: dict[str, Tensor]) -> dict[str, Tensor]:
    """Keep the tensors that have name and shape of one of ours, but for predictors in part."""
    same = {k for k, v in state.items() if k in ours and ours[k].shape == v.shape}
    partly = {part for part in PREDICTORS for k in ours if k.startswith(part) and k not in same}
    return {k: state[k] for k in same if not k.startswith(tuple(partly))}


def _coco_state(backbone: str) -> dict[str, Tensor]:
    from torchvision.models import get_model_weights

    if backbone in LITE:
        raise CheckpointError(f"{backbone} has no COCO weights; start it from imagenet")
    name = "maskrcnn_resnet50_fpn_v2" if backbone == "resnet50_v2" else "maskrcnn_resnet50_fpn"
    try:
        state: dict[str, Tensor] = get_model_weights(name)["COCO_V1"].get_state_dict(
            progress=sys.stderr.isatty(), check_hash=True
        )
    except (OSError, RuntimeError) as error:
        raise CheckpointError(
            f"COCO weights of {name}: cannot be fetched ({type(error).__name__}); "
            "fetch the file elsewhere and name it with --pretrained FILE"
        ) from error
    return state
