"""The course of a training, as a table, as a picture, and for TensorBoard."""

import csv
import importlib.util
import io
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.style import library
from matplotlib.ticker import MaxNLocator

from ctc_submit.data.labels import whole_file
from ctc_submit.errors import DataError

Row = dict[str, float]
"""One epoch: ``epoch``, the mean of each loss term, ``total``, ``seg`` and what comes with it."""

COLOURS = "tableau-colorblind10"
"""Of the lines: they differ for colour-blind eyes too."""

NO_LOSS = frozenset(
    {
        "epoch",
        "seg",
        "matched",
        "missed",
        "spurious",
        "learning_rate",
        "seconds",
        "waited",
        "images_per_second",
    }
)
"""Columns that are not the mean of a loss."""


def curve_files(rows: list[Row], title: str) -> dict[str, bytes]:
    """Return the table and the picture of a training by their names."""
    return {"curves.csv": as_csv(rows), "curves.png": as_png(rows, title)}


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    """Write files into a folder, each whole or not at all.

    Raises:
        DataError: If one cannot be written.
    """
    for name, content in files.items():
        with whole_file(folder / name) as partial:
            partial.write_bytes(content)


def as_csv(rows: list[Row]) -> bytes:
    """Return one line an epoch; a cell stays empty where an epoch was not scored."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: f"{v:.6g}" for k, v in row.items()} for row in rows)
    return text.getvalue().encode()


def as_png(rows: list[Row], title: str) -> bytes:
    """Draw losses, SEG, learning rate and images a second over the epochs."""
    content = io.BytesIO()
    with rc_context({"axes.prop_cycle": library[COLOURS]["axes.prop_cycle"]}):
        figure = Figure(figsize=(7, 8.5), layout="constrained")
        FigureCanvasAgg(figure)
        losses, scores, rate, speed = figure.subplots(4, 1, sharex=True, height_ratios=(3, 3, 1, 1))
        for name in (name for name in rows[0] if name not in NO_LOSS):
            style = {"color": "black", "lw": 2} if name == "total" else {"lw": 1.2}
            _plot(losses, rows, name, **style)
        losses.set(ylabel="loss (no unit)", yscale="log", title=title)
        _plot(scores, rows, "seg", label="SEG", marker=".")
        _plot(scores, rows, "matched", label="mean J of found cells", marker=".", ls="--")
        scores.set(ylabel="on held-out frames (0 to 1)")
        _plot(rate, rows, "learning_rate", color="grey")
        rate.set(ylabel="learning rate\n(a step)")
        _plot(speed, rows, "images_per_second", color="grey")
        speed.set(xlabel="epoch", ylabel="speed\n[images/s]")
        speed.set_ylim(bottom=0)
        speed.xaxis.set_major_locator(MaxNLocator(integer=True))
        for axes in (losses, scores):
            if axes.lines:
                axes.legend(fontsize="small", ncols=3)
        for axes in (losses, scores, rate, speed):
            axes.grid(alpha=0.3)
        figure.savefig(content, format="png", dpi=110)
    return content.getvalue()


def _plot(axes: Axes, rows: list[Row], name: str, **style: Any) -> None:
    """Draw one column over the epochs that have it; nothing where none has."""
    known = [row for row in rows if name in row]
    if known:
        label: dict[str, Any] = {"label": name.replace("_", " ")} | style
        # a lone epoch is a point, as it makes no line
        marked: dict[str, Any] = {"marker": "."} if len(known) == 1 else {}
        axes.plot([row["epoch"] for row in known], [row[name] for row in known], **marked | label)


def write_events(folder: Path, row: Row) -> None:
    """Add one epoch to TensorBoard's event files, where TensorBoard is installed.

    Raises:
        DataError: If the files cannot be written.
    """
    if importlib.util.find_spec("tensorboard") is None:
        return
    from torch.utils.tensorboard import SummaryWriter

    try:
        with SummaryWriter(str(folder)) as writer:
            for name, value in row.items():
                writer.add_scalar(name, value, int(row["epoch"]))
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror})") from error
