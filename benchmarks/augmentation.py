"""Time the augmentation of one training pair, one change at a time and all together.

python benchmarks/augmentation.py
"""

import argparse
import time

import numpy as np

from ctc_submit.pixels.augment import PAPER, RECOMMENDED, AugmentSettings, augment

CHANCES = [
    "flip_horizontal",
    "flip_vertical",
    "quarter_turn",
    "scale",
    "rotation",
    "elastic",
    "contrast",
    "gamma",
    "blur",
    "noise",
]


def programmes() -> dict[str, AugmentSettings]:
    """Return what is timed, by name."""
    single = {name: AugmentSettings(**{name: 1.0}) for name in CHANCES}
    usual = ["flip_horizontal", "flip_vertical", "quarter_turn", "scale", "gamma", "noise"]
    return {
        "nothing": AugmentSettings(),
        **single,
        "flips, turns, scale, gamma, noise": AugmentSettings(**dict.fromkeys(usual, 1.0)),
        "everything": AugmentSettings(**dict.fromkeys(CHANCES, 1.0)),
        "PAPER, mean over draws": PAPER,
        "RECOMMENDED, mean over draws": RECOMMENDED,
    }


def milliseconds(settings: AugmentSettings, size: int, runs: int) -> tuple[float, float]:
    """Return the least and the mean time of an augmentation."""
    rng = np.random.default_rng(0)
    image = rng.random((size, size), np.float32)
    labels = rng.integers(0, 20, (size, size), np.int32)
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        augment(image, labels, settings=settings, rng=rng)
        seconds.append(time.perf_counter() - start)
    return min(seconds) * 1e3, sum(seconds) / runs * 1e3


def main() -> None:
    """Print a line a programme."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", type=int, default=512, help="edge of the frame in pixels")
    parser.add_argument("--runs", type=int, default=40, help="runs of each")
    options = parser.parse_args()
    print(f"{options.size}² float32 image and int32 labels, one core; least and mean, in ms")
    for name, settings in programmes().items():
        least, mean = milliseconds(settings, options.size, options.runs)
        print(f"{name:36} {least:7.2f} {mean:7.2f}")


if __name__ == "__main__":
    main()
