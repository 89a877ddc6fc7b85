"""Sequences with their truth's own masks, labels shuffled, for judging linking alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from skimage.segmentation import expand_labels

from ctc_submit.data.annotations import find_markers
from ctc_submit.data.datasets import DATASETS
from ctc_submit.data.labels import read_labels, write_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.data.tracks import Track, read_tracks, write_tracks
from ctc_submit.track.settings import Scale
from ctc_submit.track.tracker import scale_of

GROWN = 40
"""Pixels by which markers are grown where a frame has no mask."""


@dataclass(frozen=True)
class Film:
    """A sequence whose truth can be written out as a result without tracks.

    Attributes:
        name: Of the sequence.
        masks: Label map of every frame.
        markers: Tracking markers of every frame; the masks themselves where the truth is exact.
        tracks: Of the markers' labels.
        scale: Pixel size, time step and border.
    """

    name: str
    masks: list[np.ndarray]
    markers: list[np.ndarray]
    tracks: list[Track]
    scale: Scale


REAL = (
    ("Fluo-N2DH-SIM+", "01", "GT"),
    ("PhC-C2DH-U373", "01", "ST"),
    ("PhC-C2DH-U373", "02", "ST"),
    ("DIC-C2DH-HeLa", "01", "ST"),
    ("DIC-C2DH-HeLa", "02", "ST"),
)
"""Data set, sequence, and the truth whose masks are taken."""


def real_films(data: Path) -> Iterator[Film]:
    """Yield the real sequences; markers are grown in frames whose mask is withheld."""
    for dataset, number, truth in REAL:
        sequence = Sequence.at(data / dataset / number)
        folder = (sequence.gold if truth == "GT" else sequence.silver) / "SEG"
        masks, markers = [], []
        for time, path in find_markers(sequence).items():
            marked = read_labels(path)
            mask = folder / f"man_seg{time:03d}.tif"
            masks.append(read_labels(mask) if mask.exists() else grown(marked))
            markers.append(marked)
        tracks = read_tracks(sequence.gold / "TRA" / "man_track.txt")
        scale = scale_of(DATASETS[dataset], masks[0].shape)
        yield Film(f"{dataset} {number}", masks, markers, tracks, scale)


def grown(markers: np.ndarray) -> np.ndarray:
    """Grow markers so that they do not touch."""
    labels = expand_labels(markers, GROWN)
    touching = np.zeros(labels.shape, bool)
    for axis in range(labels.ndim):
        first = tuple(slice(None, -1) if a == axis else slice(None) for a in range(labels.ndim))
        second = tuple(slice(1, None) if a == axis else slice(None) for a in range(labels.ndim))
        meet = (labels[first] != labels[second]) & (labels[first] > 0) & (labels[second] > 0)
        touching[first] |= meet
    return np.where(touching, 0, labels).astype(np.uint16)


def shuffled(masks: list[np.ndarray], drop: float, seed: int) -> list[np.ndarray]:
    """Return the masks with a share of the cells deleted and the labels of each frame shuffled."""
    rng = np.random.default_rng(seed)
    result = []
    for labels in masks:
        values = np.setdiff1d(np.unique(labels), 0)
        values = values[rng.random(len(values)) >= drop]
        table = np.zeros(int(labels.max(initial=0)) + 1, np.uint16)
        table[values] = 1 + rng.permutation(len(values))
        result.append(table[labels])
    return result


def write_truth(film: Film, folder: Path) -> Sequence:
    """Write the tracking truth of a film, in the official layout, into an empty folder."""
    sequence = Sequence.at(folder / "film" / "01")
    markers = sequence.gold / "TRA"
    markers.mkdir(parents=True)
    for time, labels in enumerate(film.markers):
        write_labels(markers / f"man_track{time:03d}.tif", labels)
    write_tracks(markers / "man_track.txt", film.tracks)
    return sequence
