"""What the page says in words and tables, with or without its program."""

from collections.abc import Iterable
from typing import Any

from ctc_submit import __version__
from ctc_submit.report.run_table import all_rows, main_rows, phases
from ctc_submit.report.subject import Shown, Subject
from ctc_submit.score.record import MEASURES, Record
from ctc_submit.score.table import ERRORS, TRUTHS

MEANINGS = {
    "SEG": "outlines: mean Jaccard index",
    "DET": "objects found",
    "TRA": "objects found and linked",
    "LNK": "links alone",
    "OP_CSB": "mean of SEG and DET",
    "OP_CTB": "mean of SEG and TRA",
    "OP_CLB": "mean of LNK and BIO",
    "CT": "complete tracks",
    "TF": "track fractions",
    "BC(0)": "divisions, to the frame",
    "BC(1)": "divisions, 1 frame off",
    "BC(2)": "divisions, 2 frames off",
    "BC(3)": "divisions, 3 frames off",
    "CCA": "lengths of cell cycles",
    "BIO": "mean of CT, TF, BC(2) and CCA",
}
"""Each measure in a few words."""

KINDS = {
    "FN": "objects missed",
    "FP": "objects that are none",
    "NS": "objects merged with others",
    "EA": "links missing",
    "ED": "links too many",
    "EC": "links of the wrong kind",
}
"""Each kind of error in a few words."""


def chapters(subject: Subject) -> dict[str, Any]:
    """Return what the template prints: titles, notes, tables of text."""
    records = [shown.record for shown in subject.results]
    return {
        "version": __version__,
        "dataset": subject.sequence.dataset,
        "number": subject.sequence.number,
        "count": len(subject.times),
        "truth": TRUTHS.get(subject.truth, ""),
        "results": [_result(subject, shown) for shown in subject.results],
        "scores": list(_scores(records)),
        "errors": list(_errors(records)),
        "divisions": list(_divisions(records)),
    }


def _result(subject: Subject, shown: Shown) -> dict[str, Any]:
    return {
        "name": shown.name,
        "folder": str(shown.folder),
        "notes": list(_notes(subject, shown)),
        "reasons": _reasons(shown.record),
        "faults": [fault.line for fault in shown.record.faults] if shown.record else [],
        "tracks": len(shown.tracks),
        "no_tracks": shown.no_tracks,
        "no_run": shown.no_run,
        "run": main_rows(shown.run),
        "settings": list(all_rows(shown.run)),
        "phases": phases(shown.run),
    }


def _notes(subject: Subject, shown: Shown) -> Iterable[str]:
    """Yield what a reader should know before looking at a result."""
    frames, masks = len(subject.frames), len(shown.masks)
    if not frames:
        yield f"No raw frames at {subject.sequence.folder}: cells are shown on black."
    elif masks != frames:
        yield f"There are {masks} masks for {frames} frames."


def _reasons(record: Record | None) -> dict[str, str]:
    """Return why measures were not taken: reason to the measures, in one line each."""
    reasons: dict[str, list[str]] = {}
    for name, why in (record.missing if record else {}).items():
        reasons.setdefault(why, []).append(name)
    return {why: ", ".join(names) for why, names in reasons.items()}


def _scores(records: list[Record | None]) -> Iterable[dict[str, Any]]:
    for name in MEASURES:
        values = [record.scores[name] if record else None for record in records]
        taken = [value for value in values if value is not None]
        if taken:
            best = max(taken) if len(taken) > 1 and max(taken) > min(taken) else None
            cells = [(_text(value), value is not None and value == best) for value in values]
            yield {"name": name, "meaning": MEANINGS[name], "cells": cells}


def _text(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _errors(records: list[Record | None]) -> Iterable[dict[str, Any]]:
    for place, (field, short, _) in enumerate(ERRORS):
        needed = "DET" if place < 3 else "TRA"
        taken = [
            record if record and record.scores[needed] is not None else None for record in records
        ]
        if any(taken):
            counts = ["–" if each is None else str(getattr(each.counts, field)) for each in taken]
            whole = "vertices" if place < 3 else "edges"
            of = next(getattr(each.counts, whole) for each in taken if each is not None)
            yield {"name": short, "meaning": KINDS[short], "cells": counts, "of": of}


def _divisions(records: list[Record | None]) -> Iterable[dict[str, Any]]:
    """Yield found, missed and wrong divisions, two frames off being right."""
    taken = [record.divisions.get(2) if record else None for record in records]
    if not any(each and each.found + each.missed + each.wrong for each in taken):
        return
    for field in ("found", "missed", "wrong"):
        counts = ["–" if each is None else str(getattr(each, field)) for each in taken]
        yield {"name": f"divisions {field}", "cells": counts}
