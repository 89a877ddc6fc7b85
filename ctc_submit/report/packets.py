"""One frame with all that is drawn over it, as the page loads it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ctc_submit.data.annotations import uncovered_markers
from ctc_submit.data.frames import read_frame
from ctc_submit.data.labels import read_labels
from ctc_submit.errors import DataError
from ctc_submit.pixels.normalise import normalise
from ctc_submit.report.packed import pack_grey, pack_labels
from ctc_submit.report.subject import Subject
from ctc_submit.score.matching import overlaps

Packet = dict[str, Any]
"""``size`` (height, width); ``raw``; ``truth`` with its ``kind`` and ``map``; ``results``, of each
its ``map``, ``cells`` and ``matches``, three numbers a cell of the truth: its label, the label that
answers for it (0 for none), and their Jaccard index."""


def packets(subject: Subject, quality: int) -> Callable[[int], Packet]:
    """Return the function that makes the packet of a time; it may be called from several threads.

    Volumes are shown as their maximum along z; what matches what is found before, in 3D.

    The function raises `DataError` if a file cannot be read or has another size than the others.
    """

    def packet(time: int) -> Packet:
        raw = subject.frames.get(time)
        frame = None if raw is None else read_frame(raw)
        first = next((each.masks[time] for each in subject.results if time in each.masks), None)
        where = _Where(frame.shape, "its frame") if frame is not None else None
        labels = []
        for shown in subject.results:
            mask = shown.masks.get(time)
            found = None if mask is None else read_labels(mask)
            if found is not None and mask is not None:
                where = where or _Where(found.shape, f"{first}")
                where.demand(mask, found)
            labels.append(found)
        if where is None:
            raise DataError(f"{subject.sequence.folder}: nothing is there for frame {time}")
        truth = _truth(subject, time, where)
        answers = [None if each is None else _answer(each, truth) for each in labels]
        shown_truth = truth and truth.as_packet()
        grey = None if frame is None else pack_grey(as_grey(frame), quality)
        size = list(where.shape[-2:])
        return {"size": size, "raw": grey, "truth": shown_truth, "results": answers}

    return packet


def as_grey(frame: np.ndarray) -> np.ndarray:
    """Scale a frame by its percentiles to uint8 YX; a volume is projected."""
    scaled: np.ndarray = np.clip(normalise(flat(frame)), 0, 1)
    scaled *= 255
    return scaled.astype(np.uint8)


def flat(array: np.ndarray) -> np.ndarray:
    """Return YX: a volume's maximum along z."""
    projected: np.ndarray = array.max(axis=0) if array.ndim == 3 else array
    return projected


@dataclass(frozen=True)
class _Where:
    """The size that all images of a frame have, and which image said so."""

    shape: tuple[int, ...]
    first: str

    def demand(self, path: Path, labels: np.ndarray) -> None:
        if labels.shape != self.shape:
            found, expected = ("×".join(map(str, shape)) for shape in (labels.shape, self.shape))
            raise DataError(f"{path}: is {found} pixels, {self.first} is {expected}")


@dataclass(frozen=True)
class _Truth:
    """The truth of one frame.

    Attributes:
        kind: ``SEG`` for outlines, ``TRA`` for markers where there are no outlines.
        labels: The label map, YX or ZYX.
        left_out: Cells that are marked, but not outlined.
    """

    kind: str
    labels: np.ndarray
    left_out: int

    def as_packet(self) -> Packet:
        return {"kind": self.kind, "map": pack_labels(flat(self.labels)), "leftOut": self.left_out}


def _truth(subject: Subject, time: int, where: _Where) -> _Truth | None:
    if subject.images is None:
        return None
    outlined, marked = subject.images.whole.get(time), subject.images.markers.get(time)
    if outlined is None and marked is None:
        return None
    read = {}
    for kind, path in (("SEG", outlined), ("TRA", marked)):
        if path is not None:
            read[kind] = read_labels(path)
            where.demand(path, read[kind])
    kind = next(iter(read))
    left_out = uncovered_markers(read["SEG"], read["TRA"]).size if len(read) == 2 else 0
    return _Truth(kind, read[kind], left_out)


def _answer(labels: np.ndarray, truth: _Truth | None) -> Packet:
    cells = int(np.count_nonzero(np.bincount(labels.reshape(-1))[1:]))
    packet: Packet = {"map": pack_labels(flat(labels)), "cells": cells, "matches": []}
    if truth is not None:
        both = overlaps(truth.labels, labels)
        matched = np.append(both.result_labels, 0)[both.matches]
        rows = zip(both.reference_labels, matched, both.jaccards, strict=True)
        packet["matches"] = [[int(t), int(r), round(float(j), 4)] for t, r, j in rows]
    return packet
