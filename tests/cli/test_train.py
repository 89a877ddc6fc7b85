"""``ctc-submit train`` and ``validate`` in real processes: what works, and all that goes wrong."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from safetensors.torch import load_file, save_file

from ctc_submit.checkpoint import load_checkpoint
from ctc_submit.data.labels import write_labels
from tests.processes import Finished, Program
from tests.scenes import disc

TINY = [
    *("--set", "pyramid_width=16", "--set", "box_width=16", "--set", "mask_width=16"),
    *("--set", "mask_pool=14", "--pretrained", "none", "--crop", "64", "--workers", "0"),
]
Call = Callable[..., Finished]
Draw = Callable[[int], np.ndarray]


def two_cells(time: int) -> np.ndarray:
    labels = np.zeros((64, 64), np.uint16)
    labels[disc((64, 64), (18 + time, 18), 10)] = 1
    labels[disc((64, 64), (44 - time, 42), 10)] = 2
    return labels


def write_dataset(folder: Path, draw: Draw = two_cells, frames: int = 4) -> Path:
    (folder / "01").mkdir(parents=True)
    (folder / "01_ST" / "SEG").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for time in range(frames):
        labels = draw(time)
        raw = rng.normal(40, 5, labels.shape) + 100 * (labels > 0)
        tifffile.imwrite(folder / "01" / f"t{time:03d}.tif", raw.astype(np.uint8))
        write_labels(folder / "01_ST" / "SEG" / f"man_seg{time:03d}.tif", labels)
    return folder


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder whose name has spaces and letters beyond ASCII, with the data set ``Zellen``."""
    write_dataset(tmp_path / "Daten über µm" / "Zellen")
    return tmp_path / "Daten über µm"


@pytest.fixture
def call(tmp_path: Path, place: Path) -> Call:
    def run(*arguments: object) -> Finished:
        return start(*arguments, at=place, log=tmp_path / "log").finished()

    return run


def start(*arguments: object, at: Path, log: Path) -> Program:
    words = [str(word) for word in arguments]
    return Program((words[0], *(TINY if words[0] == "train" else ()), *words[1:]), at, log)


def is_one_line(done: Finished, code: int, *parts: str) -> None:
    """The last line says what is wrong; before it there may be the line that says what is done."""
    assert done.code == code, done
    lines = done.err.splitlines()
    if code == 2:  # wrong use of the command line: click says how it is used
        assert lines[0].startswith("Usage: ") and lines[-1].startswith("Error: "), done.err
    else:
        assert len(lines) <= 2 and lines[-1].startswith("ctc-submit: "), done.err
    for part in parts:
        assert part in lines[-1], done.err
    assert not done.out


# what works


def test_a_model_is_learned_run_and_validated(place: Path, call: Call) -> None:
    done = call("train", "Zellen", "--out", "models/mein Modell", "--epochs", 2, "--warmup", 1)
    assert done.code == 0, done
    assert "epoch 2/2: loss " in done.err and ", SEG " in done.err
    assert done.out.startswith("models/mein Modell: SEG ")
    _, card = load_checkpoint(place / "models" / "mein Modell")
    assert card.name == "mein Modell" and card.data["datasets"] == ["Zellen"]
    work = place / "runs" / "mein Modell"
    made = {p.name for p in work.iterdir()} - {"tensorboard"}  # only where that is installed
    assert made == {"begun.txt", "state.pt", "curves.csv", "curves.png"}
    assert call("run", "Zellen/01", "--model", "models/mein Modell").code == 0
    done = call("validate", "models/mein Modell", "Zellen", "--record", "same frames")
    assert done.code == 0 and " 8 cells of 4 frames" in done.out, done
    card = json.loads((place / "models" / "mein Modell" / "card.json").read_text())
    assert [s["protocol"] for s in card["scores"]][-1] == "same frames"
    assert card["scores"][-1]["data"]["learned"] == 3
    assert "mein Modell learned from 3 of these 4 frames, so" in done.err
    again = call("train", "Zellen", "--out", "models/mein Modell", "--epochs", 2, "--warmup", 1)
    assert again.code == 0 and "epoch" not in again.err.partition("\n")[2], again


