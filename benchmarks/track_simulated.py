"""Drawn sequences with exact tracks for judging linking: dense, sparse, fast, slow, 3D, flowing."""

from dataclasses import dataclass

import numpy as np

from benchmarks.track_populations import SIMULATED, Population
from benchmarks.track_scenes import Film
from ctc_submit.data.tracks import Track


@dataclass
class _Cell:
    centre: np.ndarray
    step: np.ndarray
    age: float
    cycle: float
    dents: np.ndarray
    scale: float = 1.0
    pace: float = 1.0
    axis: np.ndarray | None = None
    label: int = 0
    parent: int = 0


def draw(name: str, seed: int = 0) -> Film:
    """Draw one of the simulated sequences."""
    population = SIMULATED[name]
    rng = np.random.default_rng(seed)
    extent = np.array(population.shape) * np.array(population.scale.spacing)
    cells = [
        _newborn(rng.uniform(0, extent), population, rng, age=rng.uniform(0, 1))
        for _ in range(population.cells)
    ]
    for _ in range(30):
        _push(cells, population)
    masks, seen = list[np.ndarray](), dict[int, Track]()
    way = np.zeros(len(extent))
    for time in range(population.frames):
        for _ in range(population.every if time else 0):
            cells = _later(cells, population, extent, rng)
        if time:
            way = way + _shift(population, rng)
        masks.append(_painted(cells, population, way))
        _follow(cells, masks, time, seen)
    return Film(name, masks, masks, list(seen.values()), population.scale)


def _newborn(
    centre: np.ndarray, population: Population, rng: np.random.Generator, *, age: float = 0.0
) -> _Cell:
    cycle = (population.cycle or np.inf) * rng.uniform(0.8, 1.25)
    dents = rng.normal(0, 0.12, (3, len(centre)))
    age = age * cycle if population.cycle else population.frames
    cell = _Cell(centre, np.zeros(len(centre)), age, cycle, dents)
    if population.sizes:
        cell.scale = float(np.exp(population.sizes * rng.normal()))
    if population.still:
        cell.pace = 0.1 if rng.random() < population.still else 1.0
    if population.long > 1:
        cell.axis = _unit(rng.normal(0, 1, len(centre)))
    return cell


def _daughter(
    mother: _Cell, side: np.ndarray, population: Population, rng: np.random.Generator
) -> _Cell:
    cell = _newborn(mother.centre + side, population, rng)
    cell.parent = mother.label or mother.parent
    cell.scale, cell.pace, cell.axis = mother.scale, mother.pace, mother.axis
    return cell


def _unit(way: np.ndarray) -> np.ndarray:
    along: np.ndarray = way / np.linalg.norm(way)
    return along


def _size(cell: _Cell, population: Population) -> float:
    """Return a cell's radius: half its volume after a division, whole before the next."""
    grown = 0.5 + 0.5 * min(cell.age / cell.cycle, 1.0) if population.cycle else 1.0
    return float(cell.scale * population.radius * grown ** (1 / len(cell.centre)))


def _later(
    cells: list[_Cell], population: Population, extent: np.ndarray, rng: np.random.Generator
) -> list[_Cell]:
    present: list[_Cell] = []
    for cell in cells:
        if rng.random() < population.dying:
            continue
        _move(cell, population, extent, rng)
        if cell.age < cell.cycle:
            present.append(cell)
            continue
        axis = rng.normal(0, 1, len(extent)) if cell.axis is None else cell.axis
        far = 0.75 * cell.scale * population.radius * population.long ** (1 - 1 / len(axis))
        for sign in (-1, 1):
            present.append(_daughter(cell, sign * far * _unit(axis), population, rng))
    for _ in range(4):
        _push(present, population)
    slack = 2 * population.radius
    present = [c for c in present if ((c.centre > -slack) & (c.centre < extent + slack)).all()]
    arrivals = population.cells - len(present)
    for _ in range(min(max(arrivals, 0), 1 + int(population.cells * population.flow / 20))):
        present.append(_arriving(population, extent, rng))
    return present


def _move(
    cell: _Cell, population: Population, extent: np.ndarray, rng: np.random.Generator
) -> None:
    kept = population.persistence
    cell.age += 1
    kick = cell.pace * population.speed * population.radius * np.sqrt(1 - kept**2)
    cell.step = kept * cell.step + kick * rng.normal(0, 1, len(extent)) / np.sqrt(len(extent))
    cell.centre = cell.centre + cell.step
    cell.centre[-1] += population.flow * population.radius
    if population.turning:
        angle = np.deg2rad(population.turning)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        cell.centre[-2:] = turn @ (cell.centre[-2:] - extent[-2:] / 2) + extent[-2:] / 2
    cell.dents = 0.95 * cell.dents + 0.3 * rng.normal(0, 0.12, cell.dents.shape)
    if cell.axis is not None:
        cell.axis = _unit(cell.axis + 0.15 * rng.normal(0, 1, len(extent)))


