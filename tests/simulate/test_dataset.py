import json
from pathlib import Path

import numpy as np
import pytest
import tifffile

from ctc_submit.data.annotations import find_markers, find_masks_of_truth, is_complete
from ctc_submit.data.frames import iter_frames
from ctc_submit.data.labels import read_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.data.tracks import read_tracks
from ctc_submit.errors import DataError
from ctc_submit.simulate.dataset import RECORD, write_dataset
from ctc_submit.simulate.movie import simulate
from ctc_submit.simulate.settings import SimulationSettings

TINY = SimulationSettings(frames=3, height=48, width=40, cells=3)


def test_a_read_only_data_set_is_replaced_and_nothing_lies_beside(users_place: Path) -> None:
    folder = users_place / "SIM"
    for _ in range(2):
        list(write_dataset(folder, TINY, overwrite=True))
        (folder / "01").chmod(0o555)
    list(write_dataset(folder, TINY, overwrite=True))
    assert [path.name for path in users_place.iterdir() if path.is_dir()] == ["SIM"]


def test_what_is_written_is_what_was_simulated(tmp_path: Path) -> None:
    moments = list(write_dataset(tmp_path / "Sim", TINY, seed=5, sequences=2))
    assert len(moments) == 6
    for number in ("01", "02"):
        sequence = Sequence.at(tmp_path / "Sim" / number)
        same = simulate(TINY, np.random.default_rng([5, int(number)]))
        masks, markers = find_masks_of_truth(sequence, "GT"), find_markers(sequence)
        tracks = read_tracks(sequence.gold / "TRA" / "man_track.txt")
        for (time, frame), moment in zip(iter_frames(sequence), same, strict=True):
            assert (frame == moment.frame).all() and frame.dtype == np.uint8
            assert (read_labels(masks[time]) == moment.labels).all()
            assert masks[time].read_bytes() == markers[time].read_bytes()
            assert is_complete(sequence, "GT", time)
        assert tracks == list(moment.tracks)
    assert sequence.dataset == "Sim"
    record = json.loads((tmp_path / "Sim" / RECORD).read_text("utf-8"))
    assert record["seed"] == 5 and record["settings"]["height"] == 48


def test_fluorescent_frames_are_16_bit_and_never_colour(tmp_path: Path) -> None:
    settings = SimulationSettings(look="fluo", frames=1, height=3, width=4, cells=0)
    list(write_dataset(tmp_path / "Sim", settings))
    with tifffile.TiffFile(tmp_path / "Sim" / "01" / "t000.tif") as tiff:
        assert tiff.pages.first.dtype == np.uint16
        assert tiff.pages.first.photometric == tifffile.PHOTOMETRIC.MINISBLACK


def test_long_sequences_get_four_digits(tmp_path: Path) -> None:
    settings = SimulationSettings(frames=1001, height=2, width=2, cells=0)
    list(write_dataset(tmp_path / "Sim", settings))
    sequence = Sequence.at(tmp_path / "Sim" / "01")
    assert sequence.digits == 4 and len(sequence.frames) == 1001


def test_a_data_set_is_replaced_only_on_request(tmp_path: Path) -> None:
    folder = tmp_path / "Sim"
    list(write_dataset(folder, TINY, sequences=2))
    with pytest.raises(DataError, match=r"exists already \(--force replaces it\)"):
        next(write_dataset(folder, TINY))
    assert len(Sequence.at(folder / "01").frames) == 3
    list(write_dataset(folder, TINY, overwrite=True))
    assert not (folder / "02").exists()


def test_a_folder_that_was_not_simulated_is_never_replaced(tmp_path: Path) -> None:
    keep = tmp_path / "thesis.txt"
    keep.write_text("years of work")
    with pytest.raises(DataError, match="it was not simulated"):
        next(write_dataset(tmp_path, TINY, overwrite=True))
    assert keep.read_text() == "years of work"


def test_stopped_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    moments = write_dataset(tmp_path / "Sim", TINY)
    next(moments)
    moments.close()  # type: ignore[attr-defined]
    assert not list(tmp_path.iterdir())


def test_stopped_while_replacing_leaves_the_old(tmp_path: Path) -> None:
    folder = tmp_path / "Sim"
    list(write_dataset(folder, TINY))
    before = (folder / "01" / "t000.tif").read_bytes()
    moments = write_dataset(folder, TINY, seed=9, overwrite=True)
    next(moments)
    moments.close()  # type: ignore[attr-defined]
    assert (folder / "01" / "t000.tif").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["Sim"]


def test_remains_of_a_killed_run_do_no_harm(tmp_path: Path) -> None:
    stale = tmp_path / ".Sim.partial" / "02"
    stale.mkdir(parents=True)
    list(write_dataset(tmp_path / "Sim", TINY))
    assert sorted(path.name for path in (tmp_path / "Sim").iterdir()) == ["01", "01_GT", RECORD]
    assert not stale.parent.exists()


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        next(write_dataset(tmp_path / "file" / "Sim", TINY))


def test_wrong_number_of_sequences(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="from 1 to 99"):
        next(write_dataset(tmp_path / "Sim", TINY, sequences=0))


def test_two_into_one_folder_at_once(tmp_path: Path) -> None:
    first = write_dataset(tmp_path / "SIM", TINY, seed=1)
    next(first)
    with pytest.raises(DataError, match="another program is writing it"):
        next(write_dataset(tmp_path / "SIM", TINY, seed=2))
    assert len(list(first)) == 2
    assert json.loads((tmp_path / "SIM" / RECORD).read_text())["seed"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["SIM"]
