"""``ctc-submit run`` as a user meets it: real processes and folders, and all that goes wrong."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from ctc_submit.checkpoint import Card, save_checkpoint
from ctc_submit.data.labels import find_masks, read_labels
from ctc_submit.methods.maskrcnn.config import MaskRCNNConfig
from ctc_submit.methods.maskrcnn.maskrcnn import MaskRCNN
from tests.processes import Finished, Program
from tests.scenes import disc

Call = Callable[..., Finished]
LONG = 60
"""Frames of a sequence that is long enough to be interrupted."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny"
    config = MaskRCNNConfig(
        pyramid_width=16, box_width=16, mask_width=16, mask_pool=14, detections=9, proposals=30
    )
    save_checkpoint(folder, MaskRCNN(config), Card("tiny", "maskrcnn", {}))
    return folder


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder whose name has spaces and letters beyond ASCII, with 4 frames in ``Zellen/01``."""
    folder = tmp_path / "Meine Daten – über 5 µm"
    write_frames(folder / "Zellen" / "01", [picture(time) for time in range(4)])
    return folder


@pytest.fixture
def call(tmp_path: Path, place: Path, model: Path) -> Call:
    """Run ``ctc-submit run`` with the model, in ``place``."""

    def run(*arguments: object, at: Path = place) -> Finished:
        return start(*arguments, at=at, model=model, log=tmp_path / "log").finished()

    return run


def start(*arguments: object, at: Path, model: Path, log: Path) -> Program:
    words = [str(word) for word in arguments]
    named = [] if "--model" in words else ["--model", str(model)]
    return Program(("run", *words, *named), at, log)


def picture(time: int, shape: tuple[int, int] = (64, 64)) -> np.ndarray:
    rng = np.random.default_rng(time)
    frame = rng.integers(0, 60, shape).astype(np.uint8)
    frame[disc(shape, (shape[0] / 2, shape[1] / 3 + time % 20), shape[0] / 5)] += 150
    return frame


def write_frames(folder: Path, frames: list[np.ndarray], digits: int = 3) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for time, frame in enumerate(frames):
        tifffile.imwrite(folder / f"t{time:0{digits}d}.tif", frame)


def contents(folder: Path) -> dict[str, bytes]:
    """All that a folder holds, hidden files and links followed too."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def is_one_line(done: Finished, code: int, *parts: str) -> None:
    assert done.code == code, done
    assert done.err.startswith("ctc-submit: ") and done.err.count("\n") == 1, done.err
    for part in parts:
        assert part in done.err, done.err
    assert not done.out


# what works


def test_masks_tracks_and_record(place: Path, call: Call) -> None:
    done = call("Zellen/01")
    assert done.code == 0 and not done.err, done
    result = place / "Zellen" / "01_RES"
    assert sorted(p.name for p in result.iterdir()) == [
        *(f"mask{t:03d}.tif" for t in range(4)),
        "res_track.txt",
    ]
    assert sorted(p.name for p in result.parent.iterdir()) == ["01", "01_RES", "01_RES.run.json"]
    first, second = done.out.splitlines()
    assert first.startswith("Zellen/01_RES: 4 masks, ")
    assert re.match(r"time: \d+\.\d s \(load .*network .*track ", second)
    record = json.loads(result.with_name("01_RES.run.json").read_text())
    assert record["state"] == "complete" and record["frames"] == 4


@pytest.mark.parametrize("options", [(), ("--border", 20), ("--border", 20, "--no-track")])
def test_the_cells_told_are_those_in_the_masks(
    place: Path, call: Call, options: tuple[str | int, ...]
) -> None:
    done = call("Zellen/01", *options)
    masks = find_masks(place / "Zellen" / "01_RES").values()
    cells = sum(np.unique(read_labels(path)[read_labels(path) > 0]).size for path in masks)
    assert f": 4 masks, {cells} cells in " in done.out


def test_labels_of_masks_alone_have_no_gap(place: Path, call: Call) -> None:
    assert call("Zellen/01", "out", "--no-track").code == 0
    for path in find_masks(place / "out").values():
        values = np.unique(read_labels(path))
        assert values.tolist() == list(range(values.size))


