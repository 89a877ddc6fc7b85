"""Weights in a file that a training starts from."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from ctc_submit.errors import CheckpointError

WEIGHTS = "weights.safetensors"
"""The file of weights in a model's folder."""


def read_state(source: Path) -> dict[str, Tensor]:
    """Read a network's weights by name; no code in the file is run.

    Args:
        source: ``.safetensors``, or what ``torch.save`` writes of a state dict; or the folder of a
            model, which stands for its `WEIGHTS`.

    Returns:
        The tensors, on the CPU; what else lies in the file is left out.

    Raises:
        CheckpointError: If there is no such file, or it holds no state dict.
    """
    path = source / WEIGHTS if source.is_dir() else source
    try:
        if path.suffix == ".safetensors":
            state: dict[str, object] = dict(load_file(path))
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
        return {name: value for name, value in state.items() if isinstance(value, Tensor)}
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such file of weights") from None
    except Exception as error:  # a damaged or foreign file raises nearly anything
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise CheckpointError(
            f"{path}: expected a state dict (.pth or .safetensors), cannot read it ({reason})"
        ) from error
