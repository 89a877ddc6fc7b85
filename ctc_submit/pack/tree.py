"""A whole submission: ``DATASET/NN_RES`` folders, and ``SW/`` with a script for each."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ctc_submit.data.datasets import DATASETS
from ctc_submit.data.folders import reading
from ctc_submit.data.problem import Problem
from ctc_submit.data.sequence import written_name
from ctc_submit.errors import DataError
from ctc_submit.pack.entry import (
    CONFIGURATIONS,
    SEGMENTATION_ONLY,
    SEQUENCES,
    Entry,
    generalizable_datasets,
)
from ctc_submit.pack.reference import find_reference, split_name
from ctc_submit.pack.rules.names import TRACKS, list_folder

SOFTWARE = "SW"
_BESIDE = ("_overlay", "_report_files")
"""Ends of the names of folders that ``overlay`` and ``report`` write beside a result."""
_MASK = re.compile(r"mask([0-9]{3,})\.tif")
_NEARLY_RESULT = re.compile(
    r"[0-9]+[ _-]*RES(?:ULTS?)?(?:[ _+-]*(?:all)?(?:GT|ST).*)?", re.IGNORECASE
)
"""What was meant as a result; pictures, reports and copies beside results are not."""


@dataclass(frozen=True)
class Place:
    """Where a result lies in a submission.

    Attributes:
        result: The result folder.
        dataset: Name of the data set's folder.
        sequence: Name of the sequence.
        configuration: Training-data configuration, empty for a regular submission.
        benchmark: ``CSB`` for a result in a folder of that name, else None.
    """

    result: Path
    dataset: str
    sequence: str
    configuration: str
    benchmark: str | None

    @property
    def script(self) -> str:
        """Name of its script without extension."""
        suffix = f"-{self.configuration}" if self.configuration else ""
        return f"{self.dataset}-{self.sequence}{suffix}"

    @property
    def home(self) -> Path:
        """The data set's folder."""
        return self.result.parent.parent if self.benchmark else self.result.parent


def is_result(folder: Path) -> bool:
    """Tell whether a folder is one result rather than a tree of them.

    Raises:
        DataError: If it may not be read.
    """
    with reading(folder):
        masks = any(_MASK.fullmatch(path.name) for path in folder.iterdir())
    if masks or (folder / "res_track.txt").exists():
        return True
    named = split_name(folder) is not None or any(folder.glob("*.tif"))
    return named and not find_results(folder)


def find_results(root: Path) -> list[Place]:
    """Find the results ``DATASET/NN_RES`` and ``DATASET/CSB/NN_RES`` under a folder, sorted.

    The folder may also be that of one data set.
    """
    places = []
    for folder in _folders(root):
        named = split_name(folder)
        if named is None:
            continue
        inner = folder.parent.name == SEGMENTATION_ONLY
        above = written_name(folder.parent.parent if inner else folder.parent)
        places.append(Place(folder, above, *named, SEGMENTATION_ONLY if inner else None))
    return places


def _folders(root: Path) -> list[Path]:
    """Return the folders that lie where results do, sorted.

    Pictures and reports, and what is hidden, such as what a run that goes on writes to or a bin of
    deleted files, are passed over.

    Raises:
        DataError: If one that bears the name of a data set cannot be read.
    """
    for folder in (root, *(root / name for name in DATASETS)):
        if folder.is_dir() and not os.access(folder, os.R_OK | os.X_OK):
            raise DataError(f"{folder}: cannot be read (no permission); results could lie in it")
    depths = ("*", "*/*", f"*/{SEGMENTATION_ONLY}/*")
    found = {path for depth in depths for path in root.glob(depth) if path.is_dir()}
    seen = (p for p in found if not any(name[0] == "." for name in p.relative_to(root).parts))
    return sorted(p for p in seen if not p.name.endswith(_BESIDE))


def result_files(result: Path, *, tracks: bool = True) -> list[Path]:
    """Return the files of a result that are handed in, sorted; logs and strays are not.

    Masks are those that the check holds against the rules: with the digits of the raw frames, or
    with those of most masks where nothing tells.

    Args:
        result: The result folder.
        tracks: Whether the track file is handed in.
    """
    masks = sorted(list_folder(result, find_reference(result)).masks.values())
    track_file = result / TRACKS
    return [*masks, track_file] if tracks and track_file.is_file() else masks


