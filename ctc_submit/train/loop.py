"""The training loop: a generator that yields a report a step; who runs it prints and saves."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from ctc_submit.errors import CtcError
from ctc_submit.methods.method import Method
from ctc_submit.segment import autocast_type
from ctc_submit.train.config import TrainConfig
from ctc_submit.train.crops import Batches
from ctc_submit.train.memory import keep_freed_memory
from ctc_submit.train.processes import Group


def diverged(step: int, found: str) -> CtcError:
    """Return the error that ends a training whose numbers have left all bounds."""
    return CtcError(
        f"step {step}: {found}; the last good checkpoint, if there was one, is kept; start from it "
        "(--pretrained MODEL) with a smaller --learning-rate, another --out"
    )


@dataclass(frozen=True)
class StepReport:
    """What one step did.

    Attributes:
        step: From 1, over all epochs.
        losses: Every term and their sum, ``total``.
        learning_rate: Used in this step.
        seconds: Taken by this step.
        waited: Seconds of those spent waiting for the batch.
        steps: How many steps the whole training has.
    """

    step: int
    losses: dict[str, float]
    learning_rate: float
    seconds: float
    waited: float
    steps: int


Tensors = tuple[torch.Tensor, ...] | list[torch.Tensor]


def average_over_time(share: float) -> Callable[[Tensors, Tensors, torch.Tensor | int], None]:
    """Return how weights are averaged over time, a step: they keep a share, at first a smaller one.

    After n steps it is min(share, (1 + n) / (10 + n)), as ``tf.train.ExponentialMovingAverage``
    does with ``num_updates``: so the first weights, which are random or of another task, are soon
    forgotten, where a constant share would keep share^n of them.

    Args:
        share: Kept from some hundred steps on, in [0, 1).
    """

    def update(averages: Tensors, weights: Tensors, steps: torch.Tensor | int) -> None:
        done = int(steps)
        kept = min(share, (1 + done) / (10 + done))
        get_ema_multi_avg_fn(kept)(averages, weights, steps)  # type: ignore[no-untyped-call]

    return update


class Learner:
    """What changes in training: network, its average over time, and the optimiser."""

    def __init__(
        self,
        method: Method,
        config: TrainConfig,
        steps_an_epoch: int,
        *,
        group: Group | None = None,
    ) -> None:
        """Put an optimiser, and an average over time where asked for, beside a network."""
        self.method, self.config, self.steps_an_epoch = method, config, steps_an_epoch
        self.group = group or Group()
        self.losses = self.group.spread(method)
        device = next(method.net.parameters()).device
        self.device = device
        if device.type == "cpu":
            keep_freed_memory()
        self.optimizer = torch.optim.AdamW(
            method.net.parameters(),
            config.learning_rate,
            weight_decay=config.weight_decay,
            fused=device.type == "cuda",
        )
        self.average = (
            AveragedModel(method.net, multi_avg_fn=average_over_time(config.ema))
            if config.ema > 0
            else None
        )
        self.autocast = autocast_type(config.precision, device)
        self.scaler = torch.amp.GradScaler(
            device.type, enabled=self.autocast == torch.float16 and device.type == "cuda"
        )
        self.step = 0

    @property
    def best_net(self) -> nn.Module:
        """The network to judge and keep: the average where there is one."""
        return self.average.module if self.average is not None else self.method.net

    def check(self) -> None:
        """Look at the weights, as a gradient that is not finite may follow from a loss that is.

        Raises:
            CtcError: If one of them is not finite.
        """
        nets = {self.method.net, self.best_net}
        finite = [p.detach().isfinite().all() for net in nets for p in net.parameters()]
        if not torch.stack(finite).all():
            raise diverged(self.step, "the weights are not finite")

    def state(self) -> dict[str, object]:
        """Return all that is needed to go on as if never stopped."""
        return {
            "step": self.step,
            "net": self.method.net.state_dict(),
            "average": None if self.average is None else self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
            "random": torch.get_rng_state(),
        }

    def restore(self, state: dict[str, object]) -> None:
        """Take up the state that `state` returned."""
        self.step = int(state["step"])  # type: ignore[call-overload]
        self.method.net.load_state_dict(state["net"])  # type: ignore[arg-type]
        if self.average is not None:
            self.average.load_state_dict(state["average"])  # type: ignore[arg-type]
        fused = [group["fused"] for group in self.optimizer.param_groups]
        self.optimizer.load_state_dict(state["optimizer"])  # type: ignore[arg-type]
        for group, here in zip(self.optimizer.param_groups, fused, strict=True):
            group["fused"] = here  # of this device, whatever the state is from
        if state["scaler"]:  # empty where it was not needed
            self.scaler.load_state_dict(state["scaler"])  # type: ignore[arg-type]
        torch.set_rng_state(state["random"].cpu())  # type: ignore[attr-defined]


def learning_rate_at(step: int, config: TrainConfig, steps_an_epoch: int) -> float:
    """Return the learning rate of a step, numbered from 0 over all epochs."""
    if config.schedule == "constant":
        return config.learning_rate
    if config.schedule == "third":
        return config.learning_rate * 0.1 ** (step // (3 * steps_an_epoch))
    warm = min(1.0, (step + 1) / max(config.warmup, 1))
    done = step / max(config.epochs * steps_an_epoch, 1)
    return config.learning_rate * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done)))


def learn(learner: Learner, batches: Batches) -> Iterator[StepReport]:
    """Take one step after the other, from the learner's own step on.

    Args:
        learner: Changed in place.
        batches: Of the steps that are left.

    Raises:
        CtcError: If a loss is not finite, or a frame not as it should be; the step is not taken.
    """
    config, method = learner.config, learner.method
    loader = DataLoader(
        batches,
        batch_size=None,
        num_workers=config.workers,
        prefetch_factor=4 if config.workers else None,
        generator=torch.Generator(),  # torch's own stays untouched
    )
    method.net.train()
    start = time.perf_counter()
    for prepared in loader:
        if isinstance(prepared, CtcError):
            raise prepared
        images, targets = prepared
        waited = time.perf_counter() - start
        rate = learning_rate_at(learner.step, config, learner.steps_an_epoch)
        for group in learner.optimizer.param_groups:
            group["lr"] = rate
        losses = _step(learner, images, targets)
        learner.step += 1
        now = time.perf_counter()
        steps = config.epochs * learner.steps_an_epoch
        yield StepReport(learner.step, losses, rate, now - start, waited, steps)
        start = time.perf_counter()


def _step(
    learner: Learner, images: torch.Tensor, targets: list[dict[str, torch.Tensor]]
) -> dict[str, float]:
    group, size = learner.group, learner.config.batch
    starts = range(0, len(images), size)
    learner.optimizer.zero_grad(set_to_none=True)
    found: dict[str, torch.Tensor] = {}
    for start in starts:
        part = slice(start, start + size)
        share = len(images[part]) / len(images)
        with nullcontext() if start == starts[-1] else group.apart(learner.losses):
            terms = _terms(learner, images[part], targets[part])
            learner.scaler.scale(terms["total"] * share).backward()  # type: ignore[no-untyped-call]
        for name, value in terms.items():
            found[name] = found.get(name, 0) + value.detach() * share
    reported = dict(zip(found, group.mean(torch.stack(list(found.values()))).tolist(), strict=True))
    if not math.isfinite(reported["total"]):
        raise diverged(learner.step + 1, f"the loss is {reported['total']}")
    if learner.config.clip > 0:
        learner.scaler.unscale_(learner.optimizer)
        nn.utils.clip_grad_norm_(learner.method.net.parameters(), learner.config.clip)
    learner.scaler.step(learner.optimizer)
    learner.scaler.update()
    if learner.average is not None:
        learner.average.update_parameters(learner.method.net)
    return reported


def _terms(
    learner: Learner, images: torch.Tensor, targets: list[dict[str, torch.Tensor]]
) -> dict[str, torch.Tensor]:
    """Return the loss terms of a batch, and their sum, ``total``.

    Single numbers of the targets stay on the CPU, where they are read.
    """
    device, kind = learner.device, learner.autocast
    images = images.to(device, non_blocking=True)
    targets = [
        {k: v.to(device, non_blocking=True) if v.ndim else v for k, v in t.items()} for t in targets
    ]
    with torch.autocast(device.type, kind or torch.bfloat16, enabled=kind is not None):
        terms: dict[str, torch.Tensor] = learner.losses(images, targets)
    return terms | {"total": torch.stack(list(terms.values())).sum()}
