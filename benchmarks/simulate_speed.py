"""Time the simulation of frames and the drawing of overlays.

python benchmarks/simulate_speed.py
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ctc_submit.data.labels import write_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.report.overlays import write_overlays
from ctc_submit.simulate.dataset import write_dataset
from ctc_submit.simulate.movie import simulate
from ctc_submit.simulate.settings import SimulationSettings

SCENES = [
    SimulationSettings(look="dic", frames=1000),
    SimulationSettings(look="fluo", frames=1000),
    SimulationSettings(look="dic", frames=1000, height=64, width=64, cells=4),
    SimulationSettings(look="dic", frames=1000, height=1024, width=1024, cells=100),
]


def milliseconds(frames: Iterator[object], count: int) -> float:
    """Return the median time between frames, the first one left out."""
    next(frames)
    times = []
    for _ in range(count):
        started = time.perf_counter()
        next(frames)
        times.append(1000 * (time.perf_counter() - started))
    return float(np.median(times))


def overlay_seconds(count: int, height: int, width: int) -> float:
    """Return the time that the overlays of a simulated sequence take, files read and written."""
    settings = SimulationSettings(frames=count, height=height, width=width)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "Sim"
        result = folder / "01_RES"
        maps = [moment.labels for moment in write_dataset(folder, settings)]
        sequence = Sequence.at(folder / "01")
        result.mkdir()
        for frame, labels in zip(sequence.frames.values(), maps, strict=True):
            write_labels(result / f"mask{frame.stem[1:]}.tif", labels)
        started = time.perf_counter()
        list(write_overlays(result, sequence, folder / "overlay"))
        return time.perf_counter() - started


def main() -> None:
    """Print one line for each scene."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=20, help="frames timed for each scene")
    parser.add_argument("--overlays", type=int, default=115, help="frames drawn as overlays")
    arguments = parser.parse_args()
    for scene in SCENES:
        timed = milliseconds(simulate(scene, np.random.default_rng(0)), arguments.frames)
        size = f"{scene.height}×{scene.width}"
        print(f"simulate {scene.look:5} {size:9} {scene.cells:4} cells {timed:8.1f} ms a frame")
    seconds = overlay_seconds(arguments.overlays, 520, 696)
    print(f"overlay  {arguments.overlays} frames of 520×696 {seconds:12.1f} s")


if __name__ == "__main__":
    main()