def entry_of(place: Place) -> Entry:
    """Return the entry that a result belongs to.

    Raises:
        DataError: If a name could not stand in a script, or the configuration is unknown.
    """
    second = place.benchmark == SEGMENTATION_ONLY
    return Entry(place.dataset, place.sequence, place.configuration, second)


def dataset_names(places: list[Place], root: Path) -> Iterator[Problem]:
    """Data set folders bear the official names, letter by letter."""
    del root
    official = {name.lower(): name for name in DATASETS}
    for name in dict.fromkeys(place.dataset for place in places):
        path = next(place.result.parent for place in places if place.dataset == name)
        meant = official.get(name.lower())
        if meant is None:
            mend = "rename it if it is to be handed in"
            expected = "the name of a challenge data set"
            yield Problem(path, "dataset-name", expected, name, mend, warning=True)
        elif meant != name:
            yield Problem(path, "dataset-name", meant, name, f"rename it to {meant}")


def result_names(places: list[Place], root: Path) -> Iterator[Problem]:
    """Result folders bear the official form of name, in data sets of the challenge 01 or 02.

    Others are found by nobody.
    """
    expected = "NN_RES, or NN_RES- with a configuration"
    for folder in _folders(root):
        if split_name(folder) is None and _NEARLY_RESULT.fullmatch(folder.name):
            mend = "rename it; letter case matters"
            yield Problem(folder, "result-name", expected, folder.name, mend)
    for place in places:
        if place.dataset in DATASETS and place.sequence not in SEQUENCES:
            mend = "rename the folder, or move it away"
            known = " and ".join(SEQUENCES)
            yield Problem(place.result, "result-name", f"sequences {known}", place.sequence, mend)


def configurations(places: list[Place], root: Path) -> Iterator[Problem]:
    """Result folders bear one of the six configurations, or none."""
    del root
    open_to_all = generalizable_datasets()
    for place in places:
        if place.configuration and place.configuration not in CONFIGURATIONS:
            expected = f"{place.sequence}_RES or {place.sequence}_RES- with " + ", ".join(
                CONFIGURATIONS
            )
            mend = "rename the folder"
            yield Problem(place.result, "configuration", expected, place.configuration, mend)
        elif place.configuration and place.dataset in DATASETS and place.dataset not in open_to_all:
            expected = "one of the 13 data sets with silver truth"
            mend = "leave it out: generalizable submissions are scored on those 13"
            path, found = place.result, place.dataset
            yield Problem(path, "configuration", expected, found, mend, warning=True)


def both_sequences(places: list[Place], root: Path) -> Iterator[Problem]:
    """A data set is handed in with both sequences."""
    del root
    kinds: dict[tuple[Path, str], set[str]] = {}
    for place in places:
        kinds.setdefault((place.result.parent, place.configuration), set()).add(place.sequence)
    for (folder, configuration), numbers in kinds.items():
        for number in SEQUENCES:
            if number not in numbers and numbers & set(SEQUENCES):
                suffix = f"-{configuration}" if configuration else ""
                path = folder / f"{number}_RES{suffix}"
                mend = "run the sequence, scores are the mean of both"
                expected = "results of sequences 01 and 02"
                found = f"only {', '.join(sorted(numbers))}"
                yield Problem(path, "both-sequences", expected, found, mend, warning=True)


def scripts(places: list[Place], root: Path) -> Iterator[Problem]:
    """Where there is an ``SW/``, it has a script for each result; names are exact.

    That of a result in ``CSB`` may lie in ``SW/CSB`` or beside the others.
    """
    folder = root / SOFTWARE
    if not folder.is_dir() or any(folder.glob("*.zip")):
        return
    for place in places:
        inner = folder / (place.benchmark or "")
        names = (f"{place.script}.sh", f"{place.script}.bat")
        there = {path.name for each in {folder, inner} if each.is_dir() for path in each.iterdir()}
        if not there.intersection(names):
            path = inner / names[0]
            mend = "render it with ctc-submit scripts"
            yield Problem(path, "script-missing", "one script a result", "no such file", mend)


RULES = (dataset_names, result_names, configurations, both_sequences, scripts)
