"""The layers of a viewer: frames, labels, truth and tracks, read when they are looked at."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from ctc_submit.data.annotations import find_markers
from ctc_submit.data.datasets import DATASETS
from ctc_submit.data.frames import read_frame
from ctc_submit.data.labels import find_masks, read_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.data.tracks import read_tracks
from ctc_submit.errors import DataError, ToolError
from ctc_submit.report.truth_images import Slices, demand_shape, read_truth, truth_images

TRACKS = "res_track.txt"


@dataclass(frozen=True)
class Layer:
    """One layer, as napari's ``add_<kind>`` takes it.

    Attributes:
        kind: ``image``, ``labels`` or ``tracks``.
        role: ``frames``, ``result``, ``truth`` or ``markers``: how it is coloured.
        name: What the list of layers shows.
        data: A lazy TYX or TZYX stack; for tracks float64 rows of track, time, (z,) y, x in pixels.
        graph: For tracks: label of a child to the labels of its parents.
        limits: For an image: grey values shown as black and as white.
    """

    kind: str
    role: str
    name: str
    data: Any
    graph: dict[int, list[int]] = field(default_factory=dict)
    limits: tuple[float, float] | None = None


def layers_of(
    result: Path, sequence: Sequence, *, truth: str = "", tracks: bool = True
) -> list[Layer]:
    """Describe what is shown of a result, lowest layer first.

    Frames and masks are read one by one when they are looked at. Tracks are drawn through the
    cells' centroids, for which every mask is read once, one in memory at a time.

    Args:
        result: Folder with ``maskNNN.tif`` and, for tracks, ``res_track.txt``.
        sequence: The sequence that the masks belong to.
        truth: ``GT`` or ``ST`` to show the truth too; of the gold one the markers as well.
        tracks: Whether tracks are shown where the result has them.

    Raises:
        DataError: If frames or masks are missing or unreadable, or numbers do not agree.
        ToolError: If dask is not installed.
    """
    frames, masks = sequence.frames, find_masks(result)
    if len(frames) != len(masks):
        raise DataError(
            f"{result}: has {len(masks)} masks, {sequence.folder} has {len(frames)} frames; "
            "every frame needs its mask"
        )
    first = read_frame(frames[0])
    raw = lazy_stack(frames, len(frames), first, labels=False)
    limits = grey_limits(first)
    shown = [Layer("image", "frames", f"{sequence.number} frames", raw, limits=limits)]
    stacks: list[tuple[str, str, Mapping[int, Path | Slices]]]
    stacks = [("result", f"{result.name} cells", masks)]
    if truth:
        true = truth_images(sequence, truth)
        stacks.append(("truth", f"{sequence.number}_{truth} cells", true))
    if truth == "GT" and (markers := find_markers(sequence)):
        stacks.append(("markers", f"{sequence.number}_GT markers", markers))
    for role, name, files in stacks:
        shown.append(Layer("labels", role, name, lazy_stack(files, len(frames), first)))
    if tracks and (result / TRACKS).is_file():
        shown += _tracks(result, masks)
    return shown


def grey_limits(frame: np.ndarray) -> tuple[float, float]:
    """Return the grey values of a frame to show as black and as white, which differ."""
    black, white = np.percentile(frame, (0.1, 99.9)).tolist()
    if white <= black:
        white = max(black + 1, float(np.nextafter(black, np.inf)))
    return black, white


def lazy_stack(
    files: Mapping[int, Path | Slices], count: int, like: np.ndarray, *, labels: bool = True
) -> Any:
    """Stack images that are read when they are looked at.

    Args:
        files: Time index to image, or to slices of a volume; frames that have none are empty.
        count: Length of the stack.
        like: A frame of the sequence, for the shape and, for frames, the pixel type.
        labels: Whether they are label maps (uint16) rather than frames.

    Returns:
        A dask array, TYX or TZYX, one chunk a frame.

    Raises:
        ToolError: If dask is not installed.
    """
    try:
        array: Any = importlib.import_module("dask.array")
        delayed: Any = importlib.import_module("dask.delayed").delayed
    except ImportError:
        raise ToolError("view needs napari and dask: pip install 'ctc-submit[view]'") from None
    kind = np.dtype(np.uint16) if labels else like.dtype
    reader = delayed(_read_like, pure=True)
    slices = [
        array.from_delayed(reader(files[time], like.shape, labels), like.shape, kind)
        if time in files
        else array.zeros(like.shape, dtype=kind, chunks=like.shape)
        for time in range(count)
    ]
    return array.stack(slices)


def centroids(masks: Mapping[int, Path]) -> np.ndarray:
    """Return where each cell of each mask is.

    Returns:
        float64 rows of label, time, (z,) y, x in pixels, sorted by label, then by time.
    """
    rows: list[np.ndarray] = []
    for time, path in masks.items():
        labels = read_labels(path)
        known = np.unique(labels[labels > 0])
        if not known.size:
            continue
        places = np.array(ndimage.center_of_mass(labels > 0, labels, known))
        rows.append(np.column_stack([known, np.full(known.size, time), places]))
    if not rows:
        return np.empty((0, 4))
    table = np.concatenate(rows)
    ordered: np.ndarray = table[np.lexsort((table[:, 1], table[:, 0]))]
    return ordered


def scale_of(sequence: Sequence, axes: int) -> tuple[float, ...]:
    """Return the size of a step along each axis: time in frames, then micrometres, else pixels.

    Args:
        sequence: A sequence; that of an unknown data set has pixels of 1.
        axes: Axes of the stack, time included: 3 or 4.
    """
    known = DATASETS.get(sequence.dataset)
    if known is None or len(known.pixel_size) != axes - 1:
        return (1.0,) * axes
    return (1.0, *known.pixel_size)


def _tracks(result: Path, masks: Mapping[int, Path]) -> list[Layer]:
    """Return the layer of a result's tracks; none where no mask has a cell."""
    lines = read_tracks(result / TRACKS)
    data = centroids(masks)
    known = set(data[:, 0].astype(int).tolist())
    graph = {t.label: [t.parent] for t in lines if t.label in known and t.parent in known}
    return [Layer("tracks", "result", f"{result.name} tracks", data, graph=graph)] if known else []


def _read_like(image: Path | Slices, shape: tuple[int, ...], labels: bool) -> np.ndarray:
    if labels or not isinstance(image, Path):
        return read_truth(image, shape)
    frame = read_frame(image)
    demand_shape(image, frame, shape)
    return frame
