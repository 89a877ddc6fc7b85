"""``ctc-submit tune --tracks``: choose how cells are linked."""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from ctc_submit.train.config import TuneConfig


def tune_tracks_of(
    model: Path,
    datasets: Iterable[Path],
    *,
    numbers: tuple[str, ...],
    masks: tuple[Path, ...],
    config: TuneConfig,
    dry_run: bool,
    device: str,
) -> None:
    """Tune how the cells that a model finds are linked, and write it into the model's card.

    Args:
        model: Folder of the model.
        datasets: Folders of data sets with tracking truth.
        numbers: Their sequences; all with tracking truth where empty.
        masks: Masks of the sequences, in their order; the model makes them where empty.
        config: What is raised, and by how much at least; TRA where it is not about tracks.
        dry_run: Whether to write nothing.
        device: ``auto``, ``cpu`` or ``cuda``.
    """
    from ctc_submit.checkpoint import CARD, config_from, read_card
    from ctc_submit.data.folders import demand_writable
    from ctc_submit.errors import CheckpointError, DataError
    from ctc_submit.track.settings import TrackConfig
    from ctc_submit.train.selection import demand_names
    from ctc_submit.train.tune_tracks import (
        GOALS,
        Reel,
        changes_between,
        linked_scores,
        record_tracks,
        strange_to,
        tune_tracks,
    )

    datasets = tuple(datasets)
    demand_names(datasets)
    goal = config.goal if config.goal in GOALS else GOALS[0]
    card = read_card(model)
    if not dry_run:
        demand_writable(model, CheckpointError)
    sequences = [each for folder in datasets for each in _with_tracks(folder, numbers)]
    if masks and len(masks) != len(sequences):
        names = ", ".join(str(each.folder) for each in sequences)
        raise DataError(f"--masks: {len(masks)} given for {len(sequences)} sequences ({names})")
    for each in [] if masks else sequences:
        if not strange_to(card, each):
            raise DataError(
                f"{each.folder}: {card.name} learned from it, and its masks there are too good to "
                "tune on; choose others with --sequence, or give --masks of a model that did not"
            )
    start = config_from(TrackConfig, card.track, model / CARD)
    with tempfile.TemporaryDirectory() as made:
        if not masks:
            masks = tuple(_segmented(each, model, Path(made), device) for each in sequences)
        reels = [Reel(each, folder) for each, folder in zip(sequences, masks, strict=True)]
        before = found = linked_scores(reels, start, goal)
        settings = start
        for trial in tune_tracks(reels, start, goal, config.margin):
            settings, found = trial.settings, trial.score
            tried = ", ".join(f"{value} {score:.4f}" for value, score in trial.scores.items())
            kept = getattr(settings, trial.name)
            click.echo(f"{trial.name}: {tried}; kept {kept}", err=True)
    changes = changes_between(start, settings)
    facts: dict[str, Any] = {
        "goal": goal,
        "margin": config.margin,
        "sequences": [f"{each.dataset}/{each.number}" for each in sequences],
        "changes": changes,
        "before": [round(value, 4) for value in before],
        "after": [round(value, 4) for value in found],
    }
    if changes and not dry_run:
        record_tracks(model, card, settings, facts)
    for name, change in changes.items():
        click.echo(f"{name}: {change['before']} → {change['after']}")
    said = ", ".join(
        f"{name} {a:.4f} → {b:.4f}"
        for name, a, b in zip(facts["sequences"], before, found, strict=True)
    )
    rest = "" if changes else "; nothing raises it by more than the margin, the settings stay"
    click.echo(f"{model}: {goal} {said}{rest}")


def _with_tracks(folder: Path, numbers: tuple[str, ...]) -> list[Any]:
    """Return the sequences of a data set, all with tracking truth unless numbers are given.

    Raises:
        DataError: If there is none, or one that is given has no tracking truth.
    """
    from ctc_submit.data.sequence import Sequence
    from ctc_submit.errors import DataError

    every = [path.parents[1].name[:2] for path in folder.glob("[0-9][0-9]_GT/TRA/man_track.txt")]
    chosen = list(dict.fromkeys(numbers)) or sorted(every)
    if missing := sorted({*(chosen or ["01"])} - {*every}):
        truth = f"{missing[0]}_GT/TRA/man_track.txt"
        raise DataError(f"{folder}: holds no {truth}; tracks need tracking truth")
    return [Sequence.at(folder / number) for number in chosen]


def _segmented(sequence: Any, model: Path, place: Path, device: str) -> Path:
    from tqdm import tqdm

    from ctc_submit.pipeline import Run, RunConfig
    from ctc_submit.segment import device_named

    result: Path = place / sequence.dataset / f"{sequence.number}_RES"
    result.parent.mkdir(exist_ok=True)
    run = Run(sequence, model, result, RunConfig(border=0, track=False))
    total = len(sequence.frames)
    for _ in tqdm(run(device_named(device)), total=total, unit="frame", disable=None, leave=False):
        pass
    return result
