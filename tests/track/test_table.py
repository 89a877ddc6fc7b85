"""The table of tracks, by hand."""

import csv
from pathlib import Path

import numpy as np
import pytest

from ctc_submit.data.labels import write_labels
from ctc_submit.data.tracks import Track, write_tracks
from ctc_submit.errors import DataError
from ctc_submit.track.settings import Scale
from ctc_submit.track.table import COLUMNS, read_spots, write_table


@pytest.fixture
def result(tmp_path: Path) -> Path:
    """Track 7, two pixels wide, goes three down and four back; 3 and 9 come of it."""
    folder = tmp_path / "01_RES"
    folder.mkdir()
    maps = np.zeros((4, 12, 20), np.uint16)
    maps[0, 2, 4:6] = maps[1, 5, 4:6] = maps[2, 5, 0:2] = 7
    maps[3, 5, 1] = 3
    maps[3, 8, 6:9] = 9
    for time, labels in enumerate(maps):
        write_labels(folder / f"mask{time:03d}.tif", labels)
    write_tracks(
        folder / "res_track.txt", [Track(9, 3, 3, 7), Track(3, 3, 3, 7), Track(7, 0, 2, 0)]
    )
    return folder


def test_every_column_by_hand(result: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    write_table(path, result, Scale((2.0, 0.5)))
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert tuple(head) == COLUMNS
    assert rows == [
        ["3", "3", "3", "7", "1", "0", "1.0", "0.0", "0.0"],
        # three down are 6.0, four back 2.0; from the first place to the last √(6² + 2²)
        ["7", "0", "2", "0", "3", "2", "2.0", "8.0", "6.325"],
        ["9", "3", "3", "7", "1", "0", "3.0", "0.0", "0.0"],
    ]


def test_spots_are_all_cells_of_all_frames(result: Path) -> None:
    spots = read_spots(result, Scale((2.0, 0.5)))
    assert spots.labels.tolist() == [7, 7, 7, 3, 9]
    assert spots.frames.tolist() == [0, 1, 2, 3, 3]
    assert spots.centres.tolist() == [[4, 2.25], [10, 2.25], [10, 0.25], [10, 0.5], [16, 3.5]]
    assert spots.areas.tolist() == [2, 2, 2, 1, 3]


def test_a_result_without_a_cell_is_a_table_without_a_row(tmp_path: Path) -> None:
    write_labels(tmp_path / "mask000.tif", np.zeros((4, 4), np.uint16))
    write_tracks(tmp_path / "res_track.txt", [])
    write_table(tmp_path / "t.CSV", tmp_path, Scale((1.0, 1.0)))
    assert (tmp_path / "t.CSV").read_text().splitlines() == [",".join(COLUMNS)]
    with pytest.raises(DataError, match=r"ends in \.csv"):
        write_table(tmp_path / "t.txt", tmp_path, Scale((1.0, 1.0)))
