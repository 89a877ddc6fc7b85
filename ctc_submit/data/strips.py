"""The strips of a TIFF page, unpacked as far as they go and never beyond their place.

Deflate is unpacked in place. LZW and PackBits go through libtiff, each strip as a small file of its
own: imagecodecs' own decoders of these read and write where they may not once a strip is damaged (a
first LZW code that stands for nothing ends the process), and are slower.
"""

import struct
import sys
import zlib

import imagecodecs
import numpy as np

from ctc_submit.data.tiff import Page

UNPACKED, LZW, PACKBITS, DEFLATE = 1, 5, 32773, frozenset({8, 32946})
CODECS = frozenset({UNPACKED, LZW, PACKBITS, *DEFLATE})
"""TIFF numbers of the codecs that are unpacked here."""
PREDICTED = frozenset({LZW, *DEFLATE})
"""Those that may pack differences of pixels; with the others libtiff does not look at that tag."""

_HIGH_BITS_LAST = 2
_ALWAYS_FITS = 2**28
_HIGHEST_RATIO = 2_000
_PADDING = 2**16
_SHORT, _LONG = 3, 4
_NATIVE = "<" if sys.byteorder == "little" else ">"


def claims_too_much(size: int, held: int) -> bool:
    """Tell whether pixels of that many bytes cannot come from a file of that many bytes."""
    return size > max(_ALWAYS_FITS, _HIGHEST_RATIO * held)


def differs_as_said(page: Page) -> bool:
    """Tell whether libtiff undoes the differences that a page is said to be stored in."""
    return page.predictor == 1 or (page.predictor == 2 and page.compression in PREDICTED)


def unpack_page(data: bytes, order: str, page: Page, plane: np.ndarray) -> bool:
    """Fill a plane with what can be unpacked of a page.

    Args:
        data: The whole file.
        order: Its byte order, ``<`` or ``>``.
        page: Where its strips lie; pixels of one unsigned 16-bit sample.
        plane: uint16 YX of the page's shape, all 0.

    Returns:
        Whether that is all of it.
    """
    predicted = page.predictor != 1 and page.compression in PREDICTED
    if page.tiled or page.compression not in CODECS or (predicted and page.predictor != 2):
        return False
    rows, sound = 0, True
    for offset, size in page.strips:
        target = plane[rows : rows + page.strip_rows]
        if target.size == 0:
            break
        rows += len(target)
        inside = offset + size <= len(data)
        strip = data[offset : offset + size] if inside else b""
        if page.fill_order == _HIGH_BITS_LAST:
            strip = bytes(imagecodecs.bitorder_decode(strip))
        whole = unpack_strip(strip, page.compression, target.reshape(-1).view(np.uint8))
        if order != _NATIVE:
            target.byteswap(inplace=True)
        if predicted:
            np.cumsum(target, axis=1, dtype=np.uint16, out=target)
        sound = sound and whole
    return sound and rows == page.height


def unpack_strip(data: bytes, compression: int, into: np.ndarray) -> bool:
    """Unpack one strip and tell whether it is whole; what it lacks stays 0.

    Args:
        data: The packed bytes.
        compression: The TIFF number of the codec; of others than `CODECS` nothing is unpacked.
        into: Bytes of the strip's pixels, all 0: uint8, shape B.
    """
    if compression in DEFLATE:
        return _deflated(data, into)
    if compression == UNPACKED:
        return _filled(into, data)
    return compression in CODECS and _by_libtiff(data, compression, into)


def _filled(into: np.ndarray, data: bytes) -> bool:
    """Put whole pixels in, and tell whether these are all."""
    size = min(len(data), into.size)
    size -= size % 2
    into[:size] = np.frombuffer(data, np.uint8, size)
    return size == into.size


def _deflated(data: bytes, into: np.ndarray) -> bool:
    try:
        size = len(imagecodecs.deflate_decode(data, out=into.data))
    except Exception:  # noqa: BLE001 - the codec's errors have no common parent
        into[:] = 0
        return _longer_or_damaged(data, into)
    into[size - size % 2 : size] = 0
    return size == into.size


def _longer_or_damaged(data: bytes, into: np.ndarray) -> bool:
    """Unpack a deflated strip that holds more than expected, or is damaged."""
    try:
        begin = zlib.decompressobj().decompress(data, into.size)
        whole = zlib.decompressobj()
        long = whole.decompress(data, 2 * into.size + _PADDING)
    except zlib.error:
        return False
    return _filled(into, begin) and len(long) >= into.size and whole.eof


def _by_libtiff(data: bytes, compression: int, into: np.ndarray) -> bool:
    """Unpack a strip as the only one of a file that has one row of bytes for pixels."""
    tags = [
        *((256, _LONG, into.size), (257, _LONG, 1), (258, _SHORT, 8), (259, _SHORT, compression)),
        *((262, _SHORT, 1), (273, _LONG, 0), (277, _SHORT, 1), (278, _LONG, 1)),
        (279, _LONG, len(data)),
    ]
    begin = 8 + 2 + 12 * len(tags) + 4
    file = bytearray(struct.pack("<2sHIH", b"II", 42, 8, len(tags)))
    for tag, kind, value in tags:
        file += struct.pack("<HHII", tag, kind, 1, begin if tag == 273 else value)
    file += bytes(4) + data
    try:
        imagecodecs.tiff_decode(bytes(file), index=0, out=into.reshape(1, -1))
    except Exception:  # noqa: BLE001 - as above
        return False
    return True
