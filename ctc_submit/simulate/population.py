"""All cells of a time lapse: they wander, push each other, divide, come and go."""

import math

import numpy as np

from ctc_submit.simulate.cell import MITOSIS, Cell, divided, random_cell
from ctc_submit.simulate.settings import SimulationSettings

CROWDED = 1.6
"""Above this multiple of the first number of cells no cell divides (contact inhibition)."""
_CLOSEST = 0.94
"""Distance at which two cells stop pushing, as part of the sum of their radii."""
_PERSISTENCE = 0.85


def settle(settings: SimulationSettings, rng: np.random.Generator) -> list[Cell]:
    """Return the cells of the first frame, spread over the frame and a little beyond."""
    extent = np.array([settings.height, settings.width], float)
    cells = [
        random_cell(
            rng.uniform(-0.05, 1.05, 2) * extent,
            radius=settings.radius,
            cycle=settings.cycle,
            rng=rng,
        )
        for _ in range(settings.cells)
    ]
    for _ in range(40):
        _push(cells)
    for cell in cells:
        np.clip(cell.centre, 0.0, extent, out=cell.centre)
    return cells


def advance(
    cells: list[Cell], settings: SimulationSettings, rng: np.random.Generator
) -> list[Cell]:
    """Return the cells one frame later; a cell may be changed in place, gone, or two."""
    crowd = CROWDED * settings.cells
    present: list[Cell] = []
    expected = len(cells)
    for cell in cells:
        cell.change(rng)
        if cell.age >= cell.cycle and expected < crowd and _is_well_inside(cell, settings):
            present.extend(divided(cell, settings.cycle, rng))
            expected += 1
            continue
        if expected >= crowd or not _is_well_inside(cell, settings):
            cell.age = min(cell.age, cell.cycle - MITOSIS)
        present.append(cell)
    _walk(present, settings, rng)
    present = [cell for cell in present if not _is_far_outside(cell, settings)]
    if settings.cells and rng.random() < 0.1 * (len(present) < 1.2 * settings.cells):
        present.append(_arriving(settings, rng))
    return present


def _walk(cells: list[Cell], settings: SimulationSettings, rng: np.random.Generator) -> None:
    kick = settings.speed * math.sqrt(1 - _PERSISTENCE**2)
    for cell in cells:
        step = kick * cell.size * rng.standard_normal(2)
        cell.velocity = _PERSISTENCE * cell.velocity + step
        cell.centre += cell.velocity * (1 - 0.8 * cell.roundness)
    for _ in range(3):
        _push(cells)


def _push(cells: list[Cell]) -> None:
    """Move cells apart that lie too deep in each other."""
    if len(cells) < 2:
        return
    centres = np.array([cell.centre for cell in cells])
    radii = np.array([cell.radius for cell in cells])
    apart = centres[:, None] - centres[None]
    distance = np.hypot(apart[..., 0], apart[..., 1])
    np.fill_diagonal(distance, np.inf)
    depth = np.maximum(_CLOSEST * (radii[:, None] + radii[None]) - distance, 0)
    moves = (0.3 * depth / np.maximum(distance, 1e-3))[..., None] * apart
    centres += moves.sum(axis=1)
    for cell, centre in zip(cells, centres, strict=True):
        cell.centre = centre


def _arriving(settings: SimulationSettings, rng: np.random.Generator) -> Cell:
    """Return a cell just outside a random edge, on its way in."""
    extent = np.array([settings.height, settings.width], float)
    side, axis = rng.choice([-1, 1]), int(rng.integers(2))
    centre = rng.uniform(0, 1, 2) * extent
    centre[axis] = -1.5 * settings.radius if side < 0 else extent[axis] + 1.5 * settings.radius
    cell = random_cell(centre, radius=settings.radius, cycle=settings.cycle, rng=rng)
    cell.velocity[axis] = -side * 3 * settings.speed * cell.size
    return cell


def _is_well_inside(cell: Cell, settings: SimulationSettings) -> bool:
    y, x = cell.centre
    edge = min(y, x, settings.height - y, settings.width - x)
    return bool(edge > 0.9 * cell.radius)


def _is_far_outside(cell: Cell, settings: SimulationSettings) -> bool:
    y, x = cell.centre
    edge = min(y, x, settings.height - y, settings.width - x)
    return bool(edge < -2.5 * cell.size)
