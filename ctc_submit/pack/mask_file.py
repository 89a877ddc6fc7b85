"""A mask file of a result, read the way the challenge's evaluator reads it: directory by directory.

The evaluator (libtiff) takes every image file directory as one slice and knows nothing of series,
axes or hyperstacks, so neither does this.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import tifffile

from ctc_submit.data.strips import CODECS, LZW, claims_too_much, differs_as_said, unpack_page
from ctc_submit.data.tiff import NotTiff, Page, read_pages
from ctc_submit.errors import DataError
from ctc_submit.pixels.field import labels_in

_SAFE = {*CODECS, 34925, 50000, 33003, 33005, 34712} - {LZW}
"""TIFF numbers of codecs whose decoders bear with damaged pixels: also LZMA, ZSTD, JPEG 2000."""

_MOST_BITS = 64


@dataclass(frozen=True)
class MaskFile:
    """A mask file that could be read.

    Attributes:
        path: Where it lies.
        pages: How its slices are stored; at least one, all of one size.
        labels: YX or ZYX label map, uint16 where its values allow it; None where the evaluator
            cannot read the pixels and nobody else can. The samples of a colour image stand as
            slices.
    """

    path: Path
    pages: tuple[Page, ...]
    labels: np.ndarray | None

    @property
    def shape(self) -> tuple[int, ...]:
        """YX or ZYX size, as the evaluator counts slices."""
        plane = (self.pages[0].height, self.pages[0].width)
        return plane if len(self.pages) == 1 else (len(self.pages), *plane)

    @cached_property
    def present(self) -> np.ndarray | None:
        """The sorted labels that it holds, without 0; None where they cannot be read."""
        return None if self.labels is None else labels_in(self.labels)


def read_mask_file(path: Path) -> MaskFile:
    """Read a mask file with how it is stored.

    Raises:
        DataError: If it is no TIFF, is damaged, or has slices of different sizes.
    """
    if not path.is_file():
        raise DataError("not a file")
    try:
        data = path.read_bytes()
        order, found = read_pages(data)
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})") from None
    except NotTiff as error:
        raise DataError(f"not a TIFF ({error})") from None
    if len({(page.height, page.width) for page in found}) > 1:
        raise DataError("slices of different sizes")
    mask = MaskFile(path, tuple(found), None)
    pixels = math.prod(mask.shape)
    if claims_too_much(pixels * max(page.bits * page.samples for page in found) // 8, len(data)):
        raise DataError(f"{pixels} pixels claimed by a file of {len(data)} bytes")
    if all(map(_as_the_rule_says, found)):
        return MaskFile(path, mask.pages, _unpacked(data, order, mask))
    return MaskFile(path, mask.pages, _meant(path, mask.pages))


def _as_the_rule_says(page: Page) -> bool:
    """Tell whether the evaluator reads the pixels, and reads what was meant."""
    grey = (page.samples, page.bits, page.sample_format) == (1, 16, 1)
    return grey and not page.tiled and page.compression in CODECS and differs_as_said(page)


def _unpacked(data: bytes, order: str, mask: MaskFile) -> np.ndarray:
    """Unpack all pages.

    Raises:
        DataError: If a page is not whole. Readers differ in what they make of the rest; the
            evaluator takes it for 0.
    """
    labels = np.zeros(mask.shape, np.uint16)
    planes = labels if labels.ndim == 3 else labels[None]
    for number, (page, plane) in enumerate(zip(mask.pages, planes, strict=True)):
        if not unpack_page(data, order, page, plane):
            where = f" of slice {number}" if len(mask.pages) > 1 else ""
            raise DataError(f"some pixels{where} are missing or cannot be unpacked")
    return labels


def _meant(path: Path, pages: Sequence[Page]) -> np.ndarray | None:
    """Read pixels that the evaluator does not read, as their writer meant them; None if unclear.

    So that a result with one thing wrong is not said to have others.
    """
    if not all(
        page.compression in _SAFE and page.predictor in {1, 2} and 1 <= page.bits <= _MOST_BITS
        for page in pages
    ):
        return None
    try:
        with tifffile.TiffFile(path, is_ome=False, is_shaped=False) as tiff:
            found = [tiff.pages[number].aspage() for number in range(len(pages))]
            slices = [layer for page in found for layer in _slices(page)]
        return _as_labels(slices[0] if len(slices) == 1 else np.stack(slices))
    except Exception:  # noqa: BLE001 - a damaged file raises nearly anything
        return None


def _slices(page: tifffile.TiffPage) -> list[np.ndarray]:
    pixels = page.asarray()
    if page.samplesperpixel == 1:
        return [pixels.reshape(page.imagelength, page.imagewidth)]
    channels = pixels if pixels.shape[0] == page.samplesperpixel else np.moveaxis(pixels, -1, 0)
    return list(channels)


def _as_labels(pixels: np.ndarray) -> np.ndarray:
    if pixels.dtype.kind == "u" and pixels.itemsize <= 2:
        return pixels.astype(np.uint16, copy=False)
    whole: np.ndarray = np.clip(np.nan_to_num(pixels), -1, 2**32).astype(np.int64)
    small = whole.size and whole.min() >= 0 and whole.max() <= np.iinfo(np.uint16).max
    return whole.astype(np.uint16) if small else whole
