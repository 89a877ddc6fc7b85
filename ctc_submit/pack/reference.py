"""What a result is held against: the raw frames, or else the gold truth, or else nothing."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import tifffile

from ctc_submit.data.annotations import find_markers
from ctc_submit.data.datasets import DATASETS
from ctc_submit.data.sequence import Sequence, digits_of, written_name
from ctc_submit.errors import DataError
from ctc_submit.pack.entry import SEGMENTATION_ONLY

_RESULT = re.compile(r"(?P<sequence>.+)_RES(?:-(?P<configuration>.+))?")


@dataclass(frozen=True)
class Reference:
    """The facts that a result has to agree with; None where nothing tells.

    Attributes:
        frames: Time index to the file that wants a mask, in time order; empty if unknown.
        what: What those files are, for messages.
        shape: YX or ZYX size of a mask.
        digits: Digits of the time index in names.
        border: Width E of the strip outside the field of interest, in pixels.
        raw: Whether the files are raw frames.
        notes: What could not be found out, one line each.
    """

    frames: dict[int, Path] = field(default_factory=dict)
    what: str = "frames"
    shape: tuple[int, ...] | None = None
    digits: int | None = None
    border: int | None = None
    raw: bool = False
    notes: tuple[str, ...] = ()


def split_name(result: Path) -> tuple[str, str] | None:
    """Return sequence and configuration in the name of a result folder (``01_RES-GT``)."""
    match = _RESULT.fullmatch(result.absolute().name)
    return match and (match["sequence"], match["configuration"] or "")


def find_reference(
    result: Path, *, sequence: Path | None = None, border: int | None = None
) -> Reference:
    """Find what a result is held against.

    Args:
        result: The result folder; its neighbours are looked at where ``sequence`` is not given.
        sequence: The folder with the raw frames.
        border: Width of the strip outside the field of interest, where it is not the data set's.

    Raises:
        DataError: If ``sequence`` is given and has no usable raw frames.
    """
    folder = sequence or _sequence_of(result)
    dataset = written_name(folder.absolute().parent) if folder else ""
    known = DATASETS.get(dataset)
    edge = border if border is not None else (known.border if known else None)
    notes = [] if edge is not None else ["field of interest: the data set is not known"]
    if folder is not None and (sequence is not None or folder.is_dir()):
        try:
            frames = dict(Sequence.at(folder).frames)
            return _from_files(frames, "raw frames", edge, notes, raw=True)
        except DataError as error:
            if sequence is not None:
                raise
            notes.append(f"raw frames: {error}")
    if folder is not None and (markers := find_markers(Sequence.at(folder))):
        notes.append("cells in the raw frames: there are none beside the result")
        return _from_files(markers, "frames of the gold truth", edge, notes, raw=False)
    notes.append("number and size of the masks: no raw frames beside the result")
    return Reference(digits=known.digits if known else None, border=edge, notes=tuple(notes))


def _sequence_of(result: Path) -> Path | None:
    """Return where the raw frames of a result are in the official layout, there or not."""
    named = split_name(result)
    if named is None:
        return None
    folder = result.absolute().parent
    return (folder.parent if folder.name == SEGMENTATION_ONLY else folder) / named[0]


def shape_of(path: Path) -> tuple[int, ...]:
    """Return the YX or ZYX size of an image from its header alone.

    As for `ctc_submit.data.frames.read_tiff`, it is that of the file's own pages.

    Raises:
        DataError: If the file is no TIFF.
    """
    try:
        with tifffile.TiffFile(path, is_ome=False, is_shaped=False) as tiff:
            shape = tuple(map(int, tiff.series[0].shape))
    except Exception as error:  # a damaged file raises nearly anything
        raise DataError(f"{path}: cannot be read as a TIFF; export it again") from error
    return (*(size for size in shape[:-2] if size > 1), *shape[-2:])


def _from_files(
    frames: dict[int, Path], what: str, border: int | None, notes: list[str], *, raw: bool
) -> Reference:
    first = next(iter(frames.values()))
    return Reference(
        frames=frames,
        what=what,
        shape=shape_of(first),
        digits=digits_of(first),
        border=border,
        raw=raw,
        notes=tuple(notes),
    )