def test_one_model_learns_two_data_sets_and_each_is_scored(place: Path, call: Call) -> None:
    def larger(time: int) -> np.ndarray:
        labels = np.zeros((96, 96), np.uint16)
        labels[disc((96, 96), (48 + time, 44), 34)] = 1
        return labels

    write_dataset(place / "Large", larger)
    split = {"train": ["01/t000", "01/t001", "01/t002"], "test": ["01/t003"]}
    for name in ("Zellen", "Large"):
        (place / name / "split.json").write_text(json.dumps(split))
    splits = ("--split", "Zellen/split.json", "--split", "Large/split.json")
    both = ("Zellen", "Large", "--truth", "allST", *splits)
    done = call("train", *both, "--out", "both", "--epochs", 1, "--holdout", 0.35)
    assert done.code == 0 and "6 frames" in done.err, done
    card = json.loads((place / "both" / "card.json").read_text())
    assert card["data"]["datasets"] == ["Zellen", "Large"] and card["data"]["frames"] == 6
    assert 20 < card["config"]["anchor_sizes"][2] < 69  # between the cells of both
    done = call("validate", "both", *both, "--record", "test")
    assert done.code == 0, done
    assert "cells of 1 frames of Zellen" in done.out and "1 cells of 1 frames of Large" in done.out
    card = json.loads((place / "both" / "card.json").read_text())
    protocols = {s["protocol"]: s["data"]["datasets"] for s in card["scores"][1:]}
    assert protocols == {"test, Zellen": ["Zellen"], "test, Large": ["Large"]}
    assert call("tune", "both", *both, "--dry-run").code == 0


def test_a_model_may_lie_in_the_folder_of_the_trainings(place: Path, call: Call) -> None:
    assert call("train", "Zellen", "--out", "runs/m", "--epochs", 1).code == 0
    assert (place / "runs/m/card.json").exists() and (place / "runs/m-training/state.pt").exists()


def test_a_trailing_slash_names_the_same_model(place: Path, call: Call) -> None:
    assert call("train", "Zellen/", "--out", "models/a/", "--epochs", 1).code == 0
    assert load_checkpoint(place / "models" / "a")[1].name == "a"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_training_goes_on(
    place: Path, call: Call, tmp_path: Path, number: signal.Signals
) -> None:
    arguments = ("train", "Zellen", "--epochs", 4, "--warmup", 1, "--out")
    state = place / "runs" / "parts" / "state.pt"
    program = start(*arguments, "parts", at=place, log=tmp_path / "log")
    program.wait_for(state.exists)
    done = program.signal(number)
    if number is signal.SIGINT:
        assert done.code == 130, done
        assert done.err.splitlines()[-1].startswith("ctc-submit: stopped; the same command goes on")
        assert "Traceback" not in done.err
    torch.load(state, weights_only=True)
    assert not list(place.rglob("*.partial")) or number is signal.SIGKILL
    done = call(*arguments, "parts")
    assert done.code == 0 and "epoch 1/" not in done.err and "epoch 4/4:" in done.err, done
    assert call(*arguments, "whole").code == 0
    for name, value in load_file(place / "whole" / "weights.safetensors").items():
        again = load_file(place / "parts" / "weights.safetensors")[name]
        assert torch.equal(again, value), name


def test_two_trainings_into_one_folder(place: Path, call: Call, tmp_path: Path) -> None:
    arguments = ("train", "Zellen", "--epochs", 30, "--warmup", 1, "--out", "m")
    first = start(*arguments, at=place, log=tmp_path / "first")
    first.wait_for((place / "runs" / "m" / "state.pt").exists)
    done = call(*arguments)
    is_one_line(done, 3, "runs/m: another program is writing it")
    done = call(*arguments, "--work", "w")
    is_one_line(done, 3, "m: another program is writing it")
    assert first.signal(signal.SIGINT).code == 130
    assert not list(place.rglob("*.lock"))
    load_checkpoint(place / "m")


