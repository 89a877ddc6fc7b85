"""Mask R-CNN behind the contract of a method."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.ops import clip_boxes_to_image

from ctc_submit.data.instances import Instance
from ctc_submit.methods.losses.registry import LOSSES
from ctc_submit.methods.maskrcnn.config import MaskRCNNConfig, fit_anchors
from ctc_submit.methods.maskrcnn.decode import decode
from ctc_submit.methods.maskrcnn.net import STRIDE, Net
from ctc_submit.methods.maskrcnn.pretrained import load_pretrained
from ctc_submit.methods.maskrcnn.region_losses import region_losses
from ctc_submit.methods.maskrcnn.sampling import REGIONS, cast_lots, drawn
from ctc_submit.methods.maskrcnn.targets import (
    UNKNOWN_SHARE,
    boxes_of,
    covered,
    sample_masks,
    sample_weights,
)
from ctc_submit.methods.maskrcnn.views import fuse
from ctc_submit.methods.method import CellSizes, MethodConfig
from ctc_submit.methods.views import VIEWS
from ctc_submit.pixels.weights import WEIGHT_MAPS


@dataclass(frozen=True)
class Answer:
    """What the network says of one image.

    Attributes:
        boxes: float32 N4 as (x0, y0, x1, y1) in frame pixels, margins included.
        scores: float32 N in [0, 1], descending.
        masks: float32 NMM, mask probabilities.
        shape: Height and width of the image.
    """

    boxes: np.ndarray
    scores: np.ndarray
    masks: np.ndarray
    shape: tuple[int, int]


MASKS_AT_ONCE = 64
"""Cells whose masks are computed together: bounds the memory of a frame of thousands of cells."""


class MaskRCNN:
    """Regions are proposed, judged, and each accepted one is cut out pixel by pixel."""

    def __init__(self, config: MaskRCNNConfig) -> None:
        """Build the network with random weights."""
        self.config = config
        self.net = Net(config).to(memory_format=torch.channels_last)

    @classmethod
    def of(cls, config: MethodConfig) -> Self:
        """Build the method from its settings."""
        if not isinstance(config, MaskRCNNConfig):
            raise TypeError(f"expected MaskRCNNConfig, not {type(config).__name__}")
        return cls(config)

    @classmethod
    def fitted(cls, config: MethodConfig, sizes: CellSizes) -> MethodConfig:
        """Return settings with anchors and caps that follow the training set."""
        if not isinstance(config, MaskRCNNConfig):
            raise TypeError(f"expected MaskRCNNConfig, not {type(config).__name__}")
        return fit_anchors(config, sizes)

    def pretrain(self, source: str) -> None:
        """Start from ``none``, ``imagenet``, ``coco`` or a file; see `load_pretrained`."""
        load_pretrained(self.net, self.config.backbone, source)

    @staticmethod
    def targets(labels: np.ndarray, config: MaskRCNNConfig) -> dict[str, np.ndarray]:
        """Return the label map, the cells' ids and boxes, and the weight of every pixel.

        Args:
            labels: Integer YX; 0 background, -1 unknown (weight 0).
            config: The settings.

        Returns:
            ``labels`` int32 YX; ``ids`` int32 N; ``boxes`` float32 N4 (x0, y0, x1, y1) in pixels;
            ``weights`` float32 YX, equation 3 of the paper for the Shape-Aware Loss, else 1.
        """
        ids, boxes = boxes_of(labels)
        weight_map = WEIGHT_MAPS.get(config.loss)
        weights = weight_map(labels) if weight_map else (labels >= 0).astype(np.float32)
        return {"labels": labels.astype(np.int32), "ids": ids, "boxes": boxes, "weights": weights}

    def losses(self, images: Tensor, targets: list[dict[str, Tensor]]) -> dict[str, Tensor]:
        """Return ``objectness``, ``proposal_boxes``, ``class``, ``boxes`` and ``mask``."""
        images = self._fit(images)
        shape = (images.shape[-2], images.shape[-1])
        truth = [t["boxes"] * self.config.scale for t in targets]
        unknown = [t["labels"] < 0 for t in targets]
        anchors, device = self.net.anchors(shape), images.device
        lots = [
            cast_lots(t.get("seed"), anchors=anchors, cells=len(t["ids"]), device=device)
            for t in targets
        ]
        told = [
            {"boxes": boxes, "unknown": area, "lots": own.anchors}
            for boxes, area, own in zip(truth, unknown, lots, strict=True)
        ]
        features = self.net.features(images)
        proposals, origins, rpn_losses = self.net.propose(images, features, told)
        theirs = [own.of_regions(place) for own, place in zip(lots, origins, strict=True)]
        regions = [
            self._choose(*one) for one in zip(proposals, truth, unknown, theirs, strict=True)
        ]
        boxes = [region for region, _, _ in regions]
        shifts = self.net.roi_heads.box_coder.encode(
            [_matched(t, match) for t, (_, match, _) in zip(truth, regions, strict=True)], boxes
        )
        logits, answers = self.net.judge(features, boxes, shape)
        classes = torch.cat([label for _, _, label in regions])
        class_loss, box_loss = region_losses(logits, answers, classes, torch.cat(shifts))
        return {
            "objectness": rpn_losses["loss_objectness"],
            "proposal_boxes": rpn_losses["loss_rpn_box_reg"],
            "class": class_loss,
            "boxes": box_loss,
            "mask": self._mask_loss(features, regions, targets, shape),
        }

    def instances(self, image: Tensor) -> list[Instance]:
        """Return the cells of one 11YX image, best first."""
        return self.read(self.answer(image), self.config)

    def read(self, answer: Answer, config: MethodConfig) -> list[Instance]:
        """Return the cells of an answer, best first, under settings no looser than its own."""
        if not isinstance(config, MaskRCNNConfig):
            raise TypeError(f"expected MaskRCNNConfig, not {type(config).__name__}")
        good = np.flatnonzero(answer.scores >= config.score_threshold)[: config.detections]
        return decode(
            answer.boxes[good],
            answer.scores[good],
            answer.masks[good],
            answer.shape,
            config.mask_threshold,
        )

    @torch.inference_mode()
    def answer(self, image: Tensor) -> Answer:
        """Return boxes, scores and masks of one 11YX image, best first."""
        size = (image.shape[-2], image.shape[-1])
        views = VIEWS[: self.config.views]
        images = self._fit(torch.cat([view.turn(image) for view in views]))
        shape = (images.shape[-2], images.shape[-1])
        features = self.net.features(images)
        proposals, _, _ = self.net.propose(images, features)
        logits, shifts = self.net.judge(features, proposals, shape)
        boxes = self.net.roi_heads.box_coder.decode(shifts, proposals)[:, 1]
        counts = [len(part) for part in proposals]
        limit = self._limit(size)
        found = [
            self._likely(part, scores, limit)
            for part, scores in zip(
                torch.split(boxes, counts),
                torch.split(logits.softmax(-1)[:, 1], counts),
                strict=True,
            )
        ]
        turned = [view.turn_boxes(b, limit) for view, (b, _) in zip(views, found, strict=True)]
        fused, scores = fuse(turned, [score for _, score in found], self.config.box_nms)
        likely = (scores >= self.config.score_threshold).nonzero()[: self.config.detections, 0]
        if not len(likely):
            nothing = np.zeros((0, 4), np.float32)
            return Answer(nothing, nothing[:, 0], np.zeros((0, 1, 1), np.float32), size)
        wide = self._widened(fused[likely], limit)
        masks = []
        for part in torch.split(wide, MASKS_AT_ONCE):
            boxes_of_views = [view.turn_boxes(part, limit) for view in views]
            seen = self.net.masks(features, boxes_of_views, shape).sigmoid()
            turns = zip(views, seen.chunk(len(views)), strict=True)
            masks.append(torch.stack([view.turn(mask) for view, mask in turns]).mean(0))
        return Answer(
            (wide / self.config.scale).float().cpu().numpy(),
            scores[likely].cpu().numpy(),
            torch.cat(masks).cpu().numpy(),
            size,
        )

    def _fit(self, images: Tensor) -> Tensor:
        """Scale images and pad them, right and below, to a multiple of the coarsest stride."""
        if self.config.scale != 1:
            images = F.interpolate(
                images, scale_factor=self.config.scale, mode="bilinear", antialias=False
            )
        height, width = images.shape[-2:]
        return F.pad(images, (0, -width % STRIDE, 0, -height % STRIDE))

    def _choose(
        self, proposals: Tensor, truth: Tensor, unknown: Tensor, lots: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Draw one image's regions: boxes, the true box each belongs to, and its class."""
        heads = self.net.roi_heads
        boxes = torch.cat([proposals, truth])
        ones = torch.ones(len(truth), dtype=torch.int64, device=boxes.device)
        (match,), (classes,) = heads.assign_targets_to_proposals([boxes], [truth], [ones])
        if unknown.any():
            hidden = covered(unknown, boxes / self.config.scale) > UNKNOWN_SHARE
            classes[(classes == 0) & hidden] = -1
        kept = drawn(classes, lots, REGIONS).nonzero()[:, 0]
        return boxes[kept], match[kept], classes[kept]

    def _mask_loss(
        self,
        features: dict[str, Tensor],
        regions: list[tuple[Tensor, Tensor, Tensor]],
        targets: list[dict[str, Tensor]],
        shape: tuple[int, int],
    ) -> Tensor:
        boxes = [
            self._widened(box[classes > 0], self._limit(target["labels"].shape))
            for (box, _, classes), target in zip(regions, targets, strict=True)
        ]
        if not any(map(len, boxes)):
            none = features["0"].flatten()[:0]
            return LOSSES[self.config.loss](none, none.detach(), none.detach())
        logits = self.net.masks(features, boxes, shape)
        truth, weights = [], []
        for box, (_, match, classes), target in zip(boxes, regions, targets, strict=True):
            place = box / self.config.scale
            ids = target["ids"][match[classes > 0]]
            truth.append(sample_masks(target["labels"], ids, place, logits.shape[-1]))
            weights.append(sample_weights(target["weights"], place, logits.shape[-1]))
        return LOSSES[self.config.loss](logits, torch.cat(truth), torch.cat(weights))

    def _widened(self, boxes: Tensor, limit: tuple[int, int]) -> Tensor:
        """Widen boxes by the margin, so that a mask may reach beyond a box that is too tight.

        They end at the frame, since beyond it there are no features to tell a mask by.
        """
        margin = self.config.mask_margin * (boxes[:, 2:] - boxes[:, :2])
        wide = torch.cat([boxes[:, :2] - margin, boxes[:, 2:] + margin], dim=1)
        kept: Tensor = clip_boxes_to_image(wide, limit)
        return kept

    def _limit(self, size: tuple[int, ...]) -> tuple[int, int]:
        """Return height and width of a frame as the network sees it, without padding."""
        return int(size[0] * self.config.scale), int(size[1] * self.config.scale)

    def _likely(
        self, boxes: Tensor, scores: Tensor, limit: tuple[int, int]
    ) -> tuple[Tensor, Tensor]:
        """Keep what may be a cell in one view, for one view of several a lower score too."""
        boxes = clip_boxes_to_image(boxes, limit)
        sides = boxes[:, 2:] - boxes[:, :2]
        least = self.config.score_threshold / self.config.views
        good = (scores >= least) & (sides > 0.5).all(1)
        return boxes[good], scores[good]


def _matched(truth: Tensor, match: Tensor) -> Tensor:
    return truth[match] if len(truth) else truth.new_zeros((len(match), 4))
