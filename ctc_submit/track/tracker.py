"""From a folder of label maps to a result with tracks."""

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ctc_submit.data.datasets import DATASETS, Dataset
from ctc_submit.data.folders import demand_writable
from ctc_submit.data.frames import read_frame
from ctc_submit.data.labels import find_masks, read_labels, write_labels
from ctc_submit.data.sequence import Sequence, digits_of, numbered_files, written_path
from ctc_submit.data.tracks import Track, write_tracks
from ctc_submit.data.whole_folder import keep_foreign, whole_folder
from ctc_submit.errors import DataError
from ctc_submit.track.chance import join_likely
from ctc_submit.track.faults import NO_FAULTS, find_faults
from ctc_submit.track.lineage import Links
from ctc_submit.track.linkers import link_by_library
from ctc_submit.track.linking import link_frames, reach_of
from ctc_submit.track.mending import mended
from ctc_submit.track.movie import Movie, movie_of
from ctc_submit.track.orphans import Orphans
from ctc_submit.track.relabel import Relabeller
from ctc_submit.track.settings import Scale, TrackConfig

logger = logging.getLogger(__name__)

TRACK_FILE = "res_track.txt"
Watch = Callable[[Iterable[np.ndarray], str, int], Iterable[np.ndarray]]
"""Passes label maps on unchanged; told what is done with them and how many there are."""

_ANY = re.compile(r".*?(\d{3,})\.tiff?", re.IGNORECASE)
_MASK = re.compile(r"mask\d{3,}\.tif", re.IGNORECASE)


@dataclass(frozen=True)
class Tracked:
    """What came of tracking a folder.

    Attributes:
        folder: Where the masks and the track file are.
        tracks: As in the track file.
        frames: Number of frames.
        drawn: Number of masks drawn for missed cells.
        mended: Number of masks split, joined or dropped.
        scale: Pixel size, time step and border that were used.
    """

    folder: Path
    tracks: list[Track]
    frames: int
    drawn: int
    mended: int
    scale: Scale

    @property
    def divisions(self) -> int:
        """Number of tracks with at least two children."""
        children = Counter(track.parent for track in self.tracks if track.parent)
        return sum(1 for count in children.values() if count > 1)


def track_result(
    result: Path,
    settings: TrackConfig | None = None,
    *,
    output: Path | None = None,
    sequence: Sequence | None = None,
    border: int | None = None,
    track_file: bool = True,
    watch: Watch | None = None,
) -> Tracked:
    """Give the masks of a folder labels that are consistent over time, and write the track file.

    This is what an inference run calls once all its ``maskNNN.tif`` are written: the labels in them
    may be anything, as long as one value is one cell of its frame. The masks are rewritten in place
    (`res_track.txt` beside them), all or nothing. Cells that have no pixel in the field of interest
    are dropped here, *after* linking, so that a cell that leaves it and comes back is known again:
    the caller does not strip them before. Where the folder does not lie beside the raw frames under
    the data set's name (a temporary folder, say), the caller names ``sequence``, from which the
    data set's border, pixel size and time step follow.

    Args:
        result: Folder with ``mask000.tif`` and so on, or with any ``*000.tif`` if ``output`` is
            named or the folder's name ends in ``_ERR_SEG`` (Cell Linking Benchmark).
        settings: How to link; the defaults where None.
        output: Folder to write to; by default ``result`` itself, and ``NN_RES`` for ``NN_ERR_SEG``.
        sequence: The raw frames; by default the folder ``NN`` beside ``NN_RES``, if there is one.
        border: Width of the strip outside the field of interest, in pixels; by default the data
            set's, 0 for an unknown one.
        track_file: Whether to write ``res_track.txt`` beside the masks.
        watch: Lets a caller see the masks pass, for a progress bar.

    Raises:
        DataError: If a mask is missing, damaged or of another size than the others, if masks and
            frames differ in number or size, if the border leaves nothing of a frame, if there are
            more tracks than 16-bit labels, if another program changes the masks meanwhile, or if
            the result cannot be written. The folder is then as it was.
    """
    settings = settings or TrackConfig()
    given, source = written_path(result), result.resolve()
    target = _target(given, source, output)
    if target.exists():
        demand_writable(target)
    masks = _find(source, target)
    as_found = _state_of(masks.values())
    names = [sequence.dataset] if sequence else [given.parent.name, source.parent.name]
    sequence = sequence or _frames_beside(given) or _frames_beside(source)
    if sequence is not None:
        sequence.demand_apart(target)
        _check_frames(sequence, masks)
    shape = read_labels(masks[0]).shape
    scale = scale_of(_dataset(names), shape, border)
    passing = watch or _unwatched
    movie = movie_of(passing(_read(masks), "measure", len(masks)), scale)
    links = link_movie(movie, settings)
    faults = find_faults(movie, links, settings) if settings.repair else NO_FAULTS
    found = movie  # the tables of the masks as they came

    def mending(what: str) -> Iterable[np.ndarray]:
        read = passing(_read(masks), what, len(masks))
        return mended(read, found, faults) if faults else read

    if faults:
        movie = movie_of(mending("repair"), scale)
        links = link_movie(movie, settings)
    if settings.linker != "ctc-submit":
        links = link_by_library(movie, mending("link"), sequence, settings)
    relabeller = Relabeller(movie, links)
    digits = digits_of(masks[0])
    with whole_folder(target) as partial, _unchanged(masks.values(), as_found, given):
        keep_foreign(target, partial)
        maps = relabeller.label_maps(mending("write"))
        for time, labels in enumerate(maps):
            write_labels(partial / f"mask{time:0{digits}d}.tif", labels)
        if track_file:
            write_tracks(partial / TRACK_FILE, relabeller.tracks)
    counts = (relabeller.drawn, len(faults))
    return Tracked(target, relabeller.tracks, len(masks), *counts, scale)


