"""Table I: which frames, how long, what is kept, what is said, and what goes wrong."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from ctc_submit.cli.main import main
from ctc_submit.errors import CtcError, DataError
from ctc_submit.methods.registry import METHODS
from ctc_submit.reproduce.table1 import case as case_module
from ctc_submit.reproduce.table1 import measure as measure_module
from ctc_submit.reproduce.table1.compare import comparisons
from ctc_submit.reproduce.table1.entry import Entry, read_entries, write_entries
from ctc_submit.reproduce.table1.frames import division
from ctc_submit.reproduce.table1.page import render
from ctc_submit.reproduce.table1.rows import HELA, ROWS, U373
from ctc_submit.reproduce.table1.settings import Table1Config
from ctc_submit.reproduce.table1.table import Asked, cases, fill, write
from ctc_submit.simulate.dataset import write_dataset
from ctc_submit.simulate.settings import SimulationSettings
from ctc_submit.train.course import Job
from ctc_submit.train.loop import StepReport
from ctc_submit.train.run import train
from ctc_submit.train.split import Example

DOCS = Path(__file__).parent.parent.parent / "docs"
TINY = [
    *("--set", "maskrcnn.pyramid_width=16", "--set", "maskrcnn.box_width=16"),
    *("--set", "maskrcnn.mask_width=16", "--set", "maskrcnn.mask_head=plain"),
    *("--set", "maskrcnn.mask_pool=14", "--width", "2", "--pretrained", "none"),
    *("--minutes", "0.001", "--workers", "0"),
]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Two simulated sequences of five frames, with gold truth alone."""
    folder = tmp_path / "two videos" / "SIM"
    settings = SimulationSettings(frames=5, height=96, width=96, cells=4)
    folder.parent.mkdir()
    list(write_dataset(folder, settings, seed=1, sequences=2))
    return folder


@pytest.fixture(autouse=True)
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_module, "PROBED", 2)
    monkeypatch.setattr(case_module, "WARMED", 1)


def table1(dataset: Path, *arguments: object, out: str = "docs") -> Result:
    place = dataset.parent
    words = ["reproduce", "table1", dataset, "--truth", "GT", *TINY, "--work", place / "work"]
    words += ["--out", place / out, *arguments]
    return CliRunner().invoke(main, [str(word) for word in words])


# which frames


def names(examples: list[Example]) -> set[str]:
    return {e.short_name for e in examples}


def test_across_videos_one_is_learned_from_and_the_other_scored(dataset: Path) -> None:
    parts = division(dataset, "02to01", truth="GT", held_out=0.2)
    assert {n[:2] for n in names(parts.learned)} == {"02"}
    assert {n[:2] for n in names(parts.scored)} == {"01"} and len(parts.scored) == 5


def test_the_split_s_test_frames_are_scored_where_they_have_masks(dataset: Path) -> None:
    split = {"train": ["01/t000", "01/t001", "02/t003"], "test": ["01/t004", "02/t000"]}
    (dataset / "split.json").write_text(json.dumps(split))
    parts = division(dataset, "random", truth="GT", held_out=0.2)
    assert names(parts.learned) == set(split["train"]) and names(parts.scored) == set(split["test"])
    assert "test frames" in parts.how and "held out" not in parts.how


def test_without_their_masks_training_frames_are_held_out_and_it_says_so(dataset: Path) -> None:
    train = [f"{n}/t00{t}" for n in ("01", "02") for t in range(4)]
    (dataset / "split.json").write_text(
        json.dumps({"train": train, "test": ["01/t004", "02/t004"]})
    )
    (dataset / "01_GT/SEG/man_seg004.tif").unlink()
    parts = division(dataset, "random", truth="GT", held_out=0.25)
    assert len(parts.scored) == 2 and not names(parts.learned) & names(parts.scored)
    assert names(parts.learned) | names(parts.scored) == set(train)
    assert "masks of its 2 test frames are missing here" in parts.how
    again = division(dataset, "random", truth="GT", held_out=0.25)
    assert again == parts


def test_without_a_split_frames_are_drawn(dataset: Path) -> None:
    parts = division(dataset, "random", truth="GT", held_out=0.2)
    assert (len(parts.learned), len(parts.scored)) == (8, 2)


