"""What is known of one number of the table, as it is stored."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ctc_submit.data.folders import make_folder
from ctc_submit.data.labels import whole_file
from ctc_submit.errors import DataError
from ctc_submit.reproduce.table1.rows import ROWS

FORMAT = 1
Key = tuple[str, str, str, int]


@dataclass(frozen=True)
class Entry:
    """One number of the table, or why there is none.

    Attributes:
        row: Key of the row.
        dataset: Name of the data set.
        protocol: ``random``, ``01to02`` or ``02to01``.
        seed: Of the training.
        state: ``finished`` or ``failed``.
        reason: Why it failed.
        seg: SEG of the scored frames, after tuning.
        seg_untuned: The same before tuning.
        matched: Mean Jaccard index of the cells that were found.
        missed: Share of the cells that were not found.
        spurious: Objects that match no cell, by the number of cells.
        cells: Annotated cells of the scored frames.
        frames: ``learned``, of those ``chosen_by`` (epoch and thresholds), and ``scored``.
        how: Where the scored frames come from.
        budget: Minutes of training that were asked for; 0 where epochs were.
        minutes: Minutes that it took.
        device: What trained it.
        epochs: Planned ones.
        best_epoch: The one that was kept.
        step_seconds: Measured before the training.
        asked: All that decides what the number is.
        method: The method's settings, tuned ones included.
        training: Those of the training.
        tuned: What tuning changed.
        by_frame: Frame to sum of the Jaccard indices and number of cells.
        version: Of ctc-submit.
    """

    row: str
    dataset: str
    protocol: str
    seed: int
    state: str
    reason: str = ""
    seg: float | None = None
    seg_untuned: float | None = None
    matched: float | None = None
    missed: float | None = None
    spurious: float | None = None
    cells: int = 0
    frames: dict[str, int] = field(default_factory=dict)
    how: str = ""
    budget: float = 0.0
    minutes: float = 0.0
    device: str = ""
    epochs: int = 0
    best_epoch: int = 0
    step_seconds: float = 0.0
    asked: dict[str, Any] = field(default_factory=dict)
    method: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    tuned: dict[str, Any] = field(default_factory=dict)
    by_frame: dict[str, list[float]] = field(default_factory=dict)
    version: str = ""

    @property
    def key(self) -> Key:
        """What it is the number of."""
        return self.row, self.dataset, self.protocol, self.seed


def read_entries(path: Path) -> dict[Key, Entry]:
    """Read a table's JSON; nothing where there is none.

    Raises:
        DataError: If it is none of ours.
    """
    if not path.is_file():
        return {}
    try:
        known = json.loads(path.read_text("utf-8"))
        if known["format"] != FORMAT:
            raise DataError(f"{path}: is of another format than {FORMAT}; update ctc-submit")
        entries = [Entry(**entry) for entry in known["entries"]]
        if strange := {entry.row for entry in entries} - set(ROWS):
            raise ValueError(f"no row named {min(strange)}; update ctc-submit")
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise DataError(f"{path}: is not a table of this command ({error}); move it away") from None
    return {entry.key: entry for entry in entries}


def write_entries(path: Path, entries: Iterable[Entry]) -> None:
    """Write a table's JSON, whole or not at all, in the paper's order of rows.

    Raises:
        DataError: If it cannot be written.
    """
    order = list(ROWS)
    ordered = sorted(entries, key=lambda e: (e.dataset, order.index(e.row), e.protocol, e.seed))
    rows = [
        {"key": r.key, "architecture": r.architecture, "loss": r.loss, "paper": dict(r.paper)}
        for r in ROWS.values()
    ]
    head = json.dumps({"format": FORMAT, "measure": "SEG", "rows": rows}, indent=1)
    lines = ",\n".join("  " + json.dumps(asdict(e)) for e in ordered)
    text = f'{head[:-2]},\n "entries": [\n{lines}\n ]\n}}\n'
    make_folder(path.parent)
    with whole_file(path) as partial:
        partial.write_text(text, "utf-8")
