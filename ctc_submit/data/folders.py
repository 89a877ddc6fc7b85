"""Making, swapping and deleting folders."""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ctc_submit.errors import CtcError, DataError

_OWN_STREAMS = {"/dev/stdout": "1", "/dev/stderr": "2"}
_NO_REPORT = {"man_track.txt", "res_track.txt", "-"}


def make_folder(folder: Path, kind: type[CtcError] = DataError) -> None:
    """Make a folder and those above it, where they are missing.

    Args:
        folder: May be there already.
        kind: Error to raise.

    Raises:
        CtcError: Of the kind given, if it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise kind(f"{folder}: cannot be made ({error.strerror})") from error


def make_writable(folder: Path, kind: type[CtcError] = DataError) -> None:
    """Make a folder, or say at once that nothing can be saved there; as `make_folder`."""
    make_folder(folder, kind)
    demand_writable(folder, kind)


def demand_writable(folder: Path, kind: type[CtcError] = DataError) -> None:
    """Say at once that nothing can be saved in a folder that is there.

    Raises:
        CtcError: Of the kind given, if its modes forbid it.
    """
    if not os.access(folder, os.W_OK):
        raise kind(f"{folder}: cannot be written (no permission)")


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Look for files in a folder, or in those inside.

    Raises:
        DataError: If one of them may not be read.
    """
    try:
        yield
    except PermissionError as error:
        place = error.filename or folder
        raise DataError(f"{place}: cannot be read (no permission)") from error


def is_stream(path: Path) -> bool:
    """Tell whether a path is a pipe or a device, which reading or replacing would not suit."""
    return path.exists() and not path.is_file() and not path.is_dir()


def is_written_through(path: Path) -> bool:
    """Tell whether a file is to be written to where it is: a stream, or under /dev."""
    device = path.absolute().parent in {Path("/dev"), Path("/dev/fd")}
    return is_stream(path) or (device and path.is_file())


def open_stream(path: Path) -> BinaryIO:
    """Open a path that is written through, to write at its end.

    The program's own streams are shared with it: a file that the shell has put behind one has one
    end for all that is written there.

    Raises:
        OSError: If the system refuses.
    """
    name = str(path.absolute())
    number = _OWN_STREAMS.get(name, name.removeprefix("/dev/fd/"))
    return os.fdopen(os.dup(int(number)), "wb") if number.isdecimal() else path.open("ab")


def demand_file(path: Path, ending: str) -> None:
    """Say at once that a file cannot be written, or that it would take the place of data.

    Args:
        path: Need not exist; a pipe or a device is taken as it is.
        ending: What its name should end in, for the message.

    Raises:
        DataError: If its folder is missing or may not be written, it is a folder, or its name is
            that of a frame, a mask or a track file, or ``-``.
    """
    if path.suffix.lower() in {".tif", ".tiff"} or path.name in _NO_REPORT:
        raise DataError(f"{path}: is no name for what is written; name one that ends in {ending}")
    folder = path.absolute().parent
    if not folder.is_dir():
        raise DataError(f"{path.parent}: no such folder; make it, or name another file")
    if path.is_dir():
        raise DataError(f"{path}: is a folder; name a file")
    if not is_written_through(path) and not os.access(folder, os.W_OK | os.X_OK):
        raise DataError(f"{path}: cannot be written (no permission)")


def swap_in(new: Path, whole: Path) -> None:
    """Put a finished folder in the place of one that may exist, and delete that one.

    Raises:
        OSError: If the file system refuses.
    """
    old = whole.with_name(f".{whole.name}.old")
    remove_folder(old)
    if whole.exists():
        whole.replace(old)
    new.replace(whole)
    with suppress(OSError):  # the new one is in its place
        remove_folder(old)


def remove_folder(folder: Path) -> None:
    """Delete a folder, if it is there, also where its modes forbid its owner that.

    Raises:
        OSError: If it cannot be deleted all the same.
    """
    if not folder.exists():
        return
    for place in _folders(folder):
        mode = place.stat().st_mode
        if mode & stat.S_IRWXU != stat.S_IRWXU:
            place.chmod(mode | stat.S_IRWXU)
    shutil.rmtree(folder)


def _folders(folder: Path) -> Iterator[Path]:
    """Yield a folder, and then all in it, which are looked for only when the folder was dealt with.

    So it may be opened first. Links are none.
    """
    yield folder
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            yield from _folders(entry)
