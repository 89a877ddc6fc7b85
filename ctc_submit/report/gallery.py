"""The worst objects of a result, cut out of their frames."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from ctc_submit.data.frames import read_frame
from ctc_submit.data.labels import read_labels
from ctc_submit.report.packed import pack_grey, pack_labels
from ctc_submit.report.packets import as_grey, flat
from ctc_submit.report.subject import Shown, Subject
from ctc_submit.score.frame_files import TruthFiles
from ctc_submit.score.record import ObjectScore

MARGIN = 0.35
"""Free room around an object, in parts of its longer side."""

SMALLEST = 48
"""Least side of a picture, in pixels."""

Picture = dict[str, Any]
"""``time``, ``z``, ``label``, ``jaccard``, ``box`` (the object's top, left, height, width in the
frame), ``size`` of the picture, and in it ``raw``, ``truth`` and ``result``."""


def gallery(subject: Subject, shown: Shown, *, most: int, quality: int) -> list[Picture]:
    """Cut out the annotated objects with the lowest Jaccard index, worst first.

    An object annotated in one slice is shown in that slice, one of a volume in its projection.

    Raises:
        DataError: If a file cannot be read.
    """
    if shown.record is None or subject.images is None:
        return []
    worst = shown.record.worst_objects(most)
    found: dict[ObjectScore, Picture] = {}
    by_image = sorted(worst, key=lambda each: (each.time, -1 if each.z is None else each.z))
    for (time, z), objects in groupby(by_image, key=lambda each: (each.time, each.z)):
        images = _Images.read(subject, shown, subject.images, time, z)
        for each in objects:
            found[each] = _picture(each, images, quality)
    return [found[each] for each in worst]


@dataclass(frozen=True)
class _Images:
    """One frame or slice: raw (uint8, None for none), truth and result, all YX."""

    grey: np.ndarray | None
    truth: np.ndarray
    result: np.ndarray

    @classmethod
    def read(
        cls, subject: Subject, shown: Shown, images: TruthFiles, time: int, z: int | None
    ) -> "_Images":
        raw = subject.frames.get(time)
        frame = None if raw is None else read_frame(raw)
        result = read_labels(shown.masks[time])
        if z is None:
            truth = read_labels(images.whole[time])
        else:
            truth = read_labels(dict(images.slices[time])[z])
            result = result[z] if result.ndim == 3 else result
            frame = frame[z] if frame is not None and frame.ndim == 3 else frame
        grey = None if frame is None else as_grey(frame)
        return cls(grey, flat(truth), flat(result))


def _picture(each: ObjectScore, images: _Images, quality: int) -> Picture:
    object_rows, object_columns = (
        np.flatnonzero((images.truth == each.label).any(axis=axis)) for axis in (1, 0)
    )
    if object_rows.size == 0:  # hidden behind others in a projection
        object_rows, object_columns = (np.arange(side) for side in images.truth.shape)
    top, left = int(object_rows[0]), int(object_columns[0])
    height, width = int(object_rows[-1]) - top + 1, int(object_columns[-1]) - left + 1
    side = max(SMALLEST, round(max(height, width) * (1 + 2 * MARGIN)))
    rows = _span(top + height / 2, side, images.truth.shape[0])
    columns = _span(left + width / 2, side, images.truth.shape[1])
    grey = None if images.grey is None else images.grey[rows, columns]
    truth = images.truth[rows, columns]
    return {
        "time": each.time,
        "z": each.z,
        "label": each.label,
        "jaccard": round(each.jaccard, 4),
        "box": [top, left, height, width],
        "size": list(truth.shape),
        "raw": None if grey is None else pack_grey(np.ascontiguousarray(grey), quality),
        "truth": pack_labels(truth),
        "result": pack_labels(images.result[rows, columns]),
    }


def _span(centre: float, side: int, most: int) -> slice:
    """Return a range of pixels around a centre that lies within the frame."""
    side = min(side, most)
    start = min(max(0, round(centre - side / 2)), most - side)
    return slice(start, start + side)