def one_giant_cell(time: int) -> np.ndarray:
    labels = np.ones((64, 64), np.uint16)
    labels[0, time] = 0
    return labels


def thousands_of_cells(time: int) -> np.ndarray:
    labels = np.zeros((128, 128), np.uint16)
    labels[::3, ::3] = labels[1::3, ::3] = np.arange(1, 43 * 43 + 1).reshape(43, 43)[:, :43]
    return np.roll(labels, time, axis=1)


@pytest.mark.parametrize("draw", [one_giant_cell, thousands_of_cells])
def test_cells_of_every_size_and_number(place: Path, call: Call, draw: Draw) -> None:
    write_dataset(place / "odd", draw, frames=2)
    done = call("train", "odd", "--out", "m", "--epochs", 1, "--batch", 1)
    assert done.code == 0, done
    assert call("run", "odd/01", "--model", "m").code == 0


# what goes wrong


@pytest.mark.parametrize(
    ("arguments", "code", "parts"),
    [
        (["nowhere"], 3, ["nowhere", "no such data set folder"]),
        (["Zellen", "--truth", "GT"], 3, ["01_GT", "no GT annotations; it has ST, for --truth ST"]),
        (["Zellen/01"], 3, ["no ST annotations; name the data set, ", "Zellen"]),
        (["Zellen/01_ST/SEG"], 3, ["no ST annotations; name the data set, ", "Zellen"]),
        (["Zellen", "--sequence", "02"], 3, ["02", "no"]),
        (["Zellen", "--split", "no.json"], 3, ["no.json", "not a split file"]),
        (["Zellen", "--method", "yolo"], 4, ["yolo", "maskrcnn"]),
        (["Zellen", "--set", "depth=3"], 1, ["depth=3", "NAME=VALUE"]),
        (["Zellen", "--set", "proposals=many"], 1, ["many", "proposals"]),
        (["Zellen", "--set", "views=3"], 1, ["views"]),
        (["Zellen", "--set", "loss=bec"], 1, ["no value of loss; expected bce or focal or"]),
        (["Zellen", "--set", "scale=0"], 1, ["scale"]),
        (["Zellen", "--set", "proposals=-5"], 1, ["proposals"]),
        (["Zellen", "--epochs", 0], 2, ["epochs", "not in the range"]),
        (["Zellen", "--batch", 0], 2, ["batch", "not in the range"]),
        (["Zellen", "--crop", -3], 2, ["crop", "not in the range"]),
        (["Zellen", "--workers", -1], 2, ["workers", "not in the range"]),
        (["Zellen", "--set", "scale=nan"], 1, ["scale"]),
        (["Zellen", "--set", "score_threshold=2"], 1, ["score_threshold"]),
        (["Zellen", "--learning-rate", "nan"], 2, ["learning-rate", "not a finite number"]),
        (["Zellen", "--learning-rate", "inf"], 2, ["learning-rate", "not a finite number"]),
        (["Zellen", "--learning-rate", "-inf"], 2, ["learning-rate", "not in the range"]),
        (["Zellen", "--clip", "nan"], 2, ["clip", "not a finite number"]),
        (["Zellen", "--holdout", 1.5], 2, ["holdout", "not in the range"]),
        (["Zellen", "--validate-every", 0], 2, ["validate-every", "not in the range"]),
        (["Zellen", "--ema", 1.5], 2, ["ema", "not in the range"]),
        (["Zellen", "--seed", -1], 2, ["seed", "not in the range"]),
        (["Zellen", "--pretrained", "no.pth"], 4, ["no.pth: no such file of weights"]),
        (["Zellen", "--pretrained", "coco"], 4, ["no COCO weights"]),
        (["Zellen", "--work", "file/work"], 4, ["file/work", "cannot be"]),
        (["Zellen", "--out", "file/model"], 4, ["file/model", "cannot be"]),
        (["Zellen", "--out", "file"], 4, ["file", "cannot be"]),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else None,
)
def test_wrong_requests_are_one_line(
    place: Path, call: Call, arguments: list[object], code: int, parts: list[str]
) -> None:
    (place / "file").write_text("mine")
    done = call("train", "--out", "m", "--epochs", 1, *arguments)
    is_one_line(done, code, *parts)
    assert (place / "file").read_text() == "mine"
    assert not (place / "m").exists()


def without_the_first(time: int) -> np.ndarray:
    return two_cells(time) * np.uint16(time > 0)


def test_a_frame_without_cells_is_learned_from_too(place: Path, call: Call) -> None:
    write_dataset(place / "some", without_the_first)
    assert call("train", "some", "--out", "m", "--epochs", 1).code == 0


def test_what_cannot_be_learned_from(place: Path, call: Call) -> None:
    """Masks of another size, without cells, or none that the split leaves."""
    write_dataset(place / "empty", lambda time: two_cells(time) * np.uint16(0))
    is_one_line(call("train", "empty", "--out", "m"), 3, "none of the 3 frames", "has a cell")
    mask = place / "Zellen" / "01_ST" / "SEG" / "man_seg002.tif"
    for names, parts in (
        ({"train": ["01/t000", "01/t099"]}, ("s.json", "names 1 frames", "01/t099")),
        ({"train": []}, ("no annotated frame to learn from", "--split")),
        ({"test": ["01/t000"]}, ("s.json", "no list 'train'")),
    ):
        (place / "s.json").write_text(json.dumps(names))
        done = call("train", "Zellen", "--split", "s.json", "--out", "m")
        is_one_line(done, 3, *parts)
    write_labels(mask, two_cells(2)[:, :60])
    is_one_line(call("train", "Zellen", "--out", "m"), 3, "man_seg002.tif", "64×60", "64×64")
    assert not (place / "m").exists()


def semantic(time: int) -> np.ndarray:
    return 255 * (np.isin(thousands_of_cells(time), range(1, 60))).astype(np.uint16)


def test_masks_without_instances_are_refused(place: Path, call: Call) -> None:
    write_dataset(place / "semantic", semantic)
    wrong = ("semantic/01_ST/SEG/man_seg", "255", "pieces", "value of its own")
    is_one_line(call("train", "semantic", "--out", "m"), 3, *wrong)
    assert call("train", "Zellen", "--out", "m", "--epochs", 1).code == 0
    card = (place / "m" / "card.json").read_text()
    is_one_line(call("validate", "m", "semantic", "--record", "all"), 3, *wrong)
    is_one_line(call("validate", "m", "Zellen", "semantic"), 3, *wrong)
    is_one_line(call("tune", "m", "semantic", "--frames", "all"), 3, *wrong)
    assert (place / "m" / "card.json").read_text() == card


def test_white_masks_of_few_cells_are_refused(place: Path, call: Call) -> None:
    """Two cells, which touch in all frames but one, and both are 255."""

    def white(time: int) -> np.ndarray:
        labels = np.zeros((64, 64), np.uint16)
        for x in (18, 30 + 9 // (time + 1)):
            labels[disc((64, 64), (32, x), 9)] = 255
        return labels

    write_dataset(place / "white", white)
    done = call("train", "white", "--out", "m", "--epochs", 1)
    is_one_line(done, 3, "the only label 255 on 2 separate pieces", "in 1 of 4 frames")


def test_masks_without_background_are_told_of(place: Path, call: Call) -> None:
    """As ilastik writes them: 1 is background, 2 are cells."""
    write_dataset(place / "full", lambda time: (two_cells(time) > 0).astype(np.uint16) + 1)
    done = call("train", "full", "--out", "m", "--epochs", 1)
    assert done.code == 0, done
    assert "full: no pixel of its 4 masks is 0, the background; if a label" in done.err


def test_volumes_are_refused(place: Path, call: Call) -> None:
    for folder in ("01", "01_ST/SEG"):
        for path in (place / "Zellen" / folder).iterdir():
            slices = np.stack([tifffile.imread(path)] * 3)
            tifffile.imwrite(path, slices, photometric="minisblack")
    is_one_line(call("train", "Zellen", "--out", "m"), 3, "t000.tif", "2D frame", "3×64×64")
    assert not (place / "m").exists()


def test_a_cell_in_two_pieces_is_no_fault(place: Path, call: Call) -> None:
    def torn(time: int) -> np.ndarray:
        labels: np.ndarray = (two_cells(time) == 1).astype(np.uint16)
        labels[60, 2:4] = 1
        return labels

    write_dataset(place / "torn", torn)
    assert call("train", "torn", "--out", "m", "--epochs", 1).code == 0


def test_weights_of_another_method(place: Path, call: Call) -> None:
    save_file({f"encoder.{i}.weight": torch.zeros(3) for i in range(5)}, place / "u.safetensors")
    torch.save({"a": torch.zeros(1)}, place / "u.pth")
    (place / "u.txt").write_text("no weights")
    for name in ("u.safetensors", "u.pth"):
        done = call("train", "Zellen", "--out", "m", "--pretrained", name)
        is_one_line(done, 4, name, "0 of", "choose the backbone")
    done = call("train", "Zellen", "--out", "m", "--pretrained", "u.txt")
    is_one_line(done, 4, "u.txt", "state dict")


def test_state_that_is_none_of_ours(place: Path, call: Call) -> None:
    (place / "runs" / "m").mkdir(parents=True)
    torch.save({"net": {}}, place / "runs" / "m" / "state.pt")
    is_one_line(call("train", "Zellen", "--out", "m"), 4, "state.pt", "delete it")


def test_a_model_that_is_not_where_it_was_written_is_missed(place: Path, call: Call) -> None:
    def again(out: str) -> Finished:
        return call("train", "Zellen", "--out", out, "--work", "w", "--epochs", 1)

    assert again("m").code == 0
    is_one_line(again("other"), 4, "other: lacks the model", "w wrote")
    assert not [*(place / "other").glob("*")]
    shutil.rmtree(place / "m")
    is_one_line(again("m"), 4, "m: lacks the model")


def test_other_masks_do_not_go_on(place: Path, call: Call) -> None:
    assert call("train", "Zellen", "--out", "m", "--epochs", 1).code == 0
    [first, *_] = sorted((place / "Zellen").glob("0?_ST/SEG/*.tif"))
    first.write_bytes(first.read_bytes() + b" ")
    is_one_line(call("train", "Zellen", "--out", "m", "--epochs", 1), 4, "other data or settings")


def test_a_readme_is_not_overwritten(place: Path, call: Call) -> None:
    (place / "m").mkdir()
    (place / "m" / "README.md").write_text("my project")
    is_one_line(call("train", "Zellen", "--out", "m", "--epochs", 1), 4, "README.md", "no model's")
    assert [path.name for path in (place / "m").iterdir()] == ["README.md"]


def test_other_data_or_settings_do_not_go_on(place: Path, call: Call) -> None:
    assert call("train", "Zellen", "--out", "m", "--epochs", 1).code == 0
    kept = (place / "m" / "weights.safetensors").read_bytes()
    is_one_line(call("train", "Zellen", "--out", "m", "--epochs", 2), 4, "other data or settings")
    assert (place / "m" / "weights.safetensors").read_bytes() == kept


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 9 MiB: room for one tiny model, not for the state of its training."""
    disk = tmp_path / "small disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=9m", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root can mount a file system")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("part", ["--out", "--work"])
def test_a_disk_that_is_full(place: Path, call: Call, small_disk: Path, part: str) -> None:
    model, other = (small_disk / "m", place / "w") if part == "--out" else (place / "m", small_disk)
    arguments = ("train", "Zellen", "--out", model, "--work", other, "--warmup", 1, "--epochs", 60)
    if part == "--out":
        program = start(*arguments, at=place, log=place.parent / "first")
        program.wait_for((other / "state.pt").exists)
        assert program.signal(signal.SIGINT).code == 130
        kept = load_checkpoint(model)[1].sha256
        state = torch.load(other / "state.pt", weights_only=True)
        torch.save(state | {"best": -1.0}, other / "state.pt")  # the next epoch is a new best
        free = shutil.disk_usage(small_disk).free
        (small_disk / "ballast").write_bytes(bytes(max(free - 5000, 0)))
    done = call(*arguments)
    is_one_line(done, 4 if part == "--out" else 3, str(small_disk), "cannot be written")
    assert not list(small_disk.rglob(".*"))
    if part == "--out":
        assert load_checkpoint(model)[1].sha256 == kept


def test_a_model_of_another_training_is_not_replaced(place: Path, call: Call) -> None:
    assert call("train", "Zellen", "--out", "m", "--epochs", 1).code == 0
    kept = load_checkpoint(place / "m")[1].sha256
    again = ("train", "Zellen", "--out", "m", "--epochs", 1, "--work", "elsewhere")
    is_one_line(call(*again), 4, "m: holds a model", "move it away, or name another --out")
    assert load_checkpoint(place / "m")[1].sha256 == kept


@pytest.mark.parametrize("spoil", ["frame", "mask", "size", "lone"])
def test_bad_training_data_are_one_line(place: Path, call: Call, spoil: str) -> None:
    frame = place / "Zellen" / "01" / "t001.tif"
    mask = place / "Zellen" / "01_ST" / "SEG" / "man_seg001.tif"
    path = {"frame": frame, "lone": frame}.get(spoil, mask)
    if spoil == "size":
        write_labels(mask, np.zeros((64, 63), np.uint16))
    elif spoil == "lone":
        mask.rename(mask.with_name("man_seg009.tif"))
        path = mask.with_name("man_seg009.tif")
    else:
        path.write_bytes(path.read_bytes()[:200])
    is_one_line(call("train", "Zellen", "--out", "m", "--epochs", 1), 3, path.name)
    assert not (place / "m").exists()


def test_validate_says_what_is_wrong(place: Path, call: Call) -> None:
    is_one_line(call("validate", "nowhere", "Zellen"), 4, "nowhere", "no such model")
    is_one_line(call("validate", "nowhere", "none"), 3, "none", "no such data set")


def test_frames_without_a_cell_have_no_score(place: Path, call: Call) -> None:
    assert call("train", "Zellen", "--out", "m", "--epochs", 1).code == 0
    card = (place / "m" / "card.json").read_bytes()
    write_dataset(place / "Leer", lambda time: 0 * two_cells(time), frames=1)
    done = call("validate", "m", "Leer", "--record", "empty")
    is_one_line(done, 3, "Leer: none of the 1 frames has a cell to score")
    assert (place / "m" / "card.json").read_bytes() == card


def test_a_training_that_is_refused_leaves_the_split_of_the_first(place: Path, call: Call) -> None:
    drawn = ("train", "Zellen", "--out", "m", "--epochs", 1, "--random-split")
    assert call(*drawn, 0.25).code == 0
    split = place / "runs" / "m" / "split.json"
    before = split.read_bytes()
    is_one_line(call(*drawn, 0.5), 4, "other data or settings")
    assert split.read_bytes() == before
    split.unlink()
    assert call(*drawn, 0.25).code == 0 and split.read_bytes() == before


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text there")
def test_names_that_are_no_text(place: Path, call: Call) -> None:
    odd = place / os.fsdecode(b"Z\xff$_{$")
    (place / "Zellen").rename(odd)
    done = call("train", odd.name, "--out", f"{odd.name}/m", "--work", "w", "--epochs", 1)
    assert done.code == 0 and "Traceback" not in done.err, done
    assert load_checkpoint(odd / "m")[1].data["datasets"] == [odd.name]