@pytest.mark.parametrize("sequence", [".", "../01", "../01/", "./", "../../Zellen/01//"])
def test_ways_to_name_the_folder_one_is_in(place: Path, call: Call, sequence: str) -> None:
    done = call(sequence, "--no-track", at=place / "Zellen" / "01")
    assert done.code == 0, done
    assert len(find_masks(place / "Zellen" / "01_RES")) == 4


def test_the_result_may_be_the_folder_one_is_in(place: Path, call: Call) -> None:
    here = place / "mein Ergebnis"
    here.mkdir()
    (here / "notes.md").write_text("mine")
    assert call(place / "Zellen" / "01", ".", at=here).code == 0
    assert (here.parent / "mein Ergebnis.run.json").exists()
    assert len(find_masks(here)) == 4 and (here / "notes.md").read_text() == "mine"


@pytest.mark.parametrize("there", [True, False])
def test_the_result_may_be_a_link(place: Path, call: Call, there: bool) -> None:
    target = place / "other disk" / "deep" / "results"
    if there:
        target.mkdir(parents=True)
    (place / "Zellen" / "01_RES").symlink_to(target)
    done = call("Zellen/01/")
    assert done.code == 0, done
    assert (place / "Zellen" / "01_RES").is_symlink()
    assert len(find_masks(target)) == 4
    assert not list(place.rglob(".*"))


@pytest.mark.parametrize(
    "frames",
    [
        [np.zeros((64, 64), np.uint8)] * 2,
        [np.full((40, 50), 65535, np.uint16)] * 2,
        [np.full((1, 1), 7, np.uint8)] * 2,
        [picture(0, (61, 33)), picture(1, (61, 33))],
        [picture(0).astype(np.uint16) * 256],
        [picture(0).astype(np.float32) / 255],
        [picture(0, (1, 200))],
    ],
    ids=["empty", "constant", "1x1", "odd", "16 bit", "float", "a row"],
)
def test_frames_of_every_kind(place: Path, call: Call, frames: list[np.ndarray]) -> None:
    write_frames(place / "D" / "01", frames, digits=4)
    done = call("D/01")
    assert done.code == 0 and not done.err, done
    masks = find_masks(place / "D" / "01_RES")
    assert [p.name for p in masks.values()] == [f"mask{t:04d}.tif" for t in range(len(frames))]
    assert all(read_labels(path).shape == frames[0].shape for path in masks.values())


@pytest.mark.slow
def test_frames_larger_than_a_tile(place: Path, call: Call) -> None:
    write_frames(place / "D" / "01", [picture(0, (1100, 1500))])
    assert call("D/01").code == 0
    assert read_labels(place / "D" / "01_RES" / "mask000.tif").shape == (1100, 1500)


# what goes wrong before anything is done


def missing(folder: Path) -> None:
    shutil.rmtree(folder)


def no_frames(folder: Path) -> None:
    for path in folder.iterdir():
        path.rename(path.with_suffix(".png"))


def hole(folder: Path) -> None:
    (folder / "t002.tif").unlink()


def mixed_digits(folder: Path) -> None:
    (folder / "t003.tif").rename(folder / "t0003.tif")


def mixed_sizes(folder: Path) -> None:
    tifffile.imwrite(folder / "t002.tif", np.zeros((64, 65), np.uint8))


def truncated(folder: Path) -> None:
    whole = (folder / "t002.tif").read_bytes()
    (folder / "t002.tif").write_bytes(whole[: len(whole) // 2])


def empty_file(folder: Path) -> None:
    (folder / "t002.tif").write_bytes(b"")


def foreign(folder: Path) -> None:
    (folder / "t002.tif").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))


def colours(folder: Path) -> None:
    tifffile.imwrite(folder / "t002.tif", np.zeros((64, 64, 3), np.uint8), photometric="rgb")


def not_a_number(folder: Path) -> None:
    frame = np.ones((64, 64), np.float32)
    frame[3, 3] = np.nan
    tifffile.imwrite(folder / "t002.tif", frame)


