import hashlib
import io
import re
import shutil
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ctc_submit.data.datasets import dataset_named
from ctc_submit.data.download import download_dataset
from ctc_submit.data.one_writer import one_writer
from ctc_submit.errors import DataError, ToolError

HELA = dataset_named("DIC-C2DH-HeLa")
PARTIAL = ".DIC-C2DH-HeLa-training.zip.partial"


def archive_of(seed: int = 0) -> bytes:
    noise = np.random.default_rng(seed).integers(0, 256, 300_000, dtype=np.uint8).tobytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("DIC-C2DH-HeLa/01/t000.tif", noise)
        archive.writestr("DIC-C2DH-HeLa/01_GT/TRA/man_track.txt", b"1 0 0 0\n")
    return packed.getvalue()


ARCHIVE = archive_of()
DIGEST = hashlib.sha256(ARCHIVE).hexdigest()


@dataclass
class Mirror:
    """A loopback server: what it serves, how it misbehaves, what it was asked."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    breaks_after: int | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)


def handler_for(mirror: Mirror) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            mirror.asked.append((self.path, wanted))
            content = mirror.files.get(self.path)
            if content is None:
                self.send_error(404)
                return
            match = re.fullmatch(r"bytes=(\d+)-", wanted) if mirror.ranges else None
            start = int(match[1]) if match else 0
            if match and start >= len(content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206 if match else 200)
            if match:
                self.send_header(
                    "Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}"
                )
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            stop = len(content) if mirror.breaks_after is None else start + mirror.breaks_after
            self.wfile.write(content[start:stop])

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    made = Mirror(files={"/training-datasets/DIC-C2DH-HeLa.zip": ARCHIVE})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(made))
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_fetched_unpacked_and_recorded(tmp_path: Path, mirror: Mirror) -> None:
    folder = download_dataset(HELA, tmp_path / "new", base=mirror.url + "/")
    assert folder == tmp_path / "new" / "DIC-C2DH-HeLa"
    assert (folder / "01" / "t000.tif").stat().st_size == 300_000
    record = tmp_path / "new" / "DIC-C2DH-HeLa-training.zip.sha256"
    assert record.read_text() == f"{DIGEST}  DIC-C2DH-HeLa.zip\n"
    assert names_in(tmp_path / "new") == ["DIC-C2DH-HeLa", record.name]


def test_the_test_part_is_another_archive(tmp_path: Path, mirror: Mirror) -> None:
    mirror.files = {"/test-datasets/DIC-C2DH-HeLa.zip": ARCHIVE}
    download_dataset(HELA, tmp_path, part="test", base=mirror.url)
    assert names_in(tmp_path) == ["DIC-C2DH-HeLa", "DIC-C2DH-HeLa-test.zip.sha256"]


def test_a_broken_download_is_continued(tmp_path: Path, mirror: Mirror) -> None:
    mirror.breaks_after = 1 << 17
    for so_far in (1 << 17, 1 << 18):
        with pytest.raises(ToolError, match=rf"broke off after {so_far} bytes; the same command"):
            download_dataset(HELA, tmp_path, base=mirror.url)
        assert names_in(tmp_path) == [PARTIAL]
    mirror.breaks_after = None
    download_dataset(HELA, tmp_path, base=mirror.url, sha256=DIGEST)
    assert [wanted for _, wanted in mirror.asked] == ["", "bytes=131072-", "bytes=262144-"]
    assert names_in(tmp_path) == ["DIC-C2DH-HeLa", "DIC-C2DH-HeLa-training.zip.sha256"]


def test_a_server_without_ranges_starts_over(tmp_path: Path, mirror: Mirror) -> None:
    mirror.ranges, mirror.breaks_after = False, 100_000
    with pytest.raises(ToolError, match="broke off"):
        download_dataset(HELA, tmp_path, base=mirror.url)
    mirror.breaks_after = None
    download_dataset(HELA, tmp_path, base=mirror.url, sha256=DIGEST.upper())


def test_a_whole_archive_left_by_a_killed_run_is_not_fetched_again(
    tmp_path: Path, mirror: Mirror
) -> None:
    (tmp_path / PARTIAL).write_bytes(ARCHIVE)
    download_dataset(HELA, tmp_path, base=mirror.url, sha256=DIGEST)
    assert mirror.asked == [("/training-datasets/DIC-C2DH-HeLa.zip", f"bytes={len(ARCHIVE)}-")]


def test_remains_longer_than_the_archive_are_dropped(tmp_path: Path, mirror: Mirror) -> None:
    (tmp_path / PARTIAL).write_bytes(ARCHIVE + b"more")
    download_dataset(HELA, tmp_path, base=mirror.url, sha256=DIGEST)


def test_remains_of_another_archive_are_noticed_and_dropped(tmp_path: Path, mirror: Mirror) -> None:
    (tmp_path / PARTIAL).write_bytes(archive_of(seed=1)[:150_000])
    with pytest.raises(DataError, match="is no whole ZIP archive"):
        download_dataset(HELA, tmp_path, base=mirror.url)
    assert names_in(tmp_path) == []
    download_dataset(HELA, tmp_path, base=mirror.url, sha256=DIGEST)


def test_another_checksum_than_expected(tmp_path: Path, mirror: Mirror) -> None:
    with pytest.raises(DataError, match=f"expected SHA-256 {'0' * 64}, found {DIGEST}; fetch"):
        download_dataset(HELA, tmp_path, base=mirror.url, sha256="0" * 64)
    assert names_in(tmp_path) == []


def test_a_page_in_place_of_the_archive(tmp_path: Path, mirror: Mirror) -> None:
    mirror.files = dict.fromkeys(mirror.files, b"<html>please log in</html>")
    with pytest.raises(DataError, match="is no whole ZIP archive"):
        download_dataset(HELA, tmp_path, base=mirror.url)
    assert names_in(tmp_path) == []


def test_an_archive_that_the_server_does_not_have(tmp_path: Path, mirror: Mirror) -> None:
    with pytest.raises(ToolError, match=r"DIC-C2DH-HeLa\.zip: the server answered 404 Not Found"):
        download_dataset(HELA, tmp_path, part="test", base=mirror.url)
    assert names_in(tmp_path) == []


def test_no_server(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="cannot be reached; check the connection"):
        download_dataset(HELA, tmp_path, base="http://127.0.0.1:9")
    with pytest.raises(ToolError, match=r"cannot be fetched \(MissingSchema\)"):
        download_dataset(HELA, tmp_path, base="somewhere")


def test_nothing_is_fetched_for_a_folder_that_exists(tmp_path: Path, mirror: Mirror) -> None:
    (tmp_path / "DIC-C2DH-HeLa" / "01_RES").mkdir(parents=True)
    with pytest.raises(DataError, match="exists already"):
        download_dataset(HELA, tmp_path, base=mirror.url)
    with pytest.raises(DataError, match="01_RES: would be lost"):
        download_dataset(HELA, tmp_path, base=mirror.url, overwrite=True)
    (tmp_path / "DIC-C2DH-HeLa" / "01_RES").rmdir()
    assert not mirror.asked
    download_dataset(HELA, tmp_path, base=mirror.url, overwrite=True)


def test_where_nothing_can_be_written(tmp_path: Path, mirror: Mirror) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="file/DIC-C2DH-HeLa: cannot be written"):
        download_dataset(HELA, tmp_path / "file", base=mirror.url)


def test_a_full_disk_while_unpacking_keeps_what_was_fetched(
    tmp_path: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3))
        with pytest.raises(DataError, match="needs 300008 bytes, the disk has 3 left"):
            download_dataset(HELA, tmp_path, base=mirror.url)
    assert names_in(tmp_path) == [PARTIAL]
    download_dataset(HELA, tmp_path, base=mirror.url, sha256=DIGEST)


def test_two_at_once(tmp_path: Path, mirror: Mirror) -> None:
    with (
        one_writer(tmp_path / HELA.name, "download"),
        pytest.raises(DataError, match="another program"),
    ):
        download_dataset(HELA, tmp_path, base=mirror.url)
    assert not names_in(tmp_path)
