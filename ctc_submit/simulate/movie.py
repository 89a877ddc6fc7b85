"""The time lapse itself: one moment after the other, with its exact truth."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ctc_submit.data.labels import MOST_LABELS
from ctc_submit.data.tracks import Track
from ctc_submit.errors import DataError
from ctc_submit.simulate.cell import Cell
from ctc_submit.simulate.looks import make_look
from ctc_submit.simulate.population import advance, settle
from ctc_submit.simulate.settings import SimulationSettings
from ctc_submit.simulate.territory import divide_ground


@dataclass(frozen=True)
class Moment:
    """One frame and what is in it.

    Attributes:
        time: Index of the frame, from 0.
        frame: YX, uint8 (look ``dic``) or uint16 (look ``fluo``).
        labels: uint16 YX, 0 background; one connected piece a cell, the same label over time.
        tracks: All tracks up to this frame, by label. Daughters have their mother as parent, and
            so has a cell that comes back the track that it left with.
    """

    time: int
    frame: np.ndarray
    labels: np.ndarray
    tracks: tuple[Track, ...]


def simulate(settings: SimulationSettings, rng: np.random.Generator) -> Iterator[Moment]:
    """Yield the moments of a time lapse, in time order, one in memory at a time.

    The same settings and the same state of ``rng`` give the same pixels.

    Args:
        settings: What to draw.
        rng: Source of all randomness.

    Raises:
        DataError: If it needs more than 65,535 labels.
    """
    moving, drawing = rng.spawn(2)
    look = make_look(settings, drawing)
    cells = settle(settings, moving)
    tracks: dict[int, Track] = {}
    for time in range(settings.frames):
        if time:
            cells = advance(cells, settings, moving)
        ground = divide_ground(cells, (settings.height, settings.width))
        seen = np.unique(ground.owner)
        _follow(cells, set(seen.tolist()), time, tracks)
        values = np.array([0, *(cell.label for cell in cells)], np.uint16)
        frame = look(cells, ground, time)
        yield Moment(time, frame, values[ground.owner + 1], tuple(tracks.values()))


def _follow(cells: list[Cell], seen: set[int], time: int, tracks: dict[int, Track]) -> None:
    """Give labels to the cells that come into sight, take them from those that leave it."""
    for index, cell in enumerate(cells):
        if index not in seen:
            cell.ancestor = cell.label or cell.ancestor
            cell.label = 0
        elif cell.label:
            tracks[cell.label] = replace(tracks[cell.label], end=time)
        else:
            cell.label = len(tracks) + 1
            if cell.label > MOST_LABELS:
                raise DataError(f"frame {time} needs more than {MOST_LABELS} labels; take fewer")
            tracks[cell.label] = Track(cell.label, time, time, cell.ancestor)
