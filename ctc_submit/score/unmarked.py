"""Frames in which the truth has tracks and no markers: images that are missing."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from ctc_submit.data.problem import Problem
from ctc_submit.score.track_file import Row

PUT_BACK = "put it back, from the data set's archive"
"""What mends a truth that lacks a file."""


def unmarked(
    rows: Iterable[Row], marked: Sequence[int], last: int, folder: Path, digits: int
) -> list[Problem]:
    """Note the marker images that are missing, one fault a run of frames.

    The evaluator's DET passes over such frames without a word; its TRA fails.

    Args:
        rows: The tracks of the truth.
        marked: Times of the frames with markers, ascending.
        last: Time of the last frame that is known of.
        folder: The truth's ``TRA``.
        digits: How many digits the time index has in file names.
    """
    runs = _runs(rows)
    lost = [
        (max(begin, before + 1), min(end, after - 1))
        for before, after in pairwise([-1, *marked, last + 1])
        if after - before > 1
        for begin, end in runs
        if begin < after and end > before
    ]
    return [_fault(folder / f"man_track{begin:0{digits}d}.tif", begin, end) for begin, end in lost]


def _fault(path: Path, begin: int, end: int) -> Problem:
    more = f", nor for the frames up to {end}" if end > begin else ""
    expected = f"markers for frame {begin}, as man_track.txt has tracks there"
    return Problem(path, "markers-missing", expected, f"no file{more}", PUT_BACK)


def _runs(rows: Iterable[Row]) -> list[tuple[int, int]]:
    """Return first and last frame of each run of frames with a track, ascending."""
    runs: list[tuple[int, int]] = []
    for begin, end in sorted((row.begin, row.end) for row in rows):
        if runs and begin <= runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], max(runs[-1][1], end))
        else:
            runs.append((begin, end))
    return runs
