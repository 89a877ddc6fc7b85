"""Raw frames, read one at a time."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tifffile

from ctc_submit.data.sequence import Sequence
from ctc_submit.errors import DataError


def read_tiff(path: Path) -> np.ndarray:
    """Read every page of a TIFF file, singleton axes removed down to two.

    Returns:
        The pixels as stored: YX, ZYX, or with further axes where the file has colours.

    Raises:
        DataError: If the file is missing, damaged, or no TIFF.
    """
    try:
        array = tifffile.imread(path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except Exception as error:  # a damaged file raises nearly anything
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{path}: cannot be read as a TIFF ({reason}); export it again") from error
    while array.ndim > 2 and array.shape[0] == 1:
        array = array[0]
    if array.ndim < 2 or array.size == 0:
        raise DataError(f"{path}: expected an image, found an array of shape {array.shape}")
    return np.asarray(array)


def read_frame(path: Path) -> np.ndarray:
    """Read one raw frame.

    Returns:
        YX or ZYX, in the file's own data type (integers, or finite floats), in native byte order.

    Raises:
        DataError: If the file is damaged, has colours, or holds values that are not finite.
    """
    frame = read_tiff(path)
    if frame.ndim > 3 or (frame.ndim == 3 and frame.shape[-1] in {3, 4} and _has_colours(path)):
        raise DataError(
            f"{path}: expected one grey channel (YX or ZYX), found shape {frame.shape}; "
            "convert it to grey"
        )
    if frame.dtype.kind not in "uif":
        raise DataError(f"{path}: expected integer or float pixels, found {frame.dtype}")
    if frame.dtype.kind == "f" and not np.isfinite(frame).all():
        raise DataError(
            f"{path}: holds NaN or infinite pixels; replace them and save as 16-bit integers"
        )
    return frame.astype(frame.dtype.newbyteorder("="), copy=False)


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


def _by(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def _has_colours(path: Path) -> bool:
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages.first
        return int(page.samplesperpixel) > 1
