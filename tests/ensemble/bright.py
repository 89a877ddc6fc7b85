"""Models that answer with an image's own brightness, and frames of a bright and a dim cell."""

from pathlib import Path

import numpy as np
import tifffile
import torch

from ctc_submit.data.labels import write_labels
from ctc_submit.methods.unet.config import UNetConfig
from ctc_submit.methods.unet.unet import UNet
from tests.scenes import disc

SHAPE = (48, 64)


def bright_unet(threshold: float, least_area: int = 0) -> UNet:
    """A U-Net that answers with the image's own brightness: no layer but the last does anything."""
    method = UNet(UNetConfig(width=1, depth=0, norm="none", gap=0, least_area=least_area))
    with torch.no_grad():
        for name, value in method.net.named_parameters():
            value.zero_()
            if value.ndim == 4:
                value[0, 0, value.shape[2] // 2, value.shape[3] // 2] = 40 if "head" in name else 1
            elif "head" in name:
                value.fill_(-40 * threshold)
    return method


def write_two_discs(root: Path) -> None:
    """Write a data set ``Zellen``: three frames of a bright and a dim disc, and silver truth."""
    for folder in ("Zellen/01", "Zellen/01_ST/SEG"):
        (root / folder).mkdir(parents=True)
    bright, dim = disc(SHAPE, (20, 16), 9), disc(SHAPE, (28, 46), 8)
    for time in range(3):
        picture = np.full(SHAPE, 20, np.uint8)
        picture[bright], picture[dim] = 220, 120
        tifffile.imwrite(root / f"Zellen/01/t{time:03d}.tif", picture)
        write_labels(root / f"Zellen/01_ST/SEG/man_seg{time:03d}.tif", bright + 2 * dim)
