"""The record of a run as rows of text."""

from collections.abc import Iterator, Mapping
from typing import Any

TITLES = {
    "model.name": "model",
    "method": "method",
    "dataset": "data set",
    "frames": "frames",
    "border": "strip outside the field of interest, px",
    "track": "cells linked over time",
    "device": "device",
    "seconds": "seconds, all included",
    "frames_per_second": "frames a second",
    "ctc_submit": "ctc-submit",
    "torch": "torch",
    "threads": "threads",
    "machine": "machine",
}
"""What a reader asks first, in this order."""


def main_rows(run: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return title and value of what a reader asks first, as far as it is known."""
    known = dict(all_rows(run))
    return [(title, known[name]) for name, title in TITLES.items() if name in known]


def all_rows(run: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield every setting, those of a group with the group's name and a dot in front."""
    for name, value in run.items():
        if isinstance(value, Mapping):
            yield from all_rows(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _text(value)


def phases(run: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Return the phases of a run and the seconds each took, longest first."""
    known = run.get("phases")
    if not isinstance(known, Mapping):
        return []
    taken = [(str(name), float(s)) for name, s in known.items() if isinstance(s, int | float)]
    return sorted(taken, key=lambda phase: -phase[1])


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return "–" if value is None else str(value)
