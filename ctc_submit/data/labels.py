"""Label maps: 16-bit images in which every cell of a frame has its own value."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import tifffile

from ctc_submit.data.folders import is_written_through, open_stream
from ctc_submit.data.frames import read_tiff
from ctc_submit.data.sequence import numbered_files
from ctc_submit.errors import DataError

MOST_LABELS = 65_535
"""The largest label that a 16-bit label map can hold."""

_MASK = re.compile(r"mask([0-9]{3,})\.tif", re.IGNORECASE)


def read_labels(path: Path) -> np.ndarray:
    """Read a label map.

    Returns:
        uint16, YX or ZYX; 0 is background, and one value is one cell of this frame.

    Raises:
        DataError: If the file cannot be read or holds anything but integers from 0 to 65,535.
    """
    labels = read_tiff(path)
    if labels.dtype == np.uint16:
        return labels
    if labels.dtype.kind not in "ui":
        raise DataError(
            f"{path}: expected a 16-bit label map, found {labels.dtype} of shape {labels.shape}; "
            "save it as 16-bit integers"
        )
    if labels.min() < 0 or labels.max() > MOST_LABELS:
        found = f"{labels.min()} to {labels.max()}"
        raise DataError(
            f"{path}: expected labels from 0 to {MOST_LABELS}, found {found}; number them anew"
        )
    return labels.astype(np.uint16)


def write_labels(path: Path, labels: np.ndarray) -> None:
    """Write a label map as the challenge's evaluator reads it: uint16, stripped, zlib.

    The file appears whole or not at all. A volume is written one page a slice.

    Args:
        path: Where to; its folder exists.
        labels: YX or ZYX, integers from 0 to 65,535.

    Raises:
        ValueError: If ``labels`` are not integers from 0 to 65,535, not YX or ZYX, or empty.
        DataError: If the file cannot be written.
    """
    if labels.ndim not in {2, 3} or not labels.size or labels.dtype.kind not in "uib":
        raise ValueError(f"labels must be integers, YX or ZYX, not {labels.dtype} {labels.shape}")
    if labels.min() < 0 or labels.max() > MOST_LABELS:
        raise ValueError(f"labels must be from 0 to {MOST_LABELS}")
    with whole_file(path) as partial:
        tifffile.imwrite(
            partial,
            labels.astype(np.uint16, copy=False),
            photometric="minisblack",
            compression="zlib",
            compressionargs={"level": 6},
            metadata=None,
            software=False,
        )


def find_masks(folder: Path) -> dict[int, Path]:
    """Return time index to ``maskNNN.tif`` of a result folder, in time order.

    Raises:
        DataError: If the folder is missing or empty, a number is missing, or digits are mixed.
    """
    return numbered_files(folder, _MASK, "mask", "masks")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path`` that takes its place when the block ends well.

    A pipe or a device (``/dev/stdout``) stays what it is, and is written to in the end.

    Raises:
        DataError: If the file system refuses (no such folder, no permission, disk full).
    """
    stream = is_written_through(path)
    place = Path(tempfile.mkdtemp()) if stream else path.parent
    partial = place / f".{path.name}.partial"
    try:
        yield partial
        if stream:
            with open_stream(path) as file:
                file.write(partial.read_bytes())
        else:
            partial.replace(path)
    except OSError as error:
        reason = error.strerror or f"{error}; is the disk full?"
        if isinstance(error, FileNotFoundError) and str(error.filename) == str(partial):
            if path.parent.is_dir():  # somebody else has taken away what was begun here
                reason = "another program writes it at the same time"
        raise DataError(f"{path}: cannot be written ({reason})") from error
    finally:
        with suppress(OSError):
            partial.unlink()
            if stream:
                place.rmdir()
