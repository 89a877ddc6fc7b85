"""Label maps over the frames that they belong to, as RGB pictures."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from ctc_submit.data.annotations import find_masks_of_truth
from ctc_submit.data.frames import read_frame
from ctc_submit.data.labels import find_masks, read_labels, whole_file
from ctc_submit.data.sequence import Sequence
from ctc_submit.errors import DataError
from ctc_submit.pixels.normalise import normalise
from ctc_submit.report.colours import palette
from ctc_submit.report.overlay_settings import OverlaySettings

TRUTH_COLOUR = (255, 255, 255)
_COMPRESSION = 2


def overlay(
    frame: np.ndarray,
    labels: np.ndarray,
    *,
    truth: np.ndarray | None = None,
    settings: OverlaySettings | None = None,
) -> np.ndarray:
    """Draw a label map over its frame.

    Every cell is filled and outlined, inside of its border, in the colour of its label; the truth
    gets white contours of half that width on top. Volumes are shown as their maximum along z.

    Args:
        frame: Raw frame, YX or ZYX, integers or finite floats.
        labels: Label map of the same shape, 0 background.
        truth: Another label map of the same shape, None for none.
        settings: How to draw; the defaults where None.

    Returns:
        uint8 YXC, red green blue, contiguous; twice as wide with ``settings.raw``.

    Raises:
        ValueError: If the shapes differ.
    """
    settings = settings or OverlaySettings()
    for name, array in (("labels", labels), ("truth", truth)):
        if array is not None and array.shape != frame.shape:
            raise ValueError(f"{name} are {array.shape}, the frame is {frame.shape}")
    grey = (255 * normalise(_flat(frame)).clip(0, 1)).astype(np.uint8)
    bare = np.repeat(grey[..., None], 3, axis=2)
    drawn, flat = bare.copy(), _flat(labels)
    colours = palette(int(flat.max(initial=0)))
    inside = flat > 0
    mixed = bare[inside] * (1 - settings.fill) + colours[flat[inside]] * settings.fill
    drawn[inside] = mixed.astype(np.uint8)
    edge = contours(flat, settings.contour)
    drawn[edge] = colours[flat[edge]]
    if truth is not None:
        drawn[contours(_flat(truth), (settings.contour + 1) // 2)] = TRUTH_COLOUR
    return np.hstack([bare, drawn]) if settings.raw else drawn


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
        folder: Where to; made if missing.
        truth: ``GT`` or ``ST`` to draw the truth too, where a frame has one; empty for none.
        settings: How to draw; the defaults where None.

    Yields:
        The path of each picture, in time order, after it has been written.

    Raises:
        DataError: If masks or frames are missing, differ in size, or a file cannot be written.
    """
    settings = settings or OverlaySettings()
    masks, frames = find_masks(result), sequence.frames
    true = find_masks_of_truth(sequence, truth) if truth else {}
    if missing := sorted(set(frames) - set(masks)):
        raise DataError(f"{result}: has no mask for {frames[missing[0]].name}; run the sequence")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder}: cannot be made ({error.strerror})") from error
    draw = partial(_write_one, settings=settings)
    jobs = [
        (frames[time], masks[time], true.get(time), folder / f"{frames[time].stem}.png")
        for time in list(frames)[:: settings.every]
    ]
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        try:
            yield from pool.map(draw, jobs)
        finally:
            pool.shutdown(cancel_futures=True)


def _write_one(job: tuple[Path, Path, Path | None, Path], settings: OverlaySettings) -> Path:
    raw, mask, true, target = job
    frame = read_frame(raw)
    labels = _labels_for(frame, mask)
    truth = None if true is None else _labels_for(frame, true)
    picture = Image.fromarray(overlay(frame, labels, truth=truth, settings=settings))
    with whole_file(target) as half:
        picture.save(half, "PNG", compress_level=_COMPRESSION)
    return target


def _labels_for(frame: np.ndarray, path: Path) -> np.ndarray:
    labels = read_labels(path)
    if labels.shape != frame.shape:
        found, expected = ("×".join(map(str, array.shape)) for array in (labels, frame))
        raise DataError(f"{path}: is {found} pixels, its frame is {expected}")
    return labels


def write_gif(pictures: list[Path], path: Path, *, pause: int = 120) -> None:
    """Join pictures to an animation that repeats for ever.

    Args:
        pictures: PNG files of one size, in order.
        path: The GIF to write.
        pause: Time between two pictures, in milliseconds.

    Raises:
        DataError: If the file cannot be written.
        ValueError: If there are no pictures.
    """
    if not pictures:
        raise ValueError("an animation needs at least one picture")
    with whole_file(path) as half:
        _paletted(pictures[0]).save(
            half,
            "GIF",
            save_all=True,
            append_images=(_paletted(picture) for picture in pictures[1:]),
            duration=pause,
            loop=0,
        )


def _paletted(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("P", palette=Image.Palette.ADAPTIVE)


def _flat(array: np.ndarray) -> np.ndarray:
    flat: np.ndarray = array.max(axis=0) if array.ndim == 3 else array
    return flat
