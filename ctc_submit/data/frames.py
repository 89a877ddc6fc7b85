"""Raw frames, read one at a time."""

import re
import struct
from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile

from ctc_submit.data.sequence import Sequence
from ctc_submit.data.strips import LZW, PACKBITS
from ctc_submit.errors import DataError

_CHANNELS = re.compile(r'SizeC="(\d+)"')
_BY_LIBTIFF = frozenset({LZW, PACKBITS})
_WHOLE_BYTES = frozenset({8, 16, 32, 64})


def read_tiff(path: Path) -> np.ndarray:
    """Read every page of a grey TIFF file, singleton axes in front removed.

    What is read is what the pages hold: an OME header is not followed to other files.

    Returns:
        YX or ZYX, pixels as stored, in native byte order.

    Raises:
        DataError: If the file is missing, cut short, no TIFF, or holds anything but one grey image
            or volume: colours, several channels, pages of several sizes.
    """
    try:
        with tifffile.TiffFile(path, is_ome=False, is_shaped=False) as tiff:
            if trouble := _trouble_with(tiff):
                raise DataError(f"{path}: {trouble}")
            array = _pixels(tiff, path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except DataError:
        raise
    except Exception as error:  # a damaged file raises nearly anything
        raise _unreadable(path, error) from error
    array = array.reshape([n for n in array.shape[:-2] if n > 1] + list(array.shape[-2:]))
    if array.ndim not in {2, 3} or array.size == 0:
        raise DataError(f"{path}: expected YX or ZYX pixels, found an array of {_by(array.shape)}")
    return np.asarray(array, array.dtype.newbyteorder("="))


def read_frame(path: Path) -> np.ndarray:
    """Read one raw frame.

    Returns:
        YX or ZYX, in the file's own data type (integers, or finite floats), in native byte order.

    Raises:
        DataError: If the file is damaged, has colours, or holds values that are not finite.
    """
    frame = read_tiff(path)
    if frame.dtype.kind not in "uif":
        raise DataError(f"{path}: expected integer or float pixels, found {frame.dtype}")
    if frame.dtype.kind == "f" and not np.isfinite(frame).all():
        raise DataError(
            f"{path}: holds NaN or infinite pixels; replace them and save as 16-bit integers"
        )
    return frame


def frame_size(path: Path) -> tuple[int, int]:
    """Return height and width of a frame without reading its pixels.

    Raises:
        DataError: If the file is missing or no TIFF.
    """
    try:
        with tifffile.TiffFile(path, is_ome=False, is_shaped=False) as tiff:
            page = tiff.pages.first
            return page.imagelength, page.imagewidth
    except Exception as error:  # a damaged file raises nearly anything
        raise _unreadable(path, error) from error


def iter_frames(sequence: Sequence) -> Iterator[tuple[int, np.ndarray]]:
    """Yield ``(time, frame)`` in time order, one frame in memory at a time.

    Raises:
        DataError: As `read_frame`, and where a frame's shape differs from the first one's.
    """
    shape: tuple[int, ...] | None = None
    for time, path in sequence.frames.items():
        frame = read_frame(path)
        shape = shape or frame.shape
        if frame.shape != shape:
            raise DataError(
                f"{path}: is {_by(frame.shape)} pixels, the frames before are {_by(shape)}; "
                "a sequence has one size"
            )
        yield time, frame


def _unreadable(path: Path, error: Exception) -> DataError:
    """Say why a file is not read: the system refuses it, or it is damaged."""
    if isinstance(error, OSError) and error.strerror:
        return DataError(f"{path}: cannot be read ({error.strerror})")
    reason = " ".join(str(error).split()) or type(error).__name__
    return DataError(f"{path}: cannot be read as a TIFF ({reason}); export it again")


def _by(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def _pixels(tiff: tifffile.TiffFile, path: Path) -> np.ndarray:
    """Return the pixels of the first image or volume.

    LZW and PackBits go through libtiff: the decoders that tifffile has for these end the process on
    some damaged strips (`ctc_submit.data.strips`).
    """
    image = tiff.series[0]
    kind = image.keyframe
    if kind.compression not in _BY_LIBTIFF or kind.bitspersample not in _WHOLE_BYTES:
        found: np.ndarray = image.asarray()
        return found
    content, places = path.read_bytes(), [page.index for page in image.pages if page]
    pages = [imagecodecs.tiff_decode(content, index=place) for place in places]
    return np.stack(pages).reshape(image.shape)


def _trouble_with(tiff: tifffile.TiffFile) -> str:
    """Say what keeps a file from being one whole grey image or volume; nothing if it is one."""
    if len(tiff.pages) == 0 or _is_cut_short(tiff):
        return "is cut short; copy or export it again"
    first = tiff.pages.first
    if first.samplesperpixel > 1:
        return f"expected one grey channel, found {first.samplesperpixel}; convert it to grey"
    named = _CHANNELS.search(first.description) if first.is_ome else None
    if named and int(named[1]) > 1:
        return f"expected one channel, found {named[1]}; save the one to segment alone"
    kinds = [kind.keyframe for kind in tiff.series if not kind.keyframe.is_reduced]
    if len(kinds) > 1:
        found = " and ".join(f"{kind.dtype} {_by(kind.shape)}" for kind in kinds)
        return f"expected pages of one size and type, found {found}"
    return ""


def _is_cut_short(tiff: tifffile.TiffFile) -> bool:
    """Tell whether the file ends before the last pixel of a page, or before the next page."""
    handle, layout, last = tiff.filehandle, tiff.tiff, tiff.pages[-1]
    for page in (tiff.pages.first, last):
        ends = map(sum, zip(page.dataoffsets, page.databytecounts, strict=True))
        if max(ends, default=0) > handle.size:
            return True
    handle.seek(last.offset)
    (tags,) = struct.unpack(layout.tagnoformat, handle.read(layout.tagnosize))
    handle.seek(last.offset + layout.tagnosize + tags * layout.tagsize)
    link = handle.read(layout.offsetsize)
    return len(link) < layout.offsetsize or any(link)
