"""What a training is to learn, and its course so far: rows, best model, state on disk."""

import hashlib
import io
import json
import math
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from ctc_submit.checkpoint import CARD, Card, demand_room, save_checkpoint
from ctc_submit.data.labels import whole_file
from ctc_submit.errors import CheckpointError
from ctc_submit.methods.method import Method, MethodConfig
from ctc_submit.pixels.augment import AugmentSettings
from ctc_submit.segment import SegmentConfig
from ctc_submit.train.config import TrainConfig
from ctc_submit.train.curves import Row, as_csv, curve_files, write_events, write_files
from ctc_submit.train.loop import Learner
from ctc_submit.train.processes import Group
from ctc_submit.train.split import Example
from ctc_submit.train.validate import Validation, score_entry, validate

STATE, BEGUN = "state.pt", "begun.txt"

SAVE_EVERY = 20.0
"""Seconds between two saved states: about what a stop costs, beside the epoch begun. Saving and
drawing take a second or so, which epochs of a few seconds, as on a GPU, would feel."""


@dataclass(frozen=True)
class Job:
    """What is to be learned.

    Attributes:
        name: Name of the model.
        examples: Annotated frames to learn from and to choose by.
        method: Name of the method.
        method_config: Its settings; those that follow the data are filled in.
        config: Settings of the training.
        augmentation: How frames are varied.
        out: Folder of the model.
        work: Folder of the state and the curves.
        data: What the card says of the data.
        device: Where to train.
        notes: Limits and terms, for the card.
        group: The processes that learn together; all but the first only compute.
        chosen: Names of the method's settings that were asked for, so that they do not follow the
            data.
    """

    name: str
    examples: list[Example]
    method: str
    method_config: MethodConfig
    config: TrainConfig
    augmentation: AugmentSettings
    out: Path
    work: Path
    data: dict[str, Any] = field(default_factory=dict)
    device: str = "cpu"
    notes: tuple[str, ...] = ()
    group: Group = field(default_factory=Group)
    chosen: frozenset[str] = frozenset()


@dataclass(frozen=True)
class EpochReport:
    """What one epoch came to: its row of the table, and whether it is the best so far."""

    epoch: int
    row: Row
    best: bool


