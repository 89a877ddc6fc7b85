"""What ``res_track.txt`` may hold, line by line and line against line."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ctc_submit.data.labels import MOST_LABELS
from ctc_submit.data.problem import Problem
from ctc_submit.data.tracks import Track, parse_numbers, read_lines

_NUMBER = re.compile(r"\d{1,5}")


@dataclass(frozen=True)
class TrackFile:
    """A track file as it stands, right or wrong.

    Attributes:
        path: Where it lies.
        lines: Its lines without their ends.
        tracks: Line number (from 1) to what four numbers it has, for the lines that have them.
    """

    path: Path
    lines: tuple[str, ...]
    tracks: dict[int, Track]

    @cached_property
    def garbled(self) -> set[int]:
        """Labels of the lines that are not four numbers, as far as they start with one."""
        lines = (line.split() for n, line in enumerate(self.lines, start=1) if n not in self.tracks)
        return {int(words[0]) for words in lines if words and _NUMBER.fullmatch(words[0])}

    @cached_property
    def by_label(self) -> dict[int, Track]:
        """Label to its track; the first line counts where a label has several."""
        return {track.label: track for track in reversed(self.tracks.values())}

    @cached_property
    def kept(self) -> dict[int, Track]:
        """Line number to track, without those that end before they begin.

        The evaluator says that they are in incorrect format, and goes on as if they were not there.
        """
        return {n: track for n, track in self.tracks.items() if track.begin <= track.end}


def read_track_file(path: Path) -> TrackFile:
    """Read a track file, whatever its lines are.

    Raises:
        DataError: If it cannot be read.
    """
    lines = tuple(read_lines(path))
    parsed = ((number, parse_numbers(line)) for number, line in enumerate(lines, start=1))
    return TrackFile(path, lines, {number: track for number, track in parsed if track})


def line_format(file: TrackFile) -> Iterator[Problem]:
    """A line is four numbers; no header, no blank line, no blank at the end."""
    for number, line in enumerate(file.lines, start=1):
        if number not in file.tracks:
            mend = "delete blank lines, headers and blanks at line ends; write 'L B E P'"
            found = f"line {number}: {line[:40]!r}"
            yield Problem(file.path, "track-line", "four numbers a line", found, mend)


def label_range(file: TrackFile) -> Iterator[Problem]:
    """Labels are 16-bit and positive."""
    for number, track in file.tracks.items():
        if not 1 <= track.label <= MOST_LABELS:
            expected = f"labels from 1 to {MOST_LABELS}"
            found = f"line {number}: label {track.label}"
            yield Problem(file.path, "track-label", expected, found, "relabel the track")


def label_once(file: TrackFile) -> Iterator[Problem]:
    """A label has one line."""
    counts = Counter(track.label for track in file.tracks.values())
    for label, count in counts.items():
        if count > 1:
            found = f"{count} lines of label {label}"
            mend = "join them, or give the second a new label"
            yield Problem(file.path, "track-twice", "one line a label", found, mend)


def begin_in_time(file: TrackFile) -> Iterator[Problem]:
    """Frames count from 0."""
    for number, track in file.tracks.items():
        if track.begin < 0:
            found = f"line {number}: frames {track.begin} to {track.end}"
            mend = "write the first and the last frame of the track"
            yield Problem(file.path, "track-frames", "frames from 0 on", found, mend)


def parent_known(file: TrackFile) -> Iterator[Problem]:
    """A parent has a line of its own that counts; 0 stands for none (else the evaluator aborts)."""
    known = {0, *(track.label for track in file.kept.values()), *file.garbled}
    for number, track in file.kept.items():
        if track.parent not in known:
            found = f"line {number}: parent {track.parent}"
            mend = "add the parent's line, or write 0"
            yield Problem(file.path, "parent-known", "a parent with a line, or 0", found, mend)


def parent_before(file: TrackFile) -> Iterator[Problem]:
    """A parent ends before its child begins; no track is its own parent."""
    known = {track.label: track for track in reversed(file.kept.values())}
    for number, track in file.kept.items():
        parent = known.get(track.parent) if track.parent else None
        if parent is not None and (parent.end >= track.begin or parent.label == track.label):
            found = (
                f"line {number}: label {track.label} begins at frame {track.begin}, "
                f"its parent {parent.label} ends at {parent.end}"
            )
            expected = "parents that end before their children begin"
            mend = "end the parent earlier, or write 0"
            yield Problem(file.path, "parent-before", expected, found, mend)


RULES: tuple[Callable[[TrackFile], Iterator[Problem]], ...] = (
    line_format,
    label_range,
    label_once,
    begin_in_time,
    parent_known,
    parent_before,
)
