import os
import sys
from pathlib import Path

import pytest

from ctc_submit.data.sequence import Sequence, digits_of
from ctc_submit.errors import DataError


def sequence_of(folder: Path, *names: str) -> Sequence:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()
    return Sequence.at(folder)


@pytest.mark.parametrize("digits", [3, 4, 5])
def test_the_files_say_how_many_digits(tmp_path: Path, digits: int) -> None:
    sequence = sequence_of(tmp_path / "01", *(f"t{time:0{digits}d}.tif" for time in range(12)))
    assert sequence.digits == digits
    assert list(sequence.frames) == list(range(12))
    assert sequence.frames[11].name == f"t{11:0{digits}d}.tif"


@pytest.mark.parametrize("name", ["t000.tif", "T000.TIF", "t000.tiff", "t000.Tif"])
def test_names_of_any_case(tmp_path: Path, name: str) -> None:
    assert sequence_of(tmp_path / "01", name).frames[0].name == name


@pytest.mark.parametrize(
    "name",
    [
        *("t00.tif", "t.tif", "mask000.tif", "._t000.tif", "t000.tif.part", "xt000.tif"),
        *("t-01.tif", "t000.png", "t٠٠٠.tif", "t000.tif\n"),
    ],
)
def test_other_files_are_no_frames(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match=r"01: holds no raw frames; expected files named t000\.tif"):
        _ = sequence_of(tmp_path / "01", name).frames


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ([], "no file"),
        ([".DS_Store"], "no file"),
        (["t00.tif"], "t00.tif"),
        (["image_2.png", "image_1.png", "notes.txt"], "image_1.png and 2 more"),
    ],
)
def test_what_lies_there_in_place_of_frames_is_named(
    tmp_path: Path, names: list[str], found: str
) -> None:
    sequence = sequence_of(tmp_path / "01", *names)
    with pytest.raises(DataError, match=rf"expected files named t000\.tif, found {found}$"):
        _ = sequence.frames


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        (["t001.tif", "t002.tif"], "t000.tif"),
        (["t000.tif", "t001.tif", "t003.tif"], "t002.tif"),
        (["t0000.tif", "t0009.tif"], "t0001.tif"),
    ],
)
def test_a_hole_is_named(tmp_path: Path, names: list[str], missing: str) -> None:
    with pytest.raises(DataError, match=rf"01/{missing}: missing; raw frames are numbered from 0"):
        _ = sequence_of(tmp_path / "01", *names).frames


def test_mixed_digits_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="have 3 and 4 digits; rename them to one width"):
        _ = sequence_of(tmp_path / "01", "t000.tif", "t0001.tif").frames


@pytest.mark.parametrize("twin", ["t000.tiff", "T000.tif", "t0000.tif"])
def test_a_number_twice_is_named(tmp_path: Path, twin: str) -> None:
    with pytest.raises(DataError, match="is number 0 a second time, after "):
        _ = sequence_of(tmp_path / "01", "t000.tif", twin).frames


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_pipe_in_the_place_of_a_frame_is_told_and_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "t000.tif").touch()
    os.mkfifo(tmp_path / "t001.tif")
    with pytest.raises(DataError, match=r"t001\.tif: is a pipe or a device"):
        _ = Sequence.at(tmp_path).frames


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder; expected raw frames named"):
        _ = Sequence.at(tmp_path / "03").frames
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="no such folder"):
        _ = Sequence.at(tmp_path / "file").frames


def test_sequences_that_are_there_are_named(tmp_path: Path) -> None:
    for name in ("01", "02", "01_GT", "notes"):
        (tmp_path / name).mkdir()
    for name in ("01", "02"):
        (tmp_path / name / "t000.tif").touch()
    with pytest.raises(DataError, match=r"03: no such folder; .*t000\.tif; .* holds 01 and 02$"):
        _ = Sequence.at(tmp_path / "03").frames
    with pytest.raises(DataError, match=r"holds no raw frames; name .*/01 or .*/02$"):
        _ = Sequence.at(tmp_path).frames


def test_neighbours(tmp_path: Path) -> None:
    sequence = Sequence.at(tmp_path / "DIC-C2DH-HeLa" / "01")
    assert (sequence.dataset, sequence.number) == ("DIC-C2DH-HeLa", "01")
    folders = [sequence.gold, sequence.silver, sequence.result]
    assert [folder.name for folder in folders] == ["01_GT", "01_ST", "01_RES"]
    assert {folder.parent for folder in folders} == {tmp_path / "DIC-C2DH-HeLa"}


@pytest.mark.parametrize("given", [".", "../01", "./", "sub/..", "01/..", ".."])
def test_neighbours_lie_beside_the_folder_however_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    home = tmp_path / "Set" / "01"
    (home / "sub").mkdir(parents=True)
    (home / "01").mkdir()
    (home / "t000.tif").touch()
    monkeypatch.chdir(home / "sub" if given == ".." else home)
    sequence = Sequence.at(given)
    assert (sequence.dataset, sequence.number) == ("Set", "01")
    assert len(sequence.frames) == 1
    assert sequence.result.resolve() == (tmp_path / "Set" / "01_RES").resolve()


def test_a_relative_folder_stays_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(sequence_of(tmp_path / "Set" / "01", "t000.tif").folder.parent)
    assert Sequence.at("01").result == Path("01_RES")


def test_a_linked_sequence_has_its_neighbours_beside_the_link(tmp_path: Path) -> None:
    sequence_of(tmp_path / "archive" / "x", "t000.tif")
    (tmp_path / "Set").mkdir()
    (tmp_path / "Set" / "01").symlink_to(tmp_path / "archive" / "x")
    sequence = Sequence.at(tmp_path / "Set" / "01")
    assert (sequence.dataset, sequence.number) == ("Set", "01")
    assert sequence.result == tmp_path / "Set" / "01_RES" and sequence.digits == 3


def test_digits() -> None:
    assert digits_of(Path("x1/mask0012.tif")) == 4
    assert digits_of(Path("man_seg_000_012.tif")) == 3


@pytest.mark.data
@pytest.mark.parametrize(("name", "count"), [("DIC-C2DH-HeLa/02", 84), ("PhC-C2DH-U373/02", 115)])
def test_real_sequences(real_data: Path, name: str, count: int) -> None:
    sequence = Sequence.at(real_data / name)
    assert list(sequence.frames) == list(range(count))
    assert sequence.gold.is_dir() and sequence.silver.is_dir()
