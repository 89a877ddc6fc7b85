"""Settings of Mask R-CNN."""

import logging
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ctc_submit.methods.method import CellSizes, MethodConfig, where_free

LEVELS = 5
SMALLEST_ANCHOR = 4.0
"""In pixels; the generator rounds anchors to whole pixels, and an empty one fits no cell."""
LONGEST_ANCHOR = 8.0
"""Largest ratio of an anchor's sides."""
RESNET_WIDTH = 256
"""Channels of a ResNet's pyramid, as its pretrained weights have them."""
FEATURE = 8
"""Cells of fewer pixels across are smaller than two of the network's finest features."""

Backbone = Literal[
    "tf_efficientnet_lite0",
    "tf_efficientnet_lite1",
    "tf_efficientnet_lite2",
    "resnet50",
    "resnet50_v2",
]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MaskRCNNConfig(MethodConfig):
    """Architecture, loss and decoding of Mask R-CNN; defaults are light enough for a CPU."""

    backbone: Backbone = field(
        default="tf_efficientnet_lite0",
        metadata={"help": "Feature extractor, the lightest first."},
    )
    input_mean: float = field(
        default=0.5, metadata={"help": "Grey value, of frames scaled to 0 to 1, that becomes 0."}
    )
    input_std: float = field(
        default=0.5,
        metadata={
            "help": "Grey values that become 1; 0.5 fits the light backbone, 0.226 ResNets.",
            "least": 0.001,
        },
    )
    loss: Literal["bce", "focal", "shape_aware"] = field(
        default="shape_aware", metadata={"help": "Loss of the mask head."}
    )
    scale: float = field(
        default=1.0,
        metadata={
            "help": "Frames are enlarged by this before the network.",
            "least": 0.1,
            "most": 8,
        },
    )
    pyramid_width: int = field(
        default=128,
        metadata={"help": "Channels of the feature pyramid.", "least": 1, "unit": "channels"},
    )
    box_width: int = field(
        default=512, metadata={"help": "Width of the box head.", "least": 1, "unit": "neurons"}
    )
    mask_head: Literal["hourglass", "plain"] = field(
        default="hourglass",
        metadata={
            "help": "hourglass: sees the whole region at 28 features a side; plain: four "
            "convolutions, as in the paper, for 14."
        },
    )
    mask_width: int = field(
        default=128, metadata={"help": "Width of the mask head.", "least": 1, "unit": "channels"}
    )
    mask_pool: int = field(
        default=28,
        metadata={
            "help": "Features a side of a region; its mask has twice as many.",
            "least": 2,
            "unit": "px",
        },
    )
    mask_canonical: float = field(
        default=448.0,
        metadata={
            "help": "Masks of regions of this size are read off the pyramid's third level, of half "
            "the size off the next finer one, and so on.",
            "least": 1,
            "unit": "px",
        },
    )
    mask_margin: float = field(
        default=0.1,
        metadata={
            "help": "A region is wider than its box by this share, each side.",
            "least": 0,
            "most": 1,
        },
    )
    anchor_sizes: tuple[float, ...] = field(
        default=(32.0, 64.0, 128.0, 256.0, 512.0),
        metadata={
            "help": "Anchor size of each pyramid level.",
            "least": SMALLEST_ANCHOR,
            "unit": "px",
        },
    )
    anchor_ratios: tuple[float, ...] = field(
        default=(0.5, 1.0, 2.0),
        metadata={"help": "Height by width of the anchors.", "least": 0.05, "most": 20},
    )
    proposals: int = field(
        default=300, metadata={"help": "Regions looked at in an image.", "least": 1}
    )
    detections: int = field(default=100, metadata={"help": "Most cells of an image.", "least": 1})
    score_threshold: float = field(
        default=0.3,
        metadata={
            "help": "Least score of a cell, 0 to 1.",
            "least": 0,
            "most": 1,
            "tune": (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
        },
    )
    box_nms: float = field(
        default=0.5,
        metadata={
            "help": "Of two boxes with a larger IoU the better one stays.",
            "least": 0,
            "most": 1,
        },
    )
    views: Literal[1, 2, 4] = field(
        default=1, metadata={"help": "Orientations that are averaged; each costs its time."}
    )
    mask_threshold: float = field(
        default=0.5,
        metadata={
            "help": "Least mask probability of a cell's pixel.",
            "least": 0,
            "most": 1,
            "tune": (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7),
        },
    )

    def __post_init__(self) -> None:
        """Refuse what makes no network.

        Raises:
            ValueError: If a ResNet's pyramid has another width than its own, or anchors another
                number of sizes than the pyramid has levels.
        """
        if self.backbone.startswith("resnet") and self.pyramid_width != RESNET_WIDTH:
            raise ValueError(
                f"{self.backbone} needs pyramid_width={RESNET_WIDTH}, not {self.pyramid_width}"
            )
        if len(self.anchor_sizes) != LEVELS:
            raise ValueError(f"anchor_sizes are {LEVELS}, one a level of the pyramid")


def fit_anchors(config: MaskRCNNConfig, sizes: CellSizes) -> MaskRCNNConfig:
    """Choose anchors and the cap on detections from the cells of the training set.

    The median cell (geometric mean of height and width) sits on the middle pyramid level, the
    others follow in powers of two; ratios are the 10, 50 and 90 % quantiles of height by width.
    The cap is twice the fullest frame's count, at least 50, with ten proposals for each such cell.
    A setting that is not at its default stays as it is.
    """
    if sizes.heights.size == 0:
        return config
    median = float(np.median(np.sqrt(sizes.heights * sizes.widths))) * config.scale
    ratios = np.quantile(sizes.heights / sizes.widths, [0.1, 0.5, 0.9])
    ratios = np.clip(ratios, 1 / LONGEST_ANCHOR, LONGEST_ANCHOR)
    if median < FEATURE:
        logger.warning(
            "the median cell is %.1f pixels across; enlarge the frames with scale=%d",
            median,
            np.ceil(2 * FEATURE / median),
        )
    levels = [median * 2.0 ** (i - LEVELS // 2) for i in range(LEVELS)]
    found = {
        "anchor_sizes": tuple(round(max(size, SMALLEST_ANCHOR), 1) for size in levels),
        "anchor_ratios": tuple(round(float(ratio), 2) for ratio in ratios),
        "detections": max(50, 2 * sizes.most),
        "proposals": int(np.clip(10 * sizes.most, 200, 5000)),
    }
    return where_free(config, found)
