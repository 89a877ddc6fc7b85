"""Masks as the evaluator sees them: what it refuses, what it takes for empty, and the labels.

It reads 16-bit unsigned grey pixels in strips, uncompressed or packed with LZW, Deflate or
PackBits. Other pixel types it refuses with a message of its own. Tiles, other codecs and other
predictors it does not refuse: every pixel reads as 0, and so does a strip that is cut off; one that
is damaged holds what could be unpacked of it.

The messages for 8-bit, 32-bit unsigned and float, and signed pixels, and for colour planes, are as
seen. Those for one bit, 64-bit floats and interleaved colours are guesses by analogy and by the
names that its image library documents; what is made of predictors, cut-off and damaged strips is a
guess by what libtiff, which it reads with, does.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ctc_submit.data.strips import CODECS, PREDICTED, claims_too_much, unpack_page
from ctc_submit.data.tiff import NotTiff, Page, read_pages

_OTHER_CODECS = {7: "JPEG", 34712: "JPEG 2000", 34925: "LZMA", 50000: "ZSTD", 50001: "WebP"}


class Refused(Exception):
    """The evaluator cannot open an image.

    Attributes:
        output: The line that it prints before ``The image '…' cannot be opened!``.
        rule: Name of the rule that the file breaks.
        found: What is wrong with the file, in our words.
        mend: How to mend it.
    """

    def __init__(self, output: str, found: str, mend: str, *, rule: str = "unreadable") -> None:
        """Keep the evaluator's line and ours."""
        super().__init__(output)
        self.output, self.found, self.mend, self.rule = output, found, mend, rule


@dataclass(frozen=True)
class Mask:
    """An opened mask whose pixels are not unpacked yet.

    Attributes:
        shape: Pages, rows and columns of the first page.
        blank: Why the evaluator reads it as empty; None where it reads the pixels.
    """

    shape: tuple[int, int, int]
    blank: str | None
    _data: bytes
    _order: str
    _pages: tuple[Page, ...]

    def labels(self, *, strict: bool = False) -> np.ndarray:
        """Unpack all pages: uint16 ZYX of `shape`, zero where the evaluator reads nothing.

        Args:
            strict: Refuse pages that cannot be unpacked from end to end.

        Raises:
            Refused: If strict and a page is damaged.
        """
        volume = np.zeros(self.shape, np.uint16)
        sound = [self._unpack(*both) for both in zip(self._pages, volume, strict=True)]
        if strict and not all(sound):
            raise Refused("", f"page {sound.index(False)} damaged", "write it again")
        return volume

    def page(self, z: int) -> np.ndarray:
        """Unpack one page: uint16 YX."""
        plane = np.zeros(self.shape[1:], np.uint16)
        self._unpack(self._pages[z], plane)
        return plane

    def _unpack(self, page: Page, plane: np.ndarray) -> bool:
        """Fill a plane with what can be unpacked, and tell whether that is all."""
        kind = (page.height, page.width, page.bits, page.samples, page.sample_format)
        if kind != (*plane.shape, 16, 1, 1):
            return False
        return unpack_page(self._data, self._order, page, plane)


def open_mask(path: Path, shown: str) -> Mask:
    """Open a mask and say whether the evaluator takes it.

    Args:
        path: The file.
        shown: Its name in the evaluator's messages.

    Raises:
        Refused: If the evaluator cannot open it.
    """
    try:
        data = path.read_bytes() if path.is_file() else None  # a pipe is not waited for
    except OSError:
        data = None
    if data is None:
        text = f"i3d::IOException: I3D::ImageReader: file '{shown}' not found or cannot be read."
        raise Refused(text, "no file that can be read", "write it")
    try:
        order, pages = read_pages(data)
    except NotTiff as error:
        text = f"i3d::IOException: TIFF: Unable to open {shown}."
        raise Refused(text, f"no TIFF ({error})", "write it again") from None
    _refuse_pixels(pages[0])
    shape = (len(pages), pages[0].height, pages[0].width)
    if claims_too_much(2 * shape[0] * shape[1] * shape[2], len(data)):
        found = f"{shape[2]}×{shape[1]}×{shape[0]} pixels claimed by {len(data)} bytes"
        raise Refused("Not enough memory", found, "write it again")
    return Mask(shape, _blank(pages[0]), data, order, tuple(pages))


def _refuse_pixels(page: Page) -> None:
    """Raise where the evaluator refuses the type of the pixels."""
    mend = "write unsigned 16-bit grey pixels (uint16, photometric minisblack)"
    if page.samples > 1 and page.planar:
        text = "i3d::IOException: TIFF: unsupported organization of colors."
        raise Refused(text, f"{page.samples} colour planes", mend, rule="colours")
    kind = {1: "unsigned", 2: "signed", 3: "float"}.get(page.sample_format, "unknown")
    found = f"{page.bits}-bit {kind} pixels"
    if page.samples > 1:
        name = "RGB16" if page.bits == 16 else "RGB"
        text = f"Unsupported image type ({name})"
        raise Refused(text, f"{page.samples} colours", mend, rule="colours")
    if (kind, page.bits) == ("unsigned", 16):
        return
    names = {("unsigned", 1): "BINARY", ("unsigned", 8): "GRAY8", ("unsigned", 32): "float"}
    names |= {("float", 32): "float", ("float", 64): "double"}
    name = names.get((kind, page.bits), "")
    text = "i3d::IOException: I3D::TIFFReader: unsupported sample format."
    text = f"Unsupported image type ({name})" if name else text
    raise Refused(text, found, mend, rule="pixel-type")


def _blank(page: Page) -> str | None:
    if page.tiled:
        return "tiles"
    if page.compression not in CODECS:
        return f"{_OTHER_CODECS.get(page.compression, f'codec {page.compression}')} compression"
    if page.predictor not in (1, 2) and page.compression in PREDICTED:
        return f"predictor {page.predictor}"
    return None
