"""What both looks draw with: uneven fields, repeating texture, points that move with the cells."""

from collections.abc import Iterator

import numpy as np
from scipy import ndimage

from ctc_submit.simulate.cell import ANGLES, Cell
from ctc_submit.simulate.territory import Territory, Window

_TILE = 256


def uneven(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return a smooth field, float32 YX, of mean 0 and standard deviation 1 (0 where constant)."""
    y, x = np.ix_(*(np.linspace(-1, 1, size, dtype=np.float32) for size in shape))
    a = rng.standard_normal(7).astype(np.float32)
    field = a[0] * y + a[1] * x + a[2] * y * x + a[3] * y * y + a[4] * x * x
    field = field + 0.4 * np.sin(2.3 * (y + a[5])) * np.cos(1.9 * (x - a[6]))
    centred: np.ndarray = (field - field.mean()) / max(float(field.std()), 1e-6)
    return centred


def texture(grain: float, rng: np.random.Generator) -> np.ndarray:
    """Return smooth noise, float32 YX, of deviation 1, that repeats at its edges.

    Args:
        grain: Size of its grains, the sigma of a Gaussian, in pixels.
        rng: Source of randomness.
    """
    noise = rng.standard_normal((_TILE, _TILE), np.float32)
    smooth = ndimage.gaussian_filter(noise, grain, mode="wrap")
    scaled: np.ndarray = smooth / smooth.std()
    return scaled


def texture_of(cell: Cell, window: Window, pattern: np.ndarray) -> np.ndarray:
    """Cut a cell's part out of a texture; it moves with the cell."""
    rows, columns = (
        (np.arange(part.start, part.stop) - round(float(middle)) + start) % _TILE
        for part, middle, start in zip(window, cell.centre, cell.texture, strict=True)
    )
    cut: np.ndarray = pattern[np.ix_(rows, columns)]
    return cut


def in_sight(
    cells: list[Cell], ground: Territory
) -> Iterator[tuple[Cell, Window, np.ndarray, np.ndarray]]:
    """Yield ``(cell, window, outline, own)`` of the cells that can be seen.

    ``own`` is a bool YX mask of the window, True on the cell's own pixels.
    """
    for index, (cell, window) in enumerate(zip(cells, ground.windows, strict=True)):
        if window is None:
            continue
        own = ground.owner[window] == index
        if own.any():
            yield cell, window, ground.outlines[index], own


def grains(cells: list[Cell], ground: Territory, sigma: float) -> np.ndarray:
    """Return the vesicles of all cells as blurred points of height near 1, float32 YX."""
    canvas = np.zeros(ground.owner.shape, np.float32)
    for cell, window, outline, own in in_sight(cells, ground):
        part, direction, strength = cell.grains.T
        _drop(canvas[window], own, _spots(cell, outline, part, direction, window), strength)
    return _blurred(canvas, sigma)


def spikes(cells: list[Cell], ground: Territory, sigma: float) -> np.ndarray:
    """Return thin rays that stick out of the cells (filopodia, no part of them), float32 YX."""
    canvas = np.zeros(ground.owner.shape, np.float32)
    for cell, window, outline, _ in in_sight(cells, ground):
        direction, length = cell.spikes.T
        count = 2 * max(int(0.5 * cell.radius * 0.4), 2)
        part = 0.97 + np.linspace(0, 1, count)[:, None] * length * (1 - cell.roundness)
        way = np.broadcast_to(direction, part.shape)
        free = ground.owner[window] < 0
        spots = _spots(cell, outline, part.ravel(), way.ravel(), window)
        strength = np.broadcast_to(np.linspace(1, 0.3, count)[:, None], part.shape).ravel()
        _drop(canvas[window], free, spots, strength)
    return _blurred(canvas, sigma)


def _spots(
    cell: Cell, outline: np.ndarray, part: np.ndarray, direction: np.ndarray, window: Window
) -> np.ndarray:
    """Return rows and columns, in the window, of points given in parts of the outline's radius."""
    reach = part * outline[np.rint(direction * (ANGLES / (2 * np.pi))).astype(int) % ANGLES]
    y = cell.centre[0] + reach * np.sin(direction) - window[0].start
    x = cell.centre[1] + reach * np.cos(direction) - window[1].start
    spots: np.ndarray = np.rint(np.stack([y, x])).astype(int)
    return spots


def _drop(view: np.ndarray, allowed: np.ndarray, spots: np.ndarray, strength: np.ndarray) -> None:
    rows, columns = spots
    inside = (rows >= 0) & (columns >= 0) & (rows < view.shape[0]) & (columns < view.shape[1])
    inside[inside] = allowed[rows[inside], columns[inside]]
    np.add.at(view, (rows[inside], columns[inside]), strength[inside])


def _blurred(points: np.ndarray, sigma: float) -> np.ndarray:
    smooth = ndimage.gaussian_filter(points, sigma, truncate=3)
    scaled: np.ndarray = smooth * np.float32(2 * np.pi * sigma * sigma)
    return scaled
