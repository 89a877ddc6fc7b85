"""How the cost of judging grows with pixels, cells and frames.

Draws sequences of discs in which one of the three grows by factors of four while the others stay,
and takes the CPU time of all measures, files read included, on one core. The exponent is the slope
of log time over log size from the second size on; 1 is linear, less is better than that (the part
that does not grow).

    python -m benchmarks.score_growth
"""

import argparse
import math
import tempfile
import time as clock
from pathlib import Path

from benchmarks.score_speed import cells, draw_sequence
from ctc_submit.data.sequence import Sequence
from ctc_submit.score.judge import score

MOST = 1.15
"""Exponent up to which growth passes for linear."""


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--repeats", type=int, default=5, help="best of how many runs")
    repeats = parser.parse_args().repeats
    pixels = [(2, side, side // 8) for side in (256, 512, 1024, 2048, 4096)]
    report("pixels, 2 frames of 64 cells", [n * side**2 for n, side, _ in pixels], pixels, repeats)
    many = [(2, 2048, pitch) for pitch in (256, 128, 64, 32, 16)]
    found = [n * (side // pitch) ** 2 for n, side, pitch in many]
    report("cells, 2 frames of 2048² pixels", found, many, repeats)
    long = [(frames, 128, 16) for frames in (10, 40, 160, 640)]
    report("frames, 64 cells of 128² pixels", [frames for frames, _, _ in long], long, repeats)


def report(name: str, sizes: list[int], settings: list[tuple[int, int, int]], repeats: int) -> None:
    """Print the seconds for each size, and the exponent.

    Args:
        name: What grows, and what does not.
        sizes: How much of it there is, in all frames together.
        settings: Frames, side of a frame and distance of cells in pixels, for each size.
        repeats: Best of how many runs.
    """
    seconds = [judged(*one, repeats) for one in settings]
    for size, spent in zip(sizes, seconds, strict=True):
        print(f"{size:>12,} {name}: {spent:8.4f} s, {1e6 * spent / size:9.3f} µs each")
    pairs = [(math.log(x), math.log(y)) for x, y in zip(sizes, seconds, strict=True)][1:]
    found = slope(pairs)
    verdict = "linear or less" if found <= MOST else "more than linear"
    print(f"{'':>12} {name}: exponent {found:.2f}, {verdict}")


def judged(frames: int, side: int, pitch: int, repeats: int) -> float:
    """Return the CPU seconds of judging a sequence that is drawn for it."""
    with tempfile.TemporaryDirectory() as folder:
        sequence = draw_sequence(Path(folder), frames, shape=(side, side), pitch=pitch)
        assert cells(sequence) == (side // pitch) ** 2
        return min(spent(sequence) for _ in range(repeats))


def spent(sequence: Sequence) -> float:
    """Return the CPU seconds of judging once, on one core."""
    start = clock.process_time()
    score(sequence, workers=1)
    return clock.process_time() - start


def slope(points: list[tuple[float, float]]) -> float:
    """Return the slope of the straight line that fits best."""
    across = sum(x for x, _ in points) / len(points)
    up = sum(y for _, y in points) / len(points)
    above = sum((x - across) * (y - up) for x, y in points)
    return above / sum((x - across) ** 2 for x, _ in points)


if __name__ == "__main__":
    main()
