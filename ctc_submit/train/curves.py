"""The course of a training, as a table, as a picture, and for TensorBoard."""

import csv
import importlib.util
import io
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ctc_submit.data.labels import whole_file
from ctc_submit.errors import DataError

Row = dict[str, float]
"""One epoch: ``epoch``, the mean of each loss term, ``total``, ``seg`` and what comes with it."""


def write_csv(path: Path, rows: list[Row]) -> None:
    """Write one line an epoch; a cell stays empty where an epoch was not scored.

    Raises:
        DataError: If the file cannot be written.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: f"{v:.6g}" for k, v in row.items()} for row in rows)
    with whole_file(path) as partial:
        partial.write_text(text.getvalue(), "utf-8")


def write_png(path: Path, rows: list[Row], title: str) -> None:
    """Draw losses, SEG and learning rate over the epochs.

    Raises:
        DataError: If the file cannot be written.
    """
    figure = Figure(figsize=(7, 7), layout="constrained")
    FigureCanvasAgg(figure)
    above, middle, below = figure.subplots(3, 1, sharex=True, height_ratios=(3, 3, 1))
    epochs = [row["epoch"] for row in rows]
    known = {"epoch", "seg", "matched", "missed", "spurious", "learning_rate", "seconds", "waited"}
    for name in (name for name in rows[0] if name not in known):
        style = {"color": "black", "lw": 2} if name == "total" else {"lw": 1.2}
        above.plot(epochs, [row[name] for row in rows], label=name.replace("_", " "), **style)
    above.set(ylabel="loss", yscale="log", title=title)
    above.legend(fontsize="small", ncols=3)
    scored = [row for row in rows if "seg" in row]
    for name in ("seg", "matched"):
        middle.plot([r["epoch"] for r in scored], [r[name] for r in scored], ".-", label=name)
    middle.set(ylabel="mean Jaccard index")
    middle.legend(fontsize="small")
    below.plot(epochs, [row["learning_rate"] for row in rows], color="grey")
    below.set(xlabel="epoch", ylabel="learning rate")
    for axes in (above, middle, below):
        axes.grid(alpha=0.3)
    with whole_file(path) as partial:
        figure.savefig(partial, format="png", dpi=110)


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
