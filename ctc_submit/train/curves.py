"""The course of a training, as a table, as a picture, and for TensorBoard."""

import csv
import importlib.util
import io
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from ctc_submit.data.labels import whole_file
from ctc_submit.errors import DataError

Row = dict[str, float]
"""One epoch: ``epoch``, the mean of each loss term, ``total``, ``seg`` and what comes with it."""

LINES: tuple[tuple[str, Any], ...] = (
    ("#0072b2", "-"),
    ("#c04a00", (0, (7, 3))),
    ("#00795a", (0, (2, 3))),
    ("#a8467e", (0, (9, 3, 2, 3))),
    ("#5a5a5a", (0, (12, 4))),
    ("#7a5c00", (0, (4, 2))),
)
"""Colour and dashes of lines, as the report page has them: either tells them apart, for
colour-blind eyes and in print too."""

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
    figure = Figure(figsize=(7, 8.5), layout="constrained")
    FigureCanvasAgg(figure)
    losses, scores, rate, speed = figure.subplots(4, 1, sharex=True, height_ratios=(3, 3, 1, 1))
    _plot_losses(losses, rows)
    shown = title.encode("utf-8", "replace").decode()  # a folder's name, which need not be text
    figure.suptitle(shown, parse_math=False)
    _plot(scores, rows, "seg", 0, label="SEG", marker=".")
    _plot(scores, rows, "matched", 1, label="mean J of found cells", marker=".")
    scores.set_ylabel("on held-out frames, from 0 to 1")
    if not scores.lines:
        middle: Any = {"ha": "center", "va": "center", "transform": scores.transAxes}
        scores.text(0.5, 0.5, "no epoch was scored", **middle)
    _plot(rate, rows, "learning_rate", 4, ls="-")
    rate.set_ylabel("learning rate\n[per step]")
    _plot(speed, rows, "images_per_second", 4, ls="-")
    speed.set(xlabel="epoch", ylabel="speed\n[images/s]")
    speed.set_ylim(bottom=0, top=1.1 * max(r.get("images_per_second", 0) for r in rows) or None)
    speed.xaxis.set_major_locator(MaxNLocator(integer=True))
    for axes in (losses, scores):
        if axes.lines:
            above: Any = {"loc": "lower left", "bbox_to_anchor": (0, 1), "frameon": False}
            axes.legend(fontsize="small", ncols=3, handlelength=3.5, **above)
    for axes in (losses, scores, rate, speed):
        axes.grid(alpha=0.3)
    figure.savefig(content, format="png", dpi=110)
    return content.getvalue()


def _plot_losses(axes: Axes, rows: list[Row]) -> None:
    """Draw the terms over their total, which a single term would else be hidden by."""
    _plot(axes, rows, "total", 0, color="black", ls="-", lw=3, zorder=1)
    terms = [name for name in rows[0] if name not in NO_LOSS and name != "total"]
    for place, name in enumerate(terms):
        _plot(axes, rows, name, place, lw=1.6)
    axes.set(ylabel="loss [no unit]", yscale="log")
    least, most = axes.get_ylim()
    between = (1, 2, 3, 4, 6, 8) if most / least < 10 else (1, 2, 5) if most / least < 100 else (1,)
    axes.yaxis.set_major_locator(LogLocator(subs=between))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _plot(axes: Axes, rows: list[Row], name: str, slot: int, **style: Any) -> None:
    """Draw one column over the epochs that have it; nothing where none has."""
    known = [row for row in rows if name in row]
    if known:
        colour, dashes = LINES[slot % len(LINES)]
        given = {"label": name.replace("_", " "), "color": colour, "ls": dashes} | style
        # a lone epoch is a point, as it makes no line
        marked: dict[str, Any] = {"marker": "."} if len(known) == 1 else {}
        axes.plot([row["epoch"] for row in known], [row[name] for row in known], **marked | given)


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
