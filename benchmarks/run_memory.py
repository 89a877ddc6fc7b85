"""Memory of ``ctc-submit run`` over a long sequence, frame by frame, with the network left out.

What the network holds does not depend on how many frames there are; this shows whether anything
else does: reading, writing, tables, tracking. The label maps come from a simulated sequence that is
repeated. Prints the memory that the process holds at every eighth of the frames and after tracking.

python -m benchmarks.run_memory [--frames 1000]
"""

import tempfile
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from unittest.mock import patch

import click
import numpy as np

from benchmarks.run_speed import repeated, simulated
from ctc_submit import pipeline
from ctc_submit.data.labels import read_labels
from ctc_submit.data.sequence import Sequence

MODEL = Path(__file__).parent.parent / "models" / "demo"
"""Loaded, but not asked."""

GROWTH = 0.02
"""GB that the process may hold more at the end than after the first eighth."""


def held() -> float:
    """Return the memory that this process holds, in GB (Linux)."""
    status = Path("/proc/self/status").read_text("utf-8")
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) * 1024 / 1e9


def run(sequence: Path, truth: list[np.ndarray]) -> Iterator[tuple[int, float]]:
    """Run a sequence with the label maps given in turn; yields frames done and GB held."""
    maps = cycle(truth)
    with patch.object(pipeline, "find_cells", lambda *_: next(maps).copy()):
        result = sequence.with_name("01_RES")
        job = pipeline.Run(Sequence.at(sequence), MODEL, result, pipeline.RunConfig())
        done = 0
        for done, _ in enumerate(job("cpu"), start=1):
            yield done, held()
    yield done, held()


@click.command()
@click.option("--frames", default=1000, show_default=True)
@click.option("--size", default=512, show_default=True, help="Side of a frame. [px]")
def main(frames: int, size: int) -> None:
    """Print the memory held at every eighth of the frames."""
    with tempfile.TemporaryDirectory() as folder:
        few = simulated(Path(folder) / "DIC-SIM", size, 24)
        truth = sorted((few.parent / "01_GT" / "SEG").glob("man_seg*.tif"))
        long = repeated(few, Path(folder) / "long" / "01", frames)
        step = max(frames // 8, 1)
        held_at: list[float] = []
        for done, memory in run(long, [read_labels(path) for path in truth]):
            if done % step == 0 or done == frames:
                print(f"{done:>6} frames  {memory:.3f} GB", flush=True)
                held_at.append(memory)
    grown = held_at[-1] - held_at[0]
    verdict = "met" if grown <= GROWTH else "MISSED"
    print(f"more at the end, tracking included: {grown:+.3f} GB   goal ≤ {GROWTH}   {verdict}")


if __name__ == "__main__":
    main()
