import json
from pathlib import Path

import numpy as np
import pytest
import tifffile

from ctc_submit.data.labels import write_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.errors import DataError
from ctc_submit.train.split import Example, chosen, divided, find_examples, hold_out
from tests.scenes import drawn

TRUTH = drawn("11..22\n11..22\n......\n..33..")
MARKERS = drawn("1...2.\n......\n......\n...3..")


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Silver truth of both frames; gold truth of frame 1, in which cell 3 is left out."""
    root = tmp_path / "DS"
    for name in ("01", "01_ST/SEG", "01_GT/SEG", "01_GT/TRA"):
        (root / name).mkdir(parents=True)
    for time in range(3):
        tifffile.imwrite(root / f"01/t{time:03d}.tif", np.zeros(TRUTH.shape, np.uint8))
        write_labels(root / f"01_GT/TRA/man_track{time:03d}.tif", MARKERS)
    for time in (0, 1):
        write_labels(root / f"01_ST/SEG/man_seg{time:03d}.tif", TRUTH)
    write_labels(root / "01_GT/SEG/man_seg001.tif", np.where(TRUTH == 3, 0, TRUTH))
    write_labels(root / "01_GT/SEG/man_seg002.tif", TRUTH)
    return root


def test_examples_are_the_annotated_frames(dataset: Path) -> None:
    found = find_examples(Sequence.at(dataset / "01"), "ST")
    assert [e.name for e in found] == ["DS/01/t000", "DS/01/t001"]
    np.testing.assert_array_equal(found[0].read()[1], TRUTH)


def test_cells_that_gold_truth_leaves_out_are_unknown(dataset: Path) -> None:
    partial, complete = find_examples(Sequence.at(dataset / "01"), "GT")
    expected = drawn("11..22\n11..22\n..---.\n..---.".replace("-", "9")).astype(np.int32)
    expected[expected == 9] = -1  # as far around the marker as the others reach from theirs
    np.testing.assert_array_equal(partial.read()[1], expected)
    assert (complete.read()[1] >= 0).all()


def test_gold_is_preferred_where_it_is_complete(dataset: Path) -> None:
    found = find_examples(Sequence.at(dataset / "01"), "GT+ST")
    assert [e.mask.parent.parent.name for e in found] == ["01_ST", "01_ST", "01_GT"]


def test_a_mask_without_its_frame_is_said(dataset: Path) -> None:
    (dataset / "01/t002.tif").unlink()
    with pytest.raises(DataError, match="annotates frame 2"):
        find_examples(Sequence.at(dataset / "01"), "GT")


def test_a_mask_of_another_size_is_said(dataset: Path) -> None:
    write_labels(dataset / "01_ST/SEG/man_seg000.tif", TRUTH[:-1])
    with pytest.raises(DataError, match=r"man_seg000\.tif"):
        find_examples(Sequence.at(dataset / "01"), "ST")[0].read()


def test_markers_of_another_size_are_said(dataset: Path) -> None:
    write_labels(dataset / "01_GT/TRA/man_track001.tif", MARKERS[:, :-1])
    with pytest.raises(DataError, match=r"man_track001\.tif: expected the size of man_seg001"):
        find_examples(Sequence.at(dataset / "01"), "GT")[0].read()


def test_a_split_file_chooses(dataset: Path) -> None:
    split = dataset / "split.json"
    split.write_text(json.dumps({"train": ["01/t001"], "test": ["01/t000"]}))
    found = find_examples(Sequence.at(dataset / "01"), "ST")
    assert [e.name for e in chosen(found, split, "train")] == ["DS/01/t001"]
    assert chosen(found, split, "train", ("02",)) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("no json", "is not a split file"),
        ("[]", "is not a split file"),
        ('{"test": []}', "no list 'train'"),
        ('{"train": ["01/t007", "01/t000"]}', "names 1 frames.*01/t007"),
        ('{"train": ["01/t001"], "test": ["01/t001"]}', "01/t001 is in 'train' and in 'test'"),
        ('{"train": ["01/t001"], "test": 1}', "is not a split file"),
    ],
)
def test_bad_split_files_are_said(dataset: Path, content: str, words: str) -> None:
    (dataset / "split.json").write_text(content)
    with pytest.raises(DataError, match=words):
        chosen(find_examples(Sequence.at(dataset / "01"), "ST"), dataset / "split.json", "train")


@pytest.mark.parametrize(
    ("count", "share", "kept"),
    [(10, 0.2, 2), (8, 0.2, 2), (10, 0.0, 0), (3, 0.01, 1), (2, 1.0, 1), (1, 0.5, 0)],
)
def test_holding_out_is_seeded_and_leaves_some(
    dataset: Path, count: int, share: float, kept: int
) -> None:
    examples = (find_examples(Sequence.at(dataset / "01"), "ST") * 5)[:count]
    rng = np.random.default_rng(3)
    learned, held = hold_out(examples, share, rng)
    assert (len(learned), len(held)) == (count - (kept if count > 1 else 0), kept * (count > 1))


@pytest.mark.parametrize(
    ("count", "share", "tested"), [(10, 0.2, 2), (8, 0.2, 2), (3, 0.01, 1), (3, 0.99, 2)]
)
def test_a_random_division_leaves_some_on_either_side(
    count: int, share: float, tested: int
) -> None:
    examples = [Example(f"DS/01/t{i:03d}", Path("frame"), Path("mask")) for i in range(count)]
    tests = set()
    for seed in range(6):
        parts = divided(examples, share, seed)
        assert sorted(parts["train"] + parts["test"], key=lambda e: e.name) == examples
        assert len(parts["test"]) == tested
        tests.add(tuple(e.name for e in parts["test"]))
    assert len(tests) > 1, "the seed decides"


def test_of_one_frame_none_is_held_out(dataset: Path) -> None:
    one = find_examples(Sequence.at(dataset / "01"), "ST")[:1]
    assert hold_out(one, 0.6, np.random.default_rng(0)) == (one, [])


def test_the_real_split_names_frames_that_are_there(real_data: Path) -> None:
    for name, train in (("DIC-C2DH-HeLa", 134), ("PhC-C2DH-U373", 184)):
        root = real_data / name
        found = [e for n in ("01", "02") for e in find_examples(Sequence.at(root / n), "ST")]
        assert len(chosen(found, root / "split.json", "train")) == train


def test_real_gold_truth_is_partial_where_its_notes_say_so(real_data: Path) -> None:
    hela = find_examples(Sequence.at(real_data / "DIC-C2DH-HeLa/01"), "GT")
    assert any((e.read()[1] == -1).any() for e in hela)
    u373 = find_examples(Sequence.at(real_data / "PhC-C2DH-U373/02"), "GT")
    shares = [(e.read()[1] == -1).mean() for e in u373]
    assert float(np.median(shares)) == 0


def test_cells_that_real_gold_truth_leaves_out_teach_no_background(real_data: Path) -> None:
    """Of the pixels of cells that only silver truth has, hardly any counts as background."""
    for number in ("01", "02"):
        sequence = Sequence.at(real_data / "DIC-C2DH-HeLa" / number)
        silver = {e.name: e for e in find_examples(sequence, "ST")}
        for example in find_examples(sequence, "GT"):
            if example.name in silver:
                gold, cells = example.read()[1], silver[example.name].read()[1] > 0
                hidden = cells & (gold <= 0)
                assert (hidden & (gold == 0)).sum() < 0.06 * hidden.sum(), example.name
                assert (gold == 0).any(), "some background is still taught"
