"""What the page's program knows: all but the frames."""

from collections.abc import Sequence
from typing import Any

from ctc_submit import __version__
from ctc_submit.data.datasets import DATASETS
from ctc_submit.report.colours import palette
from ctc_submit.report.curves import Curves
from ctc_submit.report.families import in_families
from ctc_submit.report.gallery import gallery
from ctc_submit.report.report_settings import ReportSettings
from ctc_submit.report.series import series
from ctc_submit.report.subject import Shown, Subject

COLOURS = 21
"""How many labels in a row have colours of their own; see `palette`."""


def book(
    subject: Subject,
    settings: ReportSettings,
    curves: Sequence[Curves],
    cells: Sequence[Sequence[int | None]],
    folder: str,
) -> dict[str, Any]:
    """Return all that the program needs, as plain values for JSON.

    Args:
        subject: What is shown.
        settings: How the page is made.
        curves: Trainings to plot.
        cells: For each frame, how many cells each result has there, None without a mask.
        folder: Folder of the frames, beside the page; empty where they are in the page.

    Raises:
        DataError: If a file cannot be read.
    """
    known = DATASETS.get(subject.sequence.dataset)
    pixel = known.pixel_size[-1] if known and known.pixel_size else None
    return {
        "version": __version__,
        "frames": len(subject.times),
        "digits": subject.digits,
        "folder": folder,
        "minutes": known.time_step if known else None,
        "micrometres": pixel,
        "raw": bool(subject.frames),
        "truth": subject.truth,
        "palette": palette(COLOURS)[1:].tolist(),
        "results": [
            _result(subject, shown, settings, [row[place] for row in cells])
            for place, shown in enumerate(subject.results)
        ],
        "curves": [{"name": each.name, "columns": each.columns} for each in curves],
    }


def _result(
    subject: Subject, shown: Shown, settings: ReportSettings, cells: list[int | None]
) -> dict[str, Any]:
    tracks = in_families(shown.tracks)
    scored = series(shown.record, subject.times) if shown.record else {}
    return {
        "name": shown.name,
        "tracks": [[each.label, each.begin, each.end, each.parent] for each in tracks],
        "series": {"cells": cells} | scored,
        "gallery": gallery(subject, shown, most=settings.gallery, quality=settings.quality),
    }
