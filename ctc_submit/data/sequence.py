"""One time-lapse sequence and the folders that belong to it."""

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Self

from ctc_submit.data.folders import is_stream
from ctc_submit.errors import DataError

_SEQUENCE = re.compile(r"[0-9]{2}(?![0-9])")
_FRAME = re.compile(r"t([0-9]{3,})\.tiff?", re.IGNORECASE)


def written_name(folder: Path) -> str:
    """Return a folder's name as it was given, with ``.`` and ``..`` followed and links not.

    A data set that is a link to a folder of another name bears the name of the link.
    """
    return written_path(folder).name


def written_path(folder: Path) -> Path:
    """Return a folder's path from the root on, with ``.`` and ``..`` followed and links not."""
    return Path(os.path.abspath(folder))  # noqa: PTH100 (resolve follows links)


def is_of_raw_frames(folder: Path) -> bool:
    """Tell whether a folder bears the name of a sequence and holds frames ``tNNN.tif``."""
    if not _SEQUENCE.fullmatch(written_name(folder)):
        return False
    return any(_FRAME.fullmatch(path.name) for path in folder.iterdir())


@dataclass(frozen=True)
class Sequence:
    """A folder of raw frames ``tNNN.tif`` and its neighbours in the official layout.

    Attributes:
        dataset: Name of the folder above, the data set's name in the official layout.
        number: Name of the sequence's own folder, ``01`` or ``02`` in the challenge.
        folder: The folder with the raw frames.
    """

    dataset: str
    number: str
    folder: Path

    @classmethod
    def at(cls, folder: Path | str) -> Self:
        """Name the sequence whose frames lie in ``folder``; nothing is read yet."""
        given = Path(folder)
        if given.name in {"", ".."}:
            given = given.resolve()
        return cls(written_name(given.parent), given.absolute().name, given)

    def demand_apart(self, result: Path) -> None:
        """Refuse the folder of the frames, and the root of all, as the place of a result.

        Raises:
            DataError: If it is one of them.
        """
        target = result.resolve()
        if not target.name or target == self.folder.resolve():
            raise DataError(f"{result}: holds the raw frames; name another folder for the result")

    @property
    def gold(self) -> Path:
        """The folder of its gold truth, ``NN_GT``."""
        return self._beside("_GT")

    @property
    def silver(self) -> Path:
        """The folder of its silver truth, ``NN_ST``."""
        return self._beside("_ST")

    @property
    def result(self) -> Path:
        """The folder of its result, ``NN_RES``."""
        return self._beside("_RES")

    @cached_property
    def frames(self) -> MappingProxyType[int, Path]:
        """Time index to raw frame, in time order.

        Raises:
            DataError: If the folder is missing or empty, a number is missing, or digits are mixed.
        """
        return MappingProxyType(numbered_files(self.folder, _FRAME, "t", "raw frames"))

    @property
    def digits(self) -> int:
        """How many digits the time index has in this sequence's file names."""
        return digits_of(next(iter(self.frames.values())))

    def _beside(self, suffix: str) -> Path:
        return self.folder.parent / f"{self.folder.absolute().name}{suffix}"


def digits_of(path: Path) -> int:
    """Return the number of digits at the end of a file's stem (``t0012.tif``: 4)."""
    return len(path.stem) - len(path.stem.rstrip("0123456789"))


def files_in(folder: Path) -> str:
    """Say in a few words which files a folder holds, where others were expected."""
    names = sorted(p.name for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
    if len(names) < 2:
        return names[0] if names else "no file"
    return f"{names[0]} and {len(names) - 1} more"


def _holders(folder: Path, pattern: re.Pattern[str]) -> list[str]:
    """Return the sequences, and what belongs to them, in a folder that hold files of this name."""
    try:
        near = sorted(path for path in folder.iterdir() if _SEQUENCE.match(path.name))
        return [
            path.name
            for path in near
            if path.is_dir() and any(pattern.fullmatch(file.name) for file in path.iterdir())
        ]
    except OSError:
        return []


def numbered_files(
    folder: Path, pattern: re.Pattern[str], prefix: str, what: str
) -> dict[int, Path]:
    """Find a folder's files by number, from 0 on without a hole.

    Args:
        folder: The folder to look in.
        pattern: Matches a whole file name; its first group is the number.
        prefix: Prefix of the names, for messages.
        what: What the files are, for messages.

    Returns:
        Number to path, ascending.

    Raises:
        DataError: If there is no such folder or file, a hole, a duplicate, mixed digits, or a pipe
            in the place of a file.
    """
    if not folder.is_dir():
        near = _holders(folder.parent, pattern)
        hint = f"; {folder.parent} holds {' and '.join(near)}" if near else ""
        raise DataError(f"{folder}: no such folder; expected {what} named {prefix}000.tif{hint}")
    found: dict[int, Path] = {}
    for path in sorted(folder.iterdir()):
        match = pattern.fullmatch(path.name)
        if match is None:
            continue
        if is_stream(path):
            raise DataError(f"{path}: is a pipe or a device; expected a file")
        number = int(match[1])
        if number in found:
            raise DataError(f"{path}: is number {number} a second time, after {found[number].name}")
        found[number] = path
    if not found:
        inside = [str(folder / name) for name in _holders(folder, pattern)]
        mend = f"expected files named {prefix}000.tif, found {files_in(folder)}"
        if inside:
            mend = f"name {' or '.join(inside)}"
        raise DataError(f"{folder}: holds no {what}; {mend}")
    digits = {digits_of(path) for path in found.values()}
    if len(digits) > 1:
        raise DataError(
            f"{folder}: the numbers of its {what} have {' and '.join(map(str, sorted(digits)))} "
            "digits; rename them to one width"
        )
    hole = next((number for number in range(len(found)) if number not in found), None)
    if hole is not None:
        name = f"{prefix}{hole:0{digits.pop()}d}.tif"
        raise DataError(f"{folder / name}: missing; {what} are numbered from 0 without a hole")
    return dict(sorted(found.items()))
