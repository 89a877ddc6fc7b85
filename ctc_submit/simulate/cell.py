"""One simulated cell: how large it is, its outline, and how it changes."""

import math
from dataclasses import dataclass

import numpy as np

ANGLES = 512
"""Number of directions in which an outline is known."""
MITOSIS = 4.0
"""Frames before and after a division in which a cell is round."""

_ORDERS = np.arange(3, 8)
_THETA = np.arange(ANGLES) * (2 * math.pi / ANGLES)
_WAVES = np.exp(1j * _THETA[:, None] * _ORDERS)
_SPREAD = 0.125 / (_ORDERS - 1.0)
_MEMORY = 0.97


@dataclass
class Cell:
    """State of a cell.

    Attributes:
        centre: Row and column, in pixels, float64.
        velocity: In pixels a frame, float64.
        size: Radius of a disc of its area when fully grown, in pixels.
        age: Frames since its division.
        cycle: Age at which it divides.
        axis: Direction in which it is long, and in which it divides, in radians.
        stretch: Ratio of its long to its short side when not dividing.
        bumps: Complex amplitudes of its outline, one for each order of the Fourier series.
        texture: Where its texture starts in the shared noise field.
        brightness: Factor on its signal.
        grains: Vesicles, float64 rows of (part of the radius, direction in radians, strength).
        spikes: Filopodia, float64 rows of (direction in radians, length in parts of the radius).
        label: Its label, 0 while it is not in the frame.
        ancestor: Label that its next track comes from, 0 for none.
    """

    centre: np.ndarray
    velocity: np.ndarray
    size: float
    age: float
    cycle: float
    axis: float
    stretch: float
    bumps: np.ndarray
    texture: tuple[int, int]
    brightness: float
    grains: np.ndarray
    spikes: np.ndarray
    label: int = 0
    ancestor: int = 0

    @property
    def roundness(self) -> float:
        """How far it is rounded up for division, from 0 to 1."""
        near = min(self.age, max(self.cycle - self.age, 0.0))
        return min(max(1.0 - near / min(MITOSIS, self.cycle / 4), 0.0), 1.0)

    @property
    def radius(self) -> float:
        """Radius of a disc of its present area, in pixels: half the area after a division."""
        grown = 0.5 + 0.5 * min(self.age / self.cycle, 1.0)
        return self.size * math.sqrt(grown) * (1 - 0.15 * self.roundness)

    def outline(self) -> np.ndarray:
        """Return the distance from centre to outline in `ANGLES` directions, in pixels, float64."""
        calm = 1 - self.roundness
        stretch = 1 + (self.stretch - 1) * calm + 0.3 * (1 - calm) * (self.age > self.cycle / 2)
        along = _THETA - self.axis
        ellipse = 1 / np.sqrt(np.cos(along) ** 2 / stretch + np.sin(along) ** 2 * stretch)
        waves = (_WAVES @ self.bumps).real * (0.1 + 0.9 * calm)
        distances: np.ndarray = self.radius * ellipse * np.clip(1 + waves, 0.55, 1.6)
        return distances

    def change(self, rng: np.random.Generator) -> None:
        """Let a frame pass: it ages, its outline wobbles, its vesicles wander."""
        self.age += 1
        self.bumps = _MEMORY * self.bumps + math.sqrt(1 - _MEMORY**2) * random_bumps(rng)
        self.axis += 0.03 * rng.standard_normal() * (1 - self.roundness)
        self.stretch = min(max(self.stretch + 0.03 * rng.standard_normal(), 1.0), 1.9)
        self.grains[:, 0] = np.clip(
            self.grains[:, 0] + 0.02 * rng.standard_normal(len(self.grains)), 0.05, 0.95
        )
        self.grains[:, 1] += 0.03 * rng.standard_normal(len(self.grains))
        self.spikes[:, 0] += 0.02 * rng.standard_normal(len(self.spikes))


def random_bumps(rng: np.random.Generator) -> np.ndarray:
    """Return complex amplitudes of an irregular but smooth outline."""
    real, imaginary = rng.standard_normal((2, len(_ORDERS)))
    bumps: np.ndarray = _SPREAD * (real + 1j * imaginary)
    return bumps


def random_cell(
    centre: np.ndarray, *, radius: float, cycle: float, rng: np.random.Generator
) -> Cell:
    """Return a new cell of random shape and age.

    Args:
        centre: Row and column, in pixels.
        radius: Mean radius of the population, in pixels.
        cycle: Mean time between divisions, in frames.
        rng: Source of randomness.
    """
    own_cycle = cycle * rng.uniform(0.8, 1.25)
    return Cell(
        centre=np.asarray(centre, float),
        velocity=np.zeros(2),
        size=radius * 1.15 * rng.uniform(0.85, 1.2),
        age=own_cycle * rng.uniform(0.05, 0.98),
        cycle=own_cycle,
        axis=rng.uniform(0, math.pi),
        stretch=rng.uniform(1.05, 1.7),
        bumps=random_bumps(rng),
        texture=(int(rng.integers(1 << 16)), int(rng.integers(1 << 16))),
        brightness=rng.uniform(0.65, 1.35),
        grains=_random_grains(rng),
        spikes=_random_spikes(rng),
    )


def _random_grains(rng: np.random.Generator) -> np.ndarray:
    count = int(rng.integers(8, 40))
    part = np.sqrt(rng.uniform(0.06, 0.75, count))
    direction = rng.uniform(0, 2 * math.pi) + rng.normal(0, 1.5, count)
    strength = rng.choice([-1.0, 1.0], count) * rng.uniform(0.2, 1.0, count)
    return np.column_stack([part, direction, strength])


def _random_spikes(rng: np.random.Generator) -> np.ndarray:
    count = int(rng.integers(0, 14))
    direction = rng.uniform(0, 2 * math.pi) + rng.normal(0, 1.0, count)
    return np.column_stack([direction, rng.uniform(0.05, 0.45, count)])


def divided(mother: Cell, cycle: float, rng: np.random.Generator) -> tuple[Cell, Cell]:
    """Return the two daughters of a cell: half its area each, side by side along its axis."""
    reach = 0.72 * mother.radius
    way = np.array([math.sin(mother.axis), math.cos(mother.axis)])
    first, second = (
        random_cell(mother.centre + sign * reach * way, radius=1, cycle=cycle, rng=rng)
        for sign in (-1, 1)
    )
    for daughter in (first, second):
        daughter.size = mother.size * rng.uniform(0.97, 1.03)
        daughter.age = 0.0
        daughter.velocity = mother.velocity.copy()
        daughter.brightness = mother.brightness * rng.uniform(0.95, 1.05)
        daughter.ancestor = mother.label or mother.ancestor
        daughter.axis = mother.axis + math.pi / 2 + rng.normal(0, 0.3)
    return first, second
