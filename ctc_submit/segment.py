"""Segment one frame: normalise, tiles, method, seams, paint; training validates here too."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import torch

from ctc_submit.data.instances import Instance, paint, survivors
from ctc_submit.errors import CtcError, DataError
from ctc_submit.methods.method import Method, TwoStep
from ctc_submit.pixels.boundary import grown, shrunk
from ctc_submit.pixels.field import keep_inside
from ctc_submit.pixels.normalise import normalise
from ctc_submit.pixels.pieces import in_one_piece
from ctc_submit.pixels.tiles import Tile, grid


@dataclass(frozen=True)
class SegmentConfig:
    """How a frame is cut up, and how its instances become one label map."""

    tile: int = field(
        default=1024,
        metadata={"help": "Frames larger than this are cut into tiles.", "unit": "px", "least": 1},
    )
    overlap: int = field(
        default=256,
        metadata={"help": "Neighbouring tiles share this much.", "unit": "px", "least": 0},
    )
    least_free: float = field(
        default=0.5,
        metadata={
            "help": "A cell that better cells leave less than this share of is dropped.",
            "least": 0,
            "most": 1,
            "tune": (0.2, 0.35, 0.5, 0.65, 0.8),
        },
    )
    order: Literal["score", "large", "small"] = field(
        default="score",
        metadata={
            "help": "Whose a pixel is that several cells cover: the best, largest, smallest one's.",
            "tune": ("score", "large", "small"),
        },
    )
    shift: int = field(
        default=0,
        metadata={
            "help": "Every cell's boundary is moved out by this, in where it is negative.",
            "unit": "px",
            "tune": (0, -2, -1, 1, 2),
        },
    )
    least_area: int = field(
        default=0, metadata={"help": "Smaller cells are dropped.", "unit": "px", "least": 0}
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = field(
        default="auto",
        metadata={"help": "Of the network; auto: bfloat16 where the processor has it."},
    )

    def __post_init__(self) -> None:
        """Refuse tiles that share all of themselves.

        Raises:
            ValueError: If the overlap is not less than the tile.
        """
        if self.overlap >= self.tile:
            raise ValueError(f"tiles of {self.tile} pixels cannot share {self.overlap}")


def segment(frame: np.ndarray, method: Method, config: SegmentConfig) -> np.ndarray:
    """Find the cells of one frame.

    Args:
        frame: YX, integers or finite floats, of any size.
        method: On the device that it is to run on, in evaluation mode.
        config: Tiles and painting.

    Returns:
        uint16 YX label map, labels from 1 without a gap, in the order of painting.

    Raises:
        DataError: If the frame is a volume, or holds more than 65,535 cells.
    """
    if frame.ndim != 2:
        raise DataError(
            f"expected a 2D frame (YX), found {frame.ndim} dimensions "
            f"({'×'.join(map(str, frame.shape))}); save one slice or a projection of each volume, "
            "each time of a film as a frame of its own"
        )
    return assemble(_tile_by_tile(frame, method, config, method.instances), frame.shape, config)


def look(frame: np.ndarray, method: TwoStep, config: SegmentConfig) -> list[tuple[Tile, Any]]:
    """Return what the network answers for every tile of a frame, to be read and assembled later.

    Args:
        frame: As for `segment`.
        method: As for `segment`.
        config: Size of the tiles, precision.
    """
    return list(_tile_by_tile(frame, method, config, method.answer))


def assemble(
    found: Iterable[tuple[Tile, list[Instance]]], shape: tuple[int, ...], config: SegmentConfig
) -> np.ndarray:
    """Make one label map of the instances of all tiles.

    A cell belongs to the tile that owns its centre. Its boundary is shifted, and it is dropped
    where it is too small or better cells cover too much of it; the others are painted, and of a
    cell that another one cuts in two the larger piece is kept.

    Args:
        found: Every tile and its instances, in tile coordinates.
        shape: Height and width of the frame.
        config: How they are painted.

    Returns:
        As `segment`.

    Raises:
        DataError: If more than 65,535 cells are left.
    """
    height, width = shape
    cells = [cell for tile, part in found for cell in _cells_of(tile, part, shape, config)]
    cells.sort(key=lambda cell: -cell.score)
    if config.order != "score":
        cells = survivors(cells, (height, width), config.least_free)
        sign = -1 if config.order == "large" else 1
        cells.sort(key=lambda cell: sign * int(np.count_nonzero(cell.mask)))
        return in_one_piece(paint(cells, (height, width)))
    return in_one_piece(paint(cells, (height, width), config.least_free))


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
        has = torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if has else torch.float16
    return torch.bfloat16 if _has_bfloat16() else None


def _has_bfloat16() -> bool:
    if not hasattr(torch.cpu, "get_capabilities"):  # torch before 2.9
        return bool(torch.cpu._is_avx512_bf16_supported())
    flags = torch.cpu.get_capabilities()
    return bool(flags.get("avx512_bf16") or flags.get("amx_bf16"))


def _tile_by_tile(
    frame: np.ndarray, method: Method, config: SegmentConfig, ask: Callable[[torch.Tensor], Any]
) -> Iterator[tuple[Tile, Any]]:
    """Yield every tile of a frame with what the method says of its pixels."""
    image = normalise(frame)
    device = next(method.net.parameters()).device
    kind = autocast_type(config.precision, device)
    for tile in grid((image.shape[0], image.shape[1]), config.tile, config.overlap):
        pixels = torch.from_numpy(np.ascontiguousarray(tile.cut(image)))[None, None].to(device)
        with torch.autocast(device.type, kind or torch.bfloat16, enabled=kind is not None):
            said = ask(pixels)
        yield tile, said


def _cells_of(
    tile: Tile, instances: list[Instance], shape: tuple[int, ...], config: SegmentConfig
) -> Iterator[Instance]:
    """Yield the cells whose centre the tile owns, in frame coordinates."""
    for instance in instances:
        top, left = instance.corner[0] + tile.top, instance.corner[1] + tile.left
        height, width = instance.mask.shape
        if not tile.owns(top + height / 2, left + width / 2):
            continue
        cell = _shifted(replace(instance, corner=(top, left)), config.shift, shape)
        if int(np.count_nonzero(cell.mask)) >= max(config.least_area, 1):
            yield cell


def _shifted(cell: Instance, by: int, shape: tuple[int, ...]) -> Instance:
    """Move a cell's boundary; the edge of the frame is none."""
    if not by:
        return cell
    top, left = cell.corner
    bottom, right = top + cell.mask.shape[0], left + cell.mask.shape[1]
    if by < 0:
        sides = (top <= 0, bottom >= shape[0], left <= 0, right >= shape[1])
        return replace(cell, mask=shrunk(cell.mask, -by, sides))
    rows = slice(max(0, by - top), bottom - top + 2 * by - max(0, bottom + by - shape[0]))
    columns = slice(max(0, by - left), right - left + 2 * by - max(0, right + by - shape[1]))
    corner = (max(top - by, 0), max(left - by, 0))
    return replace(cell, corner=corner, mask=grown(cell.mask, by)[rows, columns])