def volumes(folder: Path) -> None:
    for path in folder.iterdir():
        tifffile.imwrite(path, np.zeros((5, 64, 64), np.uint8), photometric="minisblack")


def a_folder_for_a_frame(folder: Path) -> None:
    (folder / "t002.tif").unlink()
    (folder / "t002.tif").mkdir()


@pytest.mark.parametrize(
    ("spoil", "parts"),
    [
        (missing, ["01", "no such folder", "t000.tif"]),
        (no_frames, ["01", "holds no raw frames", "t000.tif"]),
        (hole, ["t002.tif", "missing"]),
        (mixed_digits, ["01", "3 and 4 digits", "rename"]),
        (mixed_sizes, ["t002.tif", "65", "one size"]),
        (truncated, ["t002.tif", "cut short", "export it again"]),
        (empty_file, ["t002.tif", "cannot be read", "export it again"]),
        (foreign, ["t002.tif", "cannot be read as a TIFF"]),
        (colours, ["t002.tif", "expected one grey channel, found 3", "convert"]),
        (not_a_number, ["t002.tif", "NaN", "replace"]),
        (volumes, ["t000.tif", "3 dimensions", "2D"]),
        (a_folder_for_a_frame, ["t002.tif"]),
    ],
)
def test_bad_frames_are_one_line_and_leave_the_earlier_result(
    place: Path, call: Call, spoil: Callable[[Path], None], parts: list[str]
) -> None:
    assert call("Zellen/01").code == 0
    before = contents(place / "Zellen" / "01_RES")
    record = (place / "Zellen" / "01_RES.run.json").read_bytes()
    spoil(place / "Zellen" / "01")
    is_one_line(call("Zellen/01"), 3, *parts)
    assert contents(place / "Zellen" / "01_RES") == before
    assert (place / "Zellen" / "01_RES.run.json").read_bytes() == record


def test_a_mended_frame_is_run_again_without_the_others(place: Path, call: Call) -> None:
    whole = (place / "Zellen" / "01" / "t002.tif").read_bytes()
    truncated(place / "Zellen" / "01")
    assert call("Zellen/01").code == 3
    (place / "Zellen" / "01" / "t002.tif").write_bytes(whole)
    done = call("Zellen/01", "--resume")
    assert done.code == 0 and " 2 frames run now" in done.out, done
    resumed = contents(place / "Zellen" / "01_RES")
    assert call("Zellen/01").code == 0
    assert contents(place / "Zellen" / "01_RES") == resumed


def test_masks_of_another_sequence_are_never_resumed(place: Path, call: Call) -> None:
    write_frames(place / "Zellen" / "02", [picture(9 - time) for time in range(4)])
    truncated(place / "Zellen" / "01")
    assert call("Zellen/01", "out").code == 3
    is_one_line(call("Zellen/02", "out", "--resume"), 1, "run without --resume")


def no_card(model: Path) -> None:
    (model / "card.json").unlink()


def no_weights(model: Path) -> None:
    (model / "weights.safetensors").unlink()


def other_weights(model: Path) -> None:
    method = MaskRCNN(MaskRCNNConfig(pyramid_width=32, box_width=16, mask_width=16, mask_pool=14))
    save_checkpoint(model.with_name("other"), method, Card("other", "maskrcnn", {}))
    shutil.copy(model.with_name("other") / "weights.safetensors", model)


def other_shape(model: Path) -> None:
    change(model, lambda card: card["config"].update(pyramid_width=32))


def unknown_method(model: Path) -> None:
    change(model, lambda card: card.update(method="yolo"))


def unknown_setting(model: Path) -> None:
    change(model, lambda card: card["config"].update(depth=3))


def unknown_segment(model: Path) -> None:
    change(model, lambda card: card["segment"].update(halo=3))


def setting_of_another_kind(model: Path) -> None:
    change(model, lambda card: card["config"].update(pyramid_width="wide"))


def unknown_backbone(model: Path) -> None:
    change(model, lambda card: card["config"].update(backbone="vit"))


