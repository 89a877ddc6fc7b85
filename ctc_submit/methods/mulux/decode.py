"""From marker and mask probabilities to instances: a marker-controlled watershed."""

import numpy as np
from scipy.ndimage import label
from skimage.segmentation import watershed

from ctc_submit.data.instances import Instance
from ctc_submit.methods.label_instances import drop_small, instances_of
from ctc_submit.methods.mulux.config import MuLuxConfig
from ctc_submit.pixels.opening import filled, opened


def decode(marker: np.ndarray, cell: np.ndarray, config: MuLuxConfig) -> list[Instance]:
    """Grow every marker over the cells' mask, from likely to unlikely pixels.

    The rule that the authors use for DIC-C2DH-HeLa: markers over their threshold, holes filled,
    opened by a disc, pieces connected by edges or corners. The mask is what is over its threshold,
    and the markers. The watershed of -cell, in 256 steps so that what is surely cell is level and
    divided half-way, is restricted to the mask; a piece of the mask without a marker vanishes.

    Args:
        marker: Probability of marker, float32 YX.
        cell: Probability of cell, float32 YX.
        config: Thresholds, opening, least area.

    Returns:
        Best first; the score is the mean probability of cell.
    """
    seeds = opened(filled(marker >= config.marker_threshold), ellipse(config.opening))
    numbered, _ = label(seeds, np.ones((3, 3)))
    mask = (cell >= config.mask_threshold) | seeds
    height = -np.rint(255 * cell).astype(np.int16)
    labels = watershed(height, numbered, mask=mask)
    labels = drop_small(labels, config.least_area)
    return instances_of(labels, cell, fill_holes=config.fill_holes)


def ellipse(diameter: int) -> np.ndarray:
    """Return a filled disc, bool, of that many pixels across, at least one."""
    steps = np.arange(max(diameter, 1)) - (max(diameter, 1) - 1) / 2
    disc: np.ndarray = np.add.outer(steps**2, steps**2) <= (max(diameter, 1) / 2) ** 2
    return disc
