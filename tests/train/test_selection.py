import json
import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner

from ctc_submit.cli.train import command as train_command
from ctc_submit.data.labels import write_labels
from ctc_submit.errors import DataError
from ctc_submit.train.config import TRUTHS
from ctc_submit.train.course import Job
from ctc_submit.train.selection import Selection
from tests.scenes import drawn

TRUTH = drawn("11..22\n11..22\n......\n......")
Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Writes a data set: each ``NN_TRUTH`` of ten frames."""

    def dataset(name: str, *truths: str) -> Path:
        root = tmp_path / name
        for truth in truths:
            (root / truth / "SEG").mkdir(parents=True)
            (root / truth[:2]).mkdir(exist_ok=True)
            for time in range(10):
                tifffile.imwrite(root / truth[:2] / f"t{time:03d}.tif", np.zeros((4, 6), np.uint8))
                write_labels(root / truth / "SEG" / f"man_seg{time:03d}.tif", TRUTH)
        return root

    return dataset


def masks(selection: Selection) -> set[str]:
    """Which truth of which data set the examples come from."""
    folders = {e.mask.parent.parent for e in selection.examples()}
    return {f"{folder.parent.name}/{folder.name}" for folder in folders}


@pytest.mark.parametrize(
    ("truth", "expected"),
    [
        ("allST", {"both/01_ST", "silver/02_ST"}),
        ("allGT", {"both/01_GT", "gold/01_GT"}),
        ("allGT+allST", {"both/01_GT", "gold/01_GT", "silver/02_ST"}),
    ],
)
def test_every_data_set_gives_what_it_has(make: Make, truth: str, expected: set[str]) -> None:
    datasets = make("both", "01_GT", "01_ST"), make("gold", "01_GT"), make("silver", "02_ST")
    assert masks(Selection(datasets, truth)) == expected


def test_what_a_data_set_lacks_is_said(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        masks(Selection((make("gold", "01_GT"), make("silver", "01_ST")), "allST"))
    assert [r.getMessage().partition(": ")[2] for r in caplog.records] == [
        "has no ST annotations here; it is skipped"
    ]
    with pytest.raises(DataError, match="holds no 01_ST"):
        Selection((make("another", "01_GT"),), "ST").examples()


def test_sequences_can_be_chosen_across_videos(make: Make) -> None:
    root = make("DS", "01_ST", "02_ST")
    assert masks(Selection((root,), sequences=("01",))) == {"DS/01_ST"}
    assert masks(Selection((root,), "allST", sequences=("02",))) == {"DS/02_ST"}


def test_every_truth_can_be_asked_for() -> None:
    (option,) = [p for p in train_command.params if p.name == "truth"]
    assert tuple(option.type.choices) == TRUTHS  # type: ignore[attr-defined]


def names(selection: Selection, part: str) -> list[str]:
    return [e.name for e in selection.examples(part)]


def test_a_random_split_is_seeded(make: Make) -> None:
    selection = Selection((make("DS", "01_ST"),), random_split=0.3)
    train, test = names(selection, "train"), names(selection, "test")
    assert (len(train), len(test)) == (7, 3)
    assert not set(train) & set(test)
    assert names(selection, "test") == test == sorted(test)
    assert names(replace(selection, seed=1), "test") != test


def test_folds_share_no_frame_and_leave_none_out(make: Make) -> None:
    selection = Selection((make("DS", "01_ST"),))
    folds = [names(replace(selection, fold=f"{k}/3"), "test") for k in (1, 2, 3)]
    assert sorted(map(len, folds)) == [3, 3, 4]
    assert sorted(n for fold in folds for n in fold) == names(selection, "train")
    first = replace(selection, fold="1/3")
    assert sorted(names(first, "train") + folds[0]) == names(selection, "train")


@pytest.mark.parametrize("several", [False, True])
def test_what_was_drawn_can_be_given_as_a_split(make: Make, tmp_path: Path, several: bool) -> None:
    datasets = (make("A", "01_ST"), make("B", "01_ST"))[: 2 if several else 1]
    selection = Selection(datasets, fold="2/5", seed=7)
    selection.save_split(tmp_path / "work" / "split.json")
    again = Selection(datasets, splits=(tmp_path / "work" / "split.json",))
    for part in ("train", "test"):
        assert names(again, part) == names(selection, part)
    known = json.loads((tmp_path / "work" / "split.json").read_text())
    assert known["test"][0].count("/") == (2 if several else 1)


def test_nothing_drawn_is_nothing_written(make: Make, tmp_path: Path) -> None:
    Selection((make("DS", "01_ST"),)).save_split(tmp_path / "split.json")
    assert not (tmp_path / "split.json").exists()


def test_names_of_several_data_sets_need_the_data_set(make: Make, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(json.dumps({"train": ["01/t000"]}))
    both = make("A", "01_ST"), make("B", "01_ST")
    with pytest.raises(DataError, match="names 1 frames"):
        Selection(both, splits=(tmp_path / "s.json",)).examples()
    assert names(Selection(both[:1], splits=(tmp_path / "s.json",)), "train") == ["A/01/t000"]


def test_each_data_set_has_a_split_of_its_own(make: Make, tmp_path: Path) -> None:
    both = make("A", "01_ST"), make("B", "01_ST")
    for name, train in (("a", ["01/t000", "01/t003"]), ("b", ["01/t003"])):
        (tmp_path / f"{name}.json").write_text(json.dumps({"train": train, "test": []}))
    splits = tmp_path / "a.json", tmp_path / "b.json"
    selection = Selection(both, "allST", splits=splits)
    assert names(selection, "train") == ["A/01/t000", "A/01/t003", "B/01/t003"]
    assert selection.card()["split"] == "A: a.json, B: b.json"
    with pytest.raises(DataError, match="one for each of 2 data sets, found 3"):
        Selection(both, splits=(*splits, splits[0])).examples()
    with pytest.raises(DataError, match=r"b\.json: names 1 frames"):
        (tmp_path / "b.json").write_text(json.dumps({"train": ["02/t000"]}))
        selection.examples()


def test_a_frame_is_given_once(make: Make, tmp_path: Path) -> None:
    folder = make("DS", "01_ST")
    once, twice = (Selection((folder,), sequences=("01",) * n).examples() for n in (1, 2))
    assert twice == once
    (tmp_path / "other").mkdir()
    copy = shutil.copytree(folder, tmp_path / "other" / "DS")
    for second in (folder, folder / ".." / "DS", copy):
        with pytest.raises(DataError, match="a data set named DS is given already"):
            Selection((folder, second)).examples()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"random_split": 1.0}, "between 0 and 1"),
        ({"random_split": -0.5}, "between 0 and 1"),
        ({"fold": "0/5"}, "K/N"),
        ({"fold": "6/5"}, "K/N"),
        ({"fold": "1/1"}, "K/N"),
        ({"fold": "two"}, "K/N"),
        ({"fold": "1/11"}, "10 annotated frames cannot be divided"),
        ({"fold": "1/5", "random_split": 0.2}, "choose one"),
    ],
)
def test_wrong_splits_are_said(make: Make, wrong: dict[str, str], words: str) -> None:
    with pytest.raises(DataError, match=words):
        replace(Selection((make("DS", "01_ST"),)), **wrong).examples()  # type: ignore[arg-type]


def test_the_command_writes_the_split_that_it_drew(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Job] = []

    def note(job: Job) -> Iterator[None]:
        seen.append(job)
        return iter(())

    monkeypatch.setattr("ctc_submit.train.run.train", note)
    given = [str(make("DS", "01_ST")), "--out", str(tmp_path / "m"), "--work", str(tmp_path / "w")]
    done = CliRunner().invoke(train_command, [*given, "--fold", "1/5"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    parts = json.loads((tmp_path / "w/split.json").read_text())
    assert [e.short_name for e in seen[0].examples] == parts["train"]
    assert len(parts["test"]) == 2
    assert seen[0].data["split"] == "fold 1/5, seed 0"