def test_frames_that_are_not_there(dataset: Path) -> None:
    (dataset / "split.json").write_text('{"train": []}')
    with pytest.raises(DataError, match=r"split\.json: expected lists train and test"):
        division(dataset, "random", truth="GT", held_out=0.2)
    (dataset / "split.json").write_text('{"train": ["03/t000"], "test": []}')
    with pytest.raises(DataError, match="none of its train frames"):
        division(dataset, "random", truth="GT", held_out=0.2)
    for mask in (dataset / "02_GT/SEG").iterdir():
        mask.unlink()
    with pytest.raises(DataError, match=r"02.*no|no.*02"):
        division(dataset, "01to02", truth="GT", held_out=0.2)


# the rows


def test_the_rows_are_the_paper_s() -> None:
    assert len(ROWS) == 8
    assert [r.paper.get(HELA) for r in ROWS.values()] == [
        *(0.919, 0.905, 0.918, 0.863, 0.870, 0.663, 0.670, 0.704)
    ]
    assert [r.paper.get(U373) for r in ROWS.values()] == [
        *(0.949, 0.948, 0.920, None, 0.927, 0.566, 0.597, 0.820)
    ]
    assert {r.method for r in ROWS.values()} == set(METHODS)


# the whole command


@pytest.mark.slow
def test_all_eight_rows_are_filled(dataset: Path) -> None:
    done = table1(dataset, "--protocol", "random")
    assert done.exit_code == 0, done.output
    entries = read_entries(dataset.parent / "docs" / "table1.json")
    assert {e.row for e in entries.values()} == set(ROWS)
    assert all(e.state == "finished" for e in entries.values()), entries
    assert {e.epochs for e in entries.values()} == {1}
    assert (dataset.parent / "docs/table1.md").read_text() == render(entries.values())


