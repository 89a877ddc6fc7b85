"""Label maps over the frames that they belong to, as RGB pictures."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from ctc_submit.data.folders import make_folder
from ctc_submit.data.frames import read_frame
from ctc_submit.data.labels import find_masks, read_labels, whole_file
from ctc_submit.data.sequence import Sequence
from ctc_submit.errors import DataError
from ctc_submit.pixels.normalise import normalise
from ctc_submit.report.colours import palette
from ctc_submit.report.names import write_names
from ctc_submit.report.overlay_settings import OverlaySettings
from ctc_submit.report.truth_images import Slices, demand_shape, read_truth, truth_images

TRUTH_COLOUR = (255, 255, 255)
_COMPRESSION = 2

_Job = tuple[Path, Path, Path | Slices | None, Path]
"""Frame, mask, truth and picture."""


def overlay(
    frame: np.ndarray,
    labels: np.ndarray,
    *,
    truth: np.ndarray | None = None,
    settings: OverlaySettings | None = None,
) -> np.ndarray:
    """Draw a label map over its frame.

    Every cell is filled and outlined, inside of its border, in the colour of its label. The truth
    gets white contours of half that width on top, or with ``settings.beside`` a picture of its own.
    Volumes are shown as their maximum along z.

    Args:
        frame: Raw frame, YX or ZYX, integers or finite floats.
        labels: Label map of the same shape, 0 background.
        truth: Another label map of the same shape, None for none.
        settings: How to draw; the defaults where None.

    Returns:
        uint8 YXC, red green blue, contiguous; as many times as wide as there are pictures beside
        each other: the bare frame (``settings.raw``), the result, the truth (``settings.beside``,
        bare where there is none).

    Raises:
        ValueError: If the shapes differ.
    """
    settings = settings or OverlaySettings()
    for name, array in (("labels", labels), ("truth", truth)):
        if array is not None and array.shape != frame.shape:
            raise ValueError(f"{name} are {array.shape}, the frame is {frame.shape}")
    grey = (255 * normalise(_flat(frame)).clip(0, 1)).astype(np.uint8)
    bare = np.repeat(grey[..., None], 3, axis=2)
    drawn = _coloured(bare, _flat(labels), settings)
    if truth is not None and not settings.beside:
        drawn[contours(_flat(truth), (settings.contour + 1) // 2)] = TRUTH_COLOUR
    panels = [bare] if settings.raw else []
    panels.append(write_names(drawn, _flat(labels)) if settings.labels else drawn)
    if settings.beside:
        panels.append(bare if truth is None else _coloured(bare, _flat(truth), settings))
        if settings.labels and truth is not None:
            panels[-1] = write_names(panels[-1], _flat(truth))
    return panels[0] if len(panels) == 1 else np.hstack(panels)


def _coloured(bare: np.ndarray, labels: np.ndarray, settings: OverlaySettings) -> np.ndarray:
    """Fill and outline cells on a grey picture (uint8 YXC), which is left as it is."""
    drawn = bare.copy()
    colours = palette(int(labels.max(initial=0)))
    inside = labels > 0
    mixed = bare[inside] * (1 - settings.fill) + colours[labels[inside]] * settings.fill
    drawn[inside] = mixed.astype(np.uint8)
    edge = contours(labels, settings.contour)
    drawn[edge] = colours[labels[edge]]
    return drawn


def contours(labels: np.ndarray, width: int) -> np.ndarray:
    """Find the pixels of cells that lie near the end of their cell.

    Args:
        labels: Integer label map, YX.
        width: A pixel is part of the contour if a pixel of another value is at most so many rows
            and columns away; 0 finds none. The frame's own edge is no end.

    Returns:
        bool YX.
    """
    if width == 0:
        return np.zeros(labels.shape, bool)
    size = 2 * width + 1
    highest = ndimage.maximum_filter(labels, size, mode="nearest")
    lowest = ndimage.minimum_filter(labels, size, mode="nearest")
    edge: np.ndarray = (labels > 0) & (highest != lowest)
    return edge


def write_overlays(
    result: Path,
    sequence: Sequence,
    folder: Path,
    *,
    truth: str = "",
    settings: OverlaySettings | None = None,
) -> Iterator[Path]:
    """Write one PNG ``tNNN.png`` for each frame, a few at a time in parallel.

    Args:
        result: Folder with ``maskNNN.tif``.
        sequence: The sequence that the masks belong to.
        folder: Where to; made if missing, and then removed again where a picture fails.
        truth: ``GT`` or ``ST`` to draw the truth too, where a frame has one; empty for none.
        settings: How to draw; the defaults where None.

    Yields:
        The path of each picture, in time order, after it has been written.

    Raises:
        DataError: If masks or frames are missing, differ in size, or a file cannot be written,
            ``folder`` is that of the masks or the frames, or truth is to stand beside and none is
            named.
    """
    settings = settings or OverlaySettings()
    if settings.beside and not truth:
        raise DataError("--beside shows the truth; say which with --truth GT or --truth ST")
    masks, frames = find_masks(result), sequence.frames
    true = truth_images(sequence, truth) if truth else {}
    if missing := sorted(set(frames) - set(masks)):
        raise DataError(f"{result}: has no mask for {frames[missing[0]].name}; run the sequence")
    if folder.resolve() in {result.resolve(), sequence.folder.resolve()}:
        raise DataError(f"{folder}: holds masks or frames; name another folder for the pictures")
    jobs = [
        (frames[time], masks[time], true.get(time), folder / f"{frames[time].stem}.png")
        for time in list(frames)[:: settings.every]
    ]
    with _made(folder, [target for *_, target in jobs]):
        yield from _drawn(jobs, settings)


def _drawn(jobs: list[_Job], settings: OverlaySettings) -> Iterator[Path]:
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        try:
            yield from pool.map(partial(_write_one, settings=settings), jobs)
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def _made(folder: Path, files: Iterable[Path]) -> Iterator[None]:
    """Make a folder for these files; where the block fails, what was missing before goes again."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    make_folder(folder)
    try:
        yield
    except GeneratorExit:  # who takes the pictures wants no more of them
        raise
    except BaseException:
        with suppress(OSError):  # a folder in which somebody else has put something stays
            for file in files if missing else ():
                file.unlink(missing_ok=True)
            for place in missing:
                place.rmdir()
        raise


def _write_one(job: _Job, settings: OverlaySettings) -> Path:
    raw, mask, true, target = job
    frame, labels = read_frame(raw), read_labels(mask)
    demand_shape(mask, labels, frame.shape)
    truth = None if true is None else read_truth(true, frame.shape)
    picture = Image.fromarray(overlay(frame, labels, truth=truth, settings=settings))
    with whole_file(target) as half:
        picture.save(half, "PNG", compress_level=_COMPRESSION)
    return target


def _flat(array: np.ndarray) -> np.ndarray:
    flat: np.ndarray = array.max(axis=0) if array.ndim == 3 else array
    return flat
