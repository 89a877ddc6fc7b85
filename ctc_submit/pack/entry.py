"""One entry of a submission: a sequence, how the model was trained, and the names that follow."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ctc_submit.data.datasets import DATASETS
from ctc_submit.errors import DataError

CONFIGURATIONS: dict[str, str] = {
    "GT": "GT",
    "ST": "ST",
    "GT+ST": "GT+ST",
    "allGT": "GT",
    "allST": "ST",
    "allGT+allST": "GT+ST",
}
"""Training-data configuration of a generalizable submission to the truth it is trained on."""

SEQUENCES = ("01", "02")
SEGMENTATION_ONLY = "CSB"
"""Folder between data set and result, and in ``SW/``, where a data set has two results: tracks of
selected cells, and all cells without tracks."""

TWO_RESULTS = ("Fluo-N3DL-DRO", "Fluo-N3DL-TRIC", "Fluo-N3DL-TRIF")
"""The data sets that have two results."""

SHORT_NAMES = {"DIC-C2DH-HeLa": "HeLa", "PhC-C2DH-U373": "U373"}

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._-]*")
_SEQUENCE = re.compile(r"[0-9]{2}")


@dataclass(frozen=True)
class Entry:
    """What one script of ``SW/`` stands for.

    Attributes:
        dataset: Name of the data set and its folder.
        sequence: Name of the sequence's folder, ``01`` or ``02`` in the challenge.
        configuration: One of `CONFIGURATIONS`, or empty for a regular submission.
        segmentation_only: Whether it is the second result of a data set, without tracks.

    Raises:
        DataError: If a name could not stand in a script or a path, or the configuration is unknown.
    """

    dataset: str
    sequence: str
    configuration: str = ""
    segmentation_only: bool = False

    def __post_init__(self) -> None:
        """Refuse names that a shell or a file system would read otherwise."""
        for name in (self.dataset, self.sequence):
            if _NAME.fullmatch(name) is None:
                raise DataError(
                    f"{name!r}: expected a name of letters, digits, '+', '-', '_' and '.'"
                )
        if self.configuration and self.configuration not in CONFIGURATIONS:
            known = ", ".join(CONFIGURATIONS)
            raise DataError(f"{self.configuration!r}: not a configuration; known are {known}")

    @property
    def script(self) -> str:
        """Its script in ``SW/`` without extension, ``DIC-C2DH-HeLa-01-GT+ST``."""
        return f"{self.folder}{self.dataset}-{self.sequence}{self.suffix}"

    @property
    def folder(self) -> str:
        """Folder of its script in ``SW/`` and of its result in the data set, with a slash."""
        return f"{SEGMENTATION_ONLY}/" if self.segmentation_only else ""

    @property
    def result(self) -> str:
        """Its result folder in the data set's, ``01_RES-GT+ST`` or ``CSB/01_RES``."""
        return f"{self.folder}{self.sequence}_RES{self.suffix}"

    @property
    def suffix(self) -> str:
        """What the configuration adds to names, ``-GT+ST``; empty for a regular submission."""
        return f"-{self.configuration}" if self.configuration else ""

    @property
    def model(self) -> str:
        """Name of the model it uses; the ``all…`` configurations share one model."""
        if self.configuration.startswith("all"):
            return self.configuration
        return f"{self.dataset}{self.suffix}"


@dataclass(frozen=True)
class Rendering:
    """How ``SW/`` is rendered.

    Raises:
        DataError: If a text has a line end, which would end a comment or a command of a script.
    """

    models: str = field(
        default="../models",
        metadata={"help": "Folder with one model a data set, relative to the scripts or absolute."},
    )
    setup: str = field(
        default="make install (in the folder above)",
        metadata={"help": "How a user installs the package once, as the scripts say it."},
    )
    run_option: tuple[str, ...] = field(
        default=(), metadata={"help": "Word added to 'ctc-submit run'; repeat for several."}
    )
    batch: bool = field(default=False, metadata={"help": "Also .bat files for Windows."})
    short_names: bool = field(
        default=False, metadata={"help": "Also HeLa-01.sh, U373-01.sh and the like."}
    )
    training: bool = field(
        default=False, metadata={"help": "Also the scripts that train each configuration's model."}
    )
    cluster: bool = field(
        default=False,
        metadata={"help": "Also a Dockerfile, an Apptainer definition and a SLURM example."},
    )

    def __post_init__(self) -> None:
        """Refuse texts of several lines."""
        for text in (self.models, self.setup, *self.run_option):
            if len(text.splitlines()) > 1 or text != text.strip("\r\n"):
                raise DataError(f"{text!r}: expected one line, which a script can hold")


def generalizable_datasets() -> list[str]:
    """Return the 13 data sets of generalizable submissions: those with silver truth."""
    return [name for name, dataset in DATASETS.items() if dataset.silver]


def entries_for(
    datasets: Iterable[str],
    *,
    sequences: Iterable[str] = SEQUENCES,
    configurations: Iterable[str] = ("",),
    segmentation_only: bool = False,
) -> list[Entry]:
    """Return every combination, in the given order.

    Args:
        datasets: Names of data sets.
        sequences: Names of sequences, two digits each; 01 and 02 in data sets of the challenge.
        configurations: Of `CONFIGURATIONS`, or empty.
        segmentation_only: Whether those of `TWO_RESULTS` have their second result, too.

    Raises:
        DataError: As `Entry`, if a name is an official one but for its letter case, if a data set
            has no such sequence, or if a second result is wanted and none has one.
    """
    datasets, numbers, kinds = tuple(datasets), tuple(sequences), tuple(configurations)
    official = {name.lower(): name for name in DATASETS}
    for name in datasets:
        if official.get(name.lower(), name) != name:
            raise DataError(f"{name}: expected {official[name.lower()]}; letter case matters")
        for number in numbers:
            _demand_sequence(name, number)
    if segmentation_only and not set(datasets) & set(TWO_RESULTS):
        those = ", ".join(TWO_RESULTS)
        raise DataError(
            f"--csb: only {those} have a second result, found {', '.join(datasets)}; leave it out"
        )
    return [
        Entry(name, number, kind, second)
        for name in datasets
        for second in (False, True)[: 1 + (segmentation_only and name in TWO_RESULTS)]
        for number in numbers
        for kind in kinds
    ]


def _demand_sequence(dataset: str, number: str) -> None:
    if _SEQUENCE.fullmatch(number) is None:
        raise DataError(f"sequence {number!r}: expected two digits, such as 01")
    if dataset in DATASETS and number not in SEQUENCES:
        raise DataError(f"sequence {number!r}: {dataset} has {' and '.join(SEQUENCES)}")
