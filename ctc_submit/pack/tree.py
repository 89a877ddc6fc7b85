"""A whole submission: ``DATASET/NN_RES`` folders, and ``SW/`` with a script for each."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ctc_submit.data.datasets import DATASETS
from ctc_submit.data.problem import Problem
from ctc_submit.pack.entry import CONFIGURATIONS, SEGMENTATION_ONLY, SEQUENCES, Entry
from ctc_submit.pack.reference import split_name

SOFTWARE = "SW"


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


def is_result(folder: Path) -> bool:
    """Tell whether a folder is one result rather than a tree of them."""
    if split_name(folder) is not None:
        return True
    return any(folder.glob("*.tif")) or (folder / "res_track.txt").exists()


def find_results(root: Path) -> list[Place]:
    """Find the results ``DATASET/NN_RES`` and ``DATASET/CSB/NN_RES`` under a folder, sorted.

    The folder may also be that of one data set.
    """
    pattern = [f"{depth}*_RES*" for depth in ("", "*/", f"*/{SEGMENTATION_ONLY}/")]
    folders = sorted({path for each in pattern for path in root.glob(each) if path.is_dir()})
    places = []
    for folder in folders:
        named = split_name(folder)
        if named is None:
            continue
        inner = folder.parent.name == SEGMENTATION_ONLY
        above = (folder.parent.parent if inner else folder.parent).resolve()
        places.append(Place(folder, above.name, *named, SEGMENTATION_ONLY if inner else None))
    return places


def result_files(result: Path, *, tracks: bool = True) -> list[Path]:
    """Return the files of a result that are handed in, sorted; logs and strays are not.

    Args:
        result: The result folder.
        tracks: Whether the track file is handed in.
    """
    names = {"res_track.txt"} if tracks else set[str]()
    return sorted(path for path in result.iterdir() if path.suffix == ".tif" or path.name in names)


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


def configurations(places: list[Place], root: Path) -> Iterator[Problem]:
    """Result folders bear one of the six configurations, or none."""
    del root
    for place in places:
        if place.configuration and place.configuration not in CONFIGURATIONS:
            expected = f"{place.sequence}_RES or {place.sequence}_RES- with " + ", ".join(
                CONFIGURATIONS
            )
            mend = "rename the folder"
            yield Problem(place.result, "configuration", expected, place.configuration, mend)


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


RULES = (dataset_names, configurations, both_sequences, scripts)
