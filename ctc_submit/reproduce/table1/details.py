"""How each number of the table was made: scores, training, settings."""

from collections.abc import Iterable
from itertools import product
from typing import Any

from ctc_submit.reproduce.table1.entry import Entry
from ctc_submit.reproduce.table1.frames import PROTOCOLS

HEADINGS = {"random": "random split", "01to02": "01 → 02", "02to01": "02 → 01"}

OF_METHOD = ("encoder", "width", "mask_head", "mask_pool", "scale", "stride")
OF_TRAINING = ("batch", "crop", "learning_rate", "augment", "pretrained")
"""Settings that are worth a place on the page; all are in the JSON."""

UNSAID = {"encoder": "none", "stride": 1}
"""Values of settings that are not worth it, as nearly every row has them."""

OPENING = """\
## How each was trained
*untuned* is SEG before thresholds were chosen, *found* the mean Jaccard index of the cells that
were found; *missed* and *spurious* are in percent of the cells. *epochs* are those planned, and the
one that was kept; *step* is what one took when it was measured.
"""


def details(entries: list[Entry]) -> str:
    """Return the last part of the page, Markdown: a table for each data set and protocol."""
    parts = [OPENING]
    for dataset, protocol in product(sorted({e.dataset for e in entries}), PROTOCOLS):
        mine = [e for e in entries if (e.dataset, e.protocol) == (dataset, protocol)]
        finished = [e for e in mine if e.state == "finished"]
        if finished:
            parts.append(f"### {dataset}, {HEADINGS[protocol]}\n{_part(finished)}")
    lost = [e for e in entries if e.state == "failed"]
    if lost:
        told = [f"- {e.row}, {e.dataset}, {e.protocol}, seed {e.seed}: {e.reason}" for e in lost]
        parts.append("\n".join(["### Failed", *told, ""]))
    return "\n".join(parts)


def table_row(cells: Iterable[str]) -> str:
    """Return one line of a table in Markdown."""
    return f"| {' | '.join(cells)} |"


def _part(entries: list[Entry]) -> str:
    head = ["row", "seed", "SEG", "untuned", "found", "missed", "spurious"]
    head += ["minutes (budget)", "epochs (kept)", "step"]
    lines = [table_row(head), table_row("---" for _ in head)]
    lines += [table_row(_cells(entry)) for entry in entries]
    devices = dict.fromkeys(entry.device for entry in entries if entry.device)
    if devices:
        lines += ["", f"Trained on: {'; '.join(devices)}."]
    same: dict[str, list[str]] = {}
    for entry in entries:
        same.setdefault(_settings(entry), []).append(f"`{entry.row}` (seed {entry.seed})")
    lines += ["", *(f"- {', '.join(rows)}: {settings}" for settings, rows in same.items())]
    return "\n".join(lines) + "\n"


def _cells(entry: Entry) -> list[str]:
    return [
        *(entry.row, str(entry.seed)),
        *(_three(entry.seg), _three(entry.seg_untuned), _three(entry.matched)),
        *(_percent(entry.missed), _percent(entry.spurious)),
        f"{entry.minutes:g} ({entry.budget or '–'})",
        f"{entry.epochs} ({entry.best_epoch})",
        f"{entry.step_seconds:.2f} s" if entry.step_seconds else "–",
    ]


def _settings(entry: Entry) -> str:
    settings: dict[str, Any] = {k: entry.method[k] for k in OF_METHOD if k in entry.method}
    settings = {k: v for k, v in settings.items() if UNSAID.get(k) != v}
    settings |= {k: entry.training[k] for k in OF_TRAINING}
    settings |= {k.partition(".")[2]: v for k, v in entry.tuned.items()}
    return ", ".join(f"{k} {v}" for k, v in settings.items())


def _three(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
