"""ZIP archives: written byte for byte the same for the same content, read without trust."""

import hashlib
import re
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from ctc_submit.data.archive import checked_members, extract_member, opened
from ctc_submit.data.datasets import DATASETS
from ctc_submit.data.labels import whole_file
from ctc_submit.errors import DataError, RulesBroken
from ctc_submit.pack.entry import CONFIGURATIONS

MANIFEST = "MANIFEST.sha256"
"""Name of the list of checksums, in the form that ``sha256sum --check`` reads."""

LARGEST = 5
_EPOCH = (1980, 1, 1, 0, 0, 0)
_BLOCK = 1 << 20
_FOLDERS = {name.lower(): name for name in (*DATASETS, "SW", "CSB")}
_ENDINGS = {name.lower(): name for name in CONFIGURATIONS}
_RESULT = re.compile(r"([0-9]+)_res(?:-(.+))?", re.IGNORECASE)
_IN_A_RESULT = re.compile(r"mask[0-9]+\.tif|res_track\.txt", re.IGNORECASE)

Content = bytes | Path
"""What goes into an archive: bytes, or the file that holds them."""


def write_zip(path: Path, files: Mapping[str, Content], *, executables: frozenset[str]) -> None:
    """Write an archive whose bytes depend on names and content alone, whole or not at all.

    Names are sorted, dates fixed, owners and other traces of the machine left out.

    Args:
        path: Where to.
        files: Name with ``/`` to content.
        executables: Names that are started, and get the bit for it.

    Raises:
        DataError: If a file cannot be read, or the archive cannot be written.
    """
    with whole_file(path) as partial, zipfile.ZipFile(partial, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3
            mode = 0o755 if name in executables else 0o644
            entry.external_attr = (stat.S_IFREG | mode) << 16
            packed = name.endswith((".tif", ".whl", ".zip", ".png"))
            entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            _add(archive, entry, files[name])


def manifest(files: Mapping[str, Content]) -> bytes:
    """Return the SHA-256 sums of files, a line each, sorted by name."""
    lines = [f"{sha256_of(files[name])}  {name}\n" for name in sorted(files)]
    return "".join(lines).encode()


def sha256_of(content: Content) -> str:
    """Return the SHA-256 sum of bytes or a file, in hexadecimal digits.

    Raises:
        DataError: If the file cannot be read.
    """
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    try:
        with content.open("rb") as source:
            return hashlib.file_digest(source, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{content}: cannot be read ({error.strerror})") from None


def refuse_large(path: Path, files: Mapping[str, Content], limit: int) -> None:
    """Refuse files that together exceed a limit.

    Args:
        path: The archive that they are for, named in the message.
        files: Name to content.
        limit: Bytes.

    Raises:
        RulesBroken: If they do; says which files are the largest.
    """
    sizes = {name: size_of(content) for name, content in files.items()}
    total = sum(sizes.values())
    if total > limit:
        largest = sorted(sizes, key=lambda name: (-sizes[name], name))[:LARGEST]
        listed = ", ".join(f"{name} {megabytes(sizes[name])}" for name in largest)
        raise RulesBroken(
            f"{path}: expected at most {megabytes(limit)}, found {megabytes(total)}; "
            f"the largest are {listed}"
        )


def size_of(content: Content) -> int:
    """Return the size of bytes or a file, in bytes."""
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def megabytes(size: int) -> str:
    """Say a number of bytes."""
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"


def unpack(path: Path, folder: Path) -> list[Path]:
    """Unpack an archive into an empty folder without trusting it, and check its sums.

    Returns:
        The files unpacked.

    Raises:
        DataError: If the archive is damaged, would write outside of the folder, holds links,
            absolute names, two files of one name, names of the challenge in wrong letter case, far
            more than its size lets expect, or other content than its manifest says.
    """
    if folder.exists() and any(folder.iterdir()):
        raise DataError(f"{folder}: expected an empty folder; name another")
    try:
        with opened(path) as archive:
            members = checked_members(archive, path, folder)
            for inside in members.values():
                _refuse_wrong_case(path, inside)
            for member, inside in members.items():
                extract_member(archive, member, folder / inside)
    except OSError as error:
        raise DataError(f"{path}: cannot be unpacked ({error.strerror or error})") from error
    files = [folder / inside for inside in members.values()]
    _restore_modes(members, folder)
    for sums in (file for file in files if file.name == MANIFEST):
        check_manifest(sums)
    return files


def read_manifest(sums: Path) -> dict[str, str]:
    """Return the checksum of each file that a manifest lists.

    Raises:
        DataError: If it cannot be read.
    """
    try:
        lines = sums.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise DataError(f"{sums}: is no manifest of ours ({error})") from None
    parts = [line.partition("  ") for line in lines]
    return {name: digest for digest, _, name in parts}


def files_beside(sums: Path) -> dict[str, Path]:
    """Return all other files of a manifest's folder, by their names in it."""
    return {
        path.relative_to(sums.parent).as_posix(): path
        for path in sums.parent.rglob("*")
        if path.is_file() and path != sums
    }


def check_manifest(sums: Path) -> None:
    """Hold a folder against the manifest in it.

    Raises:
        DataError: If a file is missing, not listed, or has another checksum.
    """
    listed, there = read_manifest(sums), files_beside(sums)
    for name in sorted(listed.keys() | there.keys()):
        if name not in there or name not in listed:
            what = "missing" if name not in there else "not listed"
            raise DataError(f"{sums}: {name} is {what}; the archive is not the one that was packed")
        if sha256_of(there[name]) != listed[name]:
            raise DataError(f"{sums}: {name} has another checksum; pack again")


def _add(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, content: Content) -> None:
    entry.file_size = size_of(content)
    with archive.open(entry, "w") as sink:
        if isinstance(content, bytes):
            sink.write(content)
            return
        with content.open("rb") as source:
            while block := source.read(_BLOCK):
                sink.write(block)


def _refuse_wrong_case(path: Path, inside: PurePosixPath) -> None:
    wanted = [_official_folder(part) for part in inside.parts[:-1]]
    name = inside.name
    in_a_result = bool(wanted) and _RESULT.fullmatch(wanted[-1]) is not None
    wanted.append(name.lower() if in_a_result and _IN_A_RESULT.fullmatch(name) else name)
    for part, meant in zip(inside.parts, wanted, strict=True):
        if meant != part:
            raise DataError(f"{path}: expected {meant}, found {inside}; letter case matters")


def _official_folder(name: str) -> str:
    """Return a folder's name as the challenge writes it, any other name as it is."""
    result = _RESULT.fullmatch(name)
    if result is None:
        return _FOLDERS.get(name.lower(), name)
    ending = result[2] and f"-{_ENDINGS.get(result[2].lower(), result[2])}"
    return f"{result[1]}_RES{ending or ''}"


def _restore_modes(members: Mapping[zipfile.ZipInfo, PurePosixPath], folder: Path) -> None:
    for member, inside in members.items():
        if member.external_attr >> 16 & stat.S_IXUSR:
            (folder / inside).chmod(0o755)
