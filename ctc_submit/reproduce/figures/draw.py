"""Figures 1 to 6 of Lin & Norouzi (2021), one function each or a family."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ctc_submit.data.folders import make_folder
from ctc_submit.errors import DataError
from ctc_submit.pixels.weights import ALPHA, SIGMA, shape_aware_weights
from ctc_submit.report.overlay_settings import OverlaySettings
from ctc_submit.report.overlays import overlay
from ctc_submit.reproduce.figures.answers import Entrant, answer, invited
from ctc_submit.reproduce.figures.panels import Panel, draw, save
from ctc_submit.reproduce.figures.sample import Sample
from ctc_submit.reproduce.figures.settings import FiguresConfig

Rows = list[list[Panel]]
MOST = 2
"""So many data sets fit the paper's figures: 4 is about the first, 5 about the second."""


def write_figures(
    samples: list[Sample],
    models: list[Entrant],
    folder: Path,
    *,
    config: FiguresConfig,
    device: str = "cpu",
) -> Iterator[Path]:
    """Write ``figure1.png``, ``figure1.pdf`` and so on.

    Figures 1 to 3 need no model. Figure 4 is there if a Mask R-CNN is shown on the first data set,
    figure 5 on the second, figure 6 if any other model is there.

    Args:
        samples: One frame a data set, one or two.
        models: Who segments them, in the order of the panels.
        folder: Where to; made if missing.
        config: What to show.
        device: ``cpu`` or ``cuda``.

    Yields:
        Each file, after it has been written.

    Raises:
        DataError: If a file cannot be written, or there are too many samples.
        CheckpointError: If a model cannot be loaded.
    """
    if not 1 <= len(samples) <= MOST:
        raise DataError(f"{len(samples)} data sets; the paper's figures show one or two")
    make_folder(folder)
    for number, rows in _figures(samples, models, config, device):
        yield from save(draw(rows), folder, f"figure{number}", config.dpi)


def _figures(
    samples: list[Sample], models: list[Entrant], config: FiguresConfig, device: str
) -> Iterator[tuple[int, Rows]]:
    look = OverlaySettings(contour=config.contour, fill=0.35)
    yield 1, [[*_both(sample, look)] for sample in samples]
    yield 2, [_maps(sample, [(ALPHA, sigma) for sigma in config.sigma]) for sample in samples]
    yield 3, [_maps(sample, [(alpha, SIGMA) for alpha in config.alpha]) for sample in samples]
    names = [sample.dataset for sample in samples]
    others: Rows = []
    for number, sample in enumerate(samples, start=4):
        here = invited(models, sample.dataset, names)
        masked = [model for model in here if model.is_mask_rcnn]
        if masked:
            yield number, [_answered(sample, masked, look, device)]
        if plain := [model for model in here if not model.is_mask_rcnn]:
            others.append(_answered(sample, plain, look, device))
    if others:
        yield 6, others


def _both(sample: Sample, look: OverlaySettings) -> Iterator[Panel]:
    """Yield the raw frame and the truth over it."""
    nothing = np.zeros_like(sample.truth)
    side = f"{sample.dataset}, {sample.name}"
    yield Panel("raw", overlay(sample.frame, nothing, settings=look), side, sample.pixel)
    yield Panel("truth", overlay(sample.frame, sample.truth, settings=look))


def _maps(sample: Sample, pairs: list[tuple[float, float]]) -> list[Panel]:
    """Return one map of weights for each pair of α and σ."""
    return [
        Panel(
            f"α = {alpha:g}, σ = {sigma:g} px",
            shape_aware_weights(sample.truth, alpha=alpha, sigma=sigma),
            "" if place else f"{sample.dataset}, {sample.name}",
            sample.pixel,
        )
        for place, (alpha, sigma) in enumerate(pairs)
    ]


def _answered(
    sample: Sample, models: list[Entrant], look: OverlaySettings, device: str
) -> list[Panel]:
    """Return the raw frame, the truth, and what each model found; equal colours, equal cells."""
    panels = list(_both(sample, look))
    for model in models:
        found = answer(model, sample, device)
        seg = "" if found.seg is None else f"\nSEG of this frame {found.seg:.3f}"
        picture = overlay(sample.frame, found.labels, settings=look)
        panels.append(Panel(f"{found.title}{seg}", picture))
    return panels
