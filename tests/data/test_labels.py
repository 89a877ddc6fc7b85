import errno
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from ctc_submit.data.labels import find_masks, read_labels, whole_file, write_labels
from ctc_submit.errors import DataError
from tests.scenes import two_touching

ROOT = Path(__file__).parent.parent.parent
RNG = np.random.default_rng(0)


@contextmanager
def files_at_most(size: int) -> Iterator[None]:
    """Let the system refuse files above a size in bytes, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(
    "shape", [(1, 1), (5, 1), (1, 5), (3, 4), (40, 50), (1, 6, 5), (3, 6, 5), (4, 6, 5), (9, 6, 3)]
)
def test_what_is_written_is_what_the_evaluator_reads(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    labels = RNG.integers(0, 65_536, shape).astype(np.uint16)
    write_labels(tmp_path / "mask000.tif", labels)
    with tifffile.TiffFile(tmp_path / "mask000.tif") as tiff:
        assert len(tiff.pages) == (shape[0] if len(shape) == 3 else 1)
        for page in tiff.pages:
            assert isinstance(page, tifffile.TiffPage)
            assert page.dtype == np.uint16 and page.shape == shape[-2:]
            assert page.photometric == tifffile.PHOTOMETRIC.MINISBLACK
            assert page.compression == tifffile.COMPRESSION.ADOBE_DEFLATE
            assert page.samplesperpixel == 1 and not page.is_tiled
    assert (
        read_labels(tmp_path / "mask000.tif")
        == labels.squeeze(0 if shape[0] == 1 and len(shape) == 3 else ())
    ).all()


@pytest.mark.parametrize("kind", [bool, np.uint8, np.int32, np.int64, np.uint64, ">u2"])
def test_any_integers_become_16_bit(tmp_path: Path, kind: Any) -> None:
    write_labels(tmp_path / "a.tif", two_touching().astype(kind))
    assert (read_labels(tmp_path / "a.tif") == two_touching().astype(kind)).all()


def test_views_and_frozen_arrays_are_written_too(tmp_path: Path) -> None:
    labels = np.arange(600, dtype=np.uint16).reshape(20, 30)[::-2, ::3].T
    labels.flags.writeable = False
    write_labels(tmp_path / "a.tif", labels)
    assert (read_labels(tmp_path / "a.tif") == labels).all()


@pytest.mark.parametrize(
    "labels",
    [
        np.zeros((3, 3), np.float32),
        np.zeros(9, np.uint16),
        np.zeros((1, 1, 3, 3), np.uint16),
        np.zeros((0, 3), np.uint16),
        np.full((3, 3), 65_536),
        np.full((3, 3), -1),
    ],
    ids=["float", "1D", "4D", "empty", "too large", "negative"],
)
def test_wrong_arrays_are_a_programming_mistake(tmp_path: Path, labels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="labels must be"):
        write_labels(tmp_path / "a.tif", labels)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["uint8", "uint16", "int16", "int32", "uint32", "int64", ">u2"])
def test_labels_of_any_integer_type_are_read(tmp_path: Path, kind: str) -> None:
    tifffile.imwrite(tmp_path / "a.tif", two_touching().astype(kind))
    labels = read_labels(tmp_path / "a.tif")
    assert (labels == two_touching()).all()
    assert labels.dtype == np.uint16 and labels.dtype.isnative and labels.flags.writeable


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (np.full((4, 4), 65_536, np.uint32), "found 65536 to 65536"),
        (np.full((4, 4), -1, np.int16), "found -1 to -1"),
        (np.ones((4, 4), np.float32), "found float32 of .*; save it as 16-bit integers"),
        (np.zeros((4, 4), bool), "found bool"),
    ],
)
def test_what_is_no_label_map_is_refused(tmp_path: Path, labels: np.ndarray, found: str) -> None:
    tifffile.imwrite(tmp_path / "man_seg000.tif", labels)
    with pytest.raises(DataError, match=rf"man_seg000\.tif: expected .*{found}"):
        read_labels(tmp_path / "man_seg000.tif")


@pytest.mark.parametrize("kind", ["uint8", "uint16"])
@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_coloured_label_maps_are_refused(tmp_path: Path, kind: str, planes: Any) -> None:
    shape = (3, 8, 8) if planes == "separate" else (8, 8, 3)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros(shape, kind), photometric="rgb", planarconfig=planes)
    with pytest.raises(DataError, match="expected one grey channel, found 3"):
        read_labels(path)


def test_masks_are_found_by_number(tmp_path: Path) -> None:
    for name in ("mask001.tif", "mask000.tif", "res_track.txt", "man_seg000.tif", "t000.tif"):
        (tmp_path / name).touch()
    assert list(find_masks(tmp_path)) == [0, 1]
    with pytest.raises(DataError, match="holds no masks"):
        find_masks(tmp_path.parent)


def test_a_full_disk_leaves_the_earlier_file(tmp_path: Path) -> None:
    path = tmp_path / "mask000.tif"
    write_labels(path, two_touching())
    noise = RNG.integers(0, 65_536, (200, 200)).astype(np.uint16)
    with files_at_most(20_000), pytest.raises(DataError, match=r"mask000\.tif: cannot be written"):
        write_labels(path, noise)
    assert (read_labels(path) == two_touching()).all()
    assert [left.name for left in tmp_path.iterdir()] == ["mask000.tif"]


def test_the_message_says_what_the_system_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, *_: Any, **__: Any) -> None:
        Path(path).write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tifffile, "imwrite", full)
    with pytest.raises(DataError, match=r"cannot be written \(No space left on device\)"):
        write_labels(tmp_path / "mask000.tif", two_touching())
    assert not list(tmp_path.iterdir())


def test_a_short_write_without_a_reason_asks_for_the_disk(tmp_path: Path) -> None:
    with (
        files_at_most(2000),
        pytest.raises(DataError, match=r"cannot be written \(.*; is the disk full\?\)"),
        whole_file(tmp_path / "t000.tif") as partial,
    ):
        tifffile.imwrite(partial, np.zeros((100, 100), np.uint16), metadata=None)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["missing/mask000.tif", "file/mask000.tif", "folder"])
def test_places_that_cannot_be_written(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    with pytest.raises(DataError, match="cannot be written"):
        write_labels(tmp_path / place, two_touching())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]
    assert (tmp_path / "file").read_text() == "kept"


def test_an_interrupted_write_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), whole_file(tmp_path / "a.txt") as partial:
        partial.write_text("half")
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_a_file_that_two_programs_write_at_once_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="another program writes it at the same time"):
        with whole_file(tmp_path / "a.json") as first:
            first.write_text("first")
            with whole_file(tmp_path / "a.json") as second:
                second.write_text("second")
    assert (tmp_path / "a.json").read_text() == "second"
    with pytest.raises(DataError, match="No such file"), whole_file(tmp_path / "none/a") as partial:
        partial.write_text("x")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_stays_one_and_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(pipe.read_text)
        with whole_file(pipe) as partial:
            partial.write_text("all of it")
        assert read.result(10) == "all of it"
    assert pipe.is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.skipif(not Path("/dev/stdout").is_symlink(), reason="no /dev/stdout here")
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1"])
def test_the_standard_output_is_written_to_where_it_is_a_file(tmp_path: Path, name: str) -> None:
    program = (
        "from pathlib import Path; from ctc_submit.data.labels import whole_file\n"
        "print('before', flush=True)\n"
        f"with whole_file(Path({name!r})) as partial:\n"
        "    partial.write_text('all of it, ')\n"
        "print('after')\n"
    )
    with (tmp_path / "out.txt").open("wb") as out:
        subprocess.run([sys.executable, "-c", program], check=True, stdout=out)
    assert (tmp_path / "out.txt").read_text() == "before\nall of it, after\n"
    assert Path("/dev/stdout").is_symlink()


def test_a_file_is_never_seen_half_written(tmp_path: Path) -> None:
    with whole_file(tmp_path / "a.txt") as partial:
        partial.write_text("half")
        assert not (tmp_path / "a.txt").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_killed_in_the_middle_leaves_whole_masks(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from ctc_submit.data.labels import write_labels\n"
        "labels = np.random.default_rng(0).integers(0, 65536, (300, 300)).astype(np.uint16)\n"
        "while True:\n"
        "    for number in range(3):\n"
        "        write_labels(Path(sys.argv[1]) / f'mask{number:03d}.tif', labels)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT)
    deadline = time.monotonic() + 30
    while len(list(tmp_path.glob("mask*"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.05)
    child.kill()
    child.wait()
    for path in find_masks(tmp_path).values():
        assert read_labels(path).shape == (300, 300)
