"""Which files of a truth and of a result belong to which frame."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ctc_submit.data.annotations import TRUTHS
from ctc_submit.data.folders import reading
from ctc_submit.data.problem import Problem
from ctc_submit.data.sequence import digits_of
from ctc_submit.errors import DataError
from ctc_submit.score.truth_files import marked, segmented

_MASK = re.compile(r"mask([0-9]{3,})\.tif", re.IGNORECASE)

_KIND = re.compile(r"(man_[a-z]+)_?([0-9]+).*", re.IGNORECASE)
"""The image of a truth: what it shows, and its time."""


@dataclass(frozen=True)
class FrameFiles:
    """The files of one frame.

    Attributes:
        time: Index of the frame.
        mask: The result's mask.
        whole: Segmentation of the whole frame, where there is one.
        slices: Segmentation of single slices: z and file.
        markers: Tracking markers, where there are any.
    """

    time: int
    mask: Path
    whole: Path | None = None
    slices: tuple[tuple[int, Path], ...] = ()
    markers: Path | None = None


@dataclass(frozen=True)
class TruthFiles:
    """The images of a truth.

    Attributes:
        whole: Time to segmentation of the whole frame.
        slices: Time to segmentations of single slices: z and file.
        markers: Time to tracking markers, in time order; none in silver truth.
        misnamed: ``SEG`` or ``TRA`` to the fault that all images there have other digits.
    """

    whole: Mapping[int, Path]
    slices: Mapping[int, list[tuple[int, Path]]]
    markers: Mapping[int, Path]
    misnamed: Mapping[str, Problem] = field(default_factory=dict)

    @property
    def annotated(self) -> int:
        """How many segmentations there are, of frames and of slices."""
        return len(self.whole) + sum(map(len, self.slices.values()))

    @property
    def times(self) -> list[int]:
        """All frames with an image, in time order."""
        return sorted({*self.whole, *self.slices, *self.markers})


def find_truth(folder: Path, truth: str, digits: int) -> TruthFiles:
    """Find the images of a truth whose names have that many digits.

    Raises:
        DataError: If there is none, or a folder may not be read.
    """
    with reading(folder):
        found = _images(folder, truth, digits)
    if not found.times:
        raise DataError(
            f"{folder}: holds no man_seg or man_track image with {digits} digits, as the masks have"
        )
    return found


def _images(folder: Path, truth: str, digits: int) -> TruthFiles:
    whole: dict[int, Path] = {}
    slices: dict[int, list[tuple[int, Path]]] = defaultdict(list)
    for name, time, z in segmented(folder / "SEG", digits):
        if z is None:
            whole[time] = folder / "SEG" / name
        else:
            slices[time].append((z, folder / "SEG" / name))
    times = marked(folder / "TRA", digits) if truth == TRUTHS[0] else []
    markers = {time: folder / "TRA" / name for name, time in times}
    empty = [] if whole or slices else ["SEG"]
    empty += ["TRA"] if truth == TRUTHS[0] and not markers else []
    faults = {part: _misnamed(folder / part, digits) for part in empty}
    misnamed = {part: fault for part, fault in faults.items() if fault is not None}
    return TruthFiles(whole, slices, markers, misnamed)


def _misnamed(folder: Path, digits: int) -> Problem | None:
    """Tell of images of a truth in a folder where none has that many digits in its name."""
    found = segmented(folder, None) if folder.name == "SEG" else marked(folder, None)
    first = next((match for name, *_ in found if (match := _KIND.fullmatch(name))), None)
    if first is None:
        return None
    expected = f"{first[1]} images with {digits} digits, as the masks have"
    mend = "rename the images, or the masks"
    return Problem(folder, "digits", expected, f"{len(first[2])}, as in {first[0]}", mend)


def find_result(folder: Path) -> tuple[dict[int, Path], list[Problem]]:
    """Return time to mask, and the masks whose names have another number of digits than most.

    Raises:
        DataError: If there is no such folder, or no mask in it, or it may not be read.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; expected a result with mask000.tif in it")
    with reading(folder):
        found = [path for path in sorted(folder.iterdir()) if _MASK.fullmatch(path.name)]
    if not found:
        raise DataError(f"{folder}: holds no mask000.tif; there is no result to score")
    width = Counter(map(digits_of, found)).most_common(1)[0][0]
    masks = {int(path.stem[4:]): path for path in found if digits_of(path) == width}
    others = [path for path in found if digits_of(path) != width]
    expected = f"{width} digits, as most masks have"
    return masks, [Problem(p, "digits", expected, f"{digits_of(p)}", "rename it") for p in others]


def pair_files(
    truth: TruthFiles, masks: Mapping[int, Path], folder: Path
) -> tuple[list[FrameFiles], list[Problem]]:
    """Put each frame of the truth beside its mask; note the masks that ``folder`` lacks."""
    width = digits_of(next(iter(masks.values())))
    files, faults = [], []
    for time in truth.times:
        if time not in masks:
            name = f"mask{time:0{width}d}.tif"
            mend = "write a mask for every frame, empty where there is no cell"
            expected = "a mask for this frame"
            faults.append(Problem(folder / name, "mask-missing", expected, "no file", mend))
            continue
        slices = tuple(truth.slices.get(time, ()))
        images = (truth.whole.get(time), slices, truth.markers.get(time))
        files.append(FrameFiles(time, masks[time], *images))
    return files, faults
