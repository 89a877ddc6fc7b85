"""TIFF files written byte by byte, with tags that no writer offers."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import imagecodecs
import numpy as np

DEFLATE, LZW, PACKBITS = 8, 5, 32773
Tags = dict[int, int | Sequence[int] | None]


@dataclass(frozen=True)
class Leaf:
    """One page: its pixels as stored, and what its directory says.

    Attributes:
        pixels: uint16 YX.
        compression: The TIFF number of the codec.
        rows: Rows of a strip.
        pad: Whether the last strip is filled up to as many rows as the others.
        strips: The stored bytes, where they are not what follows from the above.
        tags: Tag to value or values, None to leave a tag out.
    """

    pixels: np.ndarray
    compression: int = 1
    rows: int = 0
    pad: bool = False
    strips: Sequence[bytes] = ()
    tags: Tags = field(default_factory=dict)


def tiff(*leaves: Leaf, ring: bool = False) -> bytes:
    """Write a little-endian file; in a ring, the last page is followed by the first."""
    out = bytearray(struct.pack("<2sHI", b"II", 42, 0))
    link, first = 4, 0
    for leaf in leaves:
        entries = _entries(leaf, out)
        place = len(out)
        first = first or place
        out[link : link + 4] = struct.pack("<I", place)
        out += struct.pack("<H", len(entries)) + b"".join(entries)
        link = len(out)
        out += struct.pack("<I", first if ring and leaf is leaves[-1] else 0)
    return bytes(out)


def packed(pixels: np.ndarray, compression: int) -> bytes:
    """Pack the bytes of some rows."""
    raw = pixels.astype("<u2").tobytes()
    if compression == DEFLATE:
        return zlib.compress(raw)
    if compression == LZW:
        return bytes(imagecodecs.lzw_encode(raw))
    if compression == PACKBITS:
        rows = pixels.astype("<u2").view(np.uint8)
        return bytes(imagecodecs.packbits_encode(rows))
    return raw


def _entries(leaf: Leaf, out: bytearray) -> list[bytes]:
    """Append strips and long values to a file, and return the entries of the directory."""
    height, width = leaf.pixels.shape
    rows = leaf.rows or height
    parts = [leaf.pixels[row : row + rows] for row in range(0, height, rows)]
    if leaf.pad:
        short = rows - len(parts[-1])
        parts[-1] = np.pad(parts[-1], ((0, short), (0, 0)))
    strips = leaf.strips or [packed(part, leaf.compression) for part in parts]
    offsets = []
    for strip in strips:
        offsets.append(len(out))
        out += strip
    tags: Tags = {256: width, 257: height, 258: 16, 259: leaf.compression, 262: 1, 277: 1}
    tags |= {273: offsets, 278: rows, 279: [len(strip) for strip in strips], 339: 1}
    tags |= leaf.tags
    kept = sorted((tag, value) for tag, value in tags.items() if value is not None)
    return [_entry(tag, value, out) for tag, value in kept]


def _entry(tag: int, value: int | Sequence[int], out: bytearray) -> bytes:
    values = [value] if isinstance(value, int) else list(value)
    kind: Literal[4] = 4
    text = struct.pack(f"<{len(values)}I", *values)
    if len(values) > 1:
        place = len(out)
        out += text
        text = struct.pack("<I", place)
    return struct.pack("<HHI", tag, kind, len(values)) + text
