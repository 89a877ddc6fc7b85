import importlib.util
import io
import json
import re
import sys
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import pytest
from matplotlib.figure import Figure
from PIL import Image

from ctc_submit.errors import DataError
from ctc_submit.train.curves import (
    LINES,
    Row,
    as_csv,
    as_png,
    curve_files,
    write_events,
    write_files,
)

ROWS: list[Row] = [
    {"epoch": 1.0, "mask": 0.5, "total": 1.25, "learning_rate": 1e-3, "seconds": 3, "waited": 0},
    {"epoch": 2.0, "mask": 0.4, "total": 1.0, "seg": 0.75, "matched": 0.8, "learning_rate": 5e-4},
]


class Writer:
    """Takes TensorBoard's place."""

    written: list[tuple[str, float, int]] = []  # noqa: RUF012

    def __init__(self, folder: str) -> None:
        Path(folder).mkdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.written.append((name, value, step))


def test_a_table_has_a_line_an_epoch() -> None:
    assert as_csv(ROWS).decode().splitlines() == [
        "epoch,mask,total,learning_rate,seconds,waited,seg,matched",
        "1,0.5,1.25,0.001,3,0,,",
        "2,0.4,1,0.0005,,,0.75,0.8",
    ]


def test_files_are_written_whole_or_it_is_said(tmp_path: Path) -> None:
    write_files(tmp_path, curve_files(ROWS, "model"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["curves.csv", "curves.png"]
    assert (tmp_path / "curves.png").read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(DataError, match="cannot be written"):
        write_files(tmp_path / "nowhere", {"curves.csv": b""})


def test_one_epoch_and_columns_that_are_missing_can_be_drawn() -> None:
    """As after the first epoch, without held-out frames, or from a state of an earlier version."""
    with Image.open(io.BytesIO(as_png(ROWS[:1], "model"))) as picture:
        assert picture.size == (770, 935)


def test_every_axis_is_named_with_its_unit_and_nothing_is_clipped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda self, *_, **__: drawn.append(self))
    more = {"images_per_second": 3.5, "objectness": 0.01, "proposal_boxes": 0.2, "boxes": 0.3}
    as_png([row | more | {"class": 0.1} for row in ROWS], "model")
    (figure,) = drawn
    figure.canvas.draw()
    labels = [axes.get_ylabel() for axes in figure.axes]
    assert labels == [
        "loss [no unit]",
        "on held-out frames, from 0 to 1",
        "learning rate\n[per step]",
        "speed\n[images/s]",
    ]
    assert [len(axes.lines) for axes in figure.axes] == [6, 2, 1, 1]
    for axes in figure.axes:
        box = axes.get_tightbbox()
        assert box is not None and box.x0 >= 0 and box.y0 >= 0
        assert box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1
    ticks = [text.get_text() for text in figure.axes[0].get_yticklabels() if text.get_text()]
    assert {"0.1", "1"} <= set(ticks) and not any("10^" in each for each in ticks)


def test_a_training_without_held_out_frames_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda self, *_, **__: drawn.append(self))
    for rows in (ROWS[:1], ROWS):
        as_png(rows, "model")
    without, scored = ([text.get_text() for text in figure.axes[1].texts] for figure in drawn)
    assert without == ["no epoch was scored"] and scored == []


def test_a_single_term_is_seen_beside_the_total(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda self, *_, **__: drawn.append(self))
    as_png(
        [{"epoch": 1.0, "mask": 0.5, "total": 0.5}, {"epoch": 2.0, "mask": 0.4, "total": 0.4}], ""
    )
    total, term = sorted(drawn[0].axes[0].lines, key=lambda line: line.get_zorder())
    assert (total.get_label(), term.get_label()) == ("total", "mask")
    assert total.get_linewidth() > 1.5 * term.get_linewidth()


def test_lines_look_as_on_the_report_page() -> None:
    assets = files("ctc_submit.report") / "assets"
    colours = re.findall(r"--s\d: light-dark\((#\w{6})", (assets / "page.css").read_text("utf-8"))
    (dashes,) = re.findall(r"DASHES = (\[.*\]);", (assets / "chart.js").read_text("utf-8"))
    given = [tuple(map(int, each.split())) for each in json.loads(dashes)]
    assert [colour for colour, _ in LINES] == colours
    assert [() if line == "-" else line[1] for _, line in LINES] == given


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> type[Writer]:
    module: Any = ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = Writer
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(Writer, "written", [])
    return Writer


def test_every_number_goes_to_tensorboard(tmp_path: Path, stand_in: type[Writer]) -> None:
    write_events(tmp_path / "tensorboard", ROWS[1])
    assert stand_in.written == [(name, value, 2) for name, value in ROWS[1].items()]


def test_event_files_that_cannot_be_written_are_said(
    tmp_path: Path, stand_in: type[Writer]
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        write_events(tmp_path / "file" / "tensorboard", ROWS[0])


def test_without_tensorboard_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    write_events(tmp_path / "tensorboard", ROWS[0])
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(importlib.util.find_spec("tensorboard") is None, reason="no tensorboard")
def test_tensorboard_reads_what_was_written(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for row in ROWS:
        write_events(tmp_path / "tensorboard", row)
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    found = [(event.step, event.value) for event in events.Scalars("mask")]
    assert found == [(1, pytest.approx(0.5)), (2, pytest.approx(0.4))]


@pytest.mark.parametrize("name", ["m$x_{$", "m\udcff"])
def test_a_title_is_a_folders_name_and_no_formula(name: str) -> None:
    assert Image.open(io.BytesIO(as_png(ROWS, name))).size[0] > 500
