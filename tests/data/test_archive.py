import errno
import re
import shutil
import stat
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

from ctc_submit.data.archive import unpack_dataset
from ctc_submit.errors import DataError

GOOD = {
    "Set/01/t000.tif": b"a",
    "Set/01/t001.tif": b"b",
    "Set/01_GT/SEG/man_seg000.tif": b"c",
    "Set/02/t000.tif": b"d",
}


def zipped(path: Path, files: Mapping[str, bytes], *more: tuple[zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        for member, content in more:
            archive.writestr(member, content)
    return path


def everything_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder to unpack in; nothing may be left in it, or be made beside it, by a refusal."""
    inner = tmp_path / "deep" / "er"
    inner.mkdir(parents=True)
    yield inner
    assert not list(tmp_path.rglob("evil*"))
    assert not [path for path in inner.iterdir() if path.name.startswith(".")]


def refuses(archive: Path, place: Path, why: str) -> None:
    with pytest.raises(DataError, match=why):
        unpack_dataset(archive, place / "Set")
    assert not (place / "Set").exists()


@pytest.mark.parametrize("wrapper", ["Set/", "other-name/", "./Set/", ""])
def test_the_data_set_s_own_folder_is_made(tmp_path: Path, place: Path, wrapper: str) -> None:
    files = {name.replace("Set/", wrapper): content for name, content in GOOD.items()}
    written: list[int] = []
    unpack_dataset(zipped(tmp_path / "a.zip", files), place / "Set", progress=written.append)
    assert everything_in(place) == GOOD
    assert sum(written) == 4


def test_a_single_sequence_is_no_wrapper(tmp_path: Path, place: Path) -> None:
    unpack_dataset(zipped(tmp_path / "a.zip", {"01/t000.tif": b"a"}), place / "Set")
    assert everything_in(place) == {"Set/01/t000.tif": b"a"}


def test_folders_litter_and_windows_names(tmp_path: Path, place: Path) -> None:
    files = {"Set/": b"", "Set\\01\\": b"", "Set\\01\\t000.tif": b"a", "Set/readme.txt": b"r"}
    litter = {"__MACOSX/Set/01/._t000.tif": b"x", "Set/01/.DS_Store": b"y"}
    unpack_dataset(zipped(tmp_path / "a.zip", files | litter), place / "Set")
    assert everything_in(place) == {"Set/01/t000.tif": b"a", "Set/readme.txt": b"r"}


@pytest.mark.parametrize(
    "name",
    [
        *("../evil", "Set/../../evil", "Set/01/../../../evil", "..\\evil", "Set\\..\\..\\evil"),
        *("/tmp/evil", "\\evil", "C:\\evil", "C:/evil", "c:evil", "Set/01/t000.tif:evil"),
    ],
)
def test_names_that_lead_outside(tmp_path: Path, place: Path, name: str) -> None:
    archive = zipped(tmp_path / "a.zip", GOOD | {name: b"evil"})
    refuses(archive, place, r"a\.zip: holds .*evil', outside of its folder; not unpacked")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices(tmp_path: Path, place: Path, kind: int) -> None:
    member = zipfile.ZipInfo("Set/01/evil")
    member.external_attr = (kind | 0o777) << 16
    archive = zipped(tmp_path / "a.zip", GOOD, (member, b"/etc/passwd"))
    refuses(archive, place, r"'Set/01/evil' is a link or device; not unpacked")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("twin", ["Set/01/t000.tif", "Set/01/T000.TIF", "Set/./01//t000.tif"])
def test_two_files_of_one_name(tmp_path: Path, place: Path, twin: str) -> None:
    archive = zipped(tmp_path / "a.zip", GOOD, (zipfile.ZipInfo(twin), b"evil"))
    refuses(archive, place, r"holds Set/01/.* twice; not unpacked")


def test_a_file_that_is_a_folder_too(tmp_path: Path, place: Path) -> None:
    archive = zipped(tmp_path / "a.zip", GOOD | {"Set/01/t000.tif/evil": b"x"})
    refuses(archive, place, r"Set/01/t000\.tif is a file and a folder")


def test_a_bomb(tmp_path: Path, place: Path) -> None:
    archive = zipped(tmp_path / "a.zip", GOOD | {"Set/01/t002.tif": bytes(64 << 20)})
    refuses(archive, place, r"would swell from \d+ to \d+ bytes; not unpacked")


def test_well_packed_masks_are_no_bomb(tmp_path: Path, place: Path) -> None:
    unpack_dataset(
        zipped(tmp_path / "a.zip", GOOD | {"Set/01_GT/x": bytes(8 << 20)}), place / "Set"
    )


def test_a_header_that_lies_about_the_size(tmp_path: Path, place: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"Set/01/t000.tif": bytes(1 << 20)})
    content = archive.read_bytes()
    assert content.count((1 << 20).to_bytes(4, "little")) == 2
    archive.write_bytes(content.replace((1 << 20).to_bytes(4, "little"), bytes([10, 0, 0, 0])))
    refuses(archive, place, "is no whole ZIP archive")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.95])
def test_archives_cut_short(tmp_path: Path, place: Path, share: float) -> None:
    archive = zipped(tmp_path / "a.zip", GOOD)
    content = archive.read_bytes()
    archive.write_bytes(content[: int(share * len(content))])
    refuses(archive, place, r"a\.zip: is no whole ZIP archive \(File is not a zip file\)")


def test_damaged_pixels(tmp_path: Path, place: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("Set/01/t000.tif", b"good pixels")
    path.write_bytes(path.read_bytes().replace(b"good pixels", b"evil pixels"))
    refuses(path, place, r"is no whole ZIP archive \(Bad CRC-32")


def test_an_archive_with_a_password(tmp_path: Path, place: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"Set/01/t000.tif": b"a"})
    content = bytearray(archive.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(content)
    refuses(archive, place, "password required")


@pytest.mark.parametrize(
    "files", [{}, {"Set/readme.txt": b""}, {"Set/03/t000.tif": b""}, {"Set/01/mask000.tif": b""}]
)
def test_archives_that_are_no_data_set(
    tmp_path: Path, place: Path, files: dict[str, bytes]
) -> None:
    refuses(zipped(tmp_path / "a.zip", files), place, "holds no (sequence 01 or 02|raw frames)")


def test_missing_archive(tmp_path: Path, place: Path) -> None:
    refuses(tmp_path / "a.zip", place, r"a\.zip: no such file")


def test_an_existing_folder_is_kept(tmp_path: Path, place: Path) -> None:
    archive = zipped(tmp_path / "a.zip", GOOD)
    (place / "Set").mkdir()
    (place / "Set" / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match=r"Set: exists already; --force replaces it"):
        unpack_dataset(archive, place / "Set")
    assert everything_in(place) == {"Set/notes.txt": b"mine"}
    unpack_dataset(archive, place / "Set", overwrite=True)
    assert everything_in(place) == GOOD


@pytest.mark.parametrize("name", ["01_RES", "CSB/01_RES", "CSB/02_RES-GT+ST"])
def test_results_are_never_replaced(tmp_path: Path, place: Path, name: str) -> None:
    (place / "Set" / name).mkdir(parents=True)
    with pytest.raises(DataError, match=rf"Set/{re.escape(name)}: would be lost; move it away"):
        unpack_dataset(zipped(tmp_path / "a.zip", GOOD), place / "Set", overwrite=True)
    assert (place / "Set" / name).is_dir()


def test_a_broken_archive_leaves_the_old_folder(tmp_path: Path, place: Path) -> None:
    unpack_dataset(zipped(tmp_path / "a.zip", GOOD), place / "Set")
    bad = zipped(tmp_path / "b.zip", GOOD | {"../evil": b"x"})
    with pytest.raises(DataError):
        unpack_dataset(bad, place / "Set", overwrite=True)
    assert everything_in(place) == GOOD


def test_a_full_disk_is_noticed_before_and_while_unpacking(
    tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = zipped(tmp_path / "a.zip", GOOD)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3))
        refuses(archive, place, r"Set: cannot be unpacked \(needs 4 bytes, the disk has 3 left\)")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DataError, match="No space left on device"):
        unpack_dataset(archive, place / "Set", progress=full)
    assert not list(place.iterdir())


def test_remains_of_a_killed_run_do_no_harm(tmp_path: Path, place: Path) -> None:
    (place / ".Set.partial" / "01").mkdir(parents=True)
    (place / ".Set.partial" / "01" / "t007.tif").touch()
    (place / ".Set.old").mkdir()
    unpack_dataset(zipped(tmp_path / "a.zip", GOOD), place / "Set")
    assert everything_in(place) == GOOD


def test_files_get_plain_permissions(tmp_path: Path, place: Path) -> None:
    member = zipfile.ZipInfo("Set/01/t000.tif")
    member.external_attr = (stat.S_IFREG | 0o6777) << 16
    unpack_dataset(zipped(tmp_path / "a.zip", {}, (member, b"a")), place / "Set")
    mode = (place / "Set" / "01" / "t000.tif").stat().st_mode
    assert not mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IXUSR)


def test_the_disk_that_it_is_unpacked_to_needs_the_room(
    tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other disk").mkdir()
    archive = zipped(tmp_path / "other disk" / "a.zip", GOOD)

    def usage(path: Path) -> SimpleNamespace:
        return SimpleNamespace(free=0 if path == archive.parent else 10**9)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    unpack_dataset(archive, place / "Set")
    assert everything_in(place) == GOOD
