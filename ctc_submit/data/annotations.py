"""Gold and silver truth of a sequence: which frames are annotated, and how completely."""

import re
from pathlib import Path

import numpy as np

from ctc_submit.data.labels import read_labels
from ctc_submit.data.sequence import Sequence, files_in
from ctc_submit.errors import DataError

_SEGMENTED = re.compile(r"man_seg([0-9]{3,})\.tif", re.IGNORECASE)
_SLICE = re.compile(r"man_seg_([0-9]{3,})_([0-9]{3})\.tif", re.IGNORECASE)
_MARKED = re.compile(r"man_track([0-9]{3,})\.tif", re.IGNORECASE)
TRUTHS = ("GT", "ST")


def truth_folder(sequence: Sequence, truth: str) -> Path:
    """Return the folder of the sequence's ``GT`` (gold) or ``ST`` (silver) truth.

    Raises:
        ValueError: If ``truth`` is neither.
    """
    if truth not in TRUTHS:
        raise ValueError(f"truth must be one of {', '.join(TRUTHS)}, not {truth!r}")
    return sequence.gold if truth == "GT" else sequence.silver


def find_masks_of_truth(sequence: Sequence, truth: str) -> dict[int, Path]:
    """Return time index to whole segmentation mask ``man_segNNN.tif``, in time order.

    Raises:
        DataError: If the truth has no such mask.
        ValueError: If ``truth`` is neither ``GT`` nor ``ST``.
    """
    folder = truth_folder(sequence, truth) / "SEG"
    found = _numbered(folder, _SEGMENTED)
    if not found:
        there = f" (found {files_in(folder)})" if folder.is_dir() else ""
        raise DataError(
            f"{folder}: holds no man_seg000.tif; the sequence has no {truth} segmentation{there}"
        )
    return found


def find_slices_of_truth(sequence: Sequence, truth: str) -> dict[tuple[int, int], Path]:
    """Return (time, z) to single-slice mask ``man_seg_TTT_ZZZ.tif``; empty where there is none."""
    folder = truth_folder(sequence, truth) / "SEG"
    if not folder.is_dir():
        return {}
    matches = ((_SLICE.fullmatch(path.name), path) for path in folder.iterdir())
    return dict(sorted(((int(m[1]), int(m[2])), path) for m, path in matches if m))


def find_markers(sequence: Sequence) -> dict[int, Path]:
    """Return time index to ``man_trackNNN.tif`` of the gold truth; empty where there is none."""
    return _numbered(sequence.gold / "TRA", _MARKED)


def uncovered_markers(labels: np.ndarray, markers: np.ndarray) -> np.ndarray:
    """Find the cells that a partial segmentation leaves out.

    Args:
        labels: Segmentation of the frame, 0 where nothing is annotated.
        markers: Tracking markers of the same frame and shape, one value a cell.

    Returns:
        Sorted values of the markers of which at most half lies on annotated cells (the matching
        rule of the challenge); empty for a frame that is annotated completely.

    Raises:
        ValueError: If the shapes differ.
    """
    if labels.shape != markers.shape:
        raise ValueError(f"labels are {labels.shape}, markers {markers.shape}")
    size = np.bincount(markers.ravel())
    covered = np.bincount(markers[labels > 0], minlength=size.size)
    uncovered: np.ndarray = np.flatnonzero((size > 0) & (2 * covered <= size))
    return uncovered[uncovered > 0].astype(markers.dtype)


def is_complete(sequence: Sequence, truth: str, time: int) -> bool:
    """Tell whether every tracking marker of a frame lies on a cell of its segmentation.

    A frame without markers counts as complete, as there is nothing to hold against it.

    Raises:
        DataError: If the truth has no mask for this frame, a file cannot be read, or their sizes
            differ.
    """
    masks = find_masks_of_truth(sequence, truth)
    if time not in masks:
        raise DataError(f"{truth_folder(sequence, truth)}: has no mask for frame {time}")
    marked = find_markers(sequence).get(time)
    if marked is None:
        return True
    labels, markers = read_labels(masks[time]), read_labels(marked)
    if labels.shape != markers.shape:
        raise DataError(
            f"{marked}: is {markers.shape} pixels, {masks[time].name} of the same frame is "
            f"{labels.shape}; the truth of a sequence has one size"
        )
    return uncovered_markers(labels, markers).size == 0


def _numbered(folder: Path, pattern: re.Pattern[str]) -> dict[int, Path]:
    if not folder.is_dir():
        return {}
    matches = ((pattern.fullmatch(path.name), path) for path in folder.iterdir())
    return dict(sorted((int(match[1]), path) for match, path in matches if match))
