"""The frame of a data set that the figures show, with its truth."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ctc_submit.data.annotations import find_masks_of_truth, truth_folder
from ctc_submit.data.datasets import DATASETS
from ctc_submit.data.frames import read_frame
from ctc_submit.data.labels import read_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.errors import DataError

_SEQUENCE = re.compile(r"[0-9]{2}")
_NAMED = re.compile(r"([0-9]{2})/t?([0-9]+)(\.tif)?")


@dataclass(frozen=True)
class Sample:
    """One annotated frame.

    Attributes:
        dataset: Name of its data set.
        name: Sequence and frame, ``01/t042``.
        frame: The raw frame, YX.
        truth: Label map of the same shape, 0 background.
        pixel: Edge of a pixel in micrometres, None where unknown.
    """

    dataset: str
    name: str
    frame: np.ndarray
    truth: np.ndarray
    pixel: float | None


def sample_of(dataset: Path, *, truth: str, frame: str = "") -> Sample:
    """Take an annotated frame of a data set.

    Args:
        dataset: Folder in the official layout.
        truth: ``ST`` or ``GT``.
        frame: Which one, ``01/t042``; empty for the middle one of those annotated in the first
            sequence that has the truth.

    Raises:
        DataError: If the data set, its truth or the frame is missing, or frames are no YX images.
    """
    if not dataset.is_dir():
        raise DataError(f"{dataset}: no such data set folder; expected 01/, 01_{truth}/ … in it")
    number, time = _named(frame) if frame else (None, None)
    sequence = _sequence(dataset, truth, number)
    masks = find_masks_of_truth(sequence, truth)
    time = list(masks)[len(masks) // 2] if time is None else time
    if time not in masks or time not in sequence.frames:
        raise DataError(f"{dataset}: {frame} has no frame with {truth} mask; name another --frame")
    image, labels = read_frame(sequence.frames[time]), read_labels(masks[time])
    if image.ndim != 2 or image.shape != labels.shape:
        shapes = f"frame {image.shape}, mask {labels.shape}"
        raise DataError(f"{masks[time]}: expected YX pixels of one size, found {shapes}")
    name = sequence.dataset
    known = DATASETS.get(name)
    pixel = known.pixel_size[-1] if known and known.pixel_size else None
    return Sample(name, f"{sequence.number}/{sequence.frames[time].stem}", image, labels, pixel)


def _named(frame: str) -> tuple[str, int]:
    match = _NAMED.fullmatch(frame)
    if match is None:
        raise DataError(f"--frame {frame}: expected sequence and frame, such as 01/t042")
    return match[1], int(match[2])


def _sequence(dataset: Path, truth: str, number: str | None) -> Sequence:
    """Return the sequence of this number, or the first that has the truth."""
    if number is not None:
        return Sequence.at(dataset / number)
    folders = sorted(path for path in dataset.iterdir() if _SEQUENCE.fullmatch(path.name))
    for folder in folders:
        if (truth_folder(Sequence.at(folder), truth) / "SEG").is_dir():
            return Sequence.at(folder)
    raise DataError(f"{dataset}: holds no 01_{truth}; the data set has no {truth} annotations")
