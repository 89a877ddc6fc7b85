"""Random ordinary sequences: births, deaths, divisions and gaps, and a faulty result."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ctc_submit.data.labels import write_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.data.tracks import Track, write_tracks

SLOT = 9
"""Side of the square in which a cell lives, in pixels."""


@dataclass(frozen=True)
class Case:
    """Label maps TYX and tracks of a truth and a result."""

    truth: np.ndarray
    truth_tracks: list[Track]
    result: np.ndarray
    result_tracks: list[Track]


def random_case(generator: np.random.Generator, *, frames: int = 6, families: int = 3) -> Case:
    """Draw a truth, disturb a copy, and track the copy with wrong and missing links."""
    truth, truth_tracks = _truth(generator, frames, families)
    disturbed = np.stack([_disturbed(frame, generator) for frame in truth])
    result, result_tracks = _tracked(disturbed, truth_tracks, generator)
    return Case(truth, truth_tracks, result, result_tracks)


def write_case(case: Case, folder: Path, digits: int = 3) -> Sequence:
    """Write a case in the challenge's layout; SEG and TRA show the same label maps."""
    for part in ("01_GT/SEG", "01_GT/TRA", "01_RES"):
        (folder / part).mkdir(parents=True)
    for time, (truth, result) in enumerate(zip(case.truth, case.result, strict=True)):
        number = f"{time:0{digits}d}.tif"
        write_labels(folder / "01_GT" / "SEG" / f"man_seg{number}", truth)
        write_labels(folder / "01_GT" / "TRA" / f"man_track{number}", truth)
        write_labels(folder / "01_RES" / f"mask{number}", result)
    write_tracks(folder / "01_GT" / "TRA" / "man_track.txt", case.truth_tracks)
    write_tracks(folder / "01_RES" / "res_track.txt", case.result_tracks)
    return Sequence.at(folder / "01")


def _truth(
    generator: np.random.Generator, frames: int, families: int
) -> tuple[np.ndarray, list[Track]]:
    """Draw one family a row: a cell, perhaps two daughters, perhaps two of each of these."""
    maps = np.zeros((frames, families * SLOT, 7 * SLOT), np.uint16)
    tracks: list[Track] = []
    for family in range(families):
        members: dict[int, Track] = {}
        for place in range(7):
            mother = members.get((place - 1) // 2) if place else None
            track = _member(generator, frames, len(tracks) + 1, mother, founder=place == 0)
            if track is None:
                continue
            members[place] = track
            tracks.append(track)
            for time in range(track.begin, track.end + 1):
                height, width = generator.integers(3, 8, 2)
                top, left = family * SLOT + 1, place * SLOT + 1
                maps[time, top : top + height, left : left + width] = track.label
    return maps, tracks


def _member(
    generator: np.random.Generator, frames: int, label: int, mother: Track | None, *, founder: bool
) -> Track | None:
    begin = 0 if mother is None else mother.end + int(generator.random() < 0.2) + 1
    if begin >= frames or (mother is None and not founder) or generator.random() < 0.1:
        return None
    end = min(begin + int(generator.integers(0, 3)), frames - 1)
    return Track(label, begin, end, 0 if mother is None else mother.label)


def _disturbed(frame: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Shift, drop, merge, split, swap and invent objects."""
    out = np.roll(frame, tuple(generator.integers(-1, 2, 2)), (0, 1))
    labels = np.unique(out[out > 0])
    for label in labels:
        fate = generator.random()
        mine = out == label
        if fate < 0.08:
            out[mine] = 0
        elif fate < 0.16:
            out[mine] = generator.choice(labels)
        elif fate < 0.24:
            columns = np.flatnonzero(mine.any(axis=0))
            mine[:, : columns[len(columns) // 2]] = False
            out[mine] = 200 + label
    if generator.random() < 0.3:
        top, left = generator.integers(0, frame.shape[0] - 3, 2)
        spot = out[top : top + 3, left : left + 3]
        spot[spot == 0] = 250
    return out


def _tracked(
    maps: np.ndarray, truth: list[Track], generator: np.random.Generator
) -> tuple[np.ndarray, list[Track]]:
    """Cut labels into runs of frames, give them new labels, and link them, partly wrongly."""
    runs: list[tuple[int, int, int]] = []
    for label in np.unique(maps[maps > 0]).tolist():
        times = np.flatnonzero((maps == label).any(axis=(1, 2)))
        cuts = (np.diff(times) > 1) | (generator.random(times.size - 1) < 0.15)
        for part in np.split(times, np.flatnonzero(cuts) + 1):
            runs.append((label, int(part[0]), int(part[-1])))
    new = (generator.permutation(len(runs)) + 1) * int(generator.integers(1, 5))
    result = np.zeros_like(maps)
    tracks = []
    parents = {track.label: track.parent for track in truth}
    for (label, begin, end), own in zip(runs, new.tolist(), strict=True):
        window = slice(begin, end + 1)
        result[window][maps[window] == label] = own
        wanted = {label, parents.get(label, 0)} if generator.random() < 0.8 else set(parents)
        earlier = [
            n for (o, _, e), n in zip(runs, new.tolist(), strict=True) if o in wanted and e < begin
        ]
        tracks.append(Track(own, begin, end, int(generator.choice(earlier)) if earlier else 0))
    return result, sorted(tracks)
