"""Region proposals: torchvision's, with what is drawn to learn from following the frame alone."""

import torch
from torch import Tensor
from torchvision.models.detection import rpn
from torchvision.ops import batched_nms, clip_boxes_to_image

from ctc_submit.methods.maskrcnn.region_losses import anchor_losses
from ctc_submit.methods.maskrcnn.sampling import ANCHORS, drawn
from ctc_submit.methods.maskrcnn.targets import UNKNOWN_SHARE, covered


class RegionHead(rpn.RPNHead):  # type: ignore[misc]  # torchvision has no types
    """torchvision's head of the region proposals, with float32 answers under autocast."""

    def forward(self, x: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Return objectness and box shifts of every level."""
        scores, shifts = super().forward(x)
        return [level.float() for level in scores], [level.float() for level in shifts]


class RegionProposals(rpn.RegionProposalNetwork):  # type: ignore[misc]
    """torchvision's region proposals; anchors over unannotated cells teach nothing.

    In training, every image's targets hold ``boxes`` (float32 N4), ``unknown`` (bool YX map of
    unannotated cells) and ``lots`` (float32, a random number of each anchor).

    Attributes:
        scale: The factor by which anchors are larger than the maps of unannotated cells.
        origins: Of each image seen last, the anchor that each proposal comes from, int64.
    """

    scale: float = 1.0
    origins: tuple[Tensor, ...] = ()

    def filter_proposals(
        self,
        proposals: Tensor,
        objectness: Tensor,
        image_shapes: list[tuple[int, int]],
        num_anchors_per_level: list[int],
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Return boxes and scores of every image's best proposals, and keep their `origins`."""
        logits = objectness.detach().reshape(len(proposals), -1)
        numbers = enumerate(num_anchors_per_level)
        levels = torch.cat([torch.full((n,), i, device=logits.device) for i, n in numbers])
        boxes, scores, origins = [], [], []
        best = self._get_top_n_idx(logits, num_anchors_per_level)
        for own, score, origin, shape in zip(proposals, logits, best, image_shapes, strict=True):
            box, probability = clip_boxes_to_image(own[origin], shape), score[origin].sigmoid()
            large = (box[:, 2:] - box[:, :2] >= self.min_size).all(1)
            good = (large & (probability >= self.score_thresh)).nonzero()[:, 0]
            box, probability, origin = box[good], probability[good], origin[good]
            kept = batched_nms(box, probability, levels[origin], self.nms_thresh)
            kept = kept[: self.post_nms_top_n()]
            boxes.append(box[kept])
            scores.append(probability[kept])
            origins.append(origin[kept])
        self.origins = tuple(origins)
        return boxes, scores

    def assign_targets_to_anchors(
        self, anchors: list[Tensor], targets: list[dict[str, Tensor]]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Return 1 (cell), 0 (background) or -1 (not drawn) and the true box of every anchor."""
        labels, boxes = super().assign_targets_to_anchors(anchors, targets)
        for label, anchor, target in zip(labels, anchors, targets, strict=True):
            if (area := target["unknown"]).any():
                hidden = covered(area, anchor / self.scale) > UNKNOWN_SHARE
                label[(label == 0) & hidden] = -1
            label[~drawn(label, target["lots"], ANCHORS)] = -1
        return labels, boxes

    def compute_loss(
        self,
        objectness: Tensor,
        pred_bbox_deltas: Tensor,
        labels: list[Tensor],
        regression_targets: list[Tensor],
    ) -> tuple[Tensor, Tensor]:
        """Return the losses of objectness and of box shifts, of all images together."""
        classes, truth = torch.cat(labels), torch.cat(regression_targets)
        return anchor_losses(objectness.flatten(), pred_bbox_deltas, classes, truth)
