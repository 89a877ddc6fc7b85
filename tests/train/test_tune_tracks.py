"""Settings of linking are chosen on sequences that a model did not learn from."""

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner

from ctc_submit.checkpoint import Card, config_from, read_card, write_card
from ctc_submit.cli.main import main
from ctc_submit.data.labels import write_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.data.tracks import Track, write_tracks
from ctc_submit.ensemble import members
from ctc_submit.errors import CheckpointError, DataError
from ctc_submit.track.settings import TrackConfig
from ctc_submit.train import tune_tracks as room
from ctc_submit.train.tune_tracks import Reel, strange_to, tune_tracks
from tests.stubs import bright_model
from tests.track.films import film

A, B = (30.0, 32.0, 7.0), (30.0, 46.0, 7.0)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    some = {name: room.TRIED[name][:2] for name in ("repair", "gap")}
    monkeypatch.setattr(room, "TRIED", some | {"gate": (3.0, 6.0), "overlap": (1.0, 2.0)})


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Two cells side by side in seven frames, with truth; in 02_RAW they are one mask for three."""
    folder = tmp_path / "cells"
    for number in ("01", "02"):
        truth = film(*[[A, B]] * 7, seed=int(number))
        names = (int(truth[0][30, 32]), int(truth[0][30, 46]))
        (folder / f"{number}_GT" / "TRA").mkdir(parents=True)
        (folder / f"{number}_RAW").mkdir()
        (folder / number).mkdir()
        for time, labels in enumerate(truth):
            mask = labels.copy()
            marker = np.zeros_like(labels)
            marker[30, 32], marker[30, 46] = names
            if time in {2, 3, 4}:
                mask[mask > 0] = 1
                mask[28:33, 38:41] = 1
            write_labels(folder / f"{number}_GT" / "TRA" / f"man_track{time:03d}.tif", marker)
            tifffile.imwrite(folder / number / f"t{time:03d}.tif", np.uint8(200) * (labels > 0))
            write_labels(folder / f"{number}_RAW" / f"mask{time:03d}.tif", mask)
        tracks = [Track(name, 0, 6, 0) for name in sorted(names)]
        write_tracks(folder / f"{number}_GT" / "TRA" / "man_track.txt", tracks)
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    data = {"datasets": ["cells"], "sequences": ["01"]}
    write_card(folder, Card("model", "maskrcnn", {}, data=data))
    return folder


def call(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["tune", *map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.output


def test_what_helps_is_found_and_written_into_the_card(model: Path, dataset: Path) -> None:
    masks = ("--masks", dataset / "02_RAW")
    code, output = call(model, dataset, "--tracks", "--sequence", "02", *masks)
    assert code == 0, output
    assert "repair: False → True" in output and "cells/02 0." in output
    card = read_card(model)
    assert card.track == {"repair": True}
    facts = card.tuning["tracks"]
    assert facts["after"] == [1.0] and facts["before"][0] < 0.9
    assert "## Tracking\n\n- repair: True" in (model / "README.md").read_text()
    assert config_from(TrackConfig, card.track, model).repair


def test_the_model_makes_the_masks_where_none_are_given(
    model: Path, dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "load_checkpoint", bright_model(model))
    code, output = call(model, dataset, "--tracks", "--sequence", "02", "--dry-run")
    assert code == 0, output
    assert "cells/02 " in output
    assert sorted(path.name for path in dataset.iterdir() if "02" in path.name) == [
        "02",
        "02_GT",
        "02_RAW",
    ]


def test_dry_run_writes_nothing(model: Path, dataset: Path) -> None:
    before = (model / "card.json").read_bytes()
    masks = ("--masks", dataset / "02_RAW")
    code, _ = call(model, dataset, "--tracks", "--sequence", "02", *masks, "--dry-run")
    assert code == 0 and (model / "card.json").read_bytes() == before


def test_a_sequence_it_learned_from_is_refused(model: Path, dataset: Path) -> None:
    code, output = call(model, dataset, "--tracks", "--sequence", "01")
    assert code == 3 and "learned from it" in output
    assert strange_to(read_card(model), Sequence.at(dataset / "02"))


def test_masks_and_sequences_are_counted(model: Path, dataset: Path) -> None:
    code, output = call(model, dataset, "--tracks", "--masks", dataset / "02_RAW")
    assert code == 3 and "1 given for 2 sequences" in output


def test_a_sequence_named_twice_is_one(model: Path, dataset: Path) -> None:
    twice = ("--sequence", "02", "--sequence", "02", "--masks", dataset / "02_RAW")
    code, output = call(model, dataset, "--tracks", *twice, "--dry-run")
    assert code == 0 and output.count("cells/02 0.") == 1


def test_a_sequence_without_truth_is_said_before_it_is_segmented(
    model: Path, dataset: Path
) -> None:
    shutil.rmtree(dataset / "02_GT")
    code, output = call(model, dataset, "--tracks", "--sequence", "02")
    wanted = f"{dataset}: holds no 02_GT/TRA/man_track.txt; tracks need tracking truth\n"
    assert code == 3 and output == f"ctc-submit: {wanted}"
    shutil.rmtree(dataset / "01_GT")
    code, output = call(model, dataset, "--tracks")
    assert code == 3 and output == f"ctc-submit: {wanted.replace('02_', '01_')}"


def test_data_sets_of_one_name_are_refused(model: Path, dataset: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / "cells"
    shutil.copytree(dataset, other)
    code, output = call(model, dataset, other, "--tracks", "--sequence", "02")
    assert code == 3 and "a data set named cells is given already" in output


def test_a_goal_of_tracks_needs_tracks(model: Path, dataset: Path) -> None:
    code, output = call(model, dataset, "--goal", "TRA")
    assert code == 2 and "add --tracks" in output
    code, output = call(model, dataset, "--masks", dataset / "02_RAW")
    assert code == 2 and "--masks are linked; add --tracks" in output


def test_a_card_that_may_not_be_written_is_said_before_the_work(
    model: Path, dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda place, _mode: place != model)
    arguments = (model, dataset, "--tracks", "--sequence", "02", "--masks", dataset / "02_RAW")
    code, output = call(*arguments)
    assert (code, output) == (4, f"ctc-submit: {model}: cannot be written (no permission)\n")
    assert call(*arguments, "--dry-run")[0] == 0


def test_what_helps_one_sequence_and_hurts_another_is_noise(
    monkeypatch: pytest.MonkeyPatch, dataset: Path
) -> None:
    def scores(_reels: Any, settings: TrackConfig, _goal: str) -> tuple[float, float]:
        if settings.gate == 6.0:
            return 0.9, 0.69  # more on the mean, less in the second
        return (0.8 + 0.002 * (settings.overlap == 2.0), 0.7)

    monkeypatch.setattr(room, "linked_scores", scores)
    *_, last = tune_tracks([], TrackConfig(), "TRA", 0.0005)
    assert last.settings == TrackConfig(overlap=2.0)
    *_, last = tune_tracks([], TrackConfig(), "TRA", 0.005)
    assert last.settings == TrackConfig()


def test_the_next_best_value_is_taken_where_the_best_hurts_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def scores(_reels: Any, settings: TrackConfig, _goal: str) -> tuple[float, float]:
        return {2.0: (0.99, 0.85), 4.0: (0.91, 0.91)}.get(settings.gate, (0.9, 0.9))

    monkeypatch.setattr(room, "linked_scores", scores)
    monkeypatch.setattr(room, "TRIED", {"gate": (2.0, 3.0, 4.0)})
    *_, last = tune_tracks([], TrackConfig(), "TRA", 0.0005)
    assert last.settings == TrackConfig(gate=4.0)


def test_a_measure_that_cannot_be_taken_is_said(dataset: Path) -> None:
    (dataset / "02_GT" / "TRA" / "man_track.txt").unlink()
    reels = [Reel(Sequence.at(dataset / "02"), dataset / "02_RAW")]
    with pytest.raises(DataError, match="TRA cannot be taken"):
        room.linked_scores(reels, TrackConfig(), "TRA")


def test_a_setting_of_another_version_is_said(model: Path) -> None:
    with pytest.raises(CheckpointError, match="setting wings is unknown"):
        config_from(TrackConfig, {"wings": 2}, model)
