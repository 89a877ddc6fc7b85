"""From four class probabilities to instances: sure cells grow into touching pixels."""

import numpy as np
from scipy.ndimage import label
from skimage.segmentation import watershed

from ctc_submit.data.instances import Instance
from ctc_submit.methods.caltus.config import CaltUsConfig
from ctc_submit.methods.caltus.targets import BACKGROUND, CELL, GAP, TOUCHING
from ctc_submit.methods.label_instances import drop_small, instances_of

EIGHT = np.ones((3, 3))
SURE_BACKGROUND, SURE_CELL = 0.9, 0.95


def decode(probabilities: np.ndarray, config: CaltUsConfig) -> list[Instance]:
    """Turn class probabilities into instances.

    Args:
        probabilities: float32 CYX, classes as in `ctc_submit.methods.caltus.targets`.
        config: Decoding, areas.

    Returns:
        Best first; the score is the mean probability of cell or touching.
    """
    if config.decoding == "wts":
        labels = _watershed(probabilities)
    else:
        resolve = most_probable if config.decoding == "map" else _over_thresholds
        labels = grown(resolve(probabilities))
    areas = np.bincount(labels.ravel())[1:]
    mean = areas[areas > 0].mean() if areas.any() else 0.0
    labels = drop_small(labels, max(config.least_area, config.adaptive_area * mean))
    confidence = probabilities[CELL] + probabilities[TOUCHING]
    return instances_of(labels, confidence, fill_holes=config.fill_holes)


def most_probable(probabilities: np.ndarray) -> np.ndarray:
    """Return the class of every pixel by their rules for the most probable class.

    With b = p(background) + p(gap), in this order: background where b > ½, or b exceeds 0.98 of
    both others; background where touching leads but b exceeds p(cell); touching where cell leads
    and p(touching) > 0.1, or p(touching) > ½; else the greatest of b, p(cell) and p(touching).

    Args:
        probabilities: float32 CYX.

    Returns:
        int YX: 0 background, 1 cell, 2 touching; gaps have become background.
    """
    ground = probabilities[BACKGROUND] + probabilities[GAP]
    cell, touching = probabilities[CELL], probabilities[TOUCHING]
    leader = probabilities.argmax(0)
    return np.select(
        [
            (ground > 0.5) | ((ground > 0.98 * cell) & (ground > 0.98 * touching)),
            (leader == TOUCHING) & (ground - cell > 1e-4),
            ((leader == CELL) & (touching > 0.1)) | (touching > 0.5),
        ],
        [BACKGROUND, BACKGROUND, TOUCHING],
        np.stack([ground, cell, touching]).argmax(0),
    )


def grown(classes: np.ndarray) -> np.ndarray:
    """Number the pieces of cell and let them grow, evenly, into touching pixels.

    A touching pixel belongs to the cell that reaches it in the fewest steps (edges or corners);
    touching pixels that no cell reaches become background.

    Args:
        classes: Integer YX: 0 background, 1 cell, 2 touching.

    Returns:
        Integer YX label map.
    """
    seeds, _ = label(classes == CELL, EIGHT)
    labels: np.ndarray = watershed(
        np.zeros(classes.shape, np.uint8), seeds, mask=classes != BACKGROUND, connectivity=2
    )
    return labels


def _over_thresholds(probabilities: np.ndarray) -> np.ndarray:
    """Return touching where its probability is 0.05 or more, else cell where it is 0.49 or more."""
    cell, touching = probabilities[CELL] >= 0.49, probabilities[TOUCHING] >= 0.05
    return np.select([touching, cell], [TOUCHING, CELL], BACKGROUND)


def _watershed(probabilities: np.ndarray) -> np.ndarray:
    """Return labels by a watershed of touching less cell, from sure cells, on what is no ground."""
    ground = probabilities[BACKGROUND] + probabilities[GAP]
    seeds, _ = label(probabilities[CELL] > SURE_CELL)
    height = np.floor(255 * np.clip(probabilities[CELL] - probabilities[TOUCHING], 0, None))
    labels: np.ndarray = watershed(-height, seeds, mask=ground <= SURE_BACKGROUND)
    return labels
