"""Time and memory of tracking a drawn sequence, for growing numbers of cells.

python benchmarks/track_speed.py [--cells 250 500 1000 2000] [--frames 100]
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from ctc_submit.data.labels import write_labels
from ctc_submit.track.tracker import track_result

PITCH = 32
"""Pixels from cell to cell; a cell covers about a third of its square."""


def draw(folder: Path, cells: int, frames: int) -> None:
    """Write discs that walk at random, labels shuffled in every frame."""
    rng = np.random.default_rng(0)
    side = int(np.ceil(np.sqrt(cells)))
    size = side * PITCH
    rows, columns = np.divmod(np.arange(cells), side)
    places = np.stack([rows, columns], 1) * float(PITCH) + PITCH / 2
    offsets = np.mgrid[-10:11, -10:11].reshape(2, -1).T
    disc = offsets[(offsets**2).sum(1) <= 100]
    for frame in range(frames):
        places = np.clip(places + rng.normal(0, 1.0, places.shape), 0, size - 1)
        labels = np.zeros((size, size), np.uint16)
        for label, place in enumerate(places[rng.permutation(cells)], start=1):
            spots = disc + np.round(place).astype(int)
            spots = spots[((spots >= 0) & (spots < size)).all(1)]
            labels[spots[:, 0], spots[:, 1]] = label
        write_labels(folder / f"mask{frame:03d}.tif", labels)


def measure(folder: Path) -> None:
    """Track a folder in this process and print seconds, peak memory and tracks."""
    begin, used = time.perf_counter(), time.process_time()
    done = track_result(folder)
    seconds, busy = time.perf_counter() - begin, time.process_time() - used
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{seconds:.1f} s ({busy:.1f} s busy), {memory:.0f} MB, {len(done.tracks)} tracks")


def main() -> None:
    """Print a line for each number of cells, each in a fresh process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cells", type=int, nargs="+", default=[250, 500, 1000, 2000])
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure)
        return
    for cells in options.cells:
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made) / "01_RES"
            folder.mkdir()
            draw(folder, cells, options.frames)
            again = [sys.executable, __file__, "--measure", str(folder)]
            done = subprocess.run(again, capture_output=True, text=True, check=True)
        print(f"{options.frames} frames of {cells} cells: {done.stdout.strip()}", flush=True)


if __name__ == "__main__":
    main()
