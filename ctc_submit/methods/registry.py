"""The methods by name."""

from dataclasses import dataclass

from ctc_submit.errors import CheckpointError
from ctc_submit.methods.caltus.caltus import CaltUs
from ctc_submit.methods.caltus.config import CaltUsConfig
from ctc_submit.methods.maskrcnn.config import MaskRCNNConfig
from ctc_submit.methods.maskrcnn.maskrcnn import MaskRCNN
from ctc_submit.methods.method import Method, MethodConfig
from ctc_submit.methods.mulux.config import MuLuxConfig
from ctc_submit.methods.mulux.mulux import MuLux
from ctc_submit.methods.unet.config import UNetConfig
from ctc_submit.methods.unet.unet import UNet


@dataclass(frozen=True)
class Plug:
    """A method and the class of its settings."""

    method: type[Method]
    config: type[MethodConfig]


METHODS: dict[str, Plug] = {
    "maskrcnn": Plug(MaskRCNN, MaskRCNNConfig),
    "unet": Plug(UNet, UNetConfig),
    "mulux": Plug(MuLux, MuLuxConfig),
    "caltus": Plug(CaltUs, CaltUsConfig),
}


def method_named(name: str) -> Plug:
    """Return the method of this name.

    Raises:
        CheckpointError: If there is none.
    """
    if name not in METHODS:
        raise CheckpointError(f"{name}: no such method; known are {', '.join(METHODS)}")
    return METHODS[name]
