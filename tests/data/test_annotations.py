from pathlib import Path

import numpy as np
import pytest

from ctc_submit.data.annotations import (
    find_markers,
    find_masks_of_truth,
    find_slices_of_truth,
    is_complete,
    truth_folder,
    uncovered_markers,
)
from ctc_submit.data.labels import write_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.errors import DataError
from tests.scenes import drawn

CELLS = drawn("........\n.11.222.\n.11.222.\n........")
MARKERS = drawn("........\n.4...55.\n........\n........")


def sequence_with(folder: Path, **files: np.ndarray) -> Sequence:
    sequence = Sequence.at(folder / "Set" / "01")
    for name, labels in files.items():
        part = "TRA" if name.startswith("man_track") else "SEG"
        (sequence.gold / part).mkdir(parents=True, exist_ok=True)
        write_labels(sequence.gold / part / f"{name}.tif", labels)
    return sequence


def test_every_marker_on_a_cell_is_complete() -> None:
    assert uncovered_markers(CELLS, MARKERS).size == 0


def test_cells_left_out_are_named_by_their_marker() -> None:
    assert uncovered_markers(np.where(CELLS == 2, 0, CELLS), MARKERS).tolist() == [5]
    assert uncovered_markers(np.zeros_like(CELLS), MARKERS).tolist() == [4, 5]


def test_a_marker_that_only_brushes_a_neighbour_is_not_covered() -> None:
    cells = drawn("111.....\n111.....")
    assert uncovered_markers(cells, drawn("..555...\n........")).tolist() == [5]
    assert uncovered_markers(cells, drawn("..55....\n........")).tolist() == [5]
    assert uncovered_markers(cells, drawn(".555....\n........")).tolist() == []


def test_frames_without_markers_or_cells() -> None:
    empty = np.zeros_like(CELLS)
    assert uncovered_markers(CELLS, empty).size == 0
    assert uncovered_markers(empty, empty).size == 0


def test_markers_of_another_shape_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="labels are"):
        uncovered_markers(CELLS, MARKERS[1:])


def test_partial_gold_truth(tmp_path: Path) -> None:
    partial = np.where(CELLS == 1, 0, CELLS)
    sequence = sequence_with(
        tmp_path,
        man_seg003=CELLS,
        man_seg010=partial,
        man_seg011=partial,
        man_track003=MARKERS,
        man_track010=MARKERS,
    )
    assert list(find_masks_of_truth(sequence, "GT")) == [3, 10, 11]
    assert list(find_markers(sequence)) == [3, 10]
    assert is_complete(sequence, "GT", 3)
    assert not is_complete(sequence, "GT", 10)
    assert is_complete(sequence, "GT", 11), "nothing to hold against it"
    with pytest.raises(DataError, match="01_GT: has no mask for frame 4"):
        is_complete(sequence, "GT", 4)


def test_markers_of_another_size_are_the_data_s_fault(tmp_path: Path) -> None:
    sequence = sequence_with(tmp_path, man_seg000=CELLS, man_track000=MARKERS[1:])
    with pytest.raises(DataError, match=r"man_track000\.tif: is .* man_seg000\.tif of the same"):
        is_complete(sequence, "GT", 0)


def test_slices_are_kept_apart_from_whole_masks(tmp_path: Path) -> None:
    sequence = sequence_with(tmp_path, man_seg_001_012=CELLS, man_seg_000_003=CELLS)
    assert list(find_slices_of_truth(sequence, "GT")) == [(0, 3), (1, 12)]
    assert find_slices_of_truth(sequence, "ST") == {}
    there = r"segmentation \(found man_seg_000_003\.tif and 1 more\)$"
    with pytest.raises(DataError, match=rf"SEG: holds no man_seg000\.tif; .* {there}"):
        find_masks_of_truth(sequence, "GT")


@pytest.mark.parametrize("truth", ["GT", "ST"])
def test_missing_truth(tmp_path: Path, truth: str) -> None:
    with pytest.raises(DataError, match=f"the sequence has no {truth} segmentation$"):
        find_masks_of_truth(Sequence.at(tmp_path / "01"), truth)
    assert find_markers(Sequence.at(tmp_path / "01")) == {}


def test_only_gold_and_silver_are_truths(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="truth must be one of GT, ST"):
        truth_folder(Sequence.at(tmp_path / "01"), "RES")


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "truth", "frames", "complete"),
    [
        ("DIC-C2DH-HeLa/01", "GT", 6, 0),
        ("DIC-C2DH-HeLa/02", "GT", 7, 0),
        ("PhC-C2DH-U373/01", "GT", 10, 10),
        ("PhC-C2DH-U373/02", "GT", 16, 14),
        ("Fluo-N2DH-SIM+/01", "GT", 65, 65),
    ],
)
def test_real_gold_truth(
    real_data: Path, name: str, truth: str, frames: int, complete: int
) -> None:
    sequence = Sequence.at(real_data / name)
    masks = find_masks_of_truth(sequence, truth)
    assert len(masks) == frames
    assert sum(is_complete(sequence, truth, time) for time in masks) == complete
