"""One pass over a sequence: every file is read once, for all measures."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ctc_submit.data.problem import Problem
from ctc_submit.score.frame_files import FrameFiles
from ctc_submit.score.mask import Mask, Refused, open_mask
from ctc_submit.score.matching import overlaps
from ctc_submit.score.paired import FrameMatch
from ctc_submit.score.workers import in_order

PIXELS = "16-bit unsigned grey pixels in strips, without or with LZW, Deflate or PackBits"


@dataclass(frozen=True)
class Outlines:
    """How well the annotated objects of a frame or slice are outlined.

    Attributes:
        time: Index of the frame.
        z: The slice, None for the whole frame.
        labels: Labels of the reference objects, ascending, shape R.
        jaccards: Their Jaccard indices, float64, shape R.
    """

    time: int
    z: int | None
    labels: np.ndarray
    jaccards: np.ndarray


@dataclass
class FrameFound:
    """What one frame yields.

    Attributes:
        time: Index of the frame.
        outlines: One for the whole frame and one for each slice that is annotated.
        match: Matches of the tracking markers, where there are any and they can be read.
        faults: What cannot be read or compared.
    """

    time: int
    outlines: list[Outlines] = field(default_factory=list)
    match: FrameMatch | None = None
    faults: list[Problem] = field(default_factory=list)


def scan(frames: list[FrameFiles], *, workers: int | None = None) -> Iterator[FrameFound]:
    """Read and match all frames, in their order, several at once.

    Memory holds the images of one frame for each worker, whatever the length of the sequence.
    """
    return in_order(scan_frame, frames, workers=workers)


def scan_frame(files: FrameFiles) -> FrameFound:
    """Read and match one frame; never raises for what is in a file."""
    found = FrameFound(files.time)
    mask = _open(files.mask, found)
    truths: list[tuple[Path, int | None]] = [(path, z) for z, path in files.slices]
    truths += [(path, None) for path in (files.whole, files.markers) if path is not None]
    opened = [(path, z, _open(path, found)) for path, z in truths]
    if mask is None:
        return found
    fitting = [
        (path, z, truth)
        for path, z, truth in opened
        if truth is not None and _comparable(truth, mask, z, path, files.mask, found)
    ]
    answer = _labels(files.mask, mask, found) if fitting else None
    for path, z, truth in fitting:
        labels = _labels(path, truth, found)
        if labels is None or answer is None:
            continue
        both = overlaps(labels, answer if z is None else answer[z : z + 1])
        if path == files.markers:
            found.match = FrameMatch.of(files.time, both)
        else:
            outlines = Outlines(files.time, z, both.reference_labels, both.jaccards)
            found.outlines.append(outlines)
    return found


def _open(path: Path, found: FrameFound) -> Mask | None:
    """Open an image; note a fault and return None where it cannot be used."""
    try:
        mask = open_mask(path, str(path))
    except Refused as refused:
        found.faults.append(Problem(path, refused.rule, PIXELS, refused.found, refused.mend))
        return None
    if mask.blank is not None:
        text = f"{mask.blank}, which the evaluator reads as an empty image"
        rule = "strips" if mask.blank == "tiles" else "compression"
        found.faults.append(Problem(path, rule, PIXELS, text, "write it again"))
        return None
    return mask


def _labels(path: Path, mask: Mask, found: FrameFound) -> np.ndarray | None:
    """Unpack an image; note a fault and return None where it is damaged."""
    try:
        return mask.labels(strict=True)
    except Refused as refused:
        found.faults.append(
            Problem(path, refused.rule, "a whole image", refused.found, refused.mend)
        )
        return None


def _comparable(
    truth: Mask, mask: Mask, z: int | None, path: Path, mask_path: Path, found: FrameFound
) -> bool:
    """Note a fault where the sizes do not fit."""
    size = mask.shape if z is None else (1, *mask.shape[1:])
    if truth.shape == size and (z is None or z < mask.shape[0]):
        return True
    if truth.shape == size:
        expected, have = f"a slice z={z} as in {path.name}", f"{mask.shape[0]} slices"
    else:
        expected = f"the size of {path.name}, {_by(truth.shape)}"
        have = _by(size)
    mend = "write it in the frame's size"
    found.faults.append(Problem(mask_path, "size", expected, have, mend))
    return False


def _by(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape if shape[0] > 1 else shape[1:])) + " pixels"
