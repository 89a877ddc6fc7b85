"""Time and memory of ``ctc-submit check`` on a long sequence, drawn for the purpose.

Prints seconds and peak memory for, by default, 1,764 frames of 1010×1010 pixels with raw frames,
masks and tracks, each in a process of its own.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import numpy as np
import tifffile

from ctc_submit.data.labels import write_labels
from ctc_submit.data.tracks import Track, write_tracks


def draw(folder: Path, frames: int, size: int, cells: int) -> Path:
    """Write a sequence of drifting discs with its faultless result; returns the result folder."""
    raw, result = folder / "BF-C2DL-HSC" / "01", folder / "BF-C2DL-HSC" / "01_RES"
    raw.mkdir(parents=True)
    result.mkdir()
    random = np.random.default_rng(0)
    side = int(np.ceil(np.sqrt(cells)))
    step = (size - 60) // side
    rows, columns = np.divmod(np.arange(cells), side)
    radius = max(step // 3, 1)
    grid = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    disc = (grid**2).sum(0) <= radius**2
    noise = random.normal(120, 6, (size, size)).astype(np.uint8)
    for frame in range(frames):
        labels = np.zeros((size, size), np.uint16)
        drift = frame % max(step - 2 * radius, 1)
        for label, (row, column) in enumerate(zip(rows, columns, strict=True), start=1):
            top, left = 30 + row * step, 30 + column * step + drift
            view = labels[top : top + disc.shape[0], left : left + disc.shape[1]]
            view[disc[: view.shape[0], : view.shape[1]]] = label
        shown = np.roll(noise, frame, axis=1) + 40 * (labels > 0).astype(np.uint8)
        tifffile.imwrite(raw / f"t{frame:04d}.tif", shown, compression="zlib")
        write_labels(result / f"mask{frame:04d}.tif", labels)
    write_tracks(result / "res_track.txt", [Track(i + 1, 0, frames - 1, 0) for i in range(cells)])
    return result


@click.command()
@click.option("--frames", default=1764, show_default=True)
@click.option("--size", default=1010, show_default=True, help="Edge of a frame [px].")
@click.option("--cells", default=100, show_default=True, help="Cells in a frame.")
def main(frames: int, size: int, cells: int) -> None:
    """Print what ``ctc-submit check`` takes."""
    with tempfile.TemporaryDirectory() as folder:
        result = draw(Path(folder), frames, size, cells)
        program = str(Path(sys.executable).with_name("ctc-submit"))
        start = time.perf_counter()
        done = subprocess.run(
            [program, "check", result, "--benchmark", "CTB"], capture_output=True, text=True
        )
        seconds = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak, cpu = used.ru_maxrss / 1024, used.ru_utime + used.ru_stime
    print(done.stdout.strip().splitlines()[-1].rpartition(": ")[2])
    print(
        f"{frames} frames of {size}×{size}, {cells} cells: {seconds:.1f} s, "
        f"{cpu:.1f} s of CPU time, peak {peak:.0f} MiB"
    )
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
