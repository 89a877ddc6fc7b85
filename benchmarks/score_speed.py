"""How fast a sequence is judged, next to decoding it, tifffile and py-ctcmetrics.

Draws 300 frames of 720×576 with some 200 cells each, writes the truth (SEG and TRA) and a result
(each zlib, as the toolkit writes them), and times in one run: our own SEG + DET + TRA on all cores;
only decoding the 900 files once with the same reader and cores; the same with tifffile; and
py-ctcmetrics with all cores. A cell lives 30 frames and leaves its place to a child: the number of
tracks is what py-ctcmetrics' time grows with most. Then one frame of 2048² with 5,000 cells. The
organisers' executables are not part of this program and are not timed.
"""

import argparse
import contextlib
import io
import subprocess
import sys
import tempfile
import time as clock
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import tifffile

from ctc_submit.data.labels import write_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.data.tracks import Track, write_tracks
from ctc_submit.score.judge import score
from ctc_submit.score.mask import open_mask
from ctc_submit.score.workers import cores, in_order


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=3, help="best of how many runs")
    parser.add_argument("--peer", action="store_true", help="also time py-ctcmetrics (minutes)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sequence = draw_sequence(
            Path(folder), arguments.frames, shape=(576, 720), pitch=45, life=30
        )
        compare(sequence, arguments.repeats, peer=arguments.peer)
    with tempfile.TemporaryDirectory() as folder:
        large = draw_sequence(Path(folder), 1, shape=(2048, 2048), pitch=29)
        seconds = best(lambda: score(large), arguments.repeats)
        print(f"one frame of 2048×2048, {cells(large)} cells, all measures: {seconds:.3f} s")
    for frames in (10, arguments.frames):
        with tempfile.TemporaryDirectory() as folder:
            sequence = draw_sequence(Path(folder), frames, shape=(576, 720), pitch=45)
            print(f"peak memory of a process that judges {frames} frames: {peak(sequence):.0f} MB")
    print(f"cores: {cores()}")


def compare(sequence: Sequence, repeats: int, *, peer: bool) -> None:
    """Time the ways to judge or read one sequence, and print them side by side."""
    files = sorted(sequence.folder.parent.rglob("*.tif"))
    ours = best(lambda: score(sequence), repeats)
    decode = best(lambda: drain(in_order(read, files)), repeats)
    other = best(lambda: drain(in_order(tifffile.imread, files)), repeats)
    print(f"{len(files)} files of {len(files) // 3} frames, {cells(sequence)} cells in the first")
    print(f"all measures, ours              {ours:7.2f} s")
    print(f"only decoding, our reader       {decode:7.2f} s   ours takes {ours / decode:.2f} of it")
    print(f"only decoding, tifffile         {other:7.2f} s   ours takes {ours / other:.2f} of it")
    if peer:
        theirs = best(lambda: judge_with_peer(sequence), 1)
        print(f"SEG, DET, TRA by py-ctcmetrics  {theirs:7.2f} s   ours is {theirs / ours:.0f}×")
    print("the organisers' executables      not measured: they are not distributed with this")


def draw_sequence(
    folder: Path, frames: int, *, shape: tuple[int, int], pitch: int, life: int | None = None
) -> Sequence:
    """Write a sequence of swaying discs with its truth and a result one pixel off.

    Args:
        folder: Where to.
        frames: How many.
        shape: Height and width in pixels.
        pitch: Distance of the cells in pixels.
        life: Frames after which a cell leaves its place to its child; None: never.
    """
    life = life or frames
    data = folder / "Drawn"
    parts = {"01_GT/SEG": "man_seg", "01_GT/TRA": "man_track", "01_RES": "mask"}
    for part in ("01", *parts):
        (data / part).mkdir(parents=True)
    down, across = shape[0] // pitch, shape[1] // pitch
    rows, columns = np.indices((down * pitch, across * pitch))
    grid = rows // pitch * across + columns // pitch + 1
    for time in range(frames):
        sway = pitch * (0.5 + 0.05 * np.sin(time / 7 + grid))
        apart = np.hypot(rows % pitch - sway, columns % pitch - sway)
        labels = np.zeros(shape, np.uint16)
        shown_now = grid + down * across * (time // life)
        labels[: down * pitch, : across * pitch] = np.where(apart < 0.4 * pitch, shown_now, 0)
        for part, prefix in parts.items():
            shown = np.roll(labels, 1, 0) if prefix == "mask" else labels
            write_labels(data / part / f"{prefix}{time:03d}.tif", shown)
    tracks = [
        Track(place + down * across * age, begin, min(begin + life, frames) - 1, parent)
        for age, begin in enumerate(range(0, frames, life))
        for place in range(1, down * across + 1)
        for parent in [place + down * across * (age - 1) if age else 0]
    ]
    write_tracks(data / "01_GT" / "TRA" / "man_track.txt", tracks)
    write_tracks(data / "01_RES" / "res_track.txt", tracks)
    return Sequence.at(data / "01")


def cells(sequence: Sequence) -> int:
    """Return the number of markers of the first frame."""
    return len(np.unique(tifffile.imread(sequence.gold / "TRA" / "man_track000.tif"))) - 1


def peak(sequence: Sequence) -> float:
    """Return the peak memory of a fresh process that judges a sequence, in megabytes (Linux)."""
    program = (
        "import pathlib, sys\n"
        "from ctc_submit.data.sequence import Sequence\n"
        "from ctc_submit.score.judge import score\n"
        "score(Sequence.at(sys.argv[1]))\n"
        "lines = pathlib.Path('/proc/self/status').read_text().splitlines()\n"
        "print(next(int(line.split()[1]) / 1024 for line in lines if 'VmHWM' in line))\n"
    )
    command = [sys.executable, "-c", program, str(sequence.folder)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def judge_with_peer(sequence: Sequence) -> None:
    """Score SEG, DET and TRA with py-ctcmetrics on all cores."""
    from ctc_metrics.scripts.evaluate import evaluate_sequence

    with contextlib.redirect_stdout(io.StringIO()):
        evaluate_sequence(str(sequence.result), str(sequence.gold), ["Valid", "SEG", "DET", "TRA"])


def best(work: Callable[[], object], repeats: int) -> float:
    """Return the shortest time of several runs, in seconds."""
    times = []
    for _ in range(repeats):
        start = clock.perf_counter()
        work()
        times.append(clock.perf_counter() - start)
    return min(times)


def read(path: Path) -> np.ndarray:
    """Decode one mask."""
    return open_mask(path, str(path)).labels()


def drain(images: Iterator[object]) -> None:
    """Read all and keep none."""
    for _ in images:
        pass


if __name__ == "__main__":
    main()
