"""What linking needs to know of a sequence: tables of cells and overlaps, no pixels."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from ctc_submit.track.cells import Cells, cells_of
from ctc_submit.track.drift import drift_between
from ctc_submit.track.runs import Overlaps, moved, overlaps_of, runs_of
from ctc_submit.track.settings import Scale


@dataclass(frozen=True)
class Movie:
    """A sequence as tables; a detection is a cell of one frame, numbered through all frames.

    Attributes:
        cells: The cells of each frame.
        overlaps: For each pair of neighbouring frames, pixels shared after the drift is undone.
        drift: float64 (frames, d), how far the whole picture has moved since frame 0, in units of
            the spacing.
        scale: Spacing, time step and border.
    """

    cells: list[Cells]
    overlaps: list[Overlaps]
    drift: np.ndarray
    scale: Scale

    @cached_property
    def offsets(self) -> np.ndarray:
        """int64 (frames + 1,), number of the first detection of each frame."""
        return np.cumsum([0] + [len(table) for table in self.cells])

    @cached_property
    def frames(self) -> np.ndarray:
        """int64 (n,), frame of each detection."""
        return np.repeat(np.arange(len(self.cells)), np.diff(self.offsets))

    @cached_property
    def labels(self) -> np.ndarray:
        """int64 (n,), value of each detection in its frame's label map."""
        return np.concatenate([table.labels for table in self.cells])

    @cached_property
    def areas(self) -> np.ndarray:
        """float64 (n,), area or volume in units of the spacing."""
        return np.concatenate([table.areas for table in self.cells])

    @cached_property
    def radii(self) -> np.ndarray:
        """float64 (n,), radius of the disc or ball of the same size."""
        return np.concatenate([table.radii for table in self.cells])

    @cached_property
    def depths(self) -> np.ndarray:
        """float64 (n,), distance of the centroid into the field of interest."""
        return np.concatenate([table.depths for table in self.cells])

    @cached_property
    def inside(self) -> np.ndarray:
        """Whether any pixel lies in the field of interest; bool (n,)."""
        return np.concatenate([table.inside for table in self.cells])

    @cached_property
    def centres(self) -> np.ndarray:
        """float64 (n, d), centroids with the drift undone."""
        still = [table.centres - way for table, way in zip(self.cells, self.drift, strict=True)]
        return np.concatenate(still)

    @cached_property
    def radius(self) -> float:
        """Median radius of all detections, 1 where there is none."""
        return float(np.median(self.radii)) if self.radii.size else 1.0

    @cached_property
    def spread(self) -> float:
        """Mean distance of a cell to its nearest neighbour in the frame, 0 where all are alone."""
        nearest = [
            cKDTree(table.centres).query(table.centres, k=2)[0][:, 1]
            for table in self.cells
            if len(table) > 1
        ]
        return float(np.concatenate(nearest).mean()) if nearest else 0.0

    def of_frame(self, frame: int) -> np.ndarray:
        """Return int64 numbers of the detections of one frame."""
        return np.arange(self.offsets[frame], self.offsets[frame + 1])

    def shared(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return the area or volume that detections share with detections of the next frame.

        Args:
            first: int (k,), detections of one frame.
            second: int (k,), detections of the frame after it.
        """
        result = np.zeros(len(first))
        if len(first) == 0:
            return result
        found = self.overlaps[int(self.frames[first[0]])]
        keys = found.first << 16 | found.second
        wanted = self.labels[first] << 16 | self.labels[second]
        index = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        if len(keys):
            same = keys[index] == wanted
            result[same] = found.pixels[index[same]] * float(np.prod(self.scale.spacing))
        return result


def movie_of(masks: Iterable[np.ndarray], scale: Scale) -> Movie:
    """Read label maps one by one into tables; two frames are in memory at a time.

    Args:
        masks: uint16 label maps of one shape, YX or ZYX, in time order; at least one.
        scale: Spacing, time step and border.

    Raises:
        ValueError: If there is no mask or the spacing does not fit.
    """
    cells, overlaps, drift = [], [], [np.zeros(len(scale.spacing))]
    before = before_runs = None
    for labels in masks:
        runs = runs_of(labels)
        cells.append(cells_of(labels, runs, scale))
        if before is not None and before_runs is not None:
            shift = drift_between(before, labels)
            overlaps.append(overlaps_of(moved(before_runs, shift), runs))
            drift.append(drift[-1] + np.array(shift) * np.array(scale.spacing))
        before, before_runs = labels, runs
    if not cells:
        raise ValueError("a movie has at least one frame")
    return Movie(cells, overlaps, np.array(drift), scale)
