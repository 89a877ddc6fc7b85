"""The truth of a frame to look at: a whole mask, or the slices of a volume that are annotated."""

from pathlib import Path

import numpy as np

from ctc_submit.data.annotations import find_masks_of_truth, find_slices_of_truth
from ctc_submit.data.labels import read_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.errors import DataError

Slices = tuple[tuple[int, Path], ...]
"""Annotated slices of one volume: z and file."""


def truth_images(sequence: Sequence, truth: str) -> dict[int, Path | Slices]:
    """Return time to the mask of the whole frame, else to its annotated slices.

    Args:
        sequence: The sequence.
        truth: ``GT`` or ``ST``.

    Raises:
        DataError: If the truth has neither.
    """
    slices: dict[int, Slices] = {}
    for (time, z), path in find_slices_of_truth(sequence, truth).items():
        slices[time] = (*slices.get(time, ()), (z, path))
    try:
        whole = find_masks_of_truth(sequence, truth)
    except DataError:
        if not slices:
            raise
        whole = {}
    return dict(sorted((slices | whole).items()))


def read_truth(image: Path | Slices, shape: tuple[int, ...]) -> np.ndarray:
    """Read the truth of a frame; slices that are not annotated are empty.

    Args:
        image: A whole mask, or slices.
        shape: Of the frame, YX or ZYX.

    Returns:
        uint16 of that shape.

    Raises:
        DataError: If a file cannot be read, or has another size.
    """
    if isinstance(image, Path):
        labels = read_labels(image)
        demand_shape(image, labels, shape)
        return labels
    volume = np.zeros(shape, np.uint16)
    for z, path in image:
        labels = read_labels(path)
        if len(shape) != 3 or z >= shape[0]:
            told = "×".join(map(str, shape))
            raise DataError(f"{path}: is slice {z} of a volume, its frame is {told} pixels")
        demand_shape(path, labels, shape[1:])
        volume[z] = labels
    return volume


def demand_shape(path: Path, labels: np.ndarray, shape: tuple[int, ...]) -> None:
    """Hold a label map against the size of its frame.

    Raises:
        DataError: If they differ.
    """
    if labels.shape != shape:
        found, expected = ("×".join(map(str, each)) for each in (labels.shape, shape))
        raise DataError(f"{path}: is {found} pixels, its frame is {expected}")
