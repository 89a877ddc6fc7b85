"""Choose how cells are linked, on masks of sequences that a model did not learn from."""

import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ctc_submit.checkpoint import Card, write_card
from ctc_submit.data.sequence import Sequence
from ctc_submit.errors import DataError
from ctc_submit.score.judge import score
from ctc_submit.track.settings import TrackConfig
from ctc_submit.track.tracker import track_result

GOALS = ("TRA", "OP_CLB")
"""What can be raised; OP_CLB is the mean of LNK and BIO."""

TRIED: dict[str, tuple[Any, ...]] = {
    "repair": (False, True),
    "divisions": (True, False),
    "gap": (0, 2, 5),
    "gate": (2.0, 3.0, 4.0, 6.0),
    "overlap": (0.5, 1.0, 2.0),
    "habit": (1.5, 2.0, 3.0),
    "gap_cost": (0.5, 0.7, 1.0),
    "midpoint": (1.0, 1.3, 1.7),
    "apart": (0.4, 0.6, 0.9),
    "unequal": (0.15, 0.3, 0.6),
    "inside": (0.3, 0.7, 1.0),
}
"""Settings in the order in which they are gone through, with the values that are tried."""

ROUNDS = 2
"""Most times that all settings are gone through."""


@dataclass(frozen=True)
class Reel:
    """A sequence with tracking truth, and masks of it that are not tracked."""

    sequence: Sequence
    masks: Path


@dataclass(frozen=True)
class LinkTrial:
    """One setting whose values were tried.

    Attributes:
        name: Of the setting.
        scores: Each value with the mean score that it brings.
        settings: The settings from here on.
        score: Their score in each sequence.
    """

    name: str
    scores: dict[Any, float]
    settings: TrackConfig
    score: tuple[float, ...]


def linked_scores(reels: list[Reel], settings: TrackConfig, goal: str) -> tuple[float, ...]:
    """Track and judge every sequence, as a run does.

    Raises:
        DataError: If masks or truth cannot be read, or do not give the goal's measure.
    """
    found = []
    for reel in reels:
        with tempfile.TemporaryDirectory() as made:
            result = Path(made) / "result"
            track_result(reel.masks, settings, output=result, sequence=reel.sequence)
            record = score(reel.sequence, result=result)
        value = record.scores[goal]
        if value is None:
            why = record.missing.get(goal, "no measure")
            raise DataError(f"{reel.sequence.folder}: {goal} cannot be taken ({why})")
        found.append(value)
    return tuple(found)


def tune_tracks(
    reels: list[Reel], start: TrackConfig, goal: str, margin: float
) -> Iterator[LinkTrial]:
    """Go through the settings one by one, until none brings more than the margin.

    A value is taken only if it raises the mean of the sequences by more than the margin and lowers
    none of them by more than that: what helps one sequence alone is taken for noise.

    Raises:
        DataError: As `linked_scores`.
    """
    settings, best = start, linked_scores(reels, start, goal)
    for _ in range(ROUNDS):
        before = settings
        for name, values in TRIED.items():
            scores = {getattr(settings, name): best}
            for value in values:
                if value not in scores:
                    scores[value] = linked_scores(reels, replace(settings, **{name: value}), goal)
            better = [value for value, found in scores.items() if _better(found, best, margin)]
            if better:
                top = max(better, key=lambda value: sum(scores[value]))
                settings, best = replace(settings, **{name: top}), scores[top]
            means = {value: _mean(found) for value, found in scores.items()}
            yield LinkTrial(name, means, settings, best)
        if settings == before:
            return


def changes_between(start: TrackConfig, end: TrackConfig) -> dict[str, dict[str, Any]]:
    """Return every setting that is not as it was, with its value before and after."""
    pairs = {name: (value, asdict(end)[name]) for name, value in asdict(start).items()}
    return {name: {"before": a, "after": b} for name, (a, b) in pairs.items() if a != b}


def record_tracks(model: Path, card: Card, settings: TrackConfig, facts: dict[str, Any]) -> None:
    """Write tuned settings, and how they were found, into a model's card; `run` links by them.

    Raises:
        CheckpointError: If the folder cannot be written.
    """
    changed = changes_between(TrackConfig(), settings)
    track = {name: change["after"] for name, change in changed.items()}
    write_card(model, replace(card, track=track, tuning=card.tuning | {"tracks": facts}))


def strange_to(card: Card, sequence: Sequence) -> bool:
    """Tell whether a model, and what it started from, has not learned from a sequence.

    As far as its card tells: by the frames that it names, else by data sets and sequences.
    """
    data, here = card.data, f"{sequence.dataset}/{sequence.number}/"
    names = (*data.get("learned", ()), *data.get("learned_before", ()))
    if any(name.startswith(here) for name in names):
        return False
    if "learned" in data or sequence.dataset not in data.get("datasets", ()):
        return True
    numbers = data.get("sequences", "all")
    return numbers != "all" and sequence.number not in numbers


def _better(found: tuple[float, ...], best: tuple[float, ...], margin: float) -> bool:
    lost = max(b - f for f, b in zip(found, best, strict=True))
    return _mean(found) > _mean(best) + margin and lost <= margin


def _mean(found: tuple[float, ...]) -> float:
    return sum(found) / len(found)
