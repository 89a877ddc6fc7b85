"""What models find on a frame."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ctc_submit.checkpoint import Card, read_card
from ctc_submit.ensemble.members import find_cells, load_members
from ctc_submit.ensemble.settings import EnsembleConfig
from ctc_submit.reproduce.figures.sample import Sample
from ctc_submit.score.matching import overlaps
from ctc_submit.score.seg import jaccards

ORDER = ("bce", "focal", "shape_aware")
"""Losses in the order of the paper's figures; others follow."""

LOSSES = {"bce": "BCE Loss", "focal": "Focal Loss", "shape_aware": "Shape-Aware Loss"}
METHODS = {"maskrcnn": "Mask R-CNN", "unet": "U-Net", "mulux": "MU-Lux-CZ", "caltus": "CALT-US"}


@dataclass(frozen=True)
class Entrant:
    """A model that is asked.

    Attributes:
        folder: Its folder.
        card: What is known of it.
    """

    folder: Path
    card: Card

    @property
    def is_mask_rcnn(self) -> bool:
        """Whether it belongs into figures 4 and 5; all others are in figure 6."""
        return self.card.method == "maskrcnn"

    @property
    def loss(self) -> str:
        """Name of its loss, empty for a method that has only one."""
        return str(self.card.config.get("loss", ""))

    @property
    def title(self) -> str:
        """Method and loss, on two lines."""
        method = METHODS.get(self.card.method, self.card.method)
        return f"{method}\n{LOSSES.get(self.loss, self.loss) or self.card.name}"

    def knows(self, dataset: str) -> bool:
        """Tell whether its card says that it learned from this data set."""
        return dataset in self.card.data.get("datasets", ())


@dataclass(frozen=True)
class Answer:
    """What a model found on a frame.

    Attributes:
        title: Method and loss.
        labels: Label map, YX; a cell of the truth that was found keeps its value.
        seg: Mean Jaccard index of the frame's cells; None where the truth has none.
    """

    title: str
    labels: np.ndarray
    seg: float | None


def entrants(folders: Iterable[Path]) -> list[Entrant]:
    """Read the cards of models, those with the paper's losses first and in its order.

    Raises:
        CheckpointError: If a folder is no model.
    """
    found = [Entrant(folder, read_card(folder)) for folder in folders]
    place = {loss: row for row, loss in enumerate(ORDER)}
    return sorted(found, key=lambda each: place.get(each.loss, len(ORDER)))


def invited(entrants: list[Entrant], dataset: str, datasets: list[str]) -> list[Entrant]:
    """Return those that are shown on a data set: who learned from it, or from none of these."""
    return [e for e in entrants if e.knows(dataset) or not any(map(e.knows, datasets))]


def answer(entrant: Entrant, sample: Sample, device: str) -> Answer:
    """Segment the frame of a sample.

    Raises:
        CheckpointError: If the model cannot be loaded.
        DataError: If the frame does not suit it.
    """
    labels = find_cells(sample.frame, load_members((entrant.folder,), device), EnsembleConfig())
    found = jaccards(sample.truth, labels)
    seg = float(found.mean()) if found.size else None
    return Answer(entrant.title, coloured_alike(sample.truth, labels), seg)


def coloured_alike(truth: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Give cells of a result the values of the truth's cells that they match.

    A result cell that matches several takes the lowest value; one that matches none gets a value
    above all of the truth's.

    Args:
        truth: Label map, YX, 0 background.
        labels: Label map of the same shape.

    Returns:
        uint32, the same regions as ``labels``.
    """
    pairs = overlaps(truth, labels)
    table = np.zeros(int(labels.max(initial=0)) + 1, np.uint32)
    matched = pairs.matches >= 0
    values = pairs.result_labels[pairs.matches[matched]].tolist()
    partners = dict(zip(values[::-1], pairs.reference_labels[matched].tolist()[::-1], strict=True))
    free = int(truth.max(initial=0)) + 1
    for label in np.unique(labels[labels > 0]).tolist():
        table[label] = partners.get(label, free)
        free += label not in partners
    alike: np.ndarray = table[labels]
    return alike
