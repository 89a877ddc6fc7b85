"""Speed and memory of ``ctc-submit run``, beside stock torchvision on the same frames.

python benchmarks/run_speed.py [--model models/DIC-C2DH-HeLa] [--sequence …/DIC-C2DH-HeLa/01]
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np

ONCE, OFTENER = 0.25, 0.5
"""Goals: seconds a frame of a model that looks at each once, and of one that does it oftener."""
TIMES, MEMORY, HELP = 6.0, 1.5, 0.3
"""Goals: times faster than stock (one view), GB, seconds of ``--help``."""

PROGRAM = str(Path(sys.executable).with_name("ctc-submit"))


def random_model(folder: Path) -> Path:
    """Write a light Mask R-CNN with random weights; returns its folder."""
    import torch

    from ctc_submit.checkpoint import Card, save_checkpoint
    from ctc_submit.methods.maskrcnn.config import MaskRCNNConfig
    from ctc_submit.methods.maskrcnn.maskrcnn import MaskRCNN

    torch.manual_seed(0)
    save_checkpoint(folder, MaskRCNN(MaskRCNNConfig()), Card(folder.name, "maskrcnn", {}))
    return folder


def simulated(folder: Path, size: int, frames: int) -> Path:
    """Write a HeLa-like sequence; returns the folder of its frames."""
    from ctc_submit.simulate.dataset import write_dataset
    from ctc_submit.simulate.settings import SimulationSettings

    cells = max(1, round(12 * (size / 512) ** 2))
    settings = SimulationSettings(frames=frames, height=size, width=size, cells=cells)
    for _ in write_dataset(folder, settings):
        pass
    return folder / "01"


def repeated(sequence: Path, folder: Path, frames: int) -> Path:
    """Make a sequence of any length out of a few frames, as hard links; returns its folder."""
    folder.mkdir(parents=True)
    sources = sorted(sequence.glob("t[0-9]*.tif"))
    digits = max(3, len(str(frames - 1)))
    for time_index in range(frames):
        copy = folder / f"t{time_index:0{digits}d}.tif"
        source = sources[time_index % len(sources)].resolve()
        try:
            os.link(source, copy)
        except OSError:  # another file system
            copy.symlink_to(source)
    return folder


def peak_of(arguments: list[str]) -> tuple[str, float]:
    """Run ``ctc-submit`` and return what it printed and the most memory it held, in GB."""
    process = subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"ctc-submit {' '.join(arguments)}: exit code {process.returncode}")
    return printed, usage.ru_maxrss * 1024 / 1e9


def seconds_a_frame(sequence: Path, model: Path, scratch: Path) -> float:
    """Return the time of a frame of ``run`` after the first one, reading, tracks, writing included.

    Measured as the difference between the whole sequence and its first frame alone, so that what
    is done once (start, model) drops out.
    """
    frames = sorted(sequence.glob("t[0-9]*.tif"))
    if len(frames) < 2:
        raise SystemExit(f"{sequence}: expected two frames or more, found {len(frames)}")
    one = repeated(sequence, scratch / "one" / "01", 1)
    taken: list[float] = []
    for folder in (one, sequence):
        result = scratch / "result" / str(len(taken))
        start = time.perf_counter()
        printed, _ = peak_of(["run", str(folder), str(result), "--model", str(model)])
        taken.append(time.perf_counter() - start)
    print(re.sub(r"^.*?: ", "    ", printed.splitlines()[0]))
    print(f"    {printed.splitlines()[1]}")
    return (taken[1] - taken[0]) / (len(frames) - 1)


def stock_seconds(sequence: Path, frames: int) -> float:
    """Return the median time of a frame in torchvision's own Mask R-CNN, float32, as it comes."""
    import torch
    from torchvision.models.detection import maskrcnn_resnet50_fpn

    from ctc_submit.data.frames import read_frame
    from ctc_submit.pixels.normalise import normalise

    net = maskrcnn_resnet50_fpn(weights=None, weights_backbone=None).eval()
    taken = []
    with torch.inference_mode():
        for path in sorted(sequence.glob("t[0-9]*.tif"))[: frames + 1]:
            start = time.perf_counter()
            image = torch.from_numpy(np.ascontiguousarray(normalise(read_frame(path))))
            net([image.expand(3, -1, -1)])
            taken.append(time.perf_counter() - start)
    return float(np.median(taken[1:]))


def fastest(action: Callable[[], object], times: int = 5) -> float:
    """Return the least seconds that an action took."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        taken.append(time.perf_counter() - start)
    return min(taken)


def looks_of(model: Path) -> int:
    """Return how often a model and its partners look at a frame, by their cards: once a view."""
    card = json.loads((model / "card.json").read_text())
    partners = card.get("partners", [])
    own = int(card["config"].get("views", 1))
    return own + sum(looks_of(model / "partners" / name) for name in partners)


def tell(what: str, value: str, goal: str, met: bool) -> None:
    """Print one figure beside its goal."""
    print(f"{what:<48}{value:>14}   goal {goal:<12}{'met' if met else 'MISSED'}")


@click.command()
@click.option("--sequence", type=click.Path(path_type=Path), help="Frames.  [default: simulated]")
@click.option("--model", type=click.Path(path_type=Path), help="A model.  [default: random, light]")
@click.option("--timed", default=84, show_default=True, help="Simulated frames to time.")
@click.option(
    "--stock", default=8, show_default=True, help="Frames for stock torchvision; 0: none."
)
@click.option(
    "--frames", default=1000, show_default=True, help="Frames of the memory test, and twice them."
)
@click.option("--size", default=512, show_default=True, help="Simulated frames' side. [px]")
def main(
    sequence: Path | None, model: Path | None, timed: int, stock: int, frames: int, size: int
) -> None:
    """Print speed and memory of ``ctc-submit run`` beside their goals."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        model = (model or random_model(scratch / "random")).resolve()
        sequence = sequence or simulated(scratch / "DIC-SIM", size, timed)
        ours = seconds_a_frame(sequence, model, scratch)
        looks = looks_of(model)
        goal = ONCE if looks == 1 else OFTENER
        what = f"run, seconds a frame after the first (looks: {looks})"
        tell(what, f"{ours:.3f} s", f"≤ {goal} s", ours <= goal)
        if stock:
            theirs = stock_seconds(sequence, stock)
            ratio = theirs / ours
            print(f"{'stock torchvision, seconds a frame':<48}{theirs:>12.3f} s")
            tell("times faster", f"{ratio:.1f}", f"≥ {TIMES / looks:g}", ratio >= TIMES / looks)
        peaks = []
        for count in (frames, 2 * frames) if frames else ():
            long = repeated(sequence, scratch / f"long{count}" / "01", count)
            _, peak = peak_of(["run", str(long), "--model", str(model)])
            peaks.append(peak)
            tell(f"peak memory of {count} frames", f"{peak:.3f} GB", "≤ 1.5 GB", peak <= MEMORY)
        if peaks:
            growth = peaks[1] - peaks[0]
            tell("more for twice the frames", f"{growth:+.3f} GB", "none", growth < 0.05)
        helped = fastest(lambda: subprocess.run([PROGRAM, "--help"], stdout=subprocess.DEVNULL))
        tell("ctc-submit --help", f"{helped:.3f} s", "< 0.3 s", helped < HELP)


if __name__ == "__main__":
    main()
