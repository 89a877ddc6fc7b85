"""What a report is about: results of one sequence, their truth, and what is known of them."""

import json
from collections.abc import Mapping
from collections.abc import Sequence as Many
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ctc_submit.data.annotations import TRUTHS, truth_folder
from ctc_submit.data.labels import find_masks
from ctc_submit.data.sequence import Sequence, digits_of
from ctc_submit.data.tracks import Track, read_tracks
from ctc_submit.errors import DataError
from ctc_submit.score.frame_files import TruthFiles, find_truth
from ctc_submit.score.judge import score
from ctc_submit.score.record import Record


@dataclass(frozen=True)
class Shown:
    """One result.

    Attributes:
        name: What it is called on the page, unlike all others there.
        folder: Where it lies.
        masks: Time to mask, from 0 without a hole.
        tracks: Rows of its track file; none where that is missing or broken.
        no_tracks: Why there are no tracks, empty where there are.
        record: How it was judged; None without truth.
        run: What ``<RESULT>.run.json`` says; empty where there is none.
        no_run: Why there is no such record, empty where there is.
    """

    name: str
    folder: Path
    masks: Mapping[int, Path]
    tracks: tuple[Track, ...]
    no_tracks: str
    record: Record | None
    run: Mapping[str, Any]
    no_run: str


@dataclass(frozen=True)
class Subject:
    """All that one page shows.

    Attributes:
        sequence: The sequence that all results belong to.
        frames: Time to raw frame; empty where there are none.
        truth: ``GT``, ``ST``, or empty for none.
        images: The images of the truth, None for none.
        results: The results, at least one.
    """

    sequence: Sequence
    frames: Mapping[int, Path]
    truth: str
    images: TruthFiles | None
    results: tuple[Shown, ...]

    @property
    def times(self) -> range:
        """All times, of raw frames and of masks."""
        return range(max(len(self.frames), *(len(each.masks) for each in self.results)))

    @property
    def digits(self) -> int:
        """How many digits the time has in the file names."""
        return digits_of(self.results[0].masks[0])


def describe(
    folders: Many[Path], sequence: Sequence, *, truth: str | None = None, frames_needed: bool
) -> Subject:
    """Look at results of one sequence, and judge them where there is truth.

    Args:
        folders: The result folders.
        sequence: The sequence; its folder may be missing.
        truth: ``GT``, ``ST``, empty for none; None for gold truth, else silver truth, else none.
        frames_needed: Whether a missing folder of raw frames is an error.

    Raises:
        DataError: If a result has no masks, a truth that was asked for is missing, or a hole is in
            the numbers of masks or frames.
    """
    given = frames_needed or sequence.folder.is_dir()
    frames = sequence.frames if given else {}
    if truth is None:
        truth = next((name for name in TRUTHS if _is_there(sequence, name)), "")
    names = _names(folders)
    results = tuple(
        _shown(folder, name, sequence, truth) for folder, name in zip(folders, names, strict=True)
    )
    digits = digits_of(results[0].masks[0])
    images = find_truth(truth_folder(sequence, truth), truth, digits) if truth else None
    return Subject(sequence, frames, truth, images, results)


def _is_there(sequence: Sequence, truth: str) -> bool:
    folder = truth_folder(sequence, truth)
    return any(folder.glob("SEG/man_seg*.tif")) or any(folder.glob("TRA/man_track*.tif"))


def _names(folders: Many[Path]) -> list[str]:
    """Name results by their folder, and by the folders above where that is not enough.

    Raises:
        DataError: If a folder is given twice.
    """
    whole = [folder.resolve() for folder in folders]
    twice = next((path for path in whole if whole.count(path) > 1), None)
    if twice is not None:
        raise DataError(f"{twice}: is given twice; name each result once")
    depth = 1
    while True:
        names = ["/".join(path.parts[-depth:]) for path in whole]
        if len(set(names)) == len(names):
            return names
        depth += 1


def _shown(folder: Path, name: str, sequence: Sequence, truth: str) -> Shown:
    masks = find_masks(folder)
    tracks, no_tracks = _tracks(folder / "res_track.txt")
    record = score(sequence, truth=truth, result=folder) if truth else None
    run, no_run = _run(folder.with_name(f"{folder.name}.run.json"))
    return Shown(name, folder, masks, tracks, no_tracks, record, run, no_run)


def _tracks(path: Path) -> tuple[tuple[Track, ...], str]:
    if not path.exists():
        return (), f"There is no {path.name}: this result is a segmentation only."
    try:
        tracks = tuple(read_tracks(path))
    except DataError as error:
        return (), str(error)
    return tracks, "" if tracks else f"{path.name} is empty: no cell was found."


def _run(path: Path) -> tuple[dict[str, Any], str]:
    """Read the record of a run; a broken one is told, and hides nothing else."""
    try:
        known = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}, f"There is no {path.name}: the settings of this result are not known."
    except (OSError, ValueError):
        return {}, f"{path.name} cannot be read."
    if not isinstance(known, dict):
        return {}, f"{path.name} is not a record of a run."
    return known, ""
