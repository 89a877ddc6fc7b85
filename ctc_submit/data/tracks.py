"""Track files: ``man_track.txt`` of a truth and ``res_track.txt`` of a result."""

import errno
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ctc_submit.data.folders import is_stream
from ctc_submit.data.labels import MOST_LABELS, whole_file
from ctc_submit.errors import DataError

_LINE = re.compile(r"[ \t]*(-?\d{1,18})" + r"[ \t]+(-?\d{1,18})" * 3)


@dataclass(frozen=True, order=True)
class Track:
    """One unbranched track.

    Attributes:
        label: The value of its pixels, 1 to 65,535, unique in the sequence.
        begin: First frame, from 0.
        end: Last frame, inclusive.
        parent: Label of the track it comes from, 0 for none.
    """

    label: int
    begin: int
    end: int
    parent: int


def read_tracks(path: Path) -> list[Track]:
    """Read a track file as strictly as the challenge's evaluator does.

    Lines end with LF or CR LF, the last one may lack it; numbers are separated by blanks or tabs;
    the order of lines is free. A blank line, a blank at a line's end, a header, more or fewer than
    four numbers, a label twice or one over 65,535 are errors there, so they are here.

    Returns:
        The tracks in the file's order; none for an empty file.

    Raises:
        DataError: If the file is missing or a line is not as above.
    """
    tracks: dict[int, Track] = {}
    for number, line in enumerate(read_lines(path), start=1):
        track = _parse(line, f"{path}: line {number}")
        if track.label in tracks:
            raise DataError(f"{path}: line {number}: label {track.label} has a line already")
        tracks[track.label] = track
    return list(tracks.values())


def read_lines(path: Path) -> list[str]:
    """Return the lines of a track file without their ends, LF or CR LF; the last may lack its end.

    Raises:
        DataError: If the file cannot be read.
    """
    try:
        text = track_bytes(path).decode("latin-1")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[-1] == "":
        lines.pop()
    return lines


def track_bytes(path: Path) -> bytes:
    """Return what a track file holds; a pipe or device in its place is not waited for.

    Raises:
        OSError: If the file cannot be read, or is none.
    """
    if is_stream(path):
        raise OSError(errno.EINVAL, "a pipe or a device, no file")
    return path.read_bytes()


def parse_numbers(line: str) -> Track | None:
    """Return the four numbers of a line, whatever their values; None for any other line."""
    match = _LINE.fullmatch(line)
    return match and Track(*(int(group) for group in match.groups()))


def write_tracks(path: Path, tracks: Iterable[Track]) -> None:
    """Write a track file, sorted by label, whole or not at all.

    Raises:
        DataError: If the file cannot be written.
    """
    lines = [f"{t.label} {t.begin} {t.end} {t.parent}\n" for t in sorted(tracks)]
    with whole_file(path) as partial:
        partial.write_bytes("".join(lines).encode("ascii"))


def _parse(line: str, where: str) -> Track:
    track = parse_numbers(line)
    if track is None:
        raise DataError(f"{where}: expected four numbers 'L B E P', found {line!r}")
    if not 1 <= track.label <= MOST_LABELS:
        raise DataError(f"{where}: labels go from 1 to {MOST_LABELS}, found {track.label}")
    if not 0 <= track.begin <= track.end:
        raise DataError(f"{where}: begins at frame {track.begin} and ends at frame {track.end}")
    if track.parent < 0:
        raise DataError(f"{where}: the parent is {track.parent}; 0 stands for none")
    if track.parent > MOST_LABELS:
        raise DataError(f"{where}: labels go to {MOST_LABELS}, the parent is {track.parent}")
    return track
