from pathlib import Path

import numpy as np
import pytest

from ctc_submit.data.labels import write_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.errors import DataError
from ctc_submit.report.truth_images import read_truth, truth_images

PLANE = np.array([[0, 3], [4, 4]], np.uint16)


@pytest.fixture
def sequence(tmp_path: Path) -> Sequence:
    folder = tmp_path / "01_GT" / "SEG"
    folder.mkdir(parents=True)
    write_labels(folder / "man_seg_002_001.tif", PLANE)
    write_labels(folder / "man_seg_002_000.tif", PLANE[::-1])
    write_labels(folder / "man_seg_005_002.tif", PLANE)
    return Sequence.at(tmp_path / "01")


def test_annotated_slices_lie_in_an_empty_volume(sequence: Sequence) -> None:
    images = truth_images(sequence, "GT")
    assert list(images) == [2, 5]
    assert read_truth(images[2], (3, 2, 2)).tolist() == [
        PLANE[::-1].tolist(),
        PLANE.tolist(),
        [[0, 0], [0, 0]],
    ]


def test_a_whole_mask_counts_more_than_slices(sequence: Sequence) -> None:
    volume = np.stack([PLANE, PLANE, PLANE])
    write_labels(sequence.gold / "SEG" / "man_seg002.tif", volume)
    write_labels(sequence.gold / "SEG" / "man_seg000.tif", volume)
    images = truth_images(sequence, "GT")
    assert list(images) == [0, 2, 5]
    assert (read_truth(images[2], (3, 2, 2)) == volume).all()


def test_no_truth_and_sizes_that_differ(sequence: Sequence) -> None:
    with pytest.raises(DataError, match="the sequence has no ST segmentation"):
        truth_images(sequence, "ST")
    images = truth_images(sequence, "GT")
    with pytest.raises(DataError, match=r"002_000\.tif: is 2×2 pixels, its frame is 2×3"):
        read_truth(images[2], (3, 2, 3))
    with pytest.raises(DataError, match=r"005_002\.tif: is slice 2 of a volume, .* is 2×2×2"):
        read_truth(images[5], (2, 2, 2))
    with pytest.raises(DataError, match=r"is slice 2 of a volume, its frame is 2×2"):
        read_truth(images[5], (2, 2))
