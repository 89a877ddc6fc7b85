"""A whole training: from annotated frames to a model folder, resumable where it was stopped."""

import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from ctc_submit.checkpoint import Card, read_card
from ctc_submit.data.folders import make_writable
from ctc_submit.data.one_writer import one_writer
from ctc_submit.errors import CheckpointError, DataError
from ctc_submit.methods.method import CellSizes, Method
from ctc_submit.methods.registry import method_named
from ctc_submit.segment import SegmentConfig
from ctc_submit.train.course import STATE, Course, EpochReport, Job
from ctc_submit.train.crops import Batches, Order
from ctc_submit.train.curves import Row
from ctc_submit.train.held_out import learned_frames, origin_of
from ctc_submit.train.loop import Learner, StepReport, learn
from ctc_submit.train.split import Example, hold_out
from ctc_submit.train.survey import sizes_to_learn, survey

logger = logging.getLogger(__name__)


def train(job: Job) -> Iterator[StepReport | EpochReport]:
    """Learn, score and keep the best; go on where an earlier run of the same job was stopped.

    Yields:
        A report for every step and one for every epoch. Before an epoch is reported its row is
        written, and the model folder whenever the score has risen; the state is saved and the
        curves are drawn after the first and the last epoch, and every `SAVE_EVERY` seconds between.

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
    fitted = plug.method.fitted(job.method_config, sizes)
    asked = {name: getattr(job.method_config, name) for name in job.chosen}
    method = plug.method.of(replace(fitted, **asked))
    origin = {}
    if not (job.work / STATE).exists():
        method.pretrain(job.config.pretrained)
        if (card := _card_beside(job.config.pretrained)) is not None:
            _warn_of_learned(card, chosen_by)
            origin = origin_of(card)
    if job.work.resolve() == job.out.resolve():
        raise CheckpointError(f"{job.out}: is --out and --work; give the training another folder")
    for folder in (job.work, job.out):
        make_writable(folder, CheckpointError)
    method.net.to(job.device)
    with ExitStack() as held:
        if not job.group.rank:  # the first process alone writes
            for folder in (job.work, job.out):
                held.enter_context(one_writer(folder, "train"))
        yield from _learn(job, method, learned, chosen_by, sizes=sizes, origin=origin)


def _card_beside(pretrained: str) -> Card | None:
    """Return the card of the model whose weights are these, None where there is none."""
    start = Path(pretrained)
    if not start.exists() or pretrained in {"none", "imagenet", "coco"}:
        return None
    try:
        return read_card(start if start.is_dir() else start.parent)
    except CheckpointError:  # weights of another origin
        return None


def _warn_of_learned(card: Card, chosen_by: list[Example]) -> None:
    """Say so where the model to start from has learned from frames that are held out now."""
    if learned := learned_frames(card, chosen_by):
        logger.warning(
            "%s learned from %d of the %d frames that are held out now, so they score too well; "
            "give its --split or --seed, or score the model on another sequence",
            *(card.name, len(learned), len(chosen_by)),
        )


def _learn(
    job: Job,
    method: Method,
    learned: list[Example],
    chosen_by: list[Example],
    *,
    sizes: CellSizes,
    origin: dict[str, list[str]],
) -> Iterator[StepReport | EpochReport]:
    """Take the steps of a training and close its epochs.

    Args:
        job: What is to be learned.
        method: On the job's device, with the weights to start from.
        learned: What to learn from.
        chosen_by: What to choose the best epoch by.
        sizes: Of the cells of ``learned``.
        origin: What the card says of the model that the weights are from.
    """
    group, frames = job.group, job.config.batch * job.config.accumulate
    each = min(frames, len(learned) // group.size)
    if not each:
        raise DataError(f"{len(learned)} frames to learn from, fewer than {group.size} processes")
    order = Order(len(learned), each * group.size, job.config.seed)
    learner = Learner(method, job.config, order.steps, group=group)
    judged = method_named(job.method).method.of(method.config)
    judged.net.to(job.device)
    course = Course(job, learner, SegmentConfig(overlap=_overlap(sizes)), origin)
    course.resume()
    if group.told(course.is_stuck(), learner.device):
        return
    steps = range(learner.step, job.config.epochs * order.steps)
    batches = Batches(
        learned,
        partial(method.targets, config=method.config),
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


def _overlap(sizes: CellSizes) -> int:
    """Tiles share the largest cell of the training set and a quarter more, in steps of 64 px."""
    largest = max(sizes.heights.max(), sizes.widths.max())
    return int(np.clip(64 * np.ceil(1.25 * largest / 64), 64, 512))


def _summary(terms: dict[str, list[float]]) -> Row:
    sums = {"seconds", "waited"}
    return {k: float(np.sum(v) if k in sums else np.mean(v)) for k, v in terms.items()}
