"""A mask file of a result, read the way the challenge's evaluator reads it: directory by directory.

The evaluator (libtiff) takes every image file directory as one slice and knows nothing of series,
axes or hyperstacks, so neither does this.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import tifffile

from ctc_submit.errors import DataError
from ctc_submit.pixels.field import labels_in


@dataclass(frozen=True)
class Page:
    """How one slice is stored.

    Attributes:
        shape: Height and width in pixels.
        bits: Bits a sample.
        sample_format: ``uint``, ``int``, ``float`` or another.
        samples: Samples a pixel; 1 for grey.
        photometric: Meaning of the values as the file states it, ``minisblack`` for grey.
        compression: Name of the compression, ``none`` without.
        tiled: Whether the pixels lie in tiles and not in strips.
    """

    shape: tuple[int, int]
    bits: int
    sample_format: str
    samples: int
    photometric: str
    compression: str
    tiled: bool


@dataclass(frozen=True)
class MaskFile:
    """A mask file that could be read.

    Attributes:
        path: Where it lies.
        pages: How its slices are stored; at least one.
        labels: YX or ZYX label map, uint16 where its values allow it. The samples of a colour
            image stand as slices.
    """

    path: Path
    pages: tuple[Page, ...]
    labels: np.ndarray

    @cached_property
    def present(self) -> np.ndarray:
        """The sorted labels that it holds, without 0."""
        return labels_in(self.labels)


def read_mask_file(path: Path) -> MaskFile:
    """Read a mask file with how it is stored.

    Raises:
        DataError: If it is no TIFF, is damaged, or has slices of different sizes.
    """
    try:
        with tifffile.TiffFile(path) as tiff:
            found = [page for page in tiff.pages if isinstance(page, tifffile.TiffPage)]
            found = found if len(found) == len(tiff.pages) else [*map(_whole, tiff.pages)]
            pages = tuple(map(_page, found))
            for page in found:
                _refuse_cut_off(page, tiff.filehandle.size)
            slices = [layer for page in found for layer in _slices(page)]
    except Exception as error:  # a damaged file raises nearly anything
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(reason[:120]) from error
    if not slices or len({layer.shape for layer in slices}) > 1:
        raise DataError("slices of different sizes" if slices else "no image in it")
    labels = slices[0] if len(slices) == 1 else np.stack(slices)
    return MaskFile(path, pages, _as_labels(labels))


def _refuse_cut_off(page: tifffile.TiffPage, size: int) -> None:
    """Refuse pixels that are said to lie beyond the end of the file, or are not all there.

    Readers differ in what they make of those; the evaluator takes them for 0.

    Raises:
        DataError: If there are some.
    """
    ends = [
        start + count for start, count in zip(page.dataoffsets, page.databytecounts, strict=False)
    ]
    rows = page.rowsperstrip if not page.is_tiled else page.imagelength
    lacking = len(ends) * max(rows, 1) < page.imagelength
    if lacking or not all(page.databytecounts) or max(ends) > size:
        raise DataError("some of its pixels lie beyond the end of the file")


def _whole(page: tifffile.TiffPage | tifffile.TiffFrame) -> tifffile.TiffPage:
    return page if isinstance(page, tifffile.TiffPage) else page.aspage()


def _page(page: tifffile.TiffPage) -> Page:
    formats = {1: "uint", 2: "int", 3: "float"}
    return Page(
        shape=(int(page.imagelength), int(page.imagewidth)),
        bits=int(page.bitspersample),
        sample_format=formats.get(int(page.sampleformat), "other"),
        samples=int(page.samplesperpixel),
        photometric=_name(page.photometric),
        compression=_name(page.compression),
        tiled=bool(page.is_tiled),
    )


def _slices(page: tifffile.TiffPage) -> list[np.ndarray]:
    pixels = page.asarray()
    if page.samplesperpixel == 1:
        return [pixels]
    channels = pixels if pixels.shape[0] == page.samplesperpixel else np.moveaxis(pixels, -1, 0)
    return list(channels)


def _as_labels(pixels: np.ndarray) -> np.ndarray:
    if pixels.dtype.kind == "u" and pixels.itemsize <= 2:
        return pixels.astype(np.uint16, copy=False)
    small = pixels.size and pixels.min() >= 0 and pixels.max() <= np.iinfo(np.uint16).max
    return pixels.astype(np.uint16) if small else np.nan_to_num(pixels).astype(np.int64)


def _name(value: object) -> str:
    return str(getattr(value, "name", value)).lower()
