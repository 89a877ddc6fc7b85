"""Equal to py-ctcmetrics where that is right, and right where that is known to be wrong."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from ctc_submit.data.labels import write_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.data.tracks import Track
from ctc_submit.score.judge import score
from tests.scenes import drawn, two_touching
from tests.score.random_sequences import Case, random_case, write_case

SHARED = ("SEG", "DET", "TRA", "LNK", "OP_CSB", "OP_CTB", "CT", "TF", "CCA")
CASES = 25
SHARED_BY_TOLERANCE = ("BC(0)", "BC(1)", "BC(2)", "BC(3)")


def peer(sequence: Sequence) -> dict[str, Any]:
    evaluate = pytest.importorskip("ctc_metrics.scripts.evaluate")
    measures = ["Valid", "SEG", "DET", "TRA", "LNK", "CT", "TF", "BC", "CCA"]
    found: dict[str, Any] = evaluate.evaluate_sequence(
        str(sequence.result), str(sequence.gold), measures, threads=1
    )
    return found


@pytest.mark.parametrize("seed", range(CASES))
def test_equals_the_peer_on_ordinary_sequences(seed: int, tmp_path: Path) -> None:
    case = random_case(np.random.default_rng(seed), frames=3 + seed % 5)
    sequence = write_case(case, tmp_path)
    mine, theirs = score(sequence, workers=1), peer(sequence)
    assert not mine.faults
    assert theirs["Valid"] == 1
    for name in (*SHARED, *SHARED_BY_TOLERANCE):
        assert mine.scores[name] == pytest.approx(theirs[name], abs=1e-9), name
    assert mine.scores["BIO"] == pytest.approx(theirs["BIO(2)"], abs=1e-9)
    counts = mine.counts
    for name, value in (("NS", counts.splits), ("FN", counts.false_negatives)):
        assert theirs[f"AOGM_{name}"] == value
    assert theirs["AOGM_FP"] == counts.false_positives
    assert theirs["AOGM_ED"] == counts.redundant_edges
    assert theirs["AOGM_EA"] == counts.missing_edges
    assert theirs["AOGM_EC"] == counts.wrong_edges


def test_the_random_sequences_have_all_kinds_of_errors(tmp_path: Path) -> None:
    totals = np.zeros(6, int)
    divided = cycles = 0
    for seed in range(CASES):
        case = random_case(np.random.default_rng(seed), frames=3 + seed % 5)
        record = score(write_case(case, tmp_path / str(seed)), workers=1)
        counts = record.counts
        totals += [counts.splits, counts.false_negatives, counts.false_positives, 0, 0, 0]
        totals[3:] += [counts.redundant_edges, counts.missing_edges, counts.wrong_edges]
        divided += record.divisions[3].found
        cycles += record.scores["CCA"] is not None
    assert (totals > 0).all()
    assert divided > 5
    assert cycles > 5


def test_labels_up_to_65535(tmp_path: Path) -> None:
    frames = np.stack([two_touching()] * 2) * np.uint16(30_000) + np.uint16(0)
    frames[frames == 60_000] = 65_535
    tracks = [Track(30_000, 0, 1, 0), Track(65_535, 0, 1, 0)]
    scores = score(write_case(Case(frames, tracks, frames, tracks), tmp_path)).scores
    assert [scores[name] for name in ("SEG", "DET", "TRA", "LNK", "CT", "TF")] == [1.0] * 6


def test_slices_of_a_volume_count_one_by_one(tmp_path: Path) -> None:
    for folder in ("01_GT/SEG", "01_RES"):
        (tmp_path / folder).mkdir(parents=True)
    volume = np.stack([drawn("1111."), drawn("111.."), drawn("....."), drawn("22...")])
    write_labels(tmp_path / "01_RES" / "mask000.tif", volume)
    for z, truth in ((0, "1111."), (1, "11111"), (3, "33.44")):
        write_labels(tmp_path / "01_GT" / "SEG" / f"man_seg_000_{z:03d}.tif", drawn(truth))
    record = score(Sequence.at(tmp_path / "01"))
    assert record.scores["SEG"] == pytest.approx((1 + 0.6 + 1 + 0) / 4)
    assert [(frame.z, frame.objects) for frame in record.frames] == [(0, 1), (1, 1), (3, 2)]


def test_one_frame_is_a_sequence(tmp_path: Path) -> None:
    one = two_touching()[None]
    tracks = [Track(1, 0, 0, 0), Track(2, 0, 0, 0)]
    record = score(write_case(Case(one, tracks, one, tracks), tmp_path))
    assert record.scores["TRA"] == 1.0
    assert record.scores["LNK"] is None
    assert "edge" in record.missing["LNK"]


def test_segmentation_alone_is_scored(tmp_path: Path) -> None:
    one = two_touching()[None]
    sequence = write_case(Case(one, [], one, []), tmp_path)
    (sequence.result / "res_track.txt").unlink()
    record = score(sequence)
    assert (record.scores["SEG"], record.scores["DET"], record.scores["TRA"]) == (1.0, 1.0, None)
    assert "res_track.txt" in record.missing["TRA"]


def test_other_images_and_extra_masks_are_left_alone(tmp_path: Path) -> None:
    one = two_touching()[None]
    tracks = [Track(1, 0, 0, 0), Track(2, 0, 0, 0)]
    sequence = write_case(Case(one, tracks, one, tracks), tmp_path)
    tifffile.imwrite(sequence.result / "overview.tif", np.zeros((3, 3), np.uint8))
    write_labels(sequence.result / "mask007.tif", two_touching())
    write_labels(sequence.gold / "SEG" / "man_seg0000.tif", two_touching() * 3)
    assert score(sequence).scores["OP_CTB"] == 1.0