def test_a_row_is_trained_tuned_scored_and_not_run_again(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("--row", "unet-bce", "--protocol", "random", "--seed", 0, "--seed", 1)
    done = table1(dataset, *asked)
    assert done.exit_code == 0, done.output
    entries = read_entries(dataset.parent / "docs/table1.json")
    assert set(entries) == {("unet-bce", "SIM", "random", seed) for seed in (0, 1)}
    entry = entries["unet-bce", "SIM", "random", 0]
    assert entry.frames == {"learned": 8, "chosen_by": 1, "scored": 2} and len(entry.by_frame) == 2
    assert sum(cells for _, cells in entry.by_frame.values()) == entry.cells > 0
    total = sum(j for j, _ in entry.by_frame.values())
    assert entry.seg == pytest.approx(total / entry.cells, abs=1e-3)
    assert entry.training["epochs"] == entry.epochs == 1 and entry.method["width"] == 2
    assert entry.device == "CPU"
    text = (dataset.parent / "docs/table1.md").read_text()
    assert "(2 seeds)" in text and "20% of all annotated frames, drawn with seed 0" in text

    monkeypatch.setattr(measure_module, "train", None)  # would fail if it were called
    again = table1(dataset, *asked, out="elsewhere")
    assert again.exit_code == 0, again.output
    assert read_entries(dataset.parent / "elsewhere/table1.json") == entries


def test_an_interrupted_row_goes_on(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("--row", "unet-bce", "--protocol", "01to02")

    def stopped(job: Job) -> Iterator[object]:
        yield next(train(job))
        raise KeyboardInterrupt

    monkeypatch.setattr(measure_module, "train", stopped)
    done = table1(dataset, *asked)
    assert done.exit_code == 130 and "goes on" in done.output, done.output
    state = dataset.parent / "work/SIM/01to02/unet-bce-seed0"
    plan = (state / "plan.json").read_text()
    monkeypatch.setattr(measure_module, "train", train)
    monkeypatch.setattr(measure_module, "plan", None)  # it is not measured a second time
    done = table1(dataset, *asked)
    assert done.exit_code == 0, done.output
    assert (state / "plan.json").read_text() == plan


def test_a_row_that_fails_is_told_and_the_others_go_on(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    def diverging(job: Job) -> Iterator[object]:
        if job.name == "unet-focal":
            raise CtcError("step 3: the loss is nan;\nthe last good checkpoint is kept")
        return train(job)

    monkeypatch.setattr(measure_module, "train", diverging)
    asked = ("--row", "unet-focal", "--row", "unet-bce", "--protocol", "random")
    done = table1(dataset, *asked)
    assert done.exit_code == 1, done.output
    assert (
        "unet-focal, SIM, random, seed 0: failed: step 3: the loss is nan; the last" in done.output
    )
    assert "1 of 2 numbers failed" in done.output
    entries = read_entries(dataset.parent / "docs/table1.json")
    assert {e.row: e.state for e in entries.values()} == {
        "unet-focal": "failed",
        "unet-bce": "finished",
    }
    page = (dataset.parent / "docs/table1.md").read_text()
    assert "| U-Net | Focal Loss | – | failed |" in page and "the loss is nan" in page
    monkeypatch.setattr(measure_module, "train", train)
    assert table1(dataset, *asked).exit_code == 0  # a failed one is tried again
    entries = read_entries(dataset.parent / "docs/table1.json")
    assert {e.state for e in entries.values()} == {"finished"}
    monkeypatch.setattr(measure_module, "train", diverging)
    (dataset.parent / "work").rename(dataset.parent / "done")
    done = table1(dataset, *asked)
    assert done.exit_code == 1 and "failed: step 3" in done.output, done.output
    kept = read_entries(dataset.parent / "docs/table1.json")
    focal, bce = ("unet-focal", "SIM", "random", 0), ("unet-bce", "SIM", "random", 0)
    assert kept[focal] == entries[focal]  # a number stays, whatever a later attempt did
    assert kept[bce].state == "finished"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--dataset", "HeLa"], "--dataset HeLa: expected one of SIM"),
        (["--set", "depth=3"], "--set depth=3: expected METHOD.NAME=VALUE"),
        (["--set", "unet.depths=3"], "--set depths=3"),
        (["--row", "yolo"], "'yolo' is not one of"),
        (["--minutes", "-1"], "minutes"),
    ],
)
def test_wrong_requests_are_one_line(dataset: Path, arguments: list[str], said: str) -> None:
    done = table1(dataset, *arguments)
    assert done.exit_code and said in done.output, done.output
    assert "Traceback" not in done.output and not (dataset.parent / "work").exists()


def test_a_split_with_a_frame_on_both_sides_is_refused(dataset: Path) -> None:
    names = [f"01/t00{t}" for t in range(5)]
    (dataset / "split.json").write_text(json.dumps({"train": names, "test": names[:1]}))
    done = table1(dataset, "--row", "unet-bce", "--protocol", "random")
    assert done.exit_code == 3 and "01/t000 is in 'train' and in 'test'" in done.output


def test_one_frame_to_learn_from_is_said_before_the_training(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (dataset / "01_GT" / "SEG").glob("man_seg*[1-9].tif"):
        path.unlink()
    monkeypatch.setattr(measure_module, "train", None)
    done = table1(dataset, "--row", "unet-bce", "--protocol", "01to02")
    assert done.exit_code == 1 and "failed: one frame to learn from" in done.output, done.output


def test_names_that_are_no_text_are_written(tmp_path: Path) -> None:
    odd = replace(entry("unet-bce", 0.7), dataset="D\udcff")
    write(tmp_path, odd)
    assert read_entries(tmp_path / "table1.json") == {odd.key: odd}
    assert "D\\udcff" in (tmp_path / "table1.md").read_text("utf-8")


def test_a_table_of_a_later_version_is_said(tmp_path: Path) -> None:
    write_entries(tmp_path / "t.json", [entry("unet-bce", 0.7)])
    text = (tmp_path / "t.json").read_text().replace('"row": "unet-bce"', '"row": "sam"')
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(DataError, match="no row named sam; update ctc-submit"):
        read_entries(tmp_path / "t.json")


def test_other_settings_do_not_go_on_in_the_same_place(dataset: Path) -> None:
    asked = ("--row", "unet-bce", "--protocol", "random")
    assert table1(dataset, *asked).exit_code == 0
    done = table1(dataset, *asked, "--width", "4")
    assert done.exit_code == 1 and "was begun with width 2, not 4" in done.output


@pytest.mark.parametrize("out", [".", "docs"])
def test_a_place_that_cannot_be_written_is_said_before_anything_is_trained(
    users_place: Path, out: str
) -> None:
    users_place.chmod(0o500)
    with pytest.raises(DataError, match=r"cannot be (made|written)"):
        list(fill([], users_place / out))


def test_a_number_begun_before_there_was_a_batch_to_choose_goes_on(dataset: Path) -> None:
    asked = ("--row", "unet-bce", "--protocol", "random")
    assert table1(dataset, *asked).exit_code == 0
    (plan,) = (dataset.parent / "work").glob("*/*/*/plan.json")
    known = json.loads(plan.read_text())
    assert known["asked"].pop("batch") == 0
    plan.write_text(json.dumps(known))
    assert table1(dataset, *asked).exit_code == 0
    done = table1(dataset, *asked, "--batch", "2")
    assert done.exit_code == 1 and "was begun with batch 0, not 2" in done.output


def test_frames_a_step_can_be_given(dataset: Path) -> None:
    asked = Asked((dataset,), dataset.parent / "w", ("unet-bce",), ("random",), truth="GT")
    batches = [
        case.job(1).config.batch
        for batch in (0, 12)
        for case in cases(asked, Table1Config(batch=batch, width=2))
    ]
    assert batches == [4, 12]


def test_a_table_that_is_none_of_ours_is_left_alone(dataset: Path) -> None:
    docs = dataset.parent / "docs"
    docs.mkdir()
    (docs / "table1.json").write_text("[]")
    done = table1(dataset, "--row", "unet-bce", "--protocol", "random")
    assert done.exit_code == 3 and "is not a table of this command" in done.output
    assert (docs / "table1.json").read_text() == "[]"


# how long


def test_epochs_follow_from_the_measured_step(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked((dataset,), dataset.parent / "w", ("unet-bce",), ("random",), truth="GT")
    (case,) = cases(asked, Table1Config(minutes=2, width=2, workers=0))

    def timed(job: Job) -> Iterator[object]:
        for report in train(job):
            yield replace(report, seconds=3.0) if isinstance(report, StepReport) else report

    monkeypatch.setattr(case_module, "train", timed)
    plan = case_module.plan(case)
    assert (plan.steps, plan.step_seconds) == (1, 3.0)  # 7 frames, 4 a step
    assert plan.epochs == int(2 * 60 * 0.9 / 3)
    assert not (case.folder / "probe").exists()
    assert case.job(plan.epochs).config.validate_every == 9


def test_epochs_can_be_given_instead(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked((dataset,), dataset.parent / "w", ("unet-bce",), ("random",), truth="GT")
    (case,) = cases(asked, Table1Config(epochs=5, width=2))
    monkeypatch.setattr(case_module, "train", None)  # nothing is measured
    assert case_module.plan(case).epochs == 5 == case.job(5).config.epochs
    assert case.asked()["epochs"] == 5


# what is said


def entry(row: str, seg: float, seed: int = 0, **more: object) -> Entry:
    """Ten frames of two cells, each found as well as the others but for a ripple."""
    ripple = 0.01 * np.sin(np.arange(10))
    frames = {f"SIM/01/t{i:03d}": [round(2 * seg + ripple[i], 4), 2] for i in range(10)}
    training: dict[str, Any] = dict.fromkeys(("batch", "crop", "learning_rate", "augment"), 1)
    known: dict[str, Any] = {
        "seg": seg,
        "cells": 20,
        "by_frame": frames,
        "how": "some frames",
        "frames": {"learned": 8, "chosen_by": 1, "scored": 10},
        "training": training | {"pretrained": "none"},
    }
    return Entry(row, "SIM", "random", seed, "finished", **(known | more))


def test_losses_are_compared_on_the_same_frames() -> None:
    entries = [entry("unet-shape_aware", 0.8, s) for s in (0, 1)]
    entries += [
        entry("unet-bce", 0.7, 0, epochs=3),
        entry("unet-bce", 0.72, 1),
        entry("unet-focal", 0.8),
    ]
    bce, focal = comparisons(entries)
    assert (bce.second, bce.seeds, bce.verdict) == ("unet-bce", 2, "more")
    assert bce.difference == pytest.approx(0.09) and bce.spread == pytest.approx(0.0141, abs=1e-3)
    assert bce.low <= bce.difference <= bce.high
    assert bce.epochs == (0, 3) and "| 0 and 3 |" in render(entries)
    assert focal.verdict == "no difference that shows" and focal.spread is None
    other = entry("unet-focal", 0.1, by_frame={"SIM/02/t000": [0.1, 1]})
    assert len(comparisons([entries[0], other])) == 0


def test_a_video_is_held_against_itself_where_it_was_not_seen() -> None:
    mixed = {"SIM/01/t000": [1.8, 2], "SIM/01/t001": [0.7, 1], "SIM/02/t000": [1.2, 2]}
    split = [entry("mulux", 0.74, seed, by_frame=mixed) for seed in (0, 1)]
    strange = {"SIM/01/t000": [1.6, 2], "SIM/01/t003": [2.4, 3]}
    across = replace(entry("mulux", 0.8, by_frame=strange), protocol="02to01")
    page = render([*split, across, entry("caltus", 0.5, by_frame=mixed)])
    told = page.partition("## What a video costs that was not seen")[2].partition("##")[0]
    (line,) = [row for row in told.splitlines() if row.startswith("| SIM")]
    assert line.endswith("| 0.833 | 0.800 | −0.033 | – | – | – |")
    assert "What a video costs" not in render(split)


def test_how_each_was_trained_is_told_by_data_set_and_once_for_equal_settings() -> None:
    settings = {"batch": 2, "crop": 0, "learning_rate": 0.1, "augment": "none", "pretrained": "x"}
    entries = [
        entry("unet-bce", 0.7, training=settings, device="CPU"),
        entry("unet-focal", 0.6, training=settings, device="CPU", epochs=7),
        entry("mulux", 0.5, training=settings | {"batch": 4}, device="GPU"),
        replace(entry("caltus", 0.4, training=settings), dataset="OTHER", protocol="01to02"),
    ]
    page = render(entries).partition("## How each was trained")[2]
    assert re.findall("^### .*", page, re.MULTILINE) == [
        "### OTHER, 01 → 02",
        "### SIM, random split",
    ]
    text = "batch 2, crop 0, learning_rate 0.1, augment none, pretrained x"
    assert f"- `unet-bce` (seed 0), `unet-focal` (seed 0): {text}\n" in page
    assert "- `mulux` (seed 0): batch 4," in page and "Trained on: CPU; GPU." in page
    assert max(line.count("|") for line in page.splitlines()) <= 11  # as many fit beside each other


def test_an_encoder_starts_from_its_weights_and_more_slowly(tmp_path: Path) -> None:
    dataset = tmp_path / "SIM"
    list(write_dataset(dataset, SimulationSettings(frames=5, height=96, width=96), sequences=1))
    asked = Asked(
        (dataset,),
        rows=("caltus", "unet-bce", "maskrcnn-bce"),
        protocols=("random",),
        truth="GT",
        settings=("caltus.encoder=tf_efficientnet_lite0", "caltus.stride=2"),
        work=tmp_path / "work",
    )
    config = {c.row.key: c.job(1).config for c in cases(asked, Table1Config(pretrained="mine.pt"))}
    known = {row: (c.pretrained, c.learning_rate, c.batch) for row, c in config.items()}
    assert known == {
        "caltus": ("mine.pt", 8e-4, 4),
        "unet-bce": ("none", 2e-3, 4),
        "maskrcnn-bce": ("mine.pt", 8e-4, 4),
    }


def test_an_encoder_is_told_where_there_is_one() -> None:
    training = {"batch": 2, "crop": 0, "learning_rate": 0.1, "augment": "none", "pretrained": "x"}
    usual = {"encoder": "none", "width": 32, "scale": 0.5, "stride": 1}
    entries = [
        entry("unet-bce", 0.7, training=training, method=usual),
        entry("caltus", 0.7, training=training, method=usual | {"encoder": "lite", "stride": 2}),
    ]
    page = render(entries)
    assert "- `unet-bce` (seed 0): width 32, scale 0.5, batch 2," in page
    assert "- `caltus` (seed 0): encoder lite, width 32, scale 0.5, stride 2, batch 2," in page


def test_noise_is_no_difference() -> None:
    rng = np.random.default_rng(3)
    noisy = {f"f{i}": [float(rng.normal(1, 0.5)), 2] for i in range(10)}
    flat = {f"f{i}": [1.0, 2] for i in range(10)}
    one = entry("unet-shape_aware", 0.5, by_frame=noisy)
    (found,) = comparisons([one, entry("unet-bce", 0.5, by_frame=flat)])
    assert found.low < 0 < found.high and found.verdict == "no difference that shows"


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    entries = [entry("unet-bce", 0.7), entry("mulux", 0.5, 3, matched=None)]
    write_entries(tmp_path / "a" / "t.json", entries)
    again = read_entries(tmp_path / "a" / "t.json")
    assert list(again) == [entries[1].key, entries[0].key] and again[entries[0].key] == entries[0]


def test_the_page_is_rendered_from_the_json() -> None:
    if not (DOCS / "table1.json").is_file():
        pytest.skip("docs/table1.json is not there yet")
    entries = read_entries(DOCS / "table1.json")
    assert (DOCS / "table1.md").read_text("utf-8") == render(entries.values())
