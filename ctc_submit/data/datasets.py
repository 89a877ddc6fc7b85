"""The 20 data sets of the Cell Tracking Challenge.

Sizes and steps are those of the challenge's data set pages; the border E is the one of its
field-of-interest rule (objects with no pixel inside the frame minus E pixels on each lateral side
are not part of a result).
"""

from dataclasses import dataclass

from ctc_submit.errors import DataError

DOWNLOADS = "https://data.celltrackingchallenge.net"


@dataclass(frozen=True)
class Dataset:
    """What is known of one data set.

    Attributes:
        name: The official name, also the name of its folder.
        dimensions: 2 for frames YX, 3 for frames ZYX.
        digits: Digits of the time index in file names (3, or 4 above 1000 frames).
        border: Width E of the strip outside the field of interest, in pixels.
        pixel_size: Edge lengths of a pixel in micrometres, in the order of the axes (YX or ZYX);
            empty where the challenge gives none.
        time_step: Minutes between two frames.
        silver: Whether silver truth (ST) is published for its training sequences.
    """

    name: str
    dimensions: int
    digits: int
    border: int
    pixel_size: tuple[float, ...]
    time_step: float
    silver: bool

    def url(self, part: str = "training") -> str:
        """Return the address of the official archive.

        Args:
            part: ``training`` (sequences with truth) or ``test`` (challenge sequences).

        Raises:
            ValueError: If ``part`` is neither.
        """
        if part not in {"training", "test"}:
            raise ValueError(f"part must be 'training' or 'test', not {part!r}")
        return f"{DOWNLOADS}/{part}-datasets/{self.name}.zip"


_ALL = (
    Dataset("BF-C2DL-HSC", 2, 4, 25, (0.645, 0.645), 5, True),
    Dataset("BF-C2DL-MuSC", 2, 4, 25, (0.645, 0.645), 5, True),
    Dataset("DIC-C2DH-HeLa", 2, 3, 50, (0.19, 0.19), 10, True),
    Dataset("Fluo-C2DL-Huh7", 2, 3, 50, (0.65, 0.65), 15, False),
    Dataset("Fluo-C2DL-MSC", 2, 3, 50, (0.3, 0.3), 20, True),
    Dataset("Fluo-N2DH-GOWT1", 2, 3, 50, (0.240, 0.240), 5, True),
    Dataset("Fluo-N2DL-HeLa", 2, 3, 25, (0.645, 0.645), 30, True),
    Dataset("PhC-C2DH-U373", 2, 3, 50, (0.65, 0.65), 15, True),
    Dataset("PhC-C2DL-PSC", 2, 3, 25, (1.6, 1.6), 10, True),
    Dataset("Fluo-N2DH-SIM+", 2, 3, 0, (0.125, 0.125), 29, False),
    Dataset("Fluo-C3DH-A549", 3, 3, 0, (1.0, 0.126, 0.126), 2, True),
    Dataset("Fluo-C3DH-H157", 3, 3, 50, (0.5, 0.126, 0.126), 2, True),
    Dataset("Fluo-C3DL-MDA231", 3, 3, 25, (6.0, 1.242, 1.242), 80, True),
    Dataset("Fluo-N3DH-CE", 3, 3, 50, (1.0, 0.09, 0.09), 1, True),
    Dataset("Fluo-N3DH-CHO", 3, 3, 50, (1.0, 0.202, 0.202), 9.5, True),
    Dataset("Fluo-N3DL-DRO", 3, 3, 0, (2.03, 0.406, 0.406), 0.5, False),
    Dataset("Fluo-N3DL-TRIC", 3, 3, 0, (), 1.5, False),
    Dataset("Fluo-N3DL-TRIF", 3, 3, 0, (0.38, 0.38, 0.38), 1.5, False),
    Dataset("Fluo-C3DH-A549-SIM", 3, 3, 0, (1.0, 0.126, 0.126), 1 / 3, False),
    Dataset("Fluo-N3DH-SIM+", 3, 3, 0, (0.2, 0.125, 0.125), 29, False),
)

DATASETS: dict[str, Dataset] = {dataset.name: dataset for dataset in _ALL}


def dataset_named(name: str) -> Dataset:
    """Return the data set with this official name (letter case is ignored).

    Raises:
        DataError: If the challenge has no such data set.
    """
    for known, dataset in DATASETS.items():
        if known.lower() == name.lower():
            return dataset
    raise DataError(f"{name}: not a data set of the challenge; known are {', '.join(DATASETS)}")


def border_of(name: str) -> int:
    """Return the width E of a data set's strip in pixels, 0 for one that the challenge has not."""
    known = DATASETS.get(name)
    return known.border if known else 0