def _arriving(population: Population, extent: np.ndarray, rng: np.random.Generator) -> _Cell:
    """Return a cell just outside an edge: where the flow comes from, if there is one."""
    centre = rng.uniform(0, extent)
    axis = len(extent) - 1 if population.flow else int(rng.integers(len(extent) - 2, len(extent)))
    low = population.flow > 0 or rng.random() < 0.5
    centre[axis] = -population.radius if low else extent[axis] + population.radius
    return _newborn(centre, population, rng, age=rng.uniform(0, 1))


def _push(cells: list[_Cell], population: Population) -> None:
    """Move cells apart that lie in each other."""
    if len(cells) < 2:
        return
    centres = np.array([cell.centre for cell in cells])
    radii = np.array([_size(cell, population) for cell in cells])
    apart = centres[:, None] - centres[None]
    far = np.linalg.norm(apart, axis=2)
    np.fill_diagonal(far, np.inf)
    deep = np.maximum(0.92 * (radii[:, None] + radii[None]) - far, 0)
    centres += ((0.3 * deep / np.maximum(far, 1e-3))[..., None] * apart).sum(axis=1)
    for cell, centre in zip(cells, centres, strict=True):
        cell.centre = centre


def _painted(cells: list[_Cell], population: Population, way: np.ndarray) -> np.ndarray:
    """Return a map of cell indices from 1; a pixel belongs to the cell it lies deepest in."""
    owner = np.zeros(population.shape, np.uint16)
    best = np.ones(population.shape)
    spacing = np.array(population.scale.spacing)
    for index, cell in enumerate(cells, start=1):
        size = _size(cell, population)
        reach = 1.3 * size * population.long ** (1 - 1 / len(spacing))
        low = np.maximum(np.floor((cell.centre + way - reach) / spacing), 0).astype(int)
        high = np.ceil((cell.centre + way + reach) / spacing).astype(int) + 1
        high = np.minimum(high, population.shape)
        if (high <= low).any():
            continue
        window = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        grid = np.stack(np.meshgrid(*[np.arange(s.start, s.stop) for s in window], indexing="ij"))
        away = np.moveaxis(grid, 0, -1) * spacing - cell.centre - way
        depth = _depth(away, cell, population) / size
        mine = depth < best[window]
        owner[window][mine] = index
        best[window][mine] = depth[mine]
    return owner


def _depth(away: np.ndarray, cell: _Cell, population: Population) -> np.ndarray:
    """Return how far places are from a cell's centre, its length and dents undone."""
    if cell.axis is not None:
        along = (away @ cell.axis)[..., None] * cell.axis
        squeeze = population.long ** (1 / len(cell.axis))
        away = along * squeeze / population.long + (away - along) * squeeze
    far: np.ndarray = np.linalg.norm(away, axis=-1)
    turned = away / np.maximum(far, 1e-6)[..., None]
    bumps = 1 + sum(
        np.clip(turned @ dent, -0.25, 0.25) ** (1 + k) for k, dent in enumerate(cell.dents)
    )
    depth: np.ndarray = far / np.clip(bumps, 0.7, 1.3)
    return depth


def _shift(population: Population, rng: np.random.Generator) -> np.ndarray:
    """Return how far the whole picture moves before a frame."""
    way = np.zeros(len(population.shape))
    if rng.random() < population.jumps:
        way[-2:] = rng.uniform(-3, 3, 2) * population.radius
    if population.wander:
        way[-2:] += rng.normal(0, population.wander / np.sqrt(2), 2) * population.radius
    return way


def _follow(cells: list[_Cell], masks: list[np.ndarray], time: int, seen: dict[int, Track]) -> None:
    """Turn indices into labels; a cell that was out of sight starts a new track."""
    there = set(np.unique(masks[-1]).tolist())
    values = np.zeros(len(cells) + 1, np.uint16)
    for index, cell in enumerate(cells, start=1):
        if index not in there:
            cell.parent, cell.label = cell.label or cell.parent, 0
            continue
        if not cell.label:
            cell.label = len(seen) + 1
            seen[cell.label] = Track(cell.label, time, time, cell.parent)
        track = seen[cell.label]
        seen[cell.label] = Track(track.label, track.begin, time, track.parent)
        values[index] = cell.label
    masks[-1] = values[masks[-1]]
