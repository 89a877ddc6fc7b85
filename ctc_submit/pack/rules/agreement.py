"""How masks and tracks must agree (what the evaluator calls consistent)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ctc_submit.data.labels import MOST_LABELS
from ctc_submit.data.problem import Problem
from ctc_submit.pack.rules.tracks import TrackFile

ANY = "the masks and res_track.txt to agree"


@dataclass(frozen=True)
class Occurrences:
    """Which label is in which mask.

    Attributes:
        folder: The result folder.
        labels: Time index to sorted labels, for the masks that could be read.
        masks: Time index to mask.
        frames: Number of frames that are held against the tracks; later masks are not looked at.
    """

    folder: Path
    labels: dict[int, np.ndarray]
    masks: dict[int, Path]
    frames: int

    @cached_property
    def times(self) -> dict[int, np.ndarray]:
        """Label to the sorted times of the masks that hold it."""
        seen = {t: found for t, found in self.labels.items() if t < self.frames and found.size}
        if not seen:
            return {}
        every = np.concatenate(list(seen.values()))
        when = np.repeat(list(seen), [found.size for found in seen.values()])
        order = np.lexsort((when, every))
        values, starts = np.unique(every[order], return_index=True)
        groups = np.split(when[order], starts[1:])
        return {int(value): group for value, group in zip(values, groups, strict=True)}


def label_has_line(seen: Occurrences, tracks: TrackFile) -> Iterator[Problem]:
    """Every label of a mask has a line."""
    known = {*tracks.by_label, *tracks.garbled}
    for label, times in seen.times.items():
        if label not in known:
            path = seen.masks[int(times[0])]
            found = f"label {label} without a line, in {times.size} masks"
            mend = "add its line, or drop the label"
            yield Problem(path, "label-without-track", ANY, found, mend)


def label_in_interval(seen: Occurrences, tracks: TrackFile) -> Iterator[Problem]:
    """A label is found only between the first and the last frame of its line."""
    for label, times in seen.times.items():
        track = tracks.by_label.get(label)
        if track is None or track.begin > track.end:
            continue
        outside = times[(times < track.begin) | (times > track.end)]
        if outside.size:
            path = seen.masks[int(outside[0])]
            found = f"label {label}, whose line says {track.begin} to {track.end}"
            mend = "correct the line, or relabel the cell"
            yield Problem(path, "label-outside-track", ANY, found, mend)


def track_has_no_hole(seen: Occurrences, tracks: TrackFile) -> Iterator[Problem]:
    """A label is found in every frame of its line."""
    for label, track in tracks.by_label.items():
        if not 1 <= label <= MOST_LABELS:
            continue
        times = set(seen.times.get(label, np.zeros(0, int)).tolist())
        declared = range(max(track.begin, 0), min(track.end, seen.frames - 1) + 1)
        absent = [t for t in declared if t not in times and t in seen.labels]
        if absent:
            path = seen.masks[absent[0]]
            more = f" and {len(absent) - 1} more masks" if len(absent) > 1 else ""
            found = f"no label {label}{more}, whose line says {track.begin} to {track.end}"
            mend = "end the track before the gap and start a new one with it as parent"
            yield Problem(path, "track-with-hole", ANY, found, mend)


def interval_forwards(seen: Occurrences, tracks: TrackFile) -> Iterator[Problem]:
    """A track ends no earlier than it begins; the evaluator skips a line whose label is nowhere."""
    for number, track in tracks.tracks.items():
        if track.begin > track.end and track.begin >= 0:
            found = f"line {number}: frames {track.begin} to {track.end}"
            expected = "a last frame no earlier than the first"
            nowhere = track.label not in seen.times
            mend = "swap the numbers, or delete the line"
            yield Problem(tracks.path, "track-backwards", expected, found, mend, nowhere)


def interval_in_sequence(seen: Occurrences, tracks: TrackFile) -> Iterator[Problem]:
    """A track ends within the sequence; the evaluator does not look at what lies beyond."""
    for number, track in tracks.tracks.items():
        if max(track.begin, track.end) >= seen.frames:
            found = f"line {number}: frames {track.begin} to {track.end}"
            expected = f"frames 0 to {seen.frames - 1}"
            mend = "shorten the track, or write the missing masks"
            yield Problem(tracks.path, "track-beyond", expected, found, mend, warning=True)


RULES: tuple[Callable[[Occurrences, TrackFile], Iterator[Problem]], ...] = (
    label_has_line,
    label_in_interval,
    track_has_no_hole,
    interval_forwards,
    interval_in_sequence,
)
