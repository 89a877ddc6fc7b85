"""Archives of data sets, unpacked without trusting them."""

import errno
import lzma
import re
import shutil
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path, PurePosixPath

from ctc_submit.data.folders import swap_in
from ctc_submit.data.sequence import Sequence
from ctc_submit.errors import DataError

MOST_SWELLING = 200
"""An archive whose files are more than this many times its size is taken for a zip bomb."""
_SEQUENCE = re.compile(r"[0-9]{2}(_.*)?")
_SPARE = 1 << 24
_BLOCK = 1 << 20
_DAMAGED = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError, EOFError)
_LITTER = {"__MACOSX", ".DS_Store", "Thumbs.db"}

Progress = Callable[[int], object]
"""Called with the number of bytes just written."""


def unpack_dataset(
    archive: Path, folder: Path, *, overwrite: bool = False, progress: Progress | None = None
) -> None:
    """Unpack the archive of a data set; the folder appears whole or not at all.

    A folder that wraps everything in the archive is left out, whatever its name.

    Args:
        archive: A ZIP file with sequences ``01``, ``02`` and their truth.
        folder: Where the data set shall lie.
        overwrite: Whether a folder that exists is replaced; one that holds results never is.
        progress: Called with the bytes written, block by block.

    Raises:
        DataError: If the archive is damaged, would write outside of the folder, holds links, two
            files of one name, far more than its size lets expect, or no sequence; if the folder
            exists, or the disk is full.
    """
    refuse_existing(folder, overwrite)
    whole = folder.resolve()
    partial = whole.with_name(f".{whole.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        with opened(archive) as packed:
            for member, path in _plan(packed, archive, partial).items():
                extract_member(packed, member, partial / path, progress or (lambda _: None))
        _require_sequence(partial, archive)
        swap_in(partial, whole)
    except OSError as error:
        raise DataError(f"{folder}: cannot be unpacked ({error.strerror or error})") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def refuse_existing(folder: Path, overwrite: bool) -> None:
    """Refuse a folder that exists, unless it may be replaced and holds no results.

    Raises:
        DataError: As said.
    """
    if not folder.exists():
        return
    if not overwrite:
        raise DataError(f"{folder}: exists already; --force replaces it, --to names another place")
    named = (folder.glob(depth) for depth in ("*_RES*", "*/*_RES*"))  # and CSB/01_RES
    results = sorted(chain(*named)) if folder.is_dir() else [folder]
    if results:
        raise DataError(f"{results[0]}: would be lost; move it away before replacing the data set")


@contextmanager
def opened(archive: Path) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP archive.

    Raises:
        DataError: If it cannot be read, now or later in the block, or needs a password.
    """
    try:
        with zipfile.ZipFile(archive) as packed:
            yield packed
    except FileNotFoundError:
        raise DataError(f"{archive}: no such file") from None
    except (*_DAMAGED, NotImplementedError) as error:
        raise DataError(f"{archive}: is no whole ZIP archive ({error}); fetch it again") from error
    except RuntimeError as error:  # how zipfile says that it needs a password
        raise DataError(f"{archive}: cannot be unpacked ({error})") from error


def checked_members(
    packed: zipfile.ZipFile, archive: Path, folder: Path
) -> dict[zipfile.ZipInfo, PurePosixPath]:
    """Return every file of an archive with its path, after making sure that none does harm.

    Folders and the litter of file managers are left out.

    Args:
        packed: The archive, opened.
        archive: Its path, for messages.
        folder: Where it is to be unpacked; need not exist.

    Raises:
        DataError: If a path is absolute or leads outside, a member is a link or device, two have
            one name to some file system, or the whole would swell far beyond its size.
        OSError: If the disk has no room for it.
    """
    members = {member: _path_of(member, archive) for member in packed.infolist()}
    members = {
        member: path
        for member, path in members.items()
        if not _names_folder(member) and not _LITTER & set(path.parts)
    }
    _refuse_doubles(list(members.values()), archive)
    total = sum(member.file_size for member in members)
    packed_size = archive.stat().st_size
    if total > MOST_SWELLING * packed_size + _SPARE:
        raise DataError(
            f"{archive}: would swell from {packed_size} to {total} bytes; not unpacked, "
            "as no data set does"
        )
    there = next(place for place in (folder, *folder.resolve().parents) if place.exists())
    free = shutil.disk_usage(there).free
    if total > free:
        raise OSError(errno.ENOSPC, f"needs {total} bytes, the disk has {free} left")
    return members


def _plan(
    packed: zipfile.ZipFile, archive: Path, folder: Path
) -> dict[zipfile.ZipInfo, PurePosixPath]:
    """Return where each file goes, in parts below the data set's folder, after all checks."""
    members = checked_members(packed, archive, folder)
    tops = {path.parts[0] for path in members.values()}
    wrapped = len(tops) == 1 and not _SEQUENCE.fullmatch(min(tops))
    return {member: PurePosixPath(*path.parts[wrapped:]) for member, path in members.items()}


def _names_folder(member: zipfile.ZipInfo) -> bool:
    return member.filename.endswith(("/", "\\"))


def _path_of(member: zipfile.ZipInfo, archive: Path) -> PurePosixPath:
    """Return a member's path after making sure that it stays inside."""
    name = member.filename.replace("\\", "/")
    path = PurePosixPath(name)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if path.is_absolute() or ".." in path.parts or ":" in name or not path.parts:
        raise DataError(
            f"{archive}: holds {member.filename!r}, outside of its folder; not unpacked"
        )
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise DataError(f"{archive}: {member.filename!r} is a link or device; not unpacked")
    return path


def _refuse_doubles(paths: list[PurePosixPath], archive: Path) -> None:
    seen: dict[str, PurePosixPath] = {}
    for path in paths:
        before = seen.setdefault(_to_any_system(path), path)
        if before is not path:
            raise DataError(f"{archive}: holds {path} twice; not unpacked")
    for path in paths:
        for parent in path.parents:
            if _to_any_system(parent) in seen:
                raise DataError(f"{archive}: {parent} is a file and a folder; not unpacked")


def _to_any_system(path: PurePosixPath) -> str:
    """Return a path as the least discerning file system tells it from others.

    Some ignore letter case, some the way an accent is written, some blanks and dots at the end.
    """
    text = "/".join(part.rstrip(" .") for part in path.parts)
    return unicodedata.normalize("NFC", text).casefold()


def extract_member(
    packed: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    target: Path,
    progress: Progress = lambda _: None,
) -> None:
    """Write one file of an archive to a path that does not exist yet; its folder is made."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with packed.open(member) as source, target.open("xb") as sink:
        while block := source.read(_BLOCK):
            sink.write(block)
            progress(len(block))


def _require_sequence(folder: Path, archive: Path) -> None:
    for name in ("01", "02"):
        if (folder / name).is_dir() and Sequence.at(folder / name).frames:
            return
    raise DataError(f"{archive}: holds no sequence 01 or 02; it is no data set of the challenge")
