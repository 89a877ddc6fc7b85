"""A whole training: from annotated frames to a model folder, resumable at every epoch."""

import hashlib
import io
import json
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ctc_submit.checkpoint import Card, save_checkpoint
from ctc_submit.data.labels import whole_file
from ctc_submit.data.one_writer import one_writer
from ctc_submit.errors import CheckpointError, DataError
from ctc_submit.methods.method import CellSizes, Method, MethodConfig
from ctc_submit.methods.registry import method_named
from ctc_submit.pixels.augment import AugmentSettings
from ctc_submit.segment import SegmentConfig
from ctc_submit.train.config import TrainConfig
from ctc_submit.train.crops import Batches, Order
from ctc_submit.train.curves import Row, curve_files, write_events, write_files
from ctc_submit.train.loop import Learner, StepReport, learn
from ctc_submit.train.processes import Group
from ctc_submit.train.split import Example, hold_out
from ctc_submit.train.survey import sizes_to_learn, survey
from ctc_submit.train.validate import Validation, score_entry, validate

STATE = "state.pt"


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


@dataclass(frozen=True)
class EpochReport:
    """What one epoch came to: its row of the table, and whether it is the best so far."""

    epoch: int
    row: Row
    best: bool


def train(job: Job) -> Iterator[StepReport | EpochReport]:
    """Learn, score and keep the best; go on where an earlier run of the same job was stopped.

    Yields:
        A report for every step and one for every epoch. The state is saved and the curves are drawn
        before an epoch is reported; the model folder is written whenever the score has risen.

    Raises:
        DataError: If there is nothing to learn from, or another training writes the same folders.
        CheckpointError: If the state in the work folder is of another job, or nothing can be saved.
        CtcError: If loss or weights are not finite; the last good model and state are kept.
    """
    rng = np.random.default_rng([job.config.seed, 0])
    learned, chosen_by = hold_out(job.examples, job.config.holdout, rng)
    if not learned:
        raise DataError("no annotated frame to learn from; look at --truth and --split")
    sizes = sizes_to_learn(survey(job.examples), learned, chosen_by)
    plug = method_named(job.method)
    torch.manual_seed(job.config.seed)
    method = plug.method.of(plug.method.fitted(job.method_config, sizes))
    method.pretrain(job.config.pretrained)
    for folder in (job.work, job.out):
        _make(folder)
    method.net.to(job.device)
    with ExitStack() as held:
        if not job.group.rank:  # the first process alone writes
            for folder in (job.work, job.out):
                held.enter_context(one_writer(folder, "train"))
        yield from _learn(job, method, learned, chosen_by, sizes)


