"""Judging whole sequences: what is scored, what is not and why, and all faults at once."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile

from ctc_submit.data.labels import write_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.data.tracks import Track
from ctc_submit.errors import DataError
from ctc_submit.score.judge import score, score_dataset
from ctc_submit.score.measure import measure
from ctc_submit.score.record import MEASURES, mean_scores
from tests.scenes import drawn, two_touching
from tests.score.random_sequences import Case, random_case, write_case


@pytest.fixture
def perfect(tmp_path: Path) -> Sequence:
    """Three frames of two cells, found and tracked without fault."""
    frames = np.stack([two_touching()] * 3)
    tracks = [Track(1, 0, 2, 0), Track(2, 0, 2, 0)]
    return write_case(Case(frames, tracks, frames, tracks), tmp_path / "Data")


def test_a_perfect_result(perfect: Sequence) -> None:
    record = score(perfect)
    expected = {name: 1.0 for name in MEASURES if not name.startswith("BC") and name != "CCA"}
    assert {name: value for name, value in record.scores.items() if value is not None} == expected
    assert "division" in record.missing["BC(2)"]
    assert not record.faults
    assert record.worst_frames() == []
    assert record.worst_objects() == []
    assert (record.dataset, record.sequence, record.truth) == ("Data", "01", "GT")


@pytest.mark.parametrize("seed", range(4))
def test_other_labels_give_the_same_scores(seed: int, tmp_path: Path) -> None:
    """All but TF, which depends on the order of labels by definition, as BIO and OP_CLB do."""
    generator = np.random.default_rng(seed)
    case = random_case(generator)
    other = np.append(0, generator.permutation(60_000)[: int(case.result.max())] + 1)
    tracks = [
        Track(int(other[t.label]), t.begin, t.end, int(other[t.parent])) for t in case.result_tracks
    ]
    renamed = Case(case.truth, case.truth_tracks, other[case.result].astype(np.uint16), tracks)
    first = score(write_case(case, tmp_path / "a")).scores
    second = score(write_case(renamed, tmp_path / "b")).scores
    for name in set(MEASURES) - {"TF", "BIO", "OP_CLB"}:
        assert first[name] == pytest.approx(second[name], abs=1e-12), name


@pytest.mark.parametrize("seed", range(6))
def test_equals_the_stand_in_digit_for_digit(seed: int, tmp_path: Path) -> None:
    sequence = write_case(random_case(np.random.default_rng(seed + 500)), tmp_path, digits=4)
    record = score(sequence)
    for name in ("SEG", "DET", "TRA"):
        answer = measure(name, str(tmp_path), "01", "4")
        assert answer.output == f"{name} measure: {record.scores[name]:.6f}\n"


def test_a_volume_whole_and_in_slices_pools_both(tmp_path: Path) -> None:
    for folder in ("01_GT/SEG", "01_GT/TRA", "01_RES"):
        (tmp_path / folder).mkdir(parents=True)
    volume = np.stack([drawn("1111."), drawn("1111."), drawn("22...")])
    for time in range(2):
        write_labels(tmp_path / "01_RES" / f"mask{time:03d}.tif", volume)
    write_labels(tmp_path / "01_GT" / "SEG" / "man_seg000.tif", np.roll(volume, 1, 2))
    write_labels(tmp_path / "01_GT" / "SEG" / "man_seg_001_002.tif", drawn("33..."))
    record = score(Sequence.at(tmp_path / "01"))
    assert record.scores["SEG"] == pytest.approx((6 / 10 + 0 + 1) / 3)
    assert measure("SEG", str(tmp_path), "01", "3").output == "SEG measure: 0.533333\n"
    assert "markers" in record.missing["DET"]
    assert [(row.time, row.z) for row in record.frames] == [(0, None), (1, 2)]


def test_silver_truth_gives_seg_alone(perfect: Sequence) -> None:
    perfect.gold.rename(perfect.silver)
    record = score(perfect, truth="ST")
    assert {name for name, value in record.scores.items() if value is not None} == {"SEG"}
    assert "silver" in record.missing["TRA"]


def test_frames_before_the_first_cell_count_as_frames(tmp_path: Path) -> None:
    frames = np.stack([np.zeros_like(two_touching()), two_touching()])
    tracks = [Track(1, 1, 1, 0), Track(2, 1, 1, 0)]
    result = frames.copy()
    result[0, 0, 0] = 9
    extra = [*tracks, Track(9, 0, 0, 0)]
    record = score(write_case(Case(frames, tracks, result, extra), tmp_path))
    assert record.scores["TRA"] == pytest.approx(1 - 1 / 20)
    assert record.worst_frames() == []


def test_markers_may_begin_after_the_first_frame(perfect: Sequence) -> None:
    (perfect.gold / "TRA" / "man_track000.tif").unlink()
    (perfect.gold / "TRA" / "man_track.txt").write_text("1 1 2 0\n2 1 2 0\n")
    scores = score(perfect).scores
    assert (scores["DET"], scores["TRA"], scores["CT"]) == (1, 1, 1)


def test_worst_frames_and_objects(perfect: Sequence) -> None:
    shifted = np.roll(two_touching(), 1, 1)
    write_labels(perfect.result / "mask001.tif", np.where(shifted == 1, 1, 0))
    (perfect.result / "res_track.txt").write_text("1 0 2 0\n2 0 0 0\n3 2 2 2\n")
    write_labels(perfect.result / "mask002.tif", two_touching() + (two_touching() == 2))
    record = score(perfect)
    worst = record.worst_frames()
    assert [frame.time for frame in worst] == [1]
    assert worst[0].seg == pytest.approx(0.25)
    assert [(o.time, o.label, o.jaccard) for o in record.worst_objects()] == [
        (1, 2, 0),
        (1, 1, 0.5),
    ]
    assert worst[0].counts.false_negatives == 1
    assert sum(frame.counts.missing_edges for frame in record.frames) == record.counts.missing_edges


def test_an_edge_belongs_to_the_frame_of_its_later_end(perfect: Sequence) -> None:
    labels = two_touching()
    write_labels(perfect.result / "mask002.tif", np.where(labels == 2, 0, labels))
    (perfect.result / "res_track.txt").write_text("1 0 2 0\n2 0 1 0\n")
    assert [frame.counts.missing_edges for frame in score(perfect).frames] == [0, 0, 1]


def test_bio_has_the_divisions_found_within_two_frames(tmp_path: Path) -> None:
    """The result sees the daughters two frames late."""
    mother, daughters = drawn("1111"), drawn("2233")
    truth = np.stack([mother] * 2 + [daughters] * 4)
    result = np.stack([mother] * 4 + [daughters] * 2)
    tracks = [Track(1, 0, 1, 0), Track(2, 2, 5, 1), Track(3, 2, 5, 1)]
    late = [Track(1, 0, 3, 0), Track(2, 4, 5, 1), Track(3, 4, 5, 1)]
    scores = score(write_case(Case(truth, tracks, result, late), tmp_path)).scores
    assert [scores[f"BC({i})"] for i in range(4)] == [0, 0, 1, 1]
    assert scores["BIO"] == pytest.approx((0 + (1 + 0.5 + 0.5) / 3 + 1) / 3)


Damage = Callable[[Path], object]
DAMAGES: dict[str, tuple[str, Damage, list[str]]] = {
    "no mask": ("mask001.tif", Path.unlink, ["[mask-missing]", "no file", "mask for every frame"]),
    "8 bit": (
        "mask001.tif",
        lambda p: tifffile.imwrite(p, np.ones((5, 8), "u1")),
        ["[pixel-type]", "8-bit"],
    ),
    "float": ("mask001.tif", lambda p: tifffile.imwrite(p, np.ones((5, 8), "f4")), ["32-bit fl"]),
    "tiles": (
        "mask001.tif",
        lambda p: tifffile.imwrite(p, two_touching(), tile=(16, 16)),
        ["[strips]", "tiles", "empty image"],
    ),
    "zstd": (
        "mask001.tif",
        lambda p: tifffile.imwrite(p, two_touching(), compression="zstd"),
        ["[compression]", "ZSTD", "empty image"],
    ),
    "size": ("mask001.tif", lambda p: write_labels(p, drawn("11")), ["[size]", "5×8", "1×2"]),
    "no tiff": ("mask001.tif", lambda p: p.write_text("no"), ["[unreadable]", "no TIFF"]),
    "digits": (
        "mask0007.tif",
        lambda p: write_labels(p, two_touching()),
        ["[digits]", "3 digits", "4"],
    ),
    "blank line": (
        "res_track.txt",
        lambda p: p.write_text("1 0 2 0\n\n2 0 2 0\n"),
        ["[track-line]", "line 2"],
    ),
    "no row": (
        "res_track.txt",
        lambda p: p.write_text("1 0 2 0\n"),
        ["label 2", "0 and 2 more", "[label-without"],
    ),
    "too short": (
        "res_track.txt",
        lambda p: p.write_text("1 0 2 0\n2 0 1 0\n"),
        ["[label-outside"],
    ),
    "too long": (
        "res_track.txt",
        lambda p: p.write_text("1 0 2 0\n2 0 2 0\n3 1 1 0\n"),
        ["none", "[track-with-hole]"],
    ),
    "twice": (
        "res_track.txt",
        lambda p: p.write_text("1 0 2 0\n2 0 2 0\n2 0 2 0"),
        ["second", "[track-twice]"],
    ),
    "label 0": (
        "res_track.txt",
        lambda p: p.write_text("0 0 2 0\n1 0 2 0\n2 0 2 0"),
        ["65535", "[track-label]"],
    ),
    "backwards": (
        "res_track.txt",
        lambda p: p.write_text("1 0 2 0\n2 0 2 0\n3 2 1 0"),
        ["2 to 1", "[track-backwards]"],
    ),
    "orphan": (
        "res_track.txt",
        lambda p: p.write_text("1 0 2 7\n2 0 2 0\n"),
        ["parent 7", "[parent-known]"],
    ),
    "own parent": (
        "res_track.txt",
        lambda p: p.write_text("1 0 2 1\n2 0 2 0\n"),
        ["parent 1", "[parent-before]"],
    ),
    "binary": ("res_track.txt", lambda p: p.write_bytes(bytes(range(256))), ["line 1"]),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_fault_says_what_is_wrong_and_blocks_the_score(perfect: Sequence, name: str) -> None:
    file, damage, words = DAMAGES[name]
    damage(perfect.result / file)
    record = score(perfect)
    told = "\n".join(fault.line for fault in record.faults)
    assert file in told
    assert "expected" in told
    for word in words:
        assert word in told
    touched = "SEG" if file == "mask001.tif" else "TRA" if file == "res_track.txt" else ""
    assert (record.scores["SEG"] is None) == (touched == "SEG")
    assert (record.scores["TRA"] is None) == (touched != "")
    if touched:
        assert "fault" in record.missing[touched]


def test_a_mask_that_only_markers_need_leaves_seg_alone(perfect: Sequence) -> None:
    (perfect.gold / "SEG" / "man_seg001.tif").unlink()
    (perfect.result / "mask001.tif").unlink()
    record = score(perfect)
    assert record.scores["SEG"] == 1.0
    assert record.scores["DET"] is record.scores["OP_CSB"] is None
    assert record.missing["DET"] == record.missing["TRA"] == "a fault in the files"
    assert len(record.faults) == 1


def test_all_faults_come_at_once(perfect: Sequence) -> None:
    (perfect.result / "mask000.tif").unlink()
    tifffile.imwrite(perfect.result / "mask001.tif", np.ones((5, 8), "u1"))
    (perfect.result / "res_track.txt").write_text("1 0 2 0\nx\n2 0 2 5\n")
    told = [fault.line for fault in score(perfect).faults]
    assert len(told) == 4
    for word, line in zip(("mask000", "mask001", "line 2", "parent 5"), told, strict=True):
        assert word in line


def test_huge_numbers_in_a_track_file_cost_nothing(perfect: Sequence) -> None:
    rows = f"1 0 {2**63} 0\n2 0 2 0\n7 {2**62} {2**63} 0\n"
    (perfect.result / "res_track.txt").write_text(rows)
    assert score(perfect).scores["TRA"] == 1.0
    (perfect.result / "res_track.txt").write_text("9" * 5000 + " 0 0 0\n")
    assert "line 1" in score(perfect).faults[0].line


def test_nothing_to_score_is_one_line(perfect: Sequence, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"02_GT: no such folder; without truth .* holds 01_GT\)$"):
        score(Sequence.at(perfect.folder.parent / "02"))
    with pytest.raises(DataError, match="no such folder; expected a result"):
        score(perfect, result=tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"holds no mask000\.tif"):
        score(perfect, result=tmp_path / "empty")
    write_labels(tmp_path / "empty" / "mask00000.tif", two_touching())
    with pytest.raises(DataError, match="with 5 digits"):
        score(perfect, result=tmp_path / "empty")
    with pytest.raises(ValueError, match="truth"):
        score(perfect, truth="XX")


def test_a_data_set_is_the_mean_of_its_sequences(tmp_path: Path) -> None:
    for number in range(2):
        case = random_case(np.random.default_rng(number))
        write_case(case, tmp_path / str(number))
        for part in ("GT", "RES"):
            (tmp_path / str(number) / f"01_{part}").rename(tmp_path / f"0{number + 1}_{part}")
    records = score_dataset(tmp_path)
    assert [record.sequence for record in records] == ["01", "02"]
    means = mean_scores(records)
    first, second = (record.scores["SEG"] or 0 for record in records)
    assert means["SEG"] == pytest.approx((first + second) / 2)
    with pytest.raises(DataError, match="no result folder"):
        score_dataset(tmp_path / "0")
    with pytest.raises(DataError, match=r"nowhere: no such folder; expected a data set"):
        score(Sequence.at(tmp_path / "nowhere" / "01"))


def test_sequences_of_a_data_set_without_truth_are_told_and_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_case(random_case(np.random.default_rng(0)), tmp_path)
    (tmp_path / "02_RES").mkdir()
    assert [record.sequence for record in score_dataset(tmp_path)] == ["01"]
    assert f"{tmp_path / '02_GT'}: no such folder; 02_RES is not scored" in caplog.text
    with pytest.raises(DataError, match=r"01_ST: no such folder; without truth there is nothing"):
        score_dataset(tmp_path, truth="ST")


def test_the_judge_never_imports_torch() -> None:
    program = "import sys, ctc_submit.score.confirm\nassert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.data
def test_the_truth_scored_against_itself_is_perfect(real_data: Path, tmp_path: Path) -> None:
    sequence = Sequence.at(real_data / "DIC-C2DH-HeLa" / "01")
    for path in (sequence.gold / "TRA").iterdir():
        name = path.name.replace("man_track.txt", "res_track.txt").replace("man_track", "mask")
        (tmp_path / name).symlink_to(path.resolve())
    record = score(sequence, result=tmp_path)
    assert not record.faults
    assert [record.scores[name] for name in ("DET", "TRA", "LNK", "CT", "TF")] == [1.0] * 5
