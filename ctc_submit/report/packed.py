"""Label maps and grey frames as the page takes them: small, and quick to unpack in a browser."""

import base64
import io
import zlib

import numpy as np
from PIL import Image

LONGEST = 65_535
"""Longest run that one entry can tell."""


def pack_labels(labels: np.ndarray) -> str:
    """Pack a label map without loss.

    The map is read row after row as runs of equal pixels: first the lengths of all runs, then their
    values, each uint16 with the low byte first; these are deflated (zlib) and written in base 64.

    Args:
        labels: uint16, any number of axes.
    """
    flat = np.ascontiguousarray(labels, "<u2").reshape(-1)
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    starts = np.concatenate([[0], changes]) if flat.size else changes
    lengths = np.diff(starts, append=flat.size)
    parts = -(-lengths // LONGEST)
    pieces = np.full(int(parts.sum()), LONGEST, "<u2")
    pieces[np.cumsum(parts) - 1] = lengths - LONGEST * (parts - 1)
    values = np.repeat(flat[starts], parts)
    return _text(zlib.compress(np.concatenate([pieces, values]).tobytes(), 6))


def unpack_labels(text: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return the label map that `pack_labels` packed, as the page does; uint16 of that shape."""
    lengths, values = np.frombuffer(zlib.decompress(base64.b64decode(text)), "<u2").reshape(2, -1)
    return np.repeat(values, lengths).reshape(shape)


def pack_grey(grey: np.ndarray, quality: int) -> str:
    """Pack a grey picture as JPEG in base 64.

    Args:
        grey: uint8 YX.
        quality: From 1 to 100.
    """
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "JPEG", quality=quality)
    return _text(file.getvalue())


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
