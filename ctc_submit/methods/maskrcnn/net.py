"""The network: torchvision's building blocks, put together for one grey channel and two classes.

Its tensors carry torchvision's names (``backbone``, ``rpn``, ``roi_heads``), so that a state dict
of ``maskrcnn_resnet50_fpn`` or ``maskrcnn_resnet50_fpn_v2`` (91 classes) loads wherever shapes
agree.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.detection import roi_heads
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import (
    FastRCNNConvFCHead,
    FastRCNNPredictor,
    TwoMLPHead,
)
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor

from ctc_submit.methods.backbones import STRIDES, build_backbone, hold_statistics
from ctc_submit.methods.maskrcnn.config import MaskRCNNConfig
from ctc_submit.methods.maskrcnn.mask_head import Hourglass
from ctc_submit.methods.maskrcnn.pooling import RegionAlign
from ctc_submit.methods.maskrcnn.proposals import RegionHead, RegionProposals
from ctc_submit.methods.maskrcnn.sampling import ANCHORS, REGIONS

CLASSES = 2
STRIDE = 64
"""Images are padded to a multiple of this, the coarsest level's stride."""


class Doubling(nn.ConvTranspose2d):
    """A transposed convolution of size and stride 2, computed as a matrix product and a shuffle.

    The same tensors and the same result as torch's own; in bfloat16 a CPU trains it 1.3 times as
    fast (benchmarks/training_step.py).
    """

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Return features of twice the height and width."""
        inputs, outputs = self.weight.shape[:2]
        weight = self.weight.permute(2, 3, 1, 0).reshape(4 * outputs, inputs, 1, 1)
        bias = None if self.bias is None else self.bias.repeat(4)
        four = F.conv2d(x, weight, bias).permute(0, 2, 3, 1)
        count, height, width = four.shape[:3]
        pairs = four.reshape(count, height, width, 2, 2, outputs).transpose(2, 3)
        return pairs.reshape(count, 2 * height, 2 * width, outputs).permute(0, 3, 1, 2)


class Net(nn.Module):
    """Backbone, region proposals, box head and mask head."""

    def __init__(self, config: MaskRCNNConfig) -> None:
        """Build the network with random weights, heads Kaiming-normal as in the paper."""
        super().__init__()
        self.mean, self.std = config.input_mean, config.input_std
        self.backbone = build_backbone(config.backbone, config.pyramid_width)
        self.rpn = _proposals(config)
        self.roi_heads = _heads(config)
        initialise_heads(self)

    def train(self, mode: bool = True) -> "Net":
        """Switch to training; batch normalisation keeps its statistics."""
        super().train(mode)
        hold_statistics(self)
        return self

    def features(self, images: Tensor) -> dict[str, Tensor]:
        """Return the pyramid of B1YX images, whose sides are multiples of `STRIDE`."""
        colours = ((images - self.mean) / self.std).expand(-1, 3, -1, -1)
        pyramid: dict[str, Tensor] = self.backbone(
            colours.contiguous(memory_format=torch.channels_last)
        )
        return pyramid

    def anchors(self, shape: tuple[int, int]) -> int:
        """Return how many anchors an image has whose sides are multiples of `STRIDE`."""
        places = sum((shape[0] // stride) * (shape[1] // stride) for stride in STRIDES)
        return int(places * self.rpn.anchor_generator.num_anchors_per_location()[0])

    def propose(
        self,
        images: Tensor,
        features: dict[str, Tensor],
        targets: list[dict[str, Tensor]] | None = None,
    ) -> tuple[list[Tensor], tuple[Tensor, ...], dict[str, Tensor]]:
        """Return proposals of every image, and the anchors that they come from.

        With targets, as `RegionProposals` takes them, two losses come with them.
        """
        shapes = [(images.shape[-2], images.shape[-1])] * len(images)
        proposals: list[Tensor]
        losses: dict[str, Tensor]
        proposals, losses = self.rpn(ImageList(images, shapes), features, targets)
        return proposals, self.rpn.origins, losses

    def judge(
        self, features: dict[str, Tensor], proposals: list[Tensor], shape: tuple[int, int]
    ) -> tuple[Tensor, Tensor]:
        """Return class logits N2 and box shifts N8, float32, of all images' proposals together."""
        heads = self.roi_heads
        pooled = heads.box_roi_pool(features, proposals, [shape] * len(proposals))
        logits, shifts = heads.box_predictor(heads.box_head(pooled))
        return logits.float(), shifts.float()

    def masks(
        self, features: dict[str, Tensor], boxes: list[Tensor], shape: tuple[int, int]
    ) -> Tensor:
        """Return the mask logits NMM, float32, of all images' boxes together."""
        heads = self.roi_heads
        pooled = heads.mask_roi_pool(features, boxes, [shape] * len(boxes))
        predictor = heads.mask_predictor
        fine = F.relu(predictor.conv5_mask(heads.mask_head(pooled)))
        last = predictor.mask_fcn_logits
        logits = F.linear(fine.permute(0, 2, 3, 1), last.weight[1:, :, 0, 0], last.bias[1:])
        return logits.squeeze(-1).float()


