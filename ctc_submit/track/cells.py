"""The cells of one frame as a table."""

from dataclasses import dataclass

import numpy as np

from ctc_submit.pixels.field import labels_outside
from ctc_submit.track.runs import Runs
from ctc_submit.track.settings import Scale


@dataclass(frozen=True)
class Cells:
    """One row for each cell of a frame, sorted by label.

    Attributes:
        labels: int64 (n,), values of the label map.
        areas: float64 (n,), area (2D) or volume (3D) in units of the spacing.
        centres: float64 (n, d), centroids in units of the spacing, in the order of the axes.
        depths: float64 (n,), distance of the centroid to the nearest lateral side of the field of
            interest, in units of the spacing; negative outside of it.
        inside: bool (n,), whether any pixel lies in the field of interest.
    """

    labels: np.ndarray
    areas: np.ndarray
    centres: np.ndarray
    depths: np.ndarray
    inside: np.ndarray

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.labels)

    @property
    def radii(self) -> np.ndarray:
        """float64 (n,), radius of the disc or ball of the same area or volume."""
        if self.centres.shape[1] == 2:
            return np.sqrt(self.areas / np.pi)
        return np.cbrt(self.areas * 3 / (4 * np.pi))


def cells_of(labels: np.ndarray, runs: Runs, scale: Scale) -> Cells:
    """Measure the cells of one frame.

    Args:
        labels: uint16 label map, YX or ZYX.
        runs: The same label map as runs.
        scale: Spacing and border.

    Raises:
        ValueError: If the spacing does not fit the axes.
    """
    if len(scale.spacing) != len(runs.shape):
        raise ValueError(f"spacing {scale.spacing} does not fit a frame of shape {runs.shape}")
    filled = runs.values > 0
    lengths = runs.lengths[filled]
    values, index = np.unique(runs.values[filled], return_inverse=True)
    pixels = np.bincount(index, lengths, minlength=len(values))
    places = np.array(np.unravel_index(runs.starts[filled], runs.shape), dtype=np.float64)
    places[-1] += (lengths - 1) / 2
    sums = [np.bincount(index, lengths * axis, minlength=len(values)) for axis in places]
    centres = np.stack(sums, axis=1) / pixels[:, None]
    inside = np.ones(len(values), bool)
    if scale.border:
        inside = ~np.isin(values, labels_outside(labels, scale.border))
    return Cells(
        labels=values.astype(np.int64),
        areas=pixels * float(np.prod(scale.spacing)),
        centres=centres * np.array(scale.spacing),
        depths=_depths(centres, runs.shape, scale),
        inside=inside,
    )


def _depths(centres: np.ndarray, shape: tuple[int, ...], scale: Scale) -> np.ndarray:
    lateral = centres[:, -2:]
    last = np.array(shape[-2:]) - 1.0
    pixels = np.minimum(lateral, last - lateral) - scale.border
    depths: np.ndarray = (pixels * np.array(scale.spacing[-2:])).min(axis=1)
    return depths