def broken_card(model: Path) -> None:
    (model / "card.json").write_text("{")


def a_list(model: Path) -> None:
    (model / "card.json").write_text("[1, 2]")


def code(model: Path) -> None:
    """A pickle that would write a file when loaded."""
    bomb = b"cos\nsystem\n(S'touch " + str(model / "ran").encode() + b"'\ntR."
    (model / "weights.safetensors").write_bytes(bomb)


def change(model: Path, how: Callable[[Any], object]) -> None:
    card = json.loads((model / "card.json").read_text())
    how(card)
    (model / "card.json").write_text(json.dumps(card))


@pytest.mark.parametrize(
    ("spoil", "parts"),
    [
        (missing, ["no such model folder", "card.json"]),
        (no_card, ["card.json", "missing"]),
        (no_weights, ["weights.safetensors", "No such file"]),
        (other_weights, ["weights.safetensors", "expected", "found", "copy both"]),
        (other_shape, ["weights.safetensors", "does not fit"]),
        (unknown_method, ["yolo", "maskrcnn"]),
        (unknown_setting, ["card.json", "depth", "unknown"]),
        (unknown_segment, ["card.json", "halo", "unknown"]),
        (setting_of_another_kind, ["card.json"]),
        (unknown_backbone, ["card.json", "vit"]),
        (broken_card, ["card.json", "not a model's card"]),
        (a_list, ["card.json", "not a model's card"]),
        (code, ["weights.safetensors", "found others"]),
    ],
)
def test_bad_models_are_one_line(
    place: Path, call: Call, model: Path, spoil: Callable[[Path], None], parts: list[str]
) -> None:
    copy = place / "models" / "tiny"
    shutil.copytree(model, copy)
    spoil(copy)
    is_one_line(call("Zellen/01", "--model", copy), 4, *parts)
    assert not (copy / "ran").exists()
    assert [p.name for p in (place / "Zellen").iterdir()] == ["01"]


# where it cannot be written


def test_the_result_below_a_file(place: Path, call: Call) -> None:
    (place / "file").write_text("mine")
    is_one_line(call("Zellen/01", "file/01_RES"), 3, "file/01_RES", "cannot be written")


def test_the_result_is_a_file(place: Path, call: Call) -> None:
    (place / "file").write_text("mine")
    is_one_line(call("Zellen/01", "file"), 3, "file", "folder")
    assert (place / "file").read_text() == "mine"
    assert not list(place.glob(".*"))


def test_the_result_is_the_sequence(place: Path, call: Call) -> None:
    before = contents(place / "Zellen" / "01")
    is_one_line(call("Zellen/01", "Zellen/../Zellen/01"), 3, "raw frames", "another")
    assert contents(place / "Zellen" / "01") == before


