import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from time import process_time

import numpy as np
import pytest
import tifffile

from ctc_submit.data.datasets import DATASETS
from ctc_submit.data.labels import read_labels, write_labels
from ctc_submit.data.tracks import Track
from ctc_submit.errors import DataError
from ctc_submit.track.settings import Scale
from ctc_submit.track.tracker import Tracked, track_result
from tests.track.films import film

A, B = (20.0, 20.0, 6.0), (40.0, 60.0, 6.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "01_RES"
    made.mkdir()
    for time, labels in enumerate(film([A, B], [A], [A, B])):
        write_labels(made / f"mask{time:03d}.tif", labels)
    return made


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_killed_run_leaves_the_folder_whole_and_the_next_run_works(folder: Path) -> None:
    before = bytes_of(folder)
    program = textwrap.dedent(
        """
        import os, signal, sys
        from pathlib import Path
        from ctc_submit.track import tracker
        real = tracker.write_labels
        def slow(path, labels):
            real(path, labels)
            if path.name == "mask001.tif":
                os.kill(os.getpid(), signal.SIGKILL)
        tracker.write_labels = slow
        tracker.track_result(Path(sys.argv[1]))
        """
    )
    done = subprocess.run([sys.executable, "-c", program, str(folder)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert bytes_of(folder) == before
    track_result(folder)
    assert (folder / "res_track.txt").read_text() == "1 0 2 0\n2 0 2 0\n"
    assert [path.name for path in folder.parent.iterdir()] == ["01_RES"]


def test_foreign_files_stay_and_old_logs_go(folder: Path) -> None:
    (folder / "notes.md").write_text("mine")
    (folder / "deep").mkdir()
    (folder / "deep" / "file").write_text("mine too")
    (folder / "TRA_log.txt").write_text("old")
    track_result(folder)
    assert (folder / "notes.md").read_text() == "mine"
    assert (folder / "deep" / "file").read_text() == "mine too"
    assert not (folder / "TRA_log.txt").exists()


def test_a_link_to_a_folder_stays_a_link(folder: Path) -> None:
    link = folder.with_name("02_RES")
    link.symlink_to(folder)
    track_result(link)
    assert link.is_symlink() and (folder / "res_track.txt").exists()


@pytest.mark.parametrize("linked", ["", "01_RES"])
def test_a_data_set_bears_the_name_of_the_link(folder: Path, linked: str) -> None:
    """Its frames lie beside the link, too."""
    dataset = folder.parent / "PhC-C2DL-PSC"
    if linked:
        dataset.mkdir()
    (dataset / linked).symlink_to(folder if linked else folder.parent)
    (dataset / "01").mkdir()
    shape = read_labels(folder / "mask000.tif").shape
    for time in range(3):
        tifffile.imwrite(dataset / "01" / f"t{time:03d}.tif", np.zeros(shape, np.uint8))
    done = track_result(dataset / "01_RES")
    known = DATASETS[dataset.name]
    assert done.scale == Scale(known.pixel_size, known.time_step, known.border)
    tifffile.imwrite(dataset / "01" / "t003.tif", np.zeros(shape, np.uint8))
    with pytest.raises(DataError, match=r"has 3 masks, .* has 4 frames"):
        track_result(dataset / "01_RES")


@pytest.mark.parametrize("name", ["t%03d.TIF", "t%03d.tiff", "T%03d.tif"])
def test_frames_beside_are_found_as_any_sequence_is(folder: Path, name: str) -> None:
    frames = folder.with_name("01")
    frames.mkdir()
    for time in range(2):
        tifffile.imwrite(frames / (name % time), np.zeros((60, 80), np.uint8))
    with pytest.raises(DataError, match=r"has 3 masks, .* has 2 frames"):
        track_result(folder)


def test_many_divisions_are_counted_at_once(tmp_path: Path) -> None:
    tracks = [Track(n, min(n // 20_000, 1), 1, max(n - 20_000, 0) // 2) for n in range(1, 60_001)]
    done = Tracked(tmp_path, tracks, 2, 0, 0, Scale((1.0, 1.0)))
    start = process_time()
    assert done.divisions == 20_000 - 1
    assert process_time() - start < 1


def test_a_link_elsewhere_tells_no_less_than_the_folder(folder: Path, tmp_path: Path) -> None:
    dataset = tmp_path / "PhC-C2DL-PSC"
    dataset.mkdir()
    masks = folder.rename(dataset / "01_ERR_SEG")
    link = tmp_path / "masks"
    link.symlink_to(masks)
    done = track_result(link)
    assert done.folder == dataset / "01_RES"
    assert done.scale.border == DATASETS[dataset.name].border
    assert not (masks / "res_track.txt").exists()


def test_the_result_lies_beside_the_link_to_the_masks(folder: Path, tmp_path: Path) -> None:
    dataset = tmp_path / "PhC-C2DL-PSC"
    dataset.mkdir()
    (dataset / "01_ERR_SEG").symlink_to(folder)
    assert track_result(dataset / "01_ERR_SEG").folder == dataset / "01_RES"


@pytest.mark.parametrize("phase", ["measure", "write"])
@pytest.mark.parametrize("apart", [False, True])
def test_masks_that_another_program_changes_meanwhile_are_not_written(
    folder: Path, tmp_path: Path, phase: str, apart: bool
) -> None:
    def meddle(maps: Iterable[np.ndarray], what: str, number: int) -> Iterator[np.ndarray]:
        for time, labels in enumerate(maps):
            yield labels
            if (what, time) == (phase, 1):
                new = folder / "new.tif"
                write_labels(new, np.full_like(labels, 7))
                new.replace(folder / "mask000.tif")

    target = tmp_path / "elsewhere"
    with pytest.raises(DataError, match="changed its masks meanwhile; track again"):
        track_result(folder, output=target if apart else None, watch=meddle)
    assert not target.exists() and not (folder / "res_track.txt").exists()
    assert (read_labels(folder / "mask000.tif") == 7).all()
    track_result(folder)


def test_a_damaged_mask_changes_nothing(folder: Path) -> None:
    (folder / "mask002.tif").write_bytes(b"no tiff")
    before = bytes_of(folder)
    with pytest.raises(DataError, match=r"mask002\.tif"):
        track_result(folder)
    assert bytes_of(folder) == before


def test_too_many_tracks_change_nothing(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    folder = tmp_path / "01_RES"
    folder.mkdir()
    for time in range(3):
        labels = np.zeros((300, 300), np.uint16)
        places = rng.permutation(90_000)[:40_000]
        labels.ravel()[places] = np.arange(1, 40_001)
        write_labels(folder / f"mask{time:03d}.tif", labels if time != 1 else labels * 0)
    before = bytes_of(folder)
    from ctc_submit.track.settings import TrackConfig

    with pytest.raises(DataError, match="more than the 65535 labels"):
        track_result(folder, TrackConfig(gap=0))
    assert bytes_of(folder) == before
