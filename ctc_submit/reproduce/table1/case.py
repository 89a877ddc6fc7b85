"""One number of the table: a row, a data set, a protocol and a seed, with its training job."""

import math
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from ctc_submit.data.sequence import written_name
from ctc_submit.errors import CtcError
from ctc_submit.methods.method import MethodConfig
from ctc_submit.methods.registry import method_named
from ctc_submit.methods.ushape_method import UShapeConfig
from ctc_submit.reproduce.table1.frames import Division
from ctc_submit.reproduce.table1.rows import ENCODED, Row
from ctc_submit.reproduce.table1.settings import Table1Config
from ctc_submit.train.config import TrainConfig
from ctc_submit.train.course import Job
from ctc_submit.train.job import AUGMENTATIONS, chosen_in, settings_from
from ctc_submit.train.loop import StepReport
from ctc_submit.train.run import train

PROBED, WARMED = 8, 3
"""Steps whose time is measured, and those before them that do not count."""

SCORING = 0.1
"""Share of the budget that is kept for scoring between epochs."""

SCORES = 4
"""How often a training is scored to choose its best epoch."""


@dataclass(frozen=True)
class Case:
    """One number of the table.

    Attributes:
        row: What is trained.
        dataset: Folder of the data set.
        protocol: Name of the protocol.
        seed: Of the training; the frames are the same for all seeds.
        truth: Which annotations are learned from and scored against.
        division: The frames.
        config: What was asked for.
        settings: Further settings of the method, each ``name=value``.
        device: ``cpu`` or ``cuda``.
        work: Folder of the whole table's state.
    """

    row: Row
    dataset: Path
    protocol: str
    seed: int
    truth: str
    division: Division
    config: Table1Config
    settings: tuple[str, ...]
    device: str
    work: Path

    @property
    def name(self) -> str:
        """What the user reads of it."""
        return f"{self.row.key}, {written_name(self.dataset)}, {self.protocol}, seed {self.seed}"

    @property
    def folder(self) -> Path:
        """Where its state lies."""
        part = f"{self.row.key}-seed{self.seed}"
        return self.work / written_name(self.dataset) / self.protocol / part

    @property
    def model(self) -> Path:
        """Folder of the trained model."""
        return self.folder / "model"

    def asked(self) -> dict[str, Any]:
        """Return all that decides what the number is, and must not change between two runs."""
        return asdict(self.config) | {
            "settings": list(self.settings),
            "truth": self.truth,
            "learned": len(self.division.learned),
            "scored": len(self.division.scored),
        }

    def method_config(self) -> MethodConfig:
        """Return the settings of the method.

        Raises:
            CtcError: If one is unknown or out of its range.
        """
        return settings_from(method_named(self.row.method).config, self._given())

    def _given(self) -> tuple[str, ...]:
        size = (f"width={self.config.width}", f"scale={self.config.scale}")
        return (*(size if self.row.is_pixelwise else ()), *self.row.settings, *self.settings)

    def job(self, epochs: int) -> Job:
        """Return its training.

        Args:
            epochs: How many; `Plan.epochs`.
        """
        method = self.method_config()
        known: dict[str, Any] = {"pretrained": self.config.pretrained} | dict(self.row.training)
        if isinstance(method, UShapeConfig) and method.encoder != "none":
            known |= ENCODED | {"pretrained": self.config.pretrained}
        if self.config.batch:
            known["batch"] = self.config.batch
        config = TrainConfig(
            **known,
            epochs=epochs,
            augment=self.config.augment,
            seed=self.seed,
            validate_every=math.ceil(epochs / SCORES),
            workers=self.config.workers,
        )
        return Job(
            name=self.row.key,
            examples=self.division.learned,
            method=self.row.method,
            method_config=method,
            chosen=chosen_in(method, self._given()),
            config=config,
            augmentation=AUGMENTATIONS[config.augment],
            out=self.model,
            work=self.folder / "training",
            data={
                "datasets": [written_name(self.dataset)],
                "sequences": sorted({e.short_name.split("/")[0] for e in self.division.learned}),
                "truth": self.truth,
                "split": f"Table I, {self.protocol}",
                "frames": len(self.division.learned),
            },
            device=self.device,
            notes=("Trained in a few minutes for a comparison of methods.",),
        )


@dataclass(frozen=True)
class Plan:
    """How much training a budget holds.

    Attributes:
        epochs: Passes over the frames.
        steps: Steps an epoch; 0 where the epochs were given.
        step_seconds: Of one step, the median of those measured; 0 where none was.
        asked: `Case.asked`.
    """

    epochs: int
    steps: int
    step_seconds: float
    asked: dict[str, Any]


def plan(case: Case) -> Plan:
    """Measure a few steps of training, in a folder that is deleted, and see how many epochs fit.

    Nothing is measured where the epochs are given.

    Raises:
        CtcError: As `train`.
    """
    if case.config.epochs:
        return Plan(case.config.epochs, 0, 0.0, case.asked())
    probe = case.folder / "probe"
    endless = case.job(PROBED + WARMED + 1)
    job = replace(endless, out=probe / "model", work=probe / "training")
    job = replace(job, config=replace(job.config, validate_every=PROBED + WARMED + 1, holdout=0.1))
    reports = train(job)
    seconds: list[float] = []
    steps = 1
    try:
        for report in reports:
            if not isinstance(report, StepReport):
                continue
            steps = report.steps // job.config.epochs
            seconds.append(report.seconds)
            if len(seconds) == PROBED + WARMED:
                break
    finally:
        reports.close()  # type: ignore[attr-defined]
        shutil.rmtree(probe, ignore_errors=True)
    if len(seconds) <= WARMED:
        raise CtcError(f"{case.name}: no step of training could be measured")
    step = median(seconds[WARMED:])
    epochs = int(case.config.minutes * 60 * (1 - SCORING) / (step * steps))
    return Plan(max(epochs, 1), steps, step, case.asked())
