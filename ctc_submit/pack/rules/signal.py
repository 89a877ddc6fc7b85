"""Whether raw frames show something where a result shows nothing."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ctc_submit.data.frames import read_frame
from ctc_submit.data.problem import Problem
from ctc_submit.errors import DataError
from ctc_submit.pack.reference import Reference

LOOKED_AT = 5
"""So many frames of a result without cells are looked at, spread over time."""

CLEAR = 10.0
"""Histogram width over noise from which a frame is said to show cells; pure noise has about 6.2."""


def nothing_found(folder: Path, reference: Reference, empty: bool) -> Iterator[Problem]:
    """Frames that show cells do not all have empty masks.

    Args:
        folder: The result folder.
        reference: With raw frames, or nothing is looked at.
        empty: Whether every mask of the result is empty.
    """
    if not empty or not reference.raw:
        return
    times = list(reference.frames)
    chosen = {times[i] for i in np.linspace(0, len(times) - 1, LOOKED_AT).astype(int)}
    for time in sorted(chosen):
        try:
            contrast = contrast_of(read_frame(reference.frames[time]))
        except DataError:
            continue
        if contrast > CLEAR:
            name = reference.frames[time].name
            expected = "cells in the masks of frames that show some"
            found = f"all masks empty, while {name} spans {contrast:.0f} times its noise"
            mend = "check the model and its thresholds"
            yield Problem(folder, "nothing-found", expected, found, mend, warning=True)
            return


def contrast_of(frame: np.ndarray) -> float:
    """Return the width of a frame's histogram (0.1 to 99.9 %) in standard deviations of its noise.

    The noise is estimated from the median absolute difference of neighbours along x, at least half
    a grey level. Smooth structure widens the histogram but hardly that difference.

    Args:
        frame: YX or ZYX raw frame.
    """
    values = frame.astype(np.float32)
    low, high = np.percentile(values, (0.1, 99.9))
    steps = np.abs(np.diff(values, axis=-1))
    noise = float(np.median(steps)) / (0.6745 * np.sqrt(2)) if steps.size else 0.0
    return float(high - low) / max(noise, 0.5)
