"""Real sequences with their truth's own masks, labels shuffled, for judging linking alone."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from skimage.segmentation import expand_labels

from ctc_submit.data.annotations import find_markers
from ctc_submit.data.labels import read_labels, write_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.data.tracks import read_tracks, write_tracks

GROWN = 40
"""Pixels by which markers are grown where a frame has no mask."""


@dataclass(frozen=True)
class Scene:
    """One sequence whose truth can be written out as a result without tracks.

    Attributes:
        dataset: Name of the data set.
        number: Name of the sequence.
        truth: ``GT`` or ``ST``, whose masks are taken.
    """

    dataset: str
    number: str
    truth: str


SCENES = (
    Scene("Fluo-N2DH-SIM+", "01", "GT"),
    Scene("PhC-C2DH-U373", "01", "ST"),
    Scene("PhC-C2DH-U373", "02", "ST"),
    Scene("DIC-C2DH-HeLa", "01", "ST"),
    Scene("DIC-C2DH-HeLa", "02", "ST"),
)


def load(data: Path, scene: Scene) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the masks of every frame, and the markers; grown markers where a mask is withheld."""
    sequence = Sequence.at(data / scene.dataset / scene.number)
    folder = (sequence.gold if scene.truth == "GT" else sequence.silver) / "SEG"
    masks, markers = [], []
    for time, path in find_markers(sequence).items():
        marked = read_labels(path)
        mask = folder / f"man_seg{time:03d}.tif"
        masks.append(read_labels(mask) if mask.exists() else grown(marked))
        markers.append(marked)
    return masks, markers


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


def write_truth(data: Path, scene: Scene, markers: list[np.ndarray], to: Path) -> Sequence:
    """Write the tracking truth of a scene, in the official layout, into a temporary folder."""
    sequence = Sequence.at(to / scene.dataset / scene.number)
    folder = sequence.gold / "TRA"
    folder.mkdir(parents=True)
    for time, labels in enumerate(markers):
        write_labels(folder / f"man_track{time:03d}.tif", labels)
    source = Sequence.at(data / scene.dataset / scene.number).gold / "TRA" / "man_track.txt"
    write_tracks(folder / "man_track.txt", read_tracks(source))
    return sequence
