"""Weight maps: how much each pixel of a frame counts in a loss.

Every map is finite and float32, and 0 where the label map is below 0 (nothing is known there).
``WEIGHT_MAPS[name]`` belongs to the loss of the same name.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from ctc_submit.pixels.distance import boundary_distance, two_boundary_distances

ALPHA = 10.0
"""α of the shape-aware map and w₀ of U-Net's: weight that a boundary adds."""

SIGMA = 5.0
"""σ of both in pixels: how fast that weight falls with the distance."""


def class_balance(labels: np.ndarray) -> np.ndarray:
    """Return w_c: 1 on background and #background / #foreground on cells.

    So all cells of a frame weigh as much as all its background. Without a cell, or without
    background, there is no ratio and nothing to balance, and w_c is 1 everywhere.

    Args:
        labels: Integer YX label map, 0 background, below 0 unknown.

    Returns:
        float32 YX; 0 where unknown.
    """
    foreground = labels > 0
    cells, ground = np.count_nonzero(foreground), np.count_nonzero(labels == 0)
    weights = (labels >= 0).astype(np.float32)
    if cells and ground:
        weights[foreground] = ground / cells
    return weights


def shape_aware_weights(
    labels: np.ndarray, *, alpha: float = ALPHA, sigma: float = SIGMA, balance: bool = True
) -> np.ndarray:
    """Return w = w_c + α · exp(−D² / 2σ²) (Lin & Norouzi 2021, equation 3).

    D is the distance to the nearest cell boundary (`boundary_distance`), on both sides of it, so
    also inside a cell and along the line between two touching cells. A frame without a boundary
    has w = w_c everywhere, which is 1.

    Args:
        labels: Integer YX label map, 0 background, below 0 unknown.
        alpha: α, at least 0.
        sigma: σ in pixels, above 0.
        balance: Whether w_c is `class_balance`; otherwise it is 1.

    Returns:
        float32 YX; 0 where unknown.
    """
    weights = class_balance(labels) if balance else (labels >= 0).astype(np.float32)
    near = _bell(boundary_distance(labels), alpha, sigma)
    return np.where(labels >= 0, weights + near, np.float32(0))


def unet2015_weights(
    labels: np.ndarray, *, w0: float = ALPHA, sigma: float = SIGMA, balance: bool = True
) -> np.ndarray:
    """Return w = w_c + w₀ · exp(−(d₁ + d₂)² / 2σ²) (Ronneberger et al. 2015, equation 2).

    d₁ and d₂ are the distances to the boundaries of the nearest and second nearest cell, so the
    bell rises in narrow gaps between two cells. It is added on background only, and is 0 with
    fewer than two cells. w_c is `class_balance`, as in the shape-aware map.

    Args:
        labels: Integer YX label map, 0 background, below 0 unknown.
        w0: w₀, at least 0.
        sigma: σ in pixels, above 0.
        balance: Whether w_c is `class_balance`; otherwise it is 1.

    Returns:
        float32 YX; 0 where unknown.
    """
    weights = class_balance(labels) if balance else (labels >= 0).astype(np.float32)
    first, second = two_boundary_distances(labels)
    return np.where(labels == 0, weights + _bell(first + second, w0, sigma), weights)


def _bell(distance: np.ndarray, height: float, sigma: float) -> np.ndarray:
    """Return height · exp(−distance² / 2σ²), float32; 0 for an infinite distance."""
    bell: np.ndarray = height * np.exp(-(distance**2) / (2 * sigma**2))
    return bell.astype(np.float32)


WEIGHT_MAPS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "shape_aware": shape_aware_weights,
    "boundary": partial(shape_aware_weights, balance=False),
    "balanced": class_balance,
    "unet2015": unet2015_weights,
}
