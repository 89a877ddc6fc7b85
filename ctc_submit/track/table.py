"""Tracks as a table: one row a track, and one row a cell and frame."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ctc_submit.data.labels import find_masks, read_labels, whole_file
from ctc_submit.data.tracks import Track, read_tracks
from ctc_submit.errors import DataError
from ctc_submit.track.cells import Cells, cells_of
from ctc_submit.track.runs import runs_of
from ctc_submit.track.settings import Scale

COLUMNS = (
    "label",
    "begin",
    "end",
    "parent",
    "frames",
    "children",
    "mean_area",
    "path",
    "displacement",
)


@dataclass(frozen=True)
class Spots:
    """Every cell of every frame.

    Attributes:
        labels: int64 (n,), label of the track.
        frames: int64 (n,), time index.
        centres: float64 (n, d), centroids in units of the spacing, in the order of the axes.
        areas: float64 (n,), area or volume in units of the spacing.
    """

    labels: np.ndarray
    frames: np.ndarray
    centres: np.ndarray
    areas: np.ndarray


def read_spots(result: Path, scale: Scale) -> Spots:
    """Measure the cells of a tracked result, one mask in memory at a time.

    Raises:
        DataError: If a mask is missing or damaged.
        ValueError: If the spacing does not fit the masks.
    """
    tables: list[Cells] = []
    for path in find_masks(result).values():
        labels = read_labels(path)
        tables.append(cells_of(labels, runs_of(labels), scale))
    return Spots(
        labels=np.concatenate([table.labels for table in tables]),
        frames=np.repeat(np.arange(len(tables)), [len(table) for table in tables]),
        centres=np.concatenate([table.centres for table in tables]),
        areas=np.concatenate([table.areas for table in tables]),
    )


def demand_csv(path: Path) -> None:
    """Raise DataError if the file's ending is another than that of a table."""
    if path.suffix.lower() != ".csv":
        raise DataError(f"{path}: expected a name that ends in .csv")


def write_table(path: Path, result: Path, scale: Scale) -> None:
    """Write a CSV file with a row a track.

    ``mean_area`` (volume in 3D), ``path`` (sum of all steps) and ``displacement`` (from first to
    last place) are in units of the spacing.

    Raises:
        DataError: If the file's ending is not that of a table, the result cannot be read, or the
            file not written.
    """
    demand_csv(path)
    tracks = read_tracks(result / "res_track.txt")
    rows = list(_rows(tracks, read_spots(result, scale)))
    with whole_file(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows)


def _rows(tracks: Sequence[Track], spots: Spots) -> Iterable[tuple[int | float, ...]]:
    order = np.argsort(spots.labels, kind="stable")
    sorted_labels = spots.labels[order]
    children = Counter(track.parent for track in tracks)
    for track in sorted(tracks):
        low, high = np.searchsorted(sorted_labels, [track.label, track.label + 1])
        mine = order[low:high]
        places = spots.centres[mine]
        steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
        yield (
            track.label,
            track.begin,
            track.end,
            track.parent,
            track.end - track.begin + 1,
            children[track.label],
            round(float(spots.areas[mine].mean()), 3),
            round(float(steps.sum()), 3),
            round(float(np.linalg.norm(places[-1] - places[0])), 3),
        )
