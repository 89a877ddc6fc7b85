"""Which files of a truth and a result are found, and what is said of those that are not."""

from pathlib import Path

import numpy as np
import pytest

from ctc_submit.data.sequence import Sequence
from ctc_submit.data.tracks import Track
from ctc_submit.errors import DataError
from ctc_submit.score.judge import score
from tests.scenes import two_touching
from tests.score.random_sequences import Case, write_case


@pytest.fixture
def perfect(tmp_path: Path) -> Sequence:
    """Two frames of two cells, found and tracked without fault."""
    frames = np.stack([two_touching()] * 2)
    tracks = [Track(1, 0, 1, 0), Track(2, 0, 1, 0)]
    return write_case(Case(frames, tracks, frames, tracks), tmp_path / "Data")


def rename(folder: Path, form: str) -> None:
    """Give the images of a folder other names."""
    for path in sorted(folder.glob("*.tif")):
        path.rename(folder / form.format(int(path.stem[-3:])))


@pytest.mark.parametrize(
    ("form", "digits", "scored"),
    [
        ("SEG/man_seg{:04d}.tif", 4, {"DET", "TRA"}),
        ("SEG/man_seg_{:05d}_000.tif", 5, {"DET", "TRA"}),
        ("SEG/man_seg{:02d}.TIF", 2, {"DET", "TRA"}),
        ("TRA/man_track{:04d}.tif", 4, {"SEG"}),
    ],
)
def test_a_part_of_the_truth_with_other_digits_is_a_fault(
    perfect: Sequence, form: str, digits: int, scored: set[str]
) -> None:
    part, names = form.split("/")
    rename(perfect.gold / part, names)
    record = score(perfect)
    (told,) = [fault.line for fault in record.faults]
    kind = "man_seg" if part == "SEG" else "man_track"
    assert f"{part}: [digits] expected {kind} images with 3 digits, as the masks have" in told
    assert f"found {digits}, as in {names.format(0)}; rename" in told
    for name in ("SEG", "DET", "TRA"):
        assert (record.scores[name] is not None) == (name in scored), name
        assert name in scored or record.missing[name] == "a fault in the files"


def test_segmentation_alone_with_other_digits_cannot_be_scored(perfect: Sequence) -> None:
    rename(perfect.gold / "SEG", "man_seg{:04d}.tif")
    for path in (perfect.gold / "TRA").iterdir():
        path.unlink()
    with pytest.raises(DataError, match="no man_seg or man_track image with 3 digits"):
        score(perfect)


def test_other_files_in_the_truth_are_passed_over(perfect: Sequence) -> None:
    rename(perfect.gold / "SEG", "man_seg{:03d} (1).tif")
    record = score(perfect)
    assert not record.faults
    assert "no annotated object" in record.missing["SEG"]
    assert record.scores["DET"] == 1.0
