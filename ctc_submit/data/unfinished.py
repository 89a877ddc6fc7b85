"""The masks of a run that was interrupted: which of them another run goes on with."""

from pathlib import Path

from ctc_submit.data.labels import read_labels
from ctc_submit.errors import DataError


def keep_whole_masks(folder: Path) -> tuple[int, ...] | None:
    """Clear what is no whole mask, as after a power failure, so that it is made again.

    Args:
        folder: With masks, whole or not, and what was left beside them while they were written.

    Returns:
        The size of the masks that are left, YX or ZYX, all of it the first one's; None where there
        is none.
    """
    size: tuple[int, ...] | None = None
    for leftover in folder.glob(".*.partial"):
        leftover.unlink()
    for mask in sorted(folder.glob("mask*.tif")):
        try:
            found = read_labels(mask).shape
        except DataError:
            mask.unlink()
            continue
        size = size or found
        if found != size:
            mask.unlink()
    return size
