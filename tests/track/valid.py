"""An independent check of tracks against their label maps, as the evaluator does it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tifffile

LARGEST = 65_535
Row = tuple[int, int, int, int]


def faults(maps: Sequence[np.ndarray], rows: Sequence[Row]) -> list[str]:
    """Everything that the challenge's TRAMeasure would refuse a result for; none if it is valid.

    Shares no code with the package.
    """
    found = [f"line {row}" for row in rows if not 1 <= row[0] <= LARGEST or row[1] > row[2]]
    labels = [row[0] for row in rows]
    if len(set(labels)) != len(labels):
        found.append("a label has two lines")
    seen: dict[int, set[int]] = {label: set() for label in labels}
    for time, array in enumerate(maps):
        for label in set(np.unique(array).tolist()) - {0}:
            if label not in seen:
                found.append(f"label {label} of frame {time} has no line")
            else:
                seen[label].add(time)
    ends = {label: end for label, _, end, _ in rows}
    for label, begin, end, parent in rows:
        if seen[label] != set(range(begin, end + 1)):
            found.append(f"label {label} is not in every frame from {begin} to {end}")
        if parent and (parent not in ends or ends[parent] >= begin):
            found.append(f"label {label} has parent {parent}")
    children = [row[3] for row in rows if row[3]]
    return found + [f"{p} has many children" for p in set(children) if children.count(p) > 2]


def faults_of(folder: Path) -> list[str]:
    """The same for a result folder, with the format of its files."""
    text = (folder / "res_track.txt").read_bytes().decode("ascii")
    rows = [tuple(int(part) for part in line.split(" ")) for line in text.splitlines()]
    if any(len(row) != 4 for row in rows):
        return ["a line has not four numbers"]
    found, maps = [], []
    for path in sorted(folder.glob("mask*.tif")):
        with tifffile.TiffFile(path) as file:
            page = file.pages.first
            if page.dtype != np.uint16 or page.is_tiled or int(page.compression) not in {1, 5, 8}:
                found.append(f"{path.name}: {page.dtype} {page.compression!r}")
            maps.append(file.asarray())
    return found + faults(maps, [(a, b, c, d) for a, b, c, d in rows])
