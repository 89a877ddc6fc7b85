"""Track files read for a judgement: all that is wrong with their lines at once."""

from dataclasses import dataclass
from pathlib import Path

from ctc_submit.data.problem import Problem
from ctc_submit.data.tracks import track_bytes
from ctc_submit.score.track_file import Row, lines_of, parse_row, trimmed

_LINE = "four numbers 'L B E P' and nothing behind them"


@dataclass(frozen=True)
class TrackRows:
    """What could be read of a track file.

    Attributes:
        rows: Label to row, in order of labels.
        faults: What is wrong, lines first, then parents without a row.
        whole: Whether every line could be read.
    """

    rows: dict[int, Row]
    faults: list[Problem]
    whole: bool


def rows_of_truth(path: Path) -> TrackRows:
    """Read ``man_track.txt``."""
    rows, faults = _rows(path)
    return TrackRows(_without_orphans(rows), faults + _orphans(rows, path), not faults)


def rows_of_result(path: Path, times: range) -> TrackRows:
    """Read ``res_track.txt`` and cut its tracks down to the truth's frames.

    Args:
        path: The track file.
        times: The frames of the truth.
    """
    rows, faults = _rows(path)
    inside = trimmed(_without_orphans(rows), times.start, times.stop - 1)
    return TrackRows(inside, faults + _orphans(rows, path), not faults)


def _rows(path: Path) -> tuple[dict[int, Row], list[Problem]]:
    try:
        data = track_bytes(path)
    except OSError as error:
        mend = "make it readable"
        return {}, [Problem(path, "track-file", "a track file", str(error.strerror), mend)]
    rows: dict[int, Row] = {}
    faults = []
    for number, line in enumerate(lines_of(data), start=1):
        row = parse_row(line)
        if row is not None and (trouble := _trouble(row, rows)):
            rule, expected, found, mend = trouble
            faults.append(Problem(path, rule, expected, f"line {number}: {found}", mend))
        elif row is None:
            found = f"line {number}: {_shown(line)}"
            faults.append(Problem(path, "track-line", _LINE, found, "correct or drop the line"))
        else:
            rows[row.label] = row
    return dict(sorted(rows.items())), faults


def _trouble(row: Row, rows: dict[int, Row]) -> tuple[str, str, str, str] | None:
    """Return the rule that a row breaks, what it wants, what was found, and how to mend it."""
    if row.label == 0:
        return "track-label", "labels from 1 to 65535", "label 0", "drop the line"
    if row.label in rows:
        found = f"label {row.label} a second time"
        return "track-twice", "one line a label", found, "drop one of them"
    if row.begin > row.end:
        found = f"frames {row.begin} to {row.end}"
        return "track-backwards", "an end not before the beginning", found, "swap them"
    return None


def _without_orphans(rows: dict[int, Row]) -> dict[int, Row]:
    """Forget the parents that have no row."""
    return {
        label: row if not row.parent or row.parent in rows else row._replace(parent=0)
        for label, row in rows.items()
    }


def _orphans(rows: dict[int, Row], path: Path) -> list[Problem]:
    """Note the parents that have no row; the evaluator aborts on them without a word."""
    return [
        Problem(
            path,
            "parent-known",
            f"a parent with a line of its own for label {label}",
            f"parent {row.parent} without one",
            "write 0 for no parent",
        )
        for label, row in rows.items()
        if row.parent and row.parent not in rows
    ]


def _shown(line: bytes) -> str:
    """Quote a line, shortened."""
    text = line[:40].decode("latin-1")
    return repr(text + "…" if len(line) > 40 else text) if text else "a blank line"
