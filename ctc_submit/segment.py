"""Segment one frame: normalise, tiles, method, seams, paint; training validates here too."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import torch

from ctc_submit.data.instances import Instance, paint
from ctc_submit.errors import CtcError, DataError
from ctc_submit.methods.method import Method
from ctc_submit.pixels.field import keep_inside
from ctc_submit.pixels.normalise import normalise
from ctc_submit.pixels.tiles import Tile, grid


@dataclass(frozen=True)
class SegmentConfig:
    """How a frame is cut up, and how its instances become one label map."""

    tile: int = field(
        default=1024, metadata={"help": "Frames larger than this are cut into tiles.", "unit": "px"}
    )
    overlap: int = field(
        default=256, metadata={"help": "Neighbouring tiles share this much.", "unit": "px"}
    )
    least_free: float = field(
        default=0.5,
        metadata={"help": "A cell that better cells leave less than this share of is dropped."},
    )
    least_area: int = field(
        default=0, metadata={"help": "Smaller cells are dropped.", "unit": "px"}
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = field(
        default="auto",
        metadata={"help": "Of the network; auto: bfloat16 where the processor has it."},
    )


def segment(frame: np.ndarray, method: Method, config: SegmentConfig) -> np.ndarray:
    """Find the cells of one frame.

    Args:
        frame: YX, integers or finite floats, of any size.
        method: On the device that it is to run on, in evaluation mode.
        config: Tiles and painting.

    Returns:
        uint16 YX label map, labels from 1 without a gap, in the order of confidence.

    Raises:
        DataError: If the frame is a volume, or holds more than 65,535 cells.
    """
    if frame.ndim != 2:
        raise DataError(
            f"expected a 2D frame (YX), found {frame.ndim} dimensions "
            f"({'×'.join(map(str, frame.shape))}); save one slice or a projection of each volume"
        )
    image = normalise(frame)
    shape = (image.shape[0], image.shape[1])
    found = [
        instance
        for tile in grid(shape, config.tile, config.overlap)
        for instance in _cells_of(tile, image, method, config)
    ]
    found.sort(key=lambda instance: -instance.score)
    return paint(found, shape, config.least_free)


def strip(labels: np.ndarray, border: int) -> np.ndarray:
    """Drop the cells outside the field of interest and close the gaps in the labels.

    Args:
        labels: uint16 label map, YX or ZYX.
        border: Width of the strip along the lateral edges, in pixels; 0 drops nothing.

    Raises:
        DataError: If the border leaves nothing of the frame.
    """
    if not border:
        return labels
    try:
        return relabelled(keep_inside(labels, border))
    except ValueError as error:
        raise DataError(f"{error}; choose a smaller --border") from error


def relabelled(labels: np.ndarray) -> np.ndarray:
    """Return the labels renumbered from 1 without a gap, in their order."""
    values, inverse = np.unique(labels, return_inverse=True)
    start = 0 if values[:1] == 0 else 1
    return (inverse.reshape(labels.shape) + start).astype(np.uint16)


def device_named(name: str) -> str:
    """Return ``cpu`` or ``cuda``; ``auto`` is ``cuda`` where there is one.

    Raises:
        CtcError: If cuda is asked for and there is none.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise CtcError("no CUDA device is available here; use --device cpu")
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return name


def autocast_type(precision: str, device: torch.device) -> torch.dtype | None:
    """Return the data type that the network computes in, None for float32.

    Args:
        precision: ``auto``, ``float32``, ``bfloat16`` or ``float16``.
        device: Where the network runs; ``auto`` takes bfloat16 on a GPU that has it (float16 on an
            older one) and on a CPU with AVX-512 bf16 or AMX, float32 elsewhere.
    """
    if precision != "auto":
        return None if precision == "float32" else getattr(torch, precision)
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return torch.bfloat16 if _has_bfloat16() else None


def _has_bfloat16() -> bool:
    if not hasattr(torch.cpu, "get_capabilities"):  # torch before 2.9
        return bool(torch.cpu._is_avx512_bf16_supported())
    flags = torch.cpu.get_capabilities()
    return bool(flags.get("avx512_bf16") or flags.get("amx_bf16"))


def _cells_of(
    tile: Tile, image: np.ndarray, method: Method, config: SegmentConfig
) -> Iterator[Instance]:
    """Yield the cells whose centre the tile owns, in frame coordinates."""
    device = next(method.net.parameters()).device
    pixels = torch.from_numpy(np.ascontiguousarray(tile.cut(image)))[None, None].to(device)
    kind = autocast_type(config.precision, device)
    with torch.autocast(device.type, kind or torch.bfloat16, enabled=kind is not None):
        instances = method.instances(pixels)
    for instance in instances:
        top, left = instance.corner[0] + tile.top, instance.corner[1] + tile.left
        height, width = instance.mask.shape
        large = int(np.count_nonzero(instance.mask)) >= max(config.least_area, 1)
        if large and tile.owns(top + height / 2, left + width / 2):
            yield replace(instance, corner=(top, left))
