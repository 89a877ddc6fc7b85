"""The losses by name.

``LOSSES[name](logits, target, weights)`` is a scalar, whatever the loss and the network. Where
`ctc_submit.pixels.weights.WEIGHT_MAPS` has a map of the same name, the loss is computed with that
map as its weights; for any other, weights only say which pixels count (1) and which do not (0).
"""

from typing import Protocol

from torch import Tensor

from ctc_submit.methods.losses.bce import bce
from ctc_submit.methods.losses.dice import dice
from ctc_submit.methods.losses.focal import focal
from ctc_submit.methods.losses.shape_aware import shape_aware


class Loss(Protocol):
    """A pixel-wise loss."""

    def __call__(self, logits: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
        """Return a scalar for logits, target and weights of one shape."""
        ...


LOSSES: dict[str, Loss] = {
    "bce": bce,
    "focal": focal,
    "shape_aware": shape_aware,
    "boundary": shape_aware,
    "dice": dice,
    "balanced": bce,
    "unet2015": bce,
}
