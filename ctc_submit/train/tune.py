"""Choose how a trained network's answers are read: thresholds, painting, boundaries, sizes."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from ctc_submit.checkpoint import Card, write_card
from ctc_submit.data.annotations import find_markers
from ctc_submit.data.instances import Instance
from ctc_submit.data.labels import read_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.errors import CtcError, DataError
from ctc_submit.methods.method import Method, MethodConfig, TwoStep
from ctc_submit.pixels.tiles import Tile
from ctc_submit.score.aogm import count_frame, det, total
from ctc_submit.score.overall import mean_of_both
from ctc_submit.score.seg import jaccards, mean_seg
from ctc_submit.segment import SegmentConfig, assemble, look
from ctc_submit.train.config import TuneConfig
from ctc_submit.train.split import Example

ROUNDS = 4
"""Most times that all settings are gone through."""

LEAST_AREAS = (0.05, 0.1, 0.15, 0.2, 0.3)
"""Least areas that are tried, as shares of the median annotated cell."""

BEFORE = " (before tuning)"


@dataclass(frozen=True)
class Settings:
    """All that decides how answers become label maps."""

    method: MethodConfig
    segment: SegmentConfig

    def value(self, name: str) -> Any:
        """Return a setting by its name, ``method.x`` or ``segment.x``."""
        part, _, field = name.partition(".")
        return getattr(getattr(self, part), field)

    def changed(self, name: str, value: Any) -> "Settings":
        """Return these settings with another value of one."""
        part, _, field = name.partition(".")
        return replace(self, **{part: replace(getattr(self, part), **{field: value})})


@dataclass(frozen=True)
class Trial:
    """One setting whose values were tried.

    Attributes:
        name: ``method.x`` or ``segment.x``.
        scores: Each value with the score that it brings.
        settings: The settings from here on.
        score: Their score.
    """

    name: str
    scores: dict[Any, float]
    settings: Settings
    score: float


@dataclass(frozen=True)
class Tuned:
    """What tuning came to.

    Attributes:
        config: What was asked for.
        settings: The settings found.
        changes: Every setting that is not as it was, with its value ``before`` and ``after``.
        before: Scores over all tuning frames with the settings as they were: SEG, and DET and
            OP_CSB where there are tracking markers.
        after: The same with those found.
        cells: Annotated cells of the frames.
    """

    config: TuneConfig
    settings: Settings
    changes: dict[str, dict[str, Any]]
    before: dict[str, float]
    after: dict[str, float]
    cells: int


@dataclass(frozen=True)
class _Seen:
    example: Example
    truth: np.ndarray
    markers: np.ndarray | None
    answers: list[tuple[Tile, Any]]


class Bench:
    """Annotated frames with what the network answers for them, to be scored under any settings."""

    def __init__(self, method: Method, examples: Iterable[Example], settings: Settings) -> None:
        """Let the network look at every frame, once.

        Args:
            method: On its device.
            examples: Annotated frames.
            settings: Those of the model; answers are kept as loose as `grids` needs them.

        Raises:
            DataError: If a frame or its truth cannot be read, or no frame has a cell.
            CtcError: If the method's answers cannot be read twice.
        """
        if not isinstance(method, TwoStep):
            raise CtcError(f"{type(method).__name__}: answers of this method cannot be tuned")
        loose = type(method).of(_loosest(settings.method))
        loose.net.load_state_dict(method.net.state_dict())
        loose.net.to(next(method.net.parameters()).device).eval()
        self.method: TwoStep = method
        self.seen = [_seen(example, loose, settings.segment) for example in examples]
        areas = [np.bincount(one.truth.ravel())[1:] for one in self.seen]
        self.areas = np.concatenate([np.zeros(0, np.int64), *(a[a > 0] for a in areas)])
        if not self.areas.size:
            raise DataError(f"none of the {len(self.seen)} frames to tune on has a cell")
        self._read: tuple[MethodConfig, list[list[tuple[Tile, list[Instance]]]]] | None = None

    @property
    def cells(self) -> int:
        """How many annotated cells the frames have."""
        return int(self.areas.size)

    def score(self, settings: Settings) -> dict[str, float]:
        """Read and paint the answers under some settings and score the label maps.

        Returns:
            SEG over all cells of all frames; DET and OP_CSB over frames with tracking markers,
            where there are any. What lies outside the field of interest is not detected.
        """
        found, counts = [], []
        for one, tiles in zip(self.seen, self._instances(settings.method), strict=True):
            labels = assemble(tiles, one.truth.shape, settings.segment)
            found.append(jaccards(one.truth, labels))
            if one.markers is not None:
                counts.append(count_frame(one.markers, one.example.inside(labels)))
        seg, detected = mean_seg(found), det(total(counts))
        scores = {"SEG": seg, "DET": detected, "OP_CSB": mean_of_both(seg, detected)}
        return {name: value for name, value in scores.items() if value is not None}

    def _instances(self, config: MethodConfig) -> list[list[tuple[Tile, list[Instance]]]]:
        if self._read is None or self._read[0] != config:
            read = [
                [(tile, self.method.read(answer, config)) for tile, answer in one.answers]
                for one in self.seen
            ]
            self._read = config, read
        return self._read[1]


def grids(settings: Settings, areas: np.ndarray) -> dict[str, list[Any]]:
    """Return the settings to tune, each with the values to try.

    Args:
        settings: Those of the model.
        areas: Of the annotated cells, in pixels.
    """
    tried = {
        f"{part}.{field.name}": list(field.metadata["tune"])
        for part in ("method", "segment")
        for field in fields(getattr(settings, part))
        if "tune" in field.metadata
    }
    median = float(np.median(areas))
    return tried | {"segment.least_area": [0, *(round(share * median) for share in LEAST_AREAS)]}


def tune(bench: Bench, start: Settings, config: TuneConfig) -> Iterator[Trial | Tuned]:
    """Search, and say last what came of it.

    Raises:
        DataError: If the goal cannot be scored on these frames.
    """
    before = bench.score(start)
    if config.goal not in before:
        raise DataError(f"--goal {config.goal}: the frames have no tracking markers (NN_GT/TRA)")
    tried, settings = grids(start, bench.areas), start
    for trial in search(lambda s: bench.score(s)[config.goal], start, tried, config.margin):
        settings = trial.settings
        yield trial
    pairs = {name: (start.value(name), settings.value(name)) for name in tried}
    changes = {n: {"before": a, "after": b} for n, (a, b) in pairs.items() if a != b}
    after = bench.score(settings)
    yield Tuned(config, settings, changes, before, after, bench.cells)


def search(
    score: Callable[[Settings], float],
    start: Settings,
    tried: dict[str, list[Any]],
    margin: float,
) -> Iterator[Trial]:
    """Go through the settings one by one, until none brings more.

    Args:
        score: To be raised.
        start: Settings to begin with.
        tried: Names of settings and their values.
        margin: The best value of a setting is taken only if it raises the score by more than this.
    """
    settings, best = start, score(start)
    for _ in range(ROUNDS):
        before = settings
        for name, values in tried.items():
            now = settings.value(name)
            others = [value for value in values if value != now]
            scores = {now: best} | {v: score(settings.changed(name, v)) for v in others}
            most = max(scores.values())
            place = values.index(now) if now in values else 0
            top = min(  # of equals, the nearest to what it was
                (value for value in scores if scores[value] == most),
                key=lambda value: abs(values.index(value) - place) if value in values else 0,
            )
            if scores[top] > best + margin:
                settings, best = settings.changed(name, top), scores[top]
            yield Trial(name, scores, settings, best)
        if settings == before:
            return


def record(model: Path, card: Card, tuned: Tuned, data: dict[str, Any]) -> None:
    """Write tuned settings into a model's card; scores that it has are marked as earlier ones.

    What an earlier tuning changed is still told, from its first value to the last, and so is how
    tracks were tuned.

    Args:
        model: Folder of the model.
        card: Its card.
        tuned: What tuning came to.
        data: What the card says of the frames.

    Raises:
        CheckpointError: If the folder cannot be written.
    """
    scores = {  # of one protocol the last
        name: entry | {"protocol": name}
        for entry in card.scores
        for name in [str(entry["protocol"]).removesuffix(BEFORE) + BEFORE]
    }
    earlier = card.tuning.get("changes", {})
    changes = earlier | {
        name: {"before": earlier.get(name, change)["before"], "after": change["after"]}
        for name, change in tuned.changes.items()
    }
    changes = {k: change for k, change in changes.items() if change["before"] != change["after"]}
    facts = asdict(tuned.config) | {"cells": tuned.cells, "data": data, "changes": changes}
    if "tracks" in card.tuning:
        facts["tracks"] = card.tuning["tracks"]
    for when in ("before", "after"):
        facts[when] = {name: round(v, 4) for name, v in getattr(tuned, when).items()}
    written = replace(
        card,
        config=asdict(tuned.settings.method),
        segment=asdict(tuned.settings.segment),
        scores=list(scores.values()),
        tuning=facts,
    )
    write_card(model, written)


def _loosest(config: MethodConfig) -> MethodConfig:
    """Return the settings under which an answer holds what every tuned value needs."""
    given = {f.name: f.metadata["tune"][0] for f in fields(config) if "tune" in f.metadata}
    numbers = {k: min(v, getattr(config, k)) for k, v in given.items() if isinstance(v, float)}
    return replace(config, **(given | numbers))


def _seen(example: Example, method: TwoStep, config: SegmentConfig) -> _Seen:
    frame, labels = example.read()
    sequence = Sequence.at(example.frame.parent)
    time = int(example.frame.stem[1:])
    path = find_markers(sequence).get(time)
    markers = None if path is None else read_labels(path)
    if markers is not None and markers.shape != labels.shape:
        raise DataError(f"{path}: is {markers.shape}, its mask {example.mask} {labels.shape}")
    return _Seen(example, np.maximum(labels, 0), markers, look(frame, method, config))