def test_a_border_that_leaves_nothing_is_said_before_the_work(place: Path, call: Call) -> None:
    for more in ("--track", "--no-track"):
        done = call("Zellen/01", "--border", "32", more)
        is_one_line(done, 3, "t000.tif", "border of 32 pixels", "64×64")
        assert not list((place / "Zellen").glob(".*/mask*"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB of its own."""
    disk = tmp_path / "small disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root can mount a file system")
    yield disk
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_that_is_full(place: Path, call: Call, small_disk: Path) -> None:
    assert call("Zellen/01", small_disk / "01_RES").code == 0
    before = contents(small_disk / "01_RES")
    record = (small_disk / "01_RES.run.json").read_bytes()
    free = shutil.disk_usage(small_disk).free
    (small_disk / "ballast").write_bytes(bytes(free - 9000))
    is_one_line(call("Zellen/01", small_disk / "01_RES"), 3, str(small_disk), "space left")
    assert contents(small_disk / "01_RES") == before
    assert (small_disk / "01_RES.run.json").read_bytes() == record
    (small_disk / "ballast").unlink()
    assert call("Zellen/01", small_disk / "01_RES", "--resume").code == 0
    assert contents(small_disk / "01_RES") == before


def test_a_disk_that_is_read_only(place: Path, call: Call, small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    is_one_line(call("Zellen/01", small_disk / "01_RES"), 3, "cannot be written", "Read-only")


def test_a_result_that_is_a_mounted_folder(place: Path, call: Call, small_disk: Path) -> None:
    assert call("Zellen/01", small_disk).code == 0
    assert len(find_masks(small_disk)) == 4


# interruptions


@pytest.fixture
def long(place: Path) -> Path:
    write_frames(place / "lang" / "01", [picture(time) for time in range(LONG)])
    return place / "lang" / "01"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_interrupted_and_resumed_is_uninterrupted(
    long: Path, call: Call, model: Path, tmp_path: Path, number: signal.Signals
) -> None:
    masks = long.parent / ".01_RES.partial"
    program = start("01", at=long.parent, model=model, log=tmp_path / "log")
    program.wait_for(lambda: len(list(masks.glob("mask*"))) > 5)
    done = program.signal(number)
    if number is signal.SIGINT:
        is_one_line(done, 130, "stopped", "--resume")
    else:
        assert done.code == -number
    assert not (long.parent / "01_RES").exists()
    for path in masks.glob("mask*"):
        assert read_labels(path).shape == (64, 64)
    done = call("01", "--resume", at=long.parent)
    assert done.code == 0, done
    assert re.search(r"tracks, \d+ frames run now$", done.out, re.M), done
    resumed = contents(long.parent / "01_RES")
    assert call("01", "whole", at=long.parent).code == 0
    assert resumed == contents(long.parent / "whole")
    assert not list(long.parent.glob(".*"))


def test_an_interrupted_run_leaves_the_earlier_result(
    long: Path, call: Call, model: Path, tmp_path: Path
) -> None:
    masks = long.parent / ".01_RES.partial"
    result = long.parent / "01_RES"
    result.mkdir()
    (result / "mask000.tif").write_text("earlier")
    result.with_name("01_RES.run.json").write_text("earlier")
    program = start("01", at=long.parent, model=model, log=tmp_path / "log")
    program.wait_for(lambda: len(list(masks.glob("mask*"))) > 5)
    assert program.signal(signal.SIGINT).code == 130
    assert contents(result) == {"mask000.tif": b"earlier"}
    assert result.with_name("01_RES.run.json").read_text() == "earlier"


def test_two_runs_into_one_result(long: Path, call: Call, model: Path, tmp_path: Path) -> None:
    masks = long.parent / ".01_RES.partial"
    first = start("01", at=long.parent, model=model, log=tmp_path / "first")
    first.wait_for(lambda: len(list(masks.glob("mask*"))) > 2)
    for words in (("01",), ("01", "--resume")):
        is_one_line(call(*words, at=long.parent), 3, "01_RES: another program is writing it")
    assert call("01", "other", at=long.parent).code == 0
    done = first.finished()
    assert done.code == 0 and f" {LONG} masks" in done.out, done
    assert not list(long.parent.glob(".*"))
    assert contents(long.parent / "01_RES") == contents(long.parent / "other")


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text there")
def test_names_that_are_no_text(place: Path, call: Call) -> None:
    odd = os.fsdecode(b"Z\xff")
    (place / "Zellen").rename(place / odd)
    assert call(f"{odd}/01").code == 0
    record = json.loads((place / odd / "01_RES.run.json").read_text("utf-8"))
    assert record["dataset"] == odd


# as it is installed


def test_the_installed_program_says_one_line(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("ctc-submit")
    done = subprocess.run(
        [program, "run", "nothing here", "--model", "m"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 3
    assert done.stderr == (
        "ctc-submit: nothing here: no such folder; expected raw frames named t000.tif\n"
    )


def test_with_nobody_to_listen(place: Path, model: Path) -> None:
    program = Path(sys.executable).with_name("ctc-submit")
    line = f"{program} run Zellen/01 --model {model} 2>&-"
    assert subprocess.run(line, shell=True, cwd=place, check=False).returncode == 0
    assert len(find_masks(place / "Zellen" / "01_RES")) == 4
