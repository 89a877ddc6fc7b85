"""Trainings as lists of losses."""

from ctc_submit.train.course import Job
from ctc_submit.train.loop import StepReport
from ctc_submit.train.run import train


def course(job: Job, stop: int | None = None) -> list[dict[str, float]]:
    """Losses of every step, up to step number ``stop``, where the training is dropped."""
    losses = []
    reports = train(job)
    for report in reports:
        if isinstance(report, StepReport):
            losses.append(report.losses)
            if report.step == stop:
                reports.close()  # type: ignore[attr-defined]
                break
    return losses
