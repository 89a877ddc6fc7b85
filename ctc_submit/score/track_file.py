"""Track files, line by line, as the evaluator reads them.

It reads four unsigned numbers a line and wants the line to end right after the fourth: the label
and the parent in 16 bits, the frames in 64. A minus wraps round (a parent of -1 is 65535), a plus
is allowed, blanks or tabs may stand before each number, and lines end with LF, CR LF or CR; a CR as
the file's last byte belongs to the last line. A track that ends before it begins is reported and
left out.

Seen in its answers: blank lines, trailing blanks, headers, 3 or 5 numbers, labels over 65535,
labels twice, parents of -1. The width of frames is not, nor what wxWidgets, with which it reads,
makes of a lone CR, and of a byte order mark of UTF-8 at the file's beginning: it passes over it.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ctc_submit.data.tracks import track_bytes

_PLAIN_LINE = re.compile(rb"(\d{1,5})" + rb"[ \t]+(\d{1,18})" * 2 + rb"[ \t]+(\d{1,5})")
_LINE = re.compile(rb"(?:[ \t\v\f]*+([+-]?+\d++))" * 4)
_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")
_LABELS, _TIMES = 2**16, 2**64
_LONGEST = 24


class TrackFileRefused(Exception):
    """The evaluator stops at a track file; the text is what it prints."""


class Row(NamedTuple):
    """One line: label, first and last frame, and label of the parent, none of them checked."""

    label: int
    begin: int
    end: int
    parent: int


def read_rows(path: Path, shown: str) -> tuple[dict[int, Row], list[str]]:
    """Read a track file.

    Args:
        path: The file.
        shown: Its name in messages.

    Returns:
        Label to row, in order of labels, and the lines that the evaluator prints on the way.

    Raises:
        TrackFileRefused: If it stops there.
    """
    try:
        data = track_bytes(path)
    except OSError:
        raise TrackFileRefused(f"The track file '{shown}' cannot be opened!") from None
    rows: dict[int, Row] = {}
    printed: list[str] = []
    for number, line in enumerate(lines_of(data), start=1):
        row = parse_row(line)
        wrong = f"The track file '{shown}' is in incorrect format!"
        if row is None:
            raise TrackFileRefused("\n".join([*printed, f"{wrong} (Line={number})"]))
        if row.label in rows:
            raise TrackFileRefused("\n".join([*printed, f"{wrong} (Duplicite id={row.label})"]))
        if row.begin <= row.end:
            rows[row.label] = row
        else:
            printed.append(f"The track with the label {row.label} is in incorrect format!")
    return dict(sorted(rows.items())), printed


def lines_of(data: bytes) -> list[bytes]:
    """Cut a text file into lines; LF or CR LF at its end begins no further line."""
    lines = _LINE_END.split(data.removeprefix(BOM_UTF8))
    if lines[-1] == b"":
        lines.pop()
    return lines


def parse_row(line: bytes) -> Row | None:
    """Read one line, None where the evaluator cannot."""
    if (plain := _PLAIN_LINE.fullmatch(line)) is not None:
        row = Row(*map(int, plain.groups()))
        return row if max(row.label, row.parent) < _LABELS else None
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    numbers = [
        _unsigned(group, limit)
        for group, limit in zip(match.groups(), (_LABELS, _TIMES, _TIMES, _LABELS), strict=True)
    ]
    if None in numbers:
        return None
    return Row(*(number for number in numbers if number is not None))


def trimmed(rows: dict[int, Row], first: int, last: int) -> dict[int, Row]:
    """Cut the tracks of a result down to the frames of the reference.

    Tracks outside go, parents that end before the first frame are forgotten.

    Raises:
        KeyError: If a parent has no row; the evaluator aborts there without a word.
    """
    free = {
        label: row._replace(parent=0) if row.parent and rows[row.parent].end < first else row
        for label, row in rows.items()
    }
    return {
        label: Row(label, max(row.begin, first), min(row.end, last), row.parent)
        for label, row in free.items()
        if row.begin <= last and row.end >= first
    }


def spans(rows: dict[int, Row]) -> Iterator[int]:
    """Yield the first and the last frame of every row."""
    for row in rows.values():
        yield row.begin
        yield row.end


def _unsigned(text: bytes, limit: int) -> int | None:
    if len(text) > _LONGEST:
        text = text[:1].strip(b"0123456789") + text.lstrip(b"+-0")
    number = abs(int(text or b"0")) if len(text) <= _LONGEST else limit
    if number >= limit:
        return None
    return -number % limit if text.startswith(b"-") else number
