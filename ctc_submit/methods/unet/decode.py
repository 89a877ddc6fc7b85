"""From probabilities to instances: threshold, connected pixels, and the cut line given back."""

import numpy as np
from scipy.ndimage import label, maximum_filter, minimum_filter
from skimage.segmentation import expand_labels

from ctc_submit.data.instances import Instance
from ctc_submit.methods.label_instances import drop_small, instances_of
from ctc_submit.methods.unet.config import UNetConfig
from ctc_submit.methods.unet.targets import crowded


def decode(probabilities: np.ndarray, config: UNetConfig) -> list[Instance]:
    """Turn the probability of cell into instances.

    Pixels of at least the threshold that are connected by their edges are a cell. Small pieces are
    dropped; then the line that `separated` cuts between cells is given to the nearer of both.

    Args:
        probabilities: float32 YX in [0, 1].
        config: Threshold, gap, least area.

    Returns:
        Best first; the score is the mean probability of its pixels.
    """
    labels, _ = label(probabilities >= config.threshold)
    labels = drop_small(labels, config.least_area)
    labels = give_back(labels, config.gap)
    return instances_of(labels, probabilities, fill_holes=config.fill_holes)


def give_back(labels: np.ndarray, gap: int) -> np.ndarray:
    """Divide the line between touching cells among them.

    Divided is background that a closing by a square of radius ``gap`` fills, and that has two cells
    near; so a cell's free edge stays where it is, and so do its own dents.

    Args:
        labels: Integer YX label map, 0 background.
        gap: As for `separated`.
    """
    if not gap:
        return labels
    size = 2 * gap + 1
    beyond = np.pad(labels > 0, size, mode="edge")
    closed = minimum_filter(maximum_filter(beyond, size), size)[size:-size, size:-size]
    line = (labels == 0) & closed & crowded(labels, 2 * gap)
    if not line.any():
        return labels
    wide: np.ndarray = expand_labels(labels, size)
    return np.where(line, wide, labels)