class Course:
    """The course of a training so far: its rows, its best score, its state on disk."""

    def __init__(
        self,
        job: Job,
        learner: Learner,
        segment: SegmentConfig,
        origin: dict[str, list[str]],
    ) -> None:
        """Begin with nothing.

        Args:
            job: What is to be learned.
            learner: Takes the steps.
            segment: Settings to judge with.
            origin: What the card says of the model that the training started from
                (`ctc_submit.train.held_out.origin_of`); empty where there was none.
        """
        self.job, self.learner, self.segment, self.origin = job, learner, segment, origin
        self.rows: list[Row] = []
        self.best, self.since_best, self.seconds = -1.0, 0, 0.0
        self.clock, self.saved = time.perf_counter(), -math.inf

    def resume(self) -> None:
        """Take up an earlier run of the same job, where there is one.

        Raises:
            CheckpointError: If there is one of another job, or its model is not where it was
                written, or the folder of the model holds something else.
        """
        demand_room(self.job.out)
        path = self.job.work / STATE
        if not path.exists():
            if (self.job.out / CARD).exists() and not self._has_begun():
                raise CheckpointError(
                    f"{self.job.out}: holds a model, and {self.job.work} no training that wrote "
                    "it; move it away, or name another --out"
                )
            if not self.job.group.rank:  # what cannot be written is said before hours of training
                with whole_file(self.job.work / BEGUN) as partial:
                    partial.write_text(self._mark(), "utf-8", "surrogateescape")
            return
        try:
            # onto the CPU: network and optimiser take what they need to where they are, and torch's
            # generator and the optimiser's counters stay
            state = torch.load(path, map_location="cpu", weights_only=True)
            belongs = state["job"]
        except OSError as error:
            raise CheckpointError(f"{path}: cannot be read ({error.strerror})") from error
        except Exception as error:
            raise CheckpointError(f"{path}: cannot be read; delete it to begin anew") from error
        if belongs != fingerprint(self.job):
            raise CheckpointError(
                f"{path}: belongs to a training with other data or settings; "
                "name another --out and --work, or move both folders away to begin anew"
            )
        self.learner.restore(state["learner"])
        self.rows, self.best = state["rows"], state["best"]
        ended = len(self.rows) >= self.job.config.epochs
        if (self.best >= 0 or ended) and not (self.job.out / CARD).is_file():
            raise CheckpointError(
                f"{self.job.out}: lacks the model that the training in {self.job.work} wrote; "
                "give its --out, or delete the folder of the training to begin anew"
            )
        self.since_best, self.seconds = state["since_best"], state["seconds"]
        self.origin = state.get("origin", {})

    def _mark(self) -> str:
        return f"{fingerprint(self.job)} {self.job.out.resolve()}\n"

    def _has_begun(self) -> bool:
        """Tell whether this job began here, and was ended before it could save a state."""
        try:
            return (self.job.work / BEGUN).read_text("utf-8", "surrogateescape") == self._mark()
        except OSError:
            return False

    def close_epoch(self, row: Row, judged: Method, examples: list[Example]) -> EpochReport:
        """Score the epoch and save the state, each where it is due, and report."""
        config = self.job.config
        last = row["epoch"] == config.epochs
        best, outcome = not examples and last, None
        judged.net.load_state_dict(self.learner.best_net.state_dict())
        if examples and (row["epoch"] % config.validate_every == 0 or last):
            outcome = validate(judged, examples, self.segment)
            row |= {k: getattr(outcome, k) for k in ("seg", "matched", "missed", "spurious")}
            best = outcome.seg > self.best
            self.since_best = 0 if best else self.since_best + 1
        self.rows.append(row)
        now = time.perf_counter()
        self.seconds, self.clock = self.seconds + now - self.clock, now
        due = last or self.is_stuck() or now - self.saved >= SAVE_EVERY
        if due:
            drawn = curve_files(self.rows, self.job.name)
        else:
            drawn = {"curves.csv": as_csv(self.rows)}
        write_files(self.job.work, drawn)
        if best:
            self.best = row.get("seg", self.best)
            card = self._card(row, outcome, examples)
            save_checkpoint(self.job.out, judged, card, beside=drawn)
        elif self.best >= 0:  # a model of this training is there
            write_files(self.job.out, drawn)
        if due:
            self._save()
            self.saved = time.perf_counter()
        write_events(self.job.work / "tensorboard", row)
        return EpochReport(int(row["epoch"]), row, best)

    def is_stuck(self) -> bool:
        """Tell whether the score has not risen for as long as the job has patience."""
        return 0 < self.job.config.patience <= self.since_best

    def _card(self, row: Row, outcome: Validation | None, examples: list[Example]) -> Card:
        job = self.job
        held = [e.name for e in examples]
        learned = {e.name for e in job.examples}.difference(held)
        named = {"learned": sorted(learned)} | ({"held_out": held} if held else {})
        protocol = "held-out training frames (chose the best epoch)"
        scores = [] if outcome is None else [score_entry(outcome, protocol, job.data)]
        return Card(
            name=job.name,
            method=job.method,
            config=asdict(self.learner.method.config),
            segment=asdict(self.segment),
            data=job.data | named | self.origin,
            training=asdict(job.config)
            | {"augmentation": asdict(job.augmentation)}
            | {"epoch": int(row["epoch"]), "seconds": round(self.seconds)},
            scores=scores,
            notes=list(job.notes),
        )

    def _save(self) -> None:
        job = self.job
        state = {
            "job": fingerprint(job),
            "learner": self.learner.state(),
            "rows": self.rows,
            "best": self.best,
            "since_best": self.since_best,
            "seconds": self.seconds,
            "origin": self.origin,
        }
        content = io.BytesIO()
        torch.save(state, content)
        with whole_file(job.work / STATE) as partial:
            partial.write_bytes(content.getbuffer())


def _files_of(example: Example) -> list[str | int]:
    """Return what tells an example's files from others, wherever the data set lies."""
    mask, frame = example.mask, example.frame
    truth = "/".join(mask.parts[-3:])
    return [truth, mask.stat().st_size, frame.stat().st_size, example.markers is not None]


def fingerprint(job: Job) -> str:
    """Return a checksum of all that decides what a training comes to."""
    config = asdict(replace(job.config, workers=0))
    if config["accumulate"] == 1:  # as before there was the choice
        del config["accumulate"]
    if job.group.size > 1:
        config["processes"] = job.group.size
    known = [
        [[e.name, *_files_of(e)] for e in job.examples],
        job.method,
        asdict(job.method_config),
        config,
        asdict(job.augmentation),
    ]
    standard = type(job.method_config)()
    of_default = [n for n in job.chosen if getattr(job.method_config, n) == getattr(standard, n)]
    if of_default:
        known.append(sorted(of_default))
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()
