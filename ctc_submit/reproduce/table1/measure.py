"""From a case to its number: plan, train, tune, score; what is done is not done again."""

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from ctc_submit import __version__
from ctc_submit.checkpoint import CARD, Card, config_from, load_checkpoint, read_card
from ctc_submit.data.labels import whole_file
from ctc_submit.data.sequence import written_name
from ctc_submit.errors import CtcError, DataError
from ctc_submit.methods.method import Method
from ctc_submit.reproduce.table1.case import Case, Plan, plan
from ctc_submit.reproduce.table1.entry import Entry
from ctc_submit.reproduce.table1.settings import Table1Config
from ctc_submit.segment import SegmentConfig
from ctc_submit.train.config import TuneConfig
from ctc_submit.train.course import STATE, EpochReport
from ctc_submit.train.held_out import tuning_frames
from ctc_submit.train.run import train
from ctc_submit.train.tune import Bench, Settings, Tuned, record, tune
from ctc_submit.train.validate import Validation, validate

PLAN, ENTRY = "plan.json", "entry.json"


def stored(case: Case) -> Entry | None:
    """Return the number where it is known already.

    Raises:
        CtcError: If what lies in its folder was asked for otherwise.
    """
    path = case.folder / ENTRY
    began = _read(case.folder / PLAN)
    earlier = case.asked() if began is None else asdict(Table1Config()) | began["asked"]
    if earlier != case.asked():
        other = [k for k in earlier | case.asked() if earlier.get(k) != case.asked().get(k)]
        raise CtcError(
            f"{case.folder}: was begun with {other[0]} {earlier.get(other[0])}, not "
            f"{case.asked().get(other[0])}; give the same, or another --work"
        )
    known = _read(path)
    return None if known is None else Entry(**known)


def measure(case: Case) -> Iterator[Plan | EpochReport | Entry]:
    """Train, tune and score; go on where an earlier call was interrupted.

    Yields:
        The plan, a report an epoch, and last the number, which is stored by then.

    Raises:
        CtcError: If the training fails, or nothing can be saved.
    """
    if len(case.division.learned) < 2:
        raise DataError("one frame to learn from; one more is needed to choose the best epoch by")
    case.folder.mkdir(parents=True, exist_ok=True)
    began = _read(case.folder / PLAN)
    planned = Plan(**began) if began is not None else plan(case)
    _write(case.folder / PLAN, asdict(planned))
    yield planned
    for report in train(case.job(planned.epochs)):
        if isinstance(report, EpochReport):
            yield report
    untuned = read_card(case.model)
    if not untuned.tuning:
        _tune(case, untuned)
    entry = _scored(case, planned)
    _write(case.folder / ENTRY, asdict(entry))
    yield entry


def failed(case: Case, reason: str) -> Entry:
    """Return the entry of a case that came to nothing."""
    asked = case.asked()
    return Entry(
        *(case.row.key, written_name(case.dataset), case.protocol, case.seed, "failed"),
        reason=" ".join(reason.split()),
        how=case.division.how,
        budget=0.0 if case.config.epochs else case.config.minutes,
        asked=asked,
        version=__version__,
    )


def _tune(case: Case, card: Card) -> None:
    """Tune on the frames that the training held out of what it learned from."""
    method, _ = load_checkpoint(case.model, case.device)
    frames = tuning_frames(card, case.division.learned, card.data)
    start = Settings(method.config, _segment_config(case, card))
    for found in tune(Bench(method, frames, start), start, TuneConfig()):
        if isinstance(found, Tuned):
            record(case.model, card, found, {"frames": f"{len(frames)} held-out"})


def _scored(case: Case, planned: Plan) -> Entry:
    method, card = load_checkpoint(case.model, case.device)
    outcome = _validated(case, method, _segment_config(case, card))
    before = outcome if not card.tuning["changes"] else _untuned(case, method, card)
    chosen_by = len(card.data.get("held_out", ()))
    return Entry(
        *(case.row.key, written_name(case.dataset), case.protocol, case.seed, "finished"),
        seg=_rounded(outcome.seg),
        matched=_rounded(outcome.matched),
        missed=_rounded(outcome.missed),
        spurious=_rounded(outcome.spurious),
        seg_untuned=_rounded(before.seg),
        cells=outcome.cells,
        frames={
            "learned": len(case.division.learned),
            "chosen_by": chosen_by,
            "scored": outcome.frames,
        },
        how=case.division.how,
        budget=0.0 if case.config.epochs else case.config.minutes,
        minutes=round(_seconds(case) / 60, 1),
        device=torch.cuda.get_device_name() if case.device == "cuda" else "CPU",
        epochs=planned.epochs,
        best_epoch=card.training["epoch"],
        step_seconds=round(planned.step_seconds, 3),
        asked=case.asked(),
        method=card.config,
        training={k: v for k, v in card.training.items() if k != "augmentation"},
        tuned={k: v["after"] for k, v in card.tuning["changes"].items()},
        by_frame={n: [round(float(j.sum()), 4), j.size] for n, j in outcome.by_frame.items()},
        version=__version__,
    )


def _untuned(case: Case, method: Method, card: Card) -> Validation:
    """Score the settings that the model had before tuning."""
    earlier = {name: change["before"] for name, change in card.tuning["changes"].items()}
    parts: dict[str, dict[str, Any]] = {"method": {}, "segment": {}}
    for name, value in earlier.items():
        part, _, setting = name.partition(".")
        parts[part][setting] = value
    was = type(method).of(replace(method.config, **parts["method"]))
    was.net.load_state_dict(method.net.state_dict())
    was.net.to(case.device)
    return _validated(case, was, replace(_segment_config(case, card), **parts["segment"]))


def _validated(case: Case, method: Method, config: SegmentConfig) -> Validation:
    outcome = validate(method, case.division.scored, config)
    if not outcome.cells:
        raise DataError(f"{case.name}: none of the {outcome.frames} frames to score has a cell")
    return outcome


def _segment_config(case: Case, card: Card) -> SegmentConfig:
    return config_from(SegmentConfig, card.segment, case.model / CARD)


def _seconds(case: Case) -> float:
    """Return how long the whole training took, scoring between epochs included."""
    state = torch.load(case.job(1).work / STATE, map_location="cpu", weights_only=True)
    return float(state["seconds"])


def _rounded(value: float) -> float | None:
    """Return a number to four decimals, None for NaN."""
    return None if math.isnan(value) else round(value, 4)


def _read(path: Path) -> Any:
    """Return what a JSON file holds; None where there is none that is whole."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def _write(path: Path, known: dict[str, Any]) -> None:
    with whole_file(path) as partial:
        partial.write_text(json.dumps(known, indent=1) + "\n", "utf-8")
