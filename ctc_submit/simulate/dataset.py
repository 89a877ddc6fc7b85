"""Simulated time lapses as a folder in the layout of the challenge."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np
import tifffile

from ctc_submit.data.folders import swap_in
from ctc_submit.data.labels import whole_file, write_labels
from ctc_submit.data.one_writer import one_writer
from ctc_submit.data.tracks import Track, write_tracks
from ctc_submit.errors import DataError
from ctc_submit.simulate.movie import Moment, simulate
from ctc_submit.simulate.settings import SimulationSettings

RECORD = "simulation.json"
"""File in the data set's folder that says what it was made from."""


def write_dataset(
    folder: Path,
    settings: SimulationSettings,
    *,
    seed: int = 0,
    sequences: int = 1,
    overwrite: bool = False,
) -> Iterator[Moment]:
    """Write a data set of simulated sequences with gold truth, one frame at a time.

    Sequence ``NN`` gets its frames in ``NN``, its masks in ``NN_GT/SEG``, and the same masks and
    ``man_track.txt`` in ``NN_GT/TRA``. The folder appears when all is written, or not at all.

    Args:
        folder: The data set's folder; its name is the data set's name.
        settings: What to draw, the same for all sequences.
        seed: Seed of the whole data set; every sequence draws from its own part of it.
        sequences: How many, 1 to 99.
        overwrite: Whether an earlier simulated data set in ``folder`` may be replaced.

    Yields:
        Every moment after it has been written.

    Raises:
        DataError: If the folder exists and may not be replaced, or cannot be written, or
            another program is writing it.
        ValueError: If ``sequences`` is not from 1 to 99.
    """
    if not 1 <= sequences <= 99:
        raise ValueError(f"sequences must be from 1 to 99, not {sequences}")
    _refuse_existing(folder, overwrite)
    record = {"settings": asdict(settings), "seed": seed, "sequences": sequences}
    with one_writer(folder, "simulate"), _whole_folder(folder) as partial:
        for number in range(1, sequences + 1):
            rng = np.random.default_rng([seed, number])
            yield from _write_sequence(partial, f"{number:02d}", settings, rng)
        (partial / RECORD).write_text(json.dumps(record, indent=2) + "\n", "utf-8")


def _write_sequence(
    folder: Path, number: str, settings: SimulationSettings, rng: np.random.Generator
) -> Iterator[Moment]:
    raw = folder / number
    masks, markers = folder / f"{number}_GT" / "SEG", folder / f"{number}_GT" / "TRA"
    for made in (raw, masks, markers):
        made.mkdir(parents=True)
    digits = max(3, len(str(settings.frames - 1)))
    tracks: tuple[Track, ...] = ()
    for moment in simulate(settings, rng):
        index = f"{moment.time:0{digits}d}"
        with whole_file(raw / f"t{index}.tif") as partial:
            tifffile.imwrite(partial, moment.frame, photometric="minisblack", metadata=None)
        write_labels(masks / f"man_seg{index}.tif", moment.labels)
        shutil.copyfile(masks / f"man_seg{index}.tif", markers / f"man_track{index}.tif")
        tracks = moment.tracks
        yield moment
    write_tracks(markers / "man_track.txt", tracks)


def _refuse_existing(folder: Path, overwrite: bool) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if folder.exists() and not (overwrite and (folder / RECORD).is_file()):
        mend = "--force replaces it" if (folder / RECORD).is_file() else "it was not simulated"
        raise DataError(f"{folder}: exists already ({mend}); name a new folder")


@contextmanager
def _whole_folder(folder: Path) -> Iterator[Path]:
    """Give a folder beside ``folder`` that takes its place when the block ends well."""
    whole = folder.resolve()
    partial = whole.with_name(f".{whole.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        yield partial
        swap_in(partial, whole)
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror or error})") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
