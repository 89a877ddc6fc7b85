"""Archives: the same bytes for the same content, and no harm in reading them."""

import hashlib
import os
import random
import stat
import time
import zipfile
from pathlib import Path

import pytest

from ctc_submit.errors import DataError, RulesBroken
from ctc_submit.pack.archive import MANIFEST, Content, manifest, refuse_large, unpack, write_zip

NONE = frozenset[str]()
FILES: dict[str, Content] = {"SW/b.sh": b"#!/bin/sh\n", "SW/a/c.txt": b"text" * 100}


def written(path: Path, members: dict[str, bytes], mode: int = stat.S_IFREG | 0o644) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name)
            entry.create_system = 3
            entry.external_attr = mode << 16
            archive.writestr(entry, content)
    return path


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    source = tmp_path / "c.txt"
    source.write_bytes(b"text" * 100)
    write_zip(tmp_path / "one.zip", FILES, executables=NONE)
    time.sleep(0.01)
    os.utime(source, (1e9, 1e9))
    again: dict[str, Content] = {"SW/a/c.txt": source, "SW/b.sh": b"#!/bin/sh\n"}
    write_zip(tmp_path / "two.zip", again, executables=NONE)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_what_is_packed_is_unpacked(tmp_path: Path) -> None:
    write_zip(tmp_path / "a.zip", FILES, executables=frozenset({"SW/b.sh"}))
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:  # of Unix, or unzip gives no modes
        assert {entry.create_system for entry in archive.infolist()} == {3}
    unpack(tmp_path / "a.zip", tmp_path / "out")
    found = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.*")}
    assert found == set(FILES)
    assert (tmp_path / "out/SW/a/c.txt").read_bytes() == b"text" * 100
    assert os.access(tmp_path / "out/SW/b.sh", os.X_OK)
    assert not os.access(tmp_path / "out/SW/a/c.txt", os.X_OK)


def test_a_manifest_is_what_sha256sum_reads() -> None:
    digest = hashlib.sha256(b"#!/bin/sh\n").hexdigest()
    assert manifest(FILES).decode().splitlines()[1] == f"{digest}  SW/b.sh"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"a.txt": b"other"}, "a.txt has another checksum"),
        ({"new.txt": b""}, "new.txt is not listed"),
        ({"a.txt": None}, "a.txt is missing"),
    ],
)
def test_an_archive_that_was_altered_is_refused(
    tmp_path: Path, change: dict[str, bytes | None], message: str
) -> None:
    files: dict[str, bytes] = {"a.txt": b"text", "b.txt": b""}
    sums = manifest(files)
    altered = {name: text for name, text in {**files, **change}.items() if text is not None}
    path = written(tmp_path / "a.zip", {f"SW/{n}": t for n, t in altered.items()})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"SW/{MANIFEST}", sums)
    with pytest.raises(DataError, match=message):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"../evil.txt": b""}, "outside of its folder"),
        ({"SW/../../evil.txt": b""}, "outside of its folder"),
        ({"/etc/evil": b""}, "outside of its folder"),
        ({"C:\\evil.txt": b""}, "outside of its folder"),
        ({"SW\\..\\..\\evil.txt": b""}, "outside of its folder"),
        ({"SW/a.sh": b"", "SW/A.sh": b""}, "twice"),
        ({"sw/a.sh": b""}, "expected SW, found sw/a.sh"),
        ({"SW/\u00e9": b"", "SW/e\u0301": b""}, "twice"),
        ({"SW/a.": b"", "SW/a ": b""}, "twice"),
        ({"SW/a": b"", "SW/A/b": b""}, "a file and a folder"),
        ({"dic-c2dh-hela/01_RES/mask000.tif": b""}, "expected DIC-C2DH-HeLa"),
        ({"Sim/01_res/mask000.tif": b""}, "expected 01_RES, found"),
        ({"Sim/01_RES-gt+ST/mask000.tif": b""}, r"expected 01_RES-GT\+ST, found"),
        ({"Sim/01_RES/mask000.TIF": b""}, "expected mask000.tif, found"),
        ({"Sim/csb/01_RES/mask000.tif": b""}, "expected CSB, found"),
        ({"Sim/01_RES/Res_Track.txt": b""}, "expected res_track.txt, found"),
        ({"SW/zeros": bytes(50_000_000)}, "swell"),
    ],
)
def test_harmful_archives_are_refused(
    tmp_path: Path, members: dict[str, bytes], message: str
) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    with pytest.raises(DataError, match=message):
        unpack(path, tmp_path / "out")
    assert not list(tmp_path.rglob("evil*"))
    assert not (tmp_path / "out").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.zip", {"SW/a.sh": b"one"})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("SW/a.sh", b"two")
    with pytest.raises(DataError, match="twice"):
        unpack(path, tmp_path / "out")


def test_links_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.zip", {"SW/link": b"/etc/passwd"}, stat.S_IFLNK | 0o777)
    with pytest.raises(DataError, match="link or device"):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_damaged_archive_is_refused(tmp_path: Path, method: int) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("SW/a", random.Random(1).randbytes(3_000) + bytes(3_000))
    whole = path.read_bytes()
    for place in range(300, 3_000, 250):
        path.write_bytes(whole[:place] + b"\xff" * 9 + whole[place + 9 :])
        with pytest.raises(DataError):
            unpack(path, tmp_path / f"out {place}")


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("no archive")
    with pytest.raises(DataError, match=r"a\.zip: is no whole ZIP"):
        unpack(tmp_path / "a.zip", tmp_path / "out")


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    path = written(tmp_path / "a.zip", {"a": b""})
    with pytest.raises(DataError, match="expected an empty folder"):
        unpack(path, tmp_path)


def test_a_large_archive_is_refused_with_what_is_large() -> None:
    files: dict[str, Content] = {"SW/small": b"x", "SW/large": bytes(3_000_000)}
    refuse_large(Path("a.zip"), files, 3_000_001)
    with pytest.raises(RulesBroken) as refused:
        refuse_large(Path("a.zip"), files, 2_000_000)
    assert str(refused.value) == (
        "a.zip: expected at most 2.0 MB, found 3.0 MB; "
        "the largest are SW/large 3.0 MB, SW/small 0.0 kB"
    )


def test_an_archive_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    files: dict[str, Content] = {"a": b"x", "b": tmp_path / "nowhere"}
    with pytest.raises(DataError):
        write_zip(tmp_path / "a.zip", files, executables=NONE)
    assert list(tmp_path.iterdir()) == []
