"""How a frame looks under a microscope."""

import math
from collections.abc import Callable

import numpy as np
from scipy import ndimage

from ctc_submit.simulate.cell import Cell
from ctc_submit.simulate.drawing import grains, in_sight, spikes, texture, texture_of, uneven
from ctc_submit.simulate.settings import SimulationSettings
from ctc_submit.simulate.territory import Territory

Look = Callable[[list[Cell], Territory, int], np.ndarray]
"""Turns cells, their territory and the time into a frame YX of 8 or 16 bit."""


def make_look(settings: SimulationSettings, rng: np.random.Generator) -> Look:
    """Return the look that the settings ask for; its background stays the same over time."""
    return Dic(settings, rng) if settings.look == "dic" else Fluorescence(settings, rng)


class Dic:
    """Label-free relief: the slope of an optical thickness along the diagonal, 8 bit."""

    def __init__(self, settings: SimulationSettings, rng: np.random.Generator) -> None:
        """Draw background and texture."""
        self._settings, self._rng = settings, rng
        self._scale = max(settings.radius / 45, 0.35)
        self._background = 124 + 3.5 * uneven((settings.height, settings.width), rng)
        self._texture = texture(0.9 * self._scale, rng) + 1.2 * texture(2.4 * self._scale, rng)

    def __call__(self, cells: list[Cell], ground: Territory, time: int) -> np.ndarray:
        """Return the frame, uint8 YX."""
        height = self._thickness(cells, ground)
        height += 0.4 * grains(cells, ground, max(0.6, 1.2 * self._scale))
        height += 0.1 * spikes(cells, ground, max(0.6, 0.8 * self._scale))
        slope = np.zeros_like(height)
        slope[1:, 1:] = height[1:, 1:] - height[:-1, :-1]
        thin = height - ndimage.uniform_filter(height, 2 * round(3 * self._scale) + 1)
        signal = self._settings.contrast * (75 * self._scale * slope + 38 * thin)
        noise = self._rng.standard_normal(height.shape, np.float32)
        grey = self._background + signal + 2.4 * self._settings.noise * noise
        frame: np.ndarray = np.clip(grey, 0, 255).astype(np.uint8)
        return frame

    def _thickness(self, cells: list[Cell], ground: Territory) -> np.ndarray:
        """Return the optical thickness, float32 YX, near 1 in the middle of a cell, 0 outside."""
        thickness = np.zeros(ground.owner.shape, np.float32)
        for cell, window, _, own in in_sight(cells, ground):
            place = ground.place[window]
            rim = 1 - np.exp(ground.depth[window] * np.float32(-1 / 0.05))
            nucleus = np.exp(-((place / np.float32(0.45)) ** 12))
            pattern = texture_of(cell, window, self._texture)
            inside = 0.75 + 0.25 * (1 - place * place) + 0.16 * nucleus * (1 - cell.roundness)
            inside += 0.075 * cell.brightness * (1 - 0.5 * nucleus) * pattern
            np.copyto(thickness[window], (1 + 0.9 * cell.roundness) * rim * inside, where=own)
        smooth: np.ndarray = ndimage.gaussian_filter(
            thickness, max(0.6, 0.7 * self._scale), truncate=3
        )
        return smooth


class Fluorescence:
    """A stained cytoplasm: blurred, unevenly lit, bleaching, with shot noise, 16 bit."""

    def __init__(self, settings: SimulationSettings, rng: np.random.Generator) -> None:
        """Draw illumination and texture."""
        self._settings, self._rng = settings, rng
        self._scale = max(settings.radius / 45, 0.35)
        self._light = 1 + 0.12 * uneven((settings.height, settings.width), rng).clip(-2, 2)
        self._texture = texture(1.5 * self._scale, rng) + texture(5 * self._scale, rng)

    def __call__(self, cells: list[Cell], ground: Territory, time: int) -> np.ndarray:
        """Return the frame, uint16 YX."""
        stain = self._stain(cells, ground) + 0.25 * grains(cells, ground, 0.6 + self._scale)
        haze = ndimage.uniform_filter(stain, 2 * round(12 * self._scale) + 1)
        sharp = ndimage.gaussian_filter(stain, 0.6 + 0.7 * self._scale, truncate=3)
        bleached = 0.3 + 0.7 * math.exp(-time / 150)
        signal = self._settings.contrast * bleached * (100 * sharp + 25 * haze)
        photons = self._light * (14 + np.maximum(signal, 0))
        noise = self._rng.standard_normal(photons.shape, np.float32)
        photons = photons + self._settings.noise * np.sqrt(photons + 4) * noise
        frame: np.ndarray = np.clip(150 + 20 * photons, 0, 65_535).astype(np.uint16)
        return frame

    def _stain(self, cells: list[Cell], ground: Territory) -> np.ndarray:
        """Return the density of the stain, float32 YX, near 1 in the middle of a cell."""
        stain = np.zeros(ground.owner.shape, np.float32)
        for cell, window, _, own in in_sight(cells, ground):
            rim = 1 - 0.6 * np.exp(ground.depth[window] * np.float32(-1 / 0.1))
            pattern = texture_of(cell, window, self._texture)
            inside = rim * (1.1 - 0.6 * ground.place[window]) * (1 + 0.13 * pattern)
            np.copyto(
                stain[window],
                cell.brightness * (1 + 0.8 * cell.roundness) * inside,
                where=own,
            )
        return stain