def _learn(
    job: Job,
    method: Method,
    learned: list[Example],
    chosen_by: list[Example],
    sizes: CellSizes,
) -> Iterator[StepReport | EpochReport]:
    """Take the steps of a training and close its epochs.

    Args:
        job: What is to be learned.
        method: On the job's device, with the weights to start from.
        learned: What to learn from.
        chosen_by: What to choose the best epoch by.
        sizes: Of the cells of ``learned``.
    """
    group, frames = job.group, job.config.batch * job.config.accumulate
    each = min(frames, len(learned) // group.size)
    if not each:
        raise DataError(f"{len(learned)} frames to learn from, fewer than {group.size} processes")
    order = Order(len(learned), each * group.size, job.config.seed)
    learner = Learner(method, job.config, order.steps, group=group)
    judged = method_named(job.method).method.of(method.config)
    judged.net.to(job.device)
    course = Course(job, learner, SegmentConfig(overlap=_overlap(sizes)))
    course.resume()
    if group.told(course.is_stuck(), learner.device):
        return
    steps = range(learner.step, job.config.epochs * order.steps)
    batches = Batches(
        learned,
        method.targets,
        order=order,
        augmentation=job.augmentation,
        crop=job.config.crop or None,
        steps=steps,
        places=group.places(each, job.config.batch),
    )
    terms: dict[str, list[float]] = defaultdict(list)
    for report in learn(learner, batches):
        yield report
        for name, value in report.losses.items():
            terms[name].append(value)
        terms["seconds"].append(report.seconds)
        terms["waited"].append(report.waited)
        if report.step % order.steps == 0:
            row = {"epoch": float(report.step // order.steps)} | _summary(terms)
            row["learning_rate"] = report.learning_rate
            if row["seconds"] > 0:
                row["images_per_second"] = order.steps * each * group.size / row["seconds"]
            terms.clear()
            learner.check()
            if group.rank == 0:
                yield course.close_epoch(row, judged, chosen_by)
            method.net.train()
            if group.told(course.is_stuck(), learner.device):
                return


class Course:
    """The course of a training so far: its rows, its best score, its state on disk."""

    def __init__(self, job: Job, learner: Learner, segment: SegmentConfig) -> None:
        """Begin with nothing."""
        self.job, self.learner, self.segment = job, learner, segment
        self.rows: list[Row] = []
        self.best, self.since_best, self.seconds = -1.0, 0, 0.0
        self.clock = time.perf_counter()

    def resume(self) -> None:
        """Take up an earlier run of the same job, where there is one."""
        path = self.job.work / STATE
        if not path.exists():
            return
        try:
            # onto the CPU: network and optimiser take what they need to where they are, and torch's
            # generator and the optimiser's counters stay
            state = torch.load(path, map_location="cpu", weights_only=True)
            belongs = state["job"]
        except Exception as error:
            raise CheckpointError(f"{path}: cannot be read; delete it to begin anew") from error
        if belongs != fingerprint(self.job):
            raise CheckpointError(
                f"{path}: belongs to a training with other data or settings; "
                "delete its folder to begin anew, or choose another --work"
            )
        self.learner.restore(state["learner"])
        self.rows, self.best = state["rows"], state["best"]
        self.since_best, self.seconds = state["since_best"], state["seconds"]

    def close_epoch(self, row: Row, judged: Method, examples: list[Example]) -> EpochReport:
        """Score the epoch where it is due, save everything, and report."""
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
        drawn = curve_files(self.rows, self.job.name)
        write_files(self.job.work, drawn)
        if best:
            self.best = row.get("seg", self.best)
            card = self._card(row, outcome, examples)
            save_checkpoint(self.job.out, judged, card, beside=drawn)
        elif self.best >= 0:  # a model of this training is there
            write_files(self.job.out, drawn)
        self._save()
        return EpochReport(int(row["epoch"]), row, best)

    def is_stuck(self) -> bool:
        """Tell whether the score has not risen for as long as the job has patience."""
        return 0 < self.job.config.patience <= self.since_best

    def _card(self, row: Row, outcome: Validation | None, examples: list[Example]) -> Card:
        job = self.job
        held_out = {"held_out": [e.name for e in examples]} if examples else {}
        protocol = "held-out training frames (chose the best epoch)"
        scores = [] if outcome is None else [score_entry(outcome, protocol, job.data)]
        return Card(
            name=job.name,
            method=job.method,
            config=asdict(self.learner.method.config),
            segment=asdict(self.segment),
            data=job.data | held_out,
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
        }
        content = io.BytesIO()
        torch.save(state, content)
        with whole_file(job.work / STATE) as partial:
            partial.write_bytes(content.getbuffer())
        write_events(job.work / "tensorboard", self.rows[-1])


def _make(folder: Path) -> None:
    """Make a folder, or say at once that nothing can be saved there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CheckpointError(f"{folder}: cannot be made ({error.strerror})") from error
    if not os.access(folder, os.W_OK):
        raise CheckpointError(f"{folder}: cannot be written (no permission)")


def fingerprint(job: Job) -> str:
    """Return a checksum of all that decides what a training comes to."""
    config = asdict(replace(job.config, workers=0))
    if config["accumulate"] == 1:  # as before there was the choice
        del config["accumulate"]
    if job.group.size > 1:
        config["processes"] = job.group.size
    known = [
        [e.name for e in job.examples],
        job.method,
        asdict(job.method_config),
        config,
        asdict(job.augmentation),
    ]
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def _overlap(sizes: CellSizes) -> int:
    """Tiles share the largest cell of the training set and a quarter more, in steps of 64 px."""
    largest = max(sizes.heights.max(), sizes.widths.max())
    return int(np.clip(64 * np.ceil(1.25 * largest / 64), 64, 512))


def _summary(terms: dict[str, list[float]]) -> Row:
    sums = {"seconds", "waited"}
    return {k: float(np.sum(v) if k in sums else np.mean(v)) for k, v in terms.items()}
