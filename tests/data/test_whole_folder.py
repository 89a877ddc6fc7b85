from pathlib import Path

import numpy as np
import pytest

from ctc_submit.data import whole_folder as room
from ctc_submit.data.labels import write_labels
from ctc_submit.data.whole_folder import keep_foreign, recover, replace_masks, whole_folder
from ctc_submit.errors import DataError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "01_RES"
    made.mkdir()
    for time in range(3):
        write_labels(made / f"mask{time:03d}.tif", np.full((4, 5), time + 1, np.uint16))
    return made


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_new_folder_takes_the_place_of_the_old(folder: Path) -> None:
    with whole_folder(folder) as partial:
        (partial / "new").write_text("x")
        assert (folder / "mask000.tif").exists()
    assert [path.name for path in folder.iterdir()] == ["new"]
    assert [path.name for path in folder.parent.iterdir()] == ["01_RES"]


def test_who_stands_in_the_old_folder_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with whole_folder(folder):
        pass
    assert not caplog.text
    monkeypatch.chdir(folder)
    with whole_folder(folder):
        pass
    assert "01_RES is a new folder; to see it from here: cd" in caplog.text
    with whole_folder(folder) as partial:  # from a place that is no more
        (partial / "new").write_text("x")
    assert [path.name for path in folder.iterdir()] == ["new"]


@pytest.mark.parametrize("exchange", [True, False])
def test_an_error_leaves_everything_as_it_was(
    folder: Path, exchange: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not exchange:
        monkeypatch.setattr(room, "_exchanged", lambda *_: False)
    before = bytes_of(folder)
    with pytest.raises(KeyboardInterrupt), whole_folder(folder) as partial:
        (partial / "new").write_text("x")
        raise KeyboardInterrupt
    assert bytes_of(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["01_RES"]


def test_two_renames_where_there_is_no_exchange(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_exchanged", lambda *_: False)
    with whole_folder(folder) as partial:
        (partial / "new").write_text("x")
    assert [path.name for path in folder.iterdir()] == ["new"]
    assert [path.name for path in folder.parent.iterdir()] == ["01_RES"]


def test_a_run_killed_between_the_two_renames_is_put_right(folder: Path) -> None:
    before = bytes_of(folder)
    folder.rename(folder.with_name(".01_RES.untracked"))
    folder.with_name(".01_RES.tracking").mkdir()
    recover(folder)
    assert bytes_of(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["01_RES"]


def test_no_permission_is_one_error(users_place: Path) -> None:
    users_place.chmod(0o500)
    with (
        pytest.raises(DataError, match="cannot be written"),
        whole_folder(users_place / "01_RES"),
    ):
        pass


@pytest.mark.parametrize("mode", [0o555, 0o000])
def test_a_folder_that_may_not_be_written_stays_and_nothing_lies_beside(
    users_place: Path, mode: int
) -> None:
    """Its mode is the new one's too, which could then neither take its place nor be deleted."""
    folder = users_place / "01_RES"
    (folder / "kept").mkdir(parents=True)
    (folder / "kept").chmod(0o555)
    folder.chmod(mode)
    try:
        with whole_folder(folder) as partial:
            (partial / "new").write_text("x")
    except DataError as error:
        assert "cannot be written" in str(error)
    assert [path.name for path in users_place.iterdir()] == ["01_RES"]
    folder.chmod(0o755)
    with whole_folder(folder) as partial:
        (partial / "newer").write_text("x")
    assert [path.name for path in folder.iterdir()] == ["newer"]


def test_what_an_earlier_version_could_not_delete_is_cleared(users_place: Path) -> None:
    left = users_place / ".01_RES.tracking"
    (left / "deep").mkdir(parents=True)
    (left / "deep" / "mask000.tif").write_text("x")
    (left / "deep").chmod(0o555)
    left.chmod(0o000)
    recover(users_place / "01_RES")
    assert list(users_place.iterdir()) == []


def test_masks_take_the_place_of_an_earlier_result_and_foreign_files_stay(folder: Path) -> None:
    (folder / "notes.md").write_text("mine")
    (folder / "res_track.txt").write_text("1 0 2 0\n")
    source = folder.with_name("masks")
    source.mkdir()
    write_labels(source / "mask000.tif", np.full((4, 5), 9, np.uint16))
    replace_masks(source, folder)
    assert sorted(path.name for path in folder.iterdir()) == ["mask000.tif", "notes.md"]
    assert (source / "mask000.tif").exists()


def test_foreign_folders_are_kept_and_logs_are_not(folder: Path, tmp_path: Path) -> None:
    (folder / "deep").mkdir()
    (folder / "deep" / "file").write_text("mine too")
    (folder / "TRA_log.txt").write_text("old")
    partial = tmp_path / "partial"
    partial.mkdir()
    keep_foreign(folder, partial)
    assert [path.name for path in partial.iterdir()] == ["deep"]
    assert (partial / "deep" / "file").read_text() == "mine too"


@pytest.mark.parametrize("name", ["my_log.txt", "slurm_SEG_log.txt", "seg_log.txt"])
def test_logs_of_others_are_kept(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / name).write_text("mine")
    partial = tmp_path / "partial"
    partial.mkdir()
    keep_foreign(folder, partial)
    assert (partial / name).read_text() == "mine"


def test_folders_are_moved_into_a_mounted_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "is_mount", lambda path: path == folder)
    (folder / "pictures").mkdir()
    (folder / "pictures" / "old").write_text("old")
    with whole_folder(folder) as partial:
        (partial / "pictures" / "inner").mkdir(parents=True)
        (partial / "pictures" / "inner" / "new").write_text("new")
        (partial / "mask000.tif").write_text("mask")
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    assert names == {"mask000.tif", "pictures", "pictures/inner", "pictures/inner/new"}
    assert [path.name for path in folder.parent.iterdir()] == ["01_RES"]
