"""Time and check the weight maps against one distance transform a cell.

Draws a frame of touching and free discs, computes the shape-aware and the two-distance map, and
then does the same with one ``scipy.ndimage.distance_transform_edt`` of the whole frame a cell. With
``--cells-checked 0`` (the default) every cell is transformed, and the values are compared; with a
number, so many transforms are timed, the time is multiplied, and nothing is compared.

    python benchmarks/weight_maps.py                        # 2048², 2,000 cells: ten minutes
    python benchmarks/weight_maps.py --cells-checked 20     # the times alone: half a minute
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
from scipy.ndimage import distance_transform_edt

from ctc_submit.pixels.distance import boundary_pixels
from ctc_submit.pixels.weights import (
    ALPHA,
    SIGMA,
    class_balance,
    shape_aware_weights,
    unet2015_weights,
)


def draw_discs(size: int, cells: int, rng: np.random.Generator) -> np.ndarray:
    """Return a uint16 YX map of discs at random places, later ones behind earlier ones."""
    labels = np.zeros((size, size), np.uint16)
    radius = int(size / cells**0.5 / 2.6)
    rows, columns = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    disc = rows**2 + columns**2 <= radius**2
    drawn = 0
    while drawn < cells:
        y, x = rng.integers(radius, size - radius, 2)
        view = labels[y - radius : y + radius + 1, x - radius : x + radius + 1]
        free = disc & (view == 0)
        if free.sum() > disc.sum() / 3:
            drawn += 1
            view[free] = drawn
    return labels


def distances_cell_by_cell(labels: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the two least distances over the cells, and the seconds that all cells take."""
    boundary = boundary_pixels(labels)
    cells = np.unique(labels[boundary])
    checked = cells[:most] if most else cells
    first, second = np.full((2, *labels.shape), np.inf)
    seconds = 0.0
    for cell in checked:
        start = time.perf_counter()
        distance = distance_transform_edt(~(boundary & (labels == cell)))
        seconds += time.perf_counter() - start
        second = np.minimum(second, np.maximum(first, distance))
        first = np.minimum(first, distance)
    return first, second, seconds * len(cells) / len(checked)


def best_of(times: int, compute: Callable[[], np.ndarray]) -> tuple[np.ndarray, float]:
    """Return what it computes and the least seconds of so many tries."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        result = compute()
        seconds.append(time.perf_counter() - start)
    return result, min(seconds)


def main() -> None:
    """Print seconds, ratios and the greatest differences."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", type=int, default=2048, help="edge of the frame in pixels")
    parser.add_argument("--cells", type=int, default=2000, help="cells in it")
    parser.add_argument("--cells-checked", type=int, default=0, help="transforms to run; 0: all")
    options = parser.parse_args()
    labels = draw_discs(options.size, options.cells, np.random.default_rng(0))
    ours, fast = best_of(3, lambda: shape_aware_weights(labels))
    ours2, fast2 = best_of(2, lambda: unet2015_weights(labels))
    first, second, slow = distances_cell_by_cell(labels, options.cells_checked)
    how = f"{options.cells_checked} timed, multiplied" if options.cells_checked else "all run"
    print(f"{options.size}² pixels, {options.cells} cells, best of 3 and 2 runs, one core")
    print(f"one distance_transform_edt a cell: {slow:8.2f} s ({how})")
    print(f"shape-aware map:                   {fast:8.2f} s, {slow / fast:.0f} times faster")
    print(f"two-distance map of U-Net 2015:    {fast2:8.2f} s, {slow / fast2:.0f} times faster")
    if options.cells_checked:
        return
    balance = class_balance(labels)
    bell = ALPHA * np.exp(-(first**2) / (2 * SIGMA**2))
    bell2 = ALPHA * np.exp(-((first + second) ** 2) / (2 * SIGMA**2)) * (labels == 0)
    print(f"greatest difference, shape-aware:  {np.abs(ours - balance - bell).max():.1e}")
    print(f"greatest difference, two-distance: {np.abs(ours2 - balance - bell2).max():.1e}")


if __name__ == "__main__":
    main()