def _state_of(masks: Iterable[Path]) -> list[tuple[int, ...]]:
    """Return what tells whether files are still those that they were.

    Raises:
        DataError: If one is no longer there.
    """
    try:
        found = [path.stat() for path in masks]
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read ({error.strerror})") from None
    return [(one.st_ino, one.st_size, one.st_mtime_ns) for one in found]


@contextmanager
def _unchanged(masks: Iterable[Path], found: list[tuple[int, ...]], folder: Path) -> Iterator[None]:
    """Let a block end well only if the masks are still as they were found.

    Raises:
        DataError: If they are not, whatever the block stumbled over.
    """
    try:
        yield
    finally:
        if _state_of(masks) != found:
            raise DataError(f"{folder}: another program changed its masks meanwhile; track again")


def link_movie(movie: Movie, settings: TrackConfig) -> Links:
    """Link the cells of a sequence from its tables alone."""
    reach = reach_of(movie, settings)
    steps = link_frames(movie, settings, reach)
    return join_likely(Orphans(movie, settings, reach, steps.manner), steps.follows)


def scale_of(dataset: Dataset | None, shape: tuple[int, ...], border: int | None = None) -> Scale:
    """Return pixel size, time step and border of a data set's label maps.

    Args:
        dataset: The data set, None where unknown.
        shape: Shape of a label map, YX or ZYX.
        border: Overrules the data set's.

    Raises:
        DataError: If the border leaves nothing of a frame.
    """
    width = border if border is not None else dataset.border if dataset else 0
    if width < 0 or 2 * width >= min(shape[-2:]):
        size = "×".join(map(str, shape[-2:]))
        raise DataError(f"a border of {width} pixels leaves nothing of frames of {size} pixels")
    if dataset is not None and len(dataset.pixel_size) == len(shape):
        return Scale(dataset.pixel_size, dataset.time_step, width)
    return Scale((1.0,) * len(shape), None, width)


def _target(given: Path, source: Path, output: Path | None) -> Path:
    """Return the folder to write to, links followed."""
    if output is not None:
        return output.resolve()
    for folder in (given, source):
        if folder.name.upper().endswith("_ERR_SEG"):
            return folder.with_name(f"{folder.name[: -len('_ERR_SEG')]}_RES").resolve()
    return source


def _find(source: Path, target: Path) -> dict[int, Path]:
    """Return time index to label map."""
    in_place = source == target
    if in_place or (
        source.is_dir() and any(_MASK.fullmatch(entry.name) for entry in source.iterdir())
    ):
        return find_masks(source)
    return numbered_files(source, _ANY, "mask", "label maps")


def _frames_beside(source: Path) -> Sequence | None:
    """Return the raw frames of ``NN_RES`` or ``NN_ERR_SEG``, where they lie beside."""
    match = re.match(r"(\d+)_(RES|ERR_SEG)", source.name, re.IGNORECASE)
    folder = source.parent / match[1] if match else None
    if folder is None or not folder.is_dir() or not any(folder.glob("[tT][0-9]*.[tT][iI][fF]*")):
        return None
    return Sequence.at(folder)


def _check_frames(sequence: Sequence, masks: dict[int, Path]) -> None:
    frames = sequence.frames
    if len(frames) != len(masks):
        raise DataError(
            f"{masks[0].parent}: has {len(masks)} masks, {sequence.folder} has {len(frames)} "
            "frames; every frame needs its mask"
        )
    wanted, found = read_frame(frames[0]).shape, read_labels(masks[0]).shape
    if wanted != found:
        raise DataError(f"{masks[0]}: is {found} pixels, its frame {frames[0]} is {wanted}")


def _dataset(names: list[str]) -> Dataset | None:
    """Return the first data set that a folder's names, as written and links followed, tell."""
    official = {name.lower(): dataset for name, dataset in DATASETS.items()}
    known = next((official[name.lower()] for name in names if name.lower() in official), None)
    if known is None:
        text = "%s: no data set of the challenge; lengths in pixels, border 0 if not set"
        logger.info(text, names[0])
    return known


def _read(masks: dict[int, Path]) -> Iterator[np.ndarray]:
    shape: tuple[int, ...] | None = None
    for path in masks.values():
        labels = read_labels(path)
        shape = shape or labels.shape
        if labels.shape != shape:
            raise DataError(
                f"{path}: is {labels.shape} pixels, the masks before are {shape}; "
                "a sequence has one size"
            )
        yield labels


def _unwatched(masks: Iterable[np.ndarray], _what: str, _count: int) -> Iterable[np.ndarray]:
    return masks
