"""The course of a training, read from ``curves.csv``."""

import csv
import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ctc_submit.errors import DataError
from ctc_submit.report.subject import Shown

logger = logging.getLogger(__name__)

FILE = "curves.csv"


@dataclass(frozen=True)
class Curves:
    """One training.

    Attributes:
        name: The folder of its file.
        columns: Name to one value an epoch, None where there is none or no finite one; ``epoch`` is
            one of them.
    """

    name: str
    columns: dict[str, list[float | None]]


def read_curves(path: Path) -> Curves:
    """Read the curves of a training.

    Args:
        path: The CSV file, or the folder that holds ``curves.csv``.

    Raises:
        DataError: If it is missing, or not a table of numbers with a column ``epoch`` that is full.
    """
    columns: dict[str, list[float | None]]
    file = path / FILE if path.is_dir() else path
    try:
        with file.open(encoding="utf-8", newline="") as text:
            names, *rows = list(csv.reader(text)) or [[]]
        values = [[_number(cell) for cell in row] for row in rows]
        columns = {name: [] for name in names}
        for row in values:
            for name, value in zip(names, row, strict=True):
                columns[name].append(value)
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror})") from None
    except (ValueError, TypeError, UnicodeDecodeError, csv.Error):
        raise DataError(f"{file}: expected a table of numbers, as a training writes it") from None
    if "epoch" not in columns:
        raise DataError(f"{file}: expected a column 'epoch', found {', '.join(names) or 'nothing'}")
    if None in columns["epoch"]:
        raise DataError(f"{file}: expected a number of the epoch in every line")
    return Curves(file.absolute().parent.name, columns)


def known_curves(results: Iterable[Shown]) -> list[Curves]:
    """Return the curves that lie in the model folders which the results' records name.

    Nobody asked for them, so those that cannot be read are left out, with a warning.
    """
    found: dict[Path, Curves] = {}
    for shown in results:
        model = shown.run.get("model")
        folder = model.get("folder") if isinstance(model, dict) else None
        if not isinstance(folder, str):
            continue
        path = Path(folder) / FILE
        if path.is_file() and path.resolve() not in found:
            try:
                found[path.resolve()] = read_curves(path)
            except DataError as error:
                logger.warning("%s; left out", error)
    return list(found.values())


def _number(cell: str) -> float | None:
    """Return a finite number, None for any other and for an empty cell."""
    value = float(cell or "nan")
    return value if math.isfinite(value) else None
