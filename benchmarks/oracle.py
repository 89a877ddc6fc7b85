"""Feed methods their own targets: the best score that each decoding could reach.

Every frame's silver-truth label map becomes the method's target; the target is decoded as if the
network had answered it; and SEG is the mean Jaccard index of all cells, 0 where none covers more
than half.

    python benchmarks/oracle.py ../shared/data/DIC-C2DH-HeLa ../shared/data/PhC-C2DH-U373
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ctc_submit.data.instances import Instance, paint
from ctc_submit.data.labels import read_labels
from ctc_submit.methods.caltus.config import CaltUsConfig
from ctc_submit.methods.caltus.decode import decode as decode_caltus
from ctc_submit.methods.caltus.targets import CLASSES, classes_of
from ctc_submit.methods.mulux.config import MuLuxConfig
from ctc_submit.methods.mulux.decode import decode as decode_mulux
from ctc_submit.methods.mulux.targets import markers, smoothed
from ctc_submit.methods.unet.config import UNetConfig
from ctc_submit.methods.unet.decode import decode as decode_unet
from ctc_submit.methods.unet.targets import separated
from ctc_submit.score.seg import jaccards

Oracle = Callable[[np.ndarray], list[Instance]]


def unet(gap: int) -> Oracle:
    """Return the oracle of U-Net with a line of so many pixels on either side."""
    config = UNetConfig(gap=gap)
    return lambda labels: decode_unet(separated(labels, gap).astype(np.float32), config)


def mulux(labels: np.ndarray) -> list[Instance]:
    """Decode perfect markers and a perfect, flat mask."""
    config = MuLuxConfig()
    marker = markers(labels, config.shrink).astype(np.float32)
    return decode_mulux(marker, smoothed(labels > 0).astype(np.float32), config)


def caltus(labels: np.ndarray) -> list[Instance]:
    """Decode perfect class probabilities."""
    config = CaltUsConfig()
    classes = classes_of(labels, touching=config.touching, gap=config.gap)
    answer = np.stack([classes == k for k in range(CLASSES)]).astype(np.float32)
    return decode_caltus(answer, config)


ORACLES: dict[str, Oracle] = {
    "unet, no line between cells": unet(0),
    "unet, line of 1 + 1 pixels": unet(1),
    "unet, line of 2 + 2 pixels": unet(2),
    "mulux": mulux,
    "caltus": caltus,
}


def main() -> None:
    """Print SEG and missed cells, a line a method and data set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("datasets", nargs="+", type=Path, help="folders in the official layout")
    parser.add_argument("--every", type=int, default=8, help="take every so-manieth mask")
    options = parser.parse_args()
    for dataset in options.datasets:
        paths = sorted(dataset.glob("0?_ST/SEG/man_seg*.tif"))[:: options.every]
        if not paths:
            raise SystemExit(f"{dataset}: holds no silver truth, such as 01_ST/SEG/man_seg000.tif")
        truths = [read_labels(path).astype(np.int32) for path in paths]
        ratios = [(truth == 0).sum() / max((truth > 0).sum(), 1) for truth in truths]
        print(
            f"{dataset.name}: {len(paths)} frames of silver truth, "
            f"#background / #foreground {min(ratios):.1f} to {max(ratios):.1f}"
        )
        for name, oracle in ORACLES.items():
            scores = [
                score
                for truth in truths
                for score in jaccards(truth, paint(oracle(truth), (truth.shape[0], truth.shape[1])))
            ]
            missed = sum(score == 0 for score in scores)
            print(f"  {name:30} SEG {np.mean(scores):.3f}, {missed} of {len(scores)} missed")


if __name__ == "__main__":
    main()