def initialise_heads(net: Net) -> None:
    """Give the box and mask predictors fresh weights, Kaiming-normal (paper, section III.B)."""
    for module in (net.roi_heads.box_predictor, net.roi_heads.mask_predictor):
        for layer in module.modules():
            if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)


def _proposals(config: MaskRCNNConfig) -> RegionProposals:
    anchors = AnchorGenerator(
        sizes=tuple((size,) for size in config.anchor_sizes),
        aspect_ratios=(config.anchor_ratios,) * len(config.anchor_sizes),
    )
    proposals = RegionProposals(
        anchors,
        RegionHead(
            config.pyramid_width, len(config.anchor_ratios), conv_depth=2 if _is_v2(config) else 1
        ),
        fg_iou_thresh=0.7,
        bg_iou_thresh=0.3,
        batch_size_per_image=ANCHORS.most,
        positive_fraction=ANCHORS.cells / ANCHORS.most,
        pre_nms_top_n={"training": 1000, "testing": max(500, config.proposals)},
        post_nms_top_n={"training": 1000, "testing": config.proposals},
        nms_thresh=0.7,
    )
    proposals.scale = config.scale
    return proposals


def _heads(config: MaskRCNNConfig) -> roi_heads.RoIHeads:
    predictor = MaskRCNNPredictor(config.mask_width, config.mask_width, CLASSES)
    predictor.conv5_mask = Doubling(config.mask_width, config.mask_width, 2, 2)
    return roi_heads.RoIHeads(
        box_roi_pool=RegionAlign(7, sampling_ratio=2),
        box_head=_box_head(config),
        box_predictor=FastRCNNPredictor(config.box_width, CLASSES),
        fg_iou_thresh=0.5,
        bg_iou_thresh=0.5,
        batch_size_per_image=REGIONS.most,
        positive_fraction=REGIONS.cells / REGIONS.most,
        bbox_reg_weights=None,
        score_thresh=config.score_threshold,
        nms_thresh=config.box_nms,
        detections_per_img=config.detections,
        mask_roi_pool=RegionAlign(
            config.mask_pool,
            sampling_ratio=1 if config.mask_pool > 14 else 2,
            canonical_scale=config.mask_canonical,
        ),
        mask_head=_mask_head(config),
        mask_predictor=predictor,
    )


def _box_head(config: MaskRCNNConfig) -> nn.Module:
    width = config.pyramid_width
    head: nn.Module
    if _is_v2(config):
        head = FastRCNNConvFCHead(
            (width, 7, 7), [width] * 4, [config.box_width], norm_layer=nn.BatchNorm2d
        )
    else:
        head = TwoMLPHead(width * 7 * 7, config.box_width)
    return head


def _mask_head(config: MaskRCNNConfig) -> nn.Module:
    if config.mask_head == "hourglass":
        return Hourglass(config.pyramid_width, config.mask_width)
    head: nn.Module = MaskRCNNHeads(
        config.pyramid_width,
        (config.mask_width,) * 4,
        dilation=1,
        norm_layer=nn.BatchNorm2d if _is_v2(config) else None,
    )
    return head


def _is_v2(config: MaskRCNNConfig) -> bool:
    """Tell whether the heads are those of torchvision's ``maskrcnn_resnet50_fpn_v2``."""
    return config.backbone == "resnet50_v2"
