"""Time overlays and report pages: how long, how large, how much memory, how soon open.

python -m benchmarks.report_speed                    # 115 frames of 520×696
python -m benchmarks.report_speed --long             # also 1,764 frames of 1010×1010

The sequence is simulated with its truth as result, each cell two pixels off. Of the long one 42
frames are simulated and run through forwards and backwards; cells that are not in all of them are
left out. Pages are opened in Chromium, where it is installed: until the first frame is drawn, and
from asking for a frame in the middle to seeing it.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time as clock
from pathlib import Path

import numpy as np

from ctc_submit.data.frames import read_frame
from ctc_submit.data.labels import write_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.data.tracks import Track, write_tracks
from ctc_submit.report.overlays import write_overlays
from ctc_submit.simulate.dataset import write_dataset
from ctc_submit.simulate.settings import SimulationSettings

SHORT = SimulationSettings(frames=115, height=520, width=696)
LONG = SimulationSettings(frames=42, height=1010, width=1010, cells=60, cycle=400.0)
LONG_FRAMES = 1764


def main() -> None:
    """Print the figures of the short, and if asked for of the long sequence."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="also 1,764 frames of 1010×1010")
    arguments = parser.parse_args()
    print(f"cores: {len(os.sched_getaffinity(0))}, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as scratch:
        sequence = simulated(Path(scratch) / "Sim", SHORT)
        started, spent = clock.perf_counter(), clock.process_time()
        list(write_overlays(sequence.result, sequence, Path(scratch) / "overlay"))
        seconds, spent = clock.perf_counter() - started, clock.process_time() - spent
        print(f"overlay  115 frames of 520×696   {seconds:6.1f} s, {spent:.1f} s of processor time")
        measure_report(sequence, "115 frames of 520×696  ")
    if arguments.long:
        with tempfile.TemporaryDirectory() as scratch:
            sequence = simulated(Path(scratch) / "Sim", LONG)
            for frames in (LONG_FRAMES // 4, LONG_FRAMES):
                repeat(sequence, frames)
                measure_report(sequence, f"{frames} frames of 1010×1010")


def simulated(folder: Path, settings: SimulationSettings) -> Sequence:
    """Write a data set, and its truth two pixels off as result."""
    maps = [moment.labels for moment in write_dataset(folder, settings)]
    shutil.rmtree(folder / "02", ignore_errors=True)
    sequence = Sequence.at(folder / "01")
    sequence.result.mkdir()
    for time, labels in enumerate(maps):
        shifted = np.roll(labels, 2, axis=0)
        write_labels(sequence.result / f"mask{time:03d}.tif", shifted)
    shutil.copy(sequence.gold / "TRA" / "man_track.txt", sequence.result / "res_track.txt")
    return sequence


def repeat(sequence: Sequence, frames: int) -> None:
    """Make a simulated sequence longer by running through it forwards and backwards."""
    parts = {
        sequence.folder: "t",
        sequence.gold / "SEG": "man_seg",
        sequence.gold / "TRA": "man_track",
        sequence.result: "mask",
    }
    kept = lasting(sequence)
    for folder, prefix in parts.items():
        base = folder.with_name(f"{folder.name}.base")
        if not base.exists():
            folder.rename(base)
            if prefix != "t":
                drop_others(base, kept)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        first = sorted(base.glob("*.tif"))
        there_and_back = first + first[-2:0:-1]
        for time in range(frames):
            os.link(there_and_back[time % len(there_and_back)], folder / f"{prefix}{time:04d}.tif")
    tracks = [Track(label, 0, frames - 1, 0) for label in kept]
    write_tracks(sequence.gold / "TRA" / "man_track.txt", tracks)
    write_tracks(sequence.result / "res_track.txt", tracks)


def lasting(sequence: Sequence) -> list[int]:
    """Return the labels that are in every mask of the result and of the truth."""
    there: set[int] | None = None
    for folder in (sequence.result, sequence.gold / "TRA"):
        for path in folder.glob("*.tif"):
            found = set(np.unique(read_frame(path)).tolist()) - {0}
            there = found if there is None else there & found
    return sorted(there or ())


def drop_others(folder: Path, kept: list[int]) -> None:
    """Remove all cells but some from the masks of a folder."""
    for path in folder.glob("*.tif"):
        labels = read_frame(path)
        write_labels(path, np.where(np.isin(labels, kept), labels, 0).astype(np.uint16))


def measure_report(sequence: Sequence, what: str) -> None:
    """Make the page in a process of its own, open it, and print the figures."""
    page = sequence.folder.parent / "page.html"
    program = (
        "import pathlib, sys, time\n"
        "from ctc_submit.cli.main import main\n"
        "main(sys.argv[1:], standalone_mode=False)\n"
        "lines = pathlib.Path('/proc/self/status').read_text().splitlines()\n"
        "print(next(int(line.split()[1]) / 1024 for line in lines if 'VmHWM' in line))\n"
        "print(time.process_time())\n"
    )
    command = [sys.executable, "-c", program, "report", str(sequence.result), "--out", str(page)]
    started = clock.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds = clock.perf_counter() - started
    peak, spent = map(float, done.stdout.splitlines()[-2:])
    size = page.stat().st_size / 1e6
    beside = sum(path.stat().st_size for path in page.parent.glob("page_files/*")) / 1e6
    told = f"{seconds:6.1f} s, {spent:.1f} s of processor time, peak memory {peak:.0f} MB"
    print(f"report   {what} {told}")
    print(
        f"         page {size:.1f} MB" + (f", frames beside it {beside:.0f} MB" if beside else "")
    )
    opened = open_page(page)
    if opened is None:
        print("         not opened: no chromium here")
    else:
        first, spent, another = opened
        told = f"{first:.2f} s, {spent:.2f} s of processor time"
        print(f"         open after {told}; another frame after {another:.2f} s")


def open_page(page: Path) -> tuple[float, float, float] | None:
    """Open a page in a fresh browser.

    Returns:
        Seconds until the first frame is drawn, processor time of the page's process until then, and
        seconds from asking for a frame in the middle to seeing it; None where there is no browser.
    """
    program = shutil.which("chromium")
    if program is None:
        return None
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        tab = browser.new_page()
        inside = tab.context.new_cdp_session(tab)
        inside.send("Performance.enable")
        started = clock.perf_counter()
        tab.goto(page.as_uri(), wait_until="commit")
        tab.wait_for_selector('html[data-shown="0"]', timeout=120_000)
        first = clock.perf_counter() - started
        metrics = inside.send("Performance.getMetrics")["metrics"]
        spent = next(each["value"] for each in metrics if each["name"] == "ProcessTime")
        middle = int(tab.locator("#frame").get_attribute("max") or 0) // 2
        started = clock.perf_counter()
        tab.locator("#frame").fill(str(middle))
        tab.wait_for_selector(f'html[data-shown="{middle}"]', timeout=120_000)
        second = clock.perf_counter() - started
        browser.close()
    return first, spent, second


if __name__ == "__main__":
    main()
