"""Holds a result folder against every rule, one mask in memory at a time."""

import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ctc_submit.data.problem import Problem
from ctc_submit.data.sequence import is_of_raw_frames, written_path
from ctc_submit.errors import DataError
from ctc_submit.pack.mask_file import read_mask_file
from ctc_submit.pack.reference import Reference, find_reference, shape_of
from ctc_submit.pack.rules import agreement, cells, encoding, names, tracks
from ctc_submit.pack.rules.agreement import Occurrences
from ctc_submit.pack.rules.names import TRACKS, Listing, list_folder
from ctc_submit.pack.rules.signal import nothing_found
from ctc_submit.pack.tree import RULES as TREE_RULES
from ctc_submit.pack.tree import find_results, is_result
from ctc_submit.pixels.field import is_empty

logger = logging.getLogger(__name__)

BENCHMARKS = ("CSB", "CTB", "CLB")
"""Cell Segmentation, Cell Tracking and Cell Linking Benchmark."""


@dataclass(frozen=True)
class Report:
    """What was found in one result.

    Attributes:
        result: The result folder.
        masks: Number of masks looked at.
        problems: Every finding, faults and warnings.
        notes: What could not be checked, one line each.
    """

    result: Path
    masks: int
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()

    @property
    def faults(self) -> tuple[Problem, ...]:
        """The findings with which a result must not be handed in."""
        return tuple(problem for problem in self.problems if not problem.warning)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The findings that are worth a look."""
        return tuple(problem for problem in self.problems if problem.warning)

    def as_record(self) -> dict[str, object]:
        """Return the report for a JSON file."""
        return {
            "result": str(self.result),
            "masks": self.masks,
            "problems": [problem.as_record() for problem in self.problems],
            "not_checked": list(self.notes),
        }


def check_all(
    paths: Iterable[Path],
    *,
    sequence: Path | None = None,
    benchmark: str | None = None,
    border: int | None = None,
) -> list[Report]:
    """Check result folders, and every result in the folders of whole submissions.

    Args:
        paths: Result folders or trees that hold them as ``DATASET/NN_RES``.
        sequence: As `check_result`.
        benchmark: As `check_result`; a result in a folder ``CSB`` is always checked for CSB.
        border: As `check_result`.

    Returns:
        One report a result, and one for each tree, of its names.

    Raises:
        DataError: As `check_result`.
    """
    reports = []
    for path in paths:
        tree = path.is_dir() and not is_result(path)
        places = find_results(path) if tree else []
        rules = TREE_RULES if tree else ()
        found = tuple(problem for rule in rules for problem in rule(places, path))
        if tree and not places and not found and not list_folder(path, Reference()).meant:
            found = (_neither(path),)
        if not places and not found:
            reports.append(
                check_result(path, sequence=sequence, benchmark=benchmark, border=border)
            )
            continue
        reports.append(Report(path, 0, found))
        reports += [
            check_result(place.result, benchmark=place.benchmark or benchmark, border=border)
            for place in places
        ]
    return reports


def _neither(folder: Path) -> Problem:
    expected = "masks, or results in DATASET/NN_RES"
    mend = "name the folder of a result or a submission; unpack results that lie in an archive"
    return Problem(folder, "result-folder", expected, "neither", mend)


def check_result(
    result: Path,
    *,
    sequence: Path | None = None,
    benchmark: str | None = None,
    border: int | None = None,
    workers: int = 2,
) -> Report:
    """Hold a result folder against every rule.

    Args:
        result: The result folder, ``01_RES`` for example.
        sequence: The folder with the raw frames; else the one beside the result, if there.
        benchmark: One of `BENCHMARKS`; CTB and CLB want tracks, CSB does not look at them. None
            checks the tracks that there are.
        border: Width of the strip outside the field of interest in pixels; None takes the data
            set's.
        workers: Masks read at the same time.

    Raises:
        DataError: If ``sequence`` has no usable raw frames, or the result may not be read.
        ValueError: If the benchmark is not known.
    """
    if benchmark is not None and benchmark not in BENCHMARKS:
        raise ValueError(f"benchmark must be one of {', '.join(BENCHMARKS)}, not {benchmark!r}")
    if not result.is_dir():
        mend = "name the folder that holds the masks"
        there = "a file" if result.exists() else "no such folder"
        missing = Problem(result, "result-folder", "a folder with masks", there, mend)
        return Report(result, 0, (missing,))
    reference = find_reference(result, sequence=sequence, border=border)
    listing = list_folder(result, reference)
    if not listing.masks and is_of_raw_frames(result):
        own = written_path(result)
        mend = f"name its result, {own.with_name(f'{own.name}_RES')}, or run the sequence first"
        frames = Problem(result, "result-folder", "a folder with masks", "the raw frames", mend)
        return Report(result, 0, (frames,))
    problems = [p for rule in names.RULES for p in rule(listing, reference)]
    seen: dict[int, np.ndarray] = {}
    for time, found, labels in _looked_at(listing, reference, workers):
        problems += found
        if labels is not None:
            seen[time] = labels
    nothing = bool(seen) and not any(labels.size for labels in seen.values())
    problems += nothing_found(result, reference, nothing)
    notes = [*reference.notes, *_no_field(listing, reference)]
    problems += _track_problems(listing, reference, seen, benchmark, notes)
    logger.info("%s: %d masks, %d findings", result, len(listing.meant), len(problems))
    return Report(result, len(listing.meant), tuple(problems), tuple(notes))


def _no_field(listing: Listing, reference: Reference) -> Iterator[str]:
    """Say so where the border leaves nothing of the frame, so that no object can be outside."""
    shape = reference.shape
    if shape is None and listing.meant:
        with suppress(DataError):  # told with the masks
            shape = shape_of(next(iter(listing.meant.values())))
    border = reference.border or 0
    if shape is not None and border and is_empty(shape, border):
        size = "×".join(map(str, shape[-2:]))
        yield f"field of interest: a border of {border} pixels leaves nothing of {size}"


def _looked_at(
    listing: Listing, reference: Reference, workers: int
) -> Iterator[tuple[int, list[Problem], np.ndarray | None]]:
    """Yield time, findings and labels (None if unreadable) of every mask, in time order."""
    masks = listing.meant
    with ThreadPoolExecutor(workers) as pool:
        found = pool.map(partial(_look, reference=reference), masks.values())
        for time, (problems, labels) in zip(masks, found, strict=True):
            yield time, problems, labels


def _look(path: Path, reference: Reference) -> tuple[list[Problem], np.ndarray | None]:
    try:
        mask = read_mask_file(path)
    except DataError as error:
        mend = "write it again"
        return [Problem(path, "unreadable", "a TIFF image", str(error), mend)], None
    problems = [p for rule in encoding.RULES for p in rule(mask)]
    problems += [p for rule in cells.RULES for p in rule(mask, reference)]
    return problems, mask.present


def _track_problems(
    listing: Listing,
    reference: Reference,
    seen: dict[int, np.ndarray],
    benchmark: str | None,
    notes: list[str],
) -> Iterable[Problem]:
    """Hold the tracks against the rules; adds to ``notes`` why it did not."""
    nearly = listing.nearly_tracks
    if benchmark == "CSB":
        notes.append(f"{TRACKS}: not part of the CSB")
        stray = f"masks and {TRACKS} only"
        return [Problem(nearly, "stray", stray, nearly.name, "delete it", True)] if nearly else []
    if nearly:
        mend = "rename it; the evaluator opens files by their exact name"
        return [Problem(nearly, "track-file", TRACKS, nearly.name, mend)]
    if listing.tracks is None:
        notes.append(f"tracks: there is no {TRACKS}, which CTB and CLB want")
        if benchmark is None:
            return []
        mend = "write it with ctc-submit track"
        path = listing.folder / TRACKS
        return [Problem(path, "track-file", f"tracks for the {benchmark}", "no such file", mend)]
    try:
        file = tracks.read_track_file(listing.tracks)
    except DataError as error:
        return [Problem(listing.tracks, "track-file", "a text file", str(error), "write it again")]
    last = max(reference.frames or listing.meant, default=-1)
    occurrences = Occurrences(listing.folder, seen, listing.meant, last + 1)
    found = [p for rule in tracks.RULES for p in rule(file)]
    return found + [p for rule in agreement.RULES for p in rule(occurrences, file)]
