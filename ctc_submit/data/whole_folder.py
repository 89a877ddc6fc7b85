"""Replacing a whole folder at once: all of it or nothing."""

import ctypes
import errno
import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ctc_submit.data.folders import remove_folder
from ctc_submit.data.labels import find_masks
from ctc_submit.data.one_writer import one_writer
from ctc_submit.errors import DataError

logger = logging.getLogger(__name__)
_HERE = -100  # AT_FDCWD of Linux
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux
_STALE = re.compile(
    r"mask\d+\.tiff?|res_track\.txt|(?-i:SEG|DET|TRA)_log\.txt|\..*\.partial", re.IGNORECASE
)
"""What is part of a result, logs of the evaluator included."""


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder beside ``folder`` that takes its place when the block ends well.

    The two change places in one step where the system can (Linux), otherwise by two renames; a
    program killed between these leaves the old folder beside, and `recover` puts it back. A mounted
    folder cannot be renamed, so there the files are moved one by one. Who stands in the old folder
    is left where nothing is seen, and told so.

    Args:
        folder: What is to be replaced, no link; need not exist, its parent does.

    Raises:
        DataError: If the file system refuses (no permission, disk full), or another program is
            at it.
    """
    with one_writer(folder):
        _recover(folder)
        partial, old = _partial(folder), _old(folder)
        try:
            partial.mkdir()
            yield partial
            if not folder.exists():
                partial.rename(folder)
            elif folder.is_mount():
                _move_into(folder, partial)
            else:
                shutil.copymode(folder, partial)
                here = folder.samefile(".")
                _replace(folder, partial, old)
                if here:
                    logger.warning('%s is a new folder; to see it from here: cd "$PWD"', folder)
        except BrokenPipeError:  # nobody reads what is printed; the folder is not at fault
            raise
        except OSError as error:
            raise DataError(f"{folder}: cannot be written ({error.strerror or error})") from error
        finally:
            with suppress(OSError):
                remove_folder(partial)
            if folder.exists():
                with suppress(OSError):
                    remove_folder(old)


def recover(folder: Path) -> None:
    """Clear what a killed `whole_folder` left behind; the folder is then the old or the new one.

    Raises:
        DataError: If the file system refuses, or another program is at it.
    """
    with one_writer(folder):
        _recover(folder)


def _recover(folder: Path) -> None:
    partial, old = _partial(folder), _old(folder)
    try:
        if old.exists() and not folder.exists():
            old.rename(folder)
            logger.warning("%s: put back after an interrupted run", folder)
        remove_folder(partial)
        remove_folder(old)
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror or error})") from error


def keep_foreign(target: Path, partial: Path) -> None:
    """Take over what is not part of a result, as links where the file system has them."""
    if not target.is_dir():
        return
    for entry in target.iterdir():
        if _STALE.fullmatch(entry.name):
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.copytree(entry, partial / entry.name, symlinks=True, copy_function=_link)
        else:
            _link(entry, partial / entry.name)


def replace_masks(source: Path, target: Path) -> None:
    """Let the masks of one folder take the place of an earlier result in another, at once.

    Raises:
        DataError: If the file system refuses.
    """
    target = target.resolve()
    with whole_folder(target) as partial:
        keep_foreign(target, partial)
        for mask in find_masks(source).values():
            _link(mask, partial / mask.name)


def _link(source: Path | str, target: Path | str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def _replace(folder: Path, partial: Path, old: Path) -> None:
    if _exchanged(folder, partial):
        return
    folder.rename(old)
    try:
        partial.rename(folder)
    except OSError:
        old.rename(folder)
        raise


def _move_into(folder: Path, partial: Path) -> None:
    fresh = {entry.name for entry in partial.iterdir()}
    for name in sorted(fresh):
        _move(partial / name, folder / name)
    for entry in folder.iterdir():
        if entry.name not in fresh and entry.is_file():
            entry.unlink()


def _move(source: Path, target: Path) -> None:
    """Put a file or folder of another file system into a place where an earlier one may be."""
    moving = target.with_name(f".{target.name}.moving")
    if not source.is_dir() or source.is_symlink():
        shutil.copy2(source, moving, follow_symlinks=False)
    else:
        shutil.rmtree(moving, ignore_errors=True)
        shutil.copytree(source, moving, symlinks=True)
        if target.is_dir():
            shutil.rmtree(target)
    moving.replace(target)


def _exchanged(first: Path, second: Path) -> bool:
    """Let two folders change places in one step; False where the system cannot."""
    if os.name != "posix":
        return False
    swap = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if swap is None:
        return False
    if swap(_HERE, os.fsencode(first), _HERE, os.fsencode(second), _EXCHANGE) == 0:
        return True
    if ctypes.get_errno() in {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}:
        return False
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number))


def _partial(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.tracking")


def _old(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.untracked")
