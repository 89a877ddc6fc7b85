"""The eight rows of Table I: what each is, what the paper says of it, how it is trained here."""

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

HELA, U373 = "DIC-C2DH-HeLa", "PhC-C2DH-U373"


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        key: Its name here.
        architecture: As the paper calls it.
        loss: As the paper calls it.
        method: Name of our method.
        settings: Settings of the method, each ``name=value``.
        training: Fields of `ctc_submit.train.config.TrainConfig` that are not at their default.
        paper: The paper's SEG, a data set.
    """

    key: str
    architecture: str
    loss: str
    method: str
    settings: tuple[str, ...] = ()
    training: MappingProxyType[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    paper: MappingProxyType[str, float] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def is_pixelwise(self) -> bool:
        """Whether its network is the U-shaped one, which starts from random weights by itself."""
        return self.method != "maskrcnn"


PIXELWISE = MappingProxyType(
    {"batch": 4, "learning_rate": 2e-3, "warmup": 20, "pretrained": "none"}
)
"""A high rate, since a few minutes hold a few hundred steps."""

ENCODED = MappingProxyType({"learning_rate": 8e-4, "ema": 0.995})
"""Instead with an encoder, which starts from pretrained features like Mask R-CNN."""

REGIONS = MappingProxyType({"batch": 4, "learning_rate": 8e-4, "ema": 0.995})
"""Few steps for Mask R-CNN too, from pretrained features."""


def _mask_rcnn(loss: str, name: str, hela: float, u373: float) -> Row:
    paper = MappingProxyType({HELA: hela, U373: u373})
    settings = (f"loss={loss}",)
    return Row(f"maskrcnn-{loss}", "Mask R-CNN", name, "maskrcnn", settings, REGIONS, paper)


def _unet(loss: str, name: str, hela: float, u373: float) -> Row:
    paper = MappingProxyType({HELA: hela, U373: u373})
    return Row(f"unet-{loss}", "U-Net", name, "unet", (f"loss={loss}",), PIXELWISE, paper)


ROWS: dict[str, Row] = {
    row.key: row
    for row in (
        _mask_rcnn("shape_aware", "Shape-Aware Loss", 0.919, 0.949),
        _mask_rcnn("bce", "BCE Loss", 0.905, 0.948),
        _mask_rcnn("focal", "Focal Loss", 0.918, 0.920),
        Row(
            "mulux",
            "MU-Lux-CZ",
            "Weighted MSE Loss",
            "mulux",
            training=PIXELWISE,
            paper=MappingProxyType({HELA: 0.863}),
        ),
        Row(
            "caltus",
            "CALT-US",
            "Custom Loss Function",
            "caltus",
            training=PIXELWISE,
            paper=MappingProxyType({HELA: 0.870, U373: 0.927}),
        ),
        _unet("bce", "BCE Loss", 0.663, 0.566),
        _unet("focal", "Focal Loss", 0.670, 0.597),
        _unet("shape_aware", "Shape-Aware Loss", 0.704, 0.820),
    )
}
"""Key to row, in the paper's order; values of Lin & Norouzi 2021, Table I."""
