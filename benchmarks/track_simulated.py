"""Drawn sequences with exact tracks for judging linking: dense, sparse, fast, slow, 3D, flowing."""

from dataclasses import dataclass

import numpy as np

from benchmarks.track_scenes import Film
from ctc_submit.data.tracks import Track
from ctc_submit.track.settings import Scale


@dataclass(frozen=True)
class Population:
    """How cells live that are drawn as discs or balls with dents.

    Attributes:
        shape: Of a frame in pixels, YX or ZYX.
        frames: Number of frames.
        cells: Cells in the first frame.
        radius: Of a mean cell, in pixels (along Y and X).
        speed: Typical step, in radii a frame.
        persistence: Part of the last step that is kept, in [0, 1).
        flow: Step common to all, in radii a frame.
        cycle: Frames from division to division; 0 for none.
        dying: Chance that a cell is gone in the next frame.
        flatness: Pixels of Y and X that are as long as a pixel of Z.
        jumps: Chance that the whole picture shifts by up to three radii before a frame.
    """

    shape: tuple[int, ...]
    frames: int
    cells: int
    radius: float
    speed: float
    persistence: float = 0.5
    flow: float = 0.0
    cycle: float = 0.0
    dying: float = 0.0
    flatness: float = 1.0
    jumps: float = 0.0

    @property
    def scale(self) -> Scale:
        """Pixel size (1 along Y and X), no time step, no border."""
        return Scale((self.flatness,) * (len(self.shape) - 2) + (1.0, 1.0))


SIMULATED = {
    "dense": Population((400, 400), 60, 350, 9.0, 0.15, cycle=60),
    "dense and moving": Population((400, 400), 60, 300, 9.0, 0.5, cycle=80),
    "growing colony": Population((500, 500), 120, 8, 6.0, 0.3, cycle=24),
    "sparse": Population((600, 600), 60, 12, 14.0, 0.3, cycle=120),
    "fast": Population((600, 600), 60, 40, 9.0, 2.0, persistence=0.7),
    "fast, erratic": Population((800, 800), 48, 25, 12.0, 2.5, persistence=0.0),
    "slow": Population((500, 500), 80, 60, 16.0, 0.03, cycle=100, dying=0.002),
    "flowing": Population((500, 500), 60, 120, 9.0, 0.2, flow=1.5, cycle=80),
    "jumping": Population((500, 500), 60, 80, 10.0, 0.15, cycle=80, jumps=0.1),
    "3D": Population((30, 160, 160), 40, 60, 9.0, 0.3, cycle=40, flatness=2.0),
    "3D, dense and dividing": Population((30, 140, 140), 60, 10, 8.0, 0.2, cycle=14, flatness=2.0),
    "3D, fast": Population((24, 220, 220), 40, 20, 8.0, 1.5, flatness=3.0),
}


@dataclass
class _Cell:
    centre: np.ndarray
    step: np.ndarray
    age: float
    cycle: float
    dents: np.ndarray
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
        if time:
            cells = _later(cells, population, extent, rng)
            way = way + _jump(population, rng)
        masks.append(_painted(cells, population, way))
        _follow(cells, masks, time, seen)
    return Film(name, masks, masks, list(seen.values()), population.scale)


def _newborn(
    centre: np.ndarray, population: Population, rng: np.random.Generator, *, age: float = 0.0
) -> _Cell:
    cycle = (population.cycle or np.inf) * rng.uniform(0.8, 1.25)
    dents = rng.normal(0, 0.12, (3, len(centre)))
    age = age * cycle if population.cycle else population.frames
    return _Cell(centre, np.zeros(len(centre)), age, cycle, dents)


def _size(cell: _Cell, population: Population) -> float:
    """Return a cell's radius: half its volume after a division, whole before the next."""
    grown = 0.5 + 0.5 * min(cell.age / cell.cycle, 1.0) if population.cycle else 1.0
    return float(population.radius * grown ** (1 / len(cell.centre)))


def _later(
    cells: list[_Cell], population: Population, extent: np.ndarray, rng: np.random.Generator
) -> list[_Cell]:
    kept = population.persistence
    present: list[_Cell] = []
    for cell in cells:
        if rng.random() < population.dying:
            continue
        cell.age += 1
        kick = population.speed * population.radius * np.sqrt(1 - kept**2)
        cell.step = kept * cell.step + kick * rng.normal(0, 1, len(extent)) / np.sqrt(len(extent))
        cell.centre = cell.centre + cell.step
        cell.centre[-1] += population.flow * population.radius
        cell.dents = 0.95 * cell.dents + 0.3 * rng.normal(0, 0.12, cell.dents.shape)
        if cell.age >= cell.cycle:
            axis = rng.normal(0, 1, len(extent))
            axis *= 0.75 * population.radius / np.linalg.norm(axis)
            for sign in (-1, 1):
                daughter = _newborn(cell.centre + sign * axis, population, rng)
                daughter.parent = cell.label or cell.parent
                present.append(daughter)
        else:
            present.append(cell)
    for _ in range(4):
        _push(present, population)
    slack = 2 * population.radius
    present = [c for c in present if ((c.centre > -slack) & (c.centre < extent + slack)).all()]
    arrivals = population.cells - len(present)
    for _ in range(min(max(arrivals, 0), 1 + int(population.cells * population.flow / 20))):
        present.append(_arriving(population, extent, rng))
    return present


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
        low = np.maximum(np.floor((cell.centre + way - 1.3 * size) / spacing), 0).astype(int)
        high = np.ceil((cell.centre + way + 1.3 * size) / spacing).astype(int) + 1
        high = np.minimum(high, population.shape)
        if (high <= low).any():
            continue
        window = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        grid = np.stack(np.meshgrid(*[np.arange(s.start, s.stop) for s in window], indexing="ij"))
        away = np.moveaxis(grid, 0, -1) * spacing - cell.centre - way
        far = np.linalg.norm(away, axis=-1)
        turned = away / np.maximum(far, 1e-6)[..., None]
        bumps = 1 + sum(
            np.clip(turned @ dent, -0.25, 0.25) ** (1 + k) for k, dent in enumerate(cell.dents)
        )
        depth = far / (size * np.clip(bumps, 0.7, 1.3))
        mine = depth < best[window]
        owner[window][mine] = index
        best[window][mine] = depth[mine]
    return owner


def _jump(population: Population, rng: np.random.Generator) -> np.ndarray:
    way = np.zeros(len(population.shape))
    if rng.random() < population.jumps:
        way[-2:] = rng.uniform(-3, 3, 2) * population.radius
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
