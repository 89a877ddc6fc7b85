import math
import time
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from scipy import ndimage

from ctc_submit.data.instances import paint
from ctc_submit.methods.maskrcnn.config import MaskRCNNConfig
from ctc_submit.methods.maskrcnn.maskrcnn import MaskRCNN
from ctc_submit.methods.method import CellSizes
from tests.methods.oracle import seg, simulated_frame, tensors

SMALL = MaskRCNNConfig(pyramid_width=64, box_width=128, mask_width=32, mask_pool=14)
STEPS, RATE = 200, 1e-3


def sizes_of(labels: np.ndarray) -> CellSizes:
    boxes = [box for box in ndimage.find_objects(labels) if box]
    heights = np.array([rows.stop - rows.start for rows, _ in boxes], float)
    widths = np.array([columns.stop - columns.start for _, columns in boxes], float)
    return CellSizes(heights, widths, len(boxes))


def learn(method: MaskRCNN, image: np.ndarray, labels: np.ndarray) -> None:
    """Adam from random weights, warmed up and let down, as training does."""
    adam = torch.optim.Adam(method.net.parameters(), RATE)
    images, target = torch.from_numpy(image)[None, None], tensors(method, labels)
    method.net.train()
    for step in range(1, STEPS + 1):
        down = 0.01 + 0.5 * (1 + math.cos(math.pi * step / STEPS))
        adam.param_groups[0]["lr"] = RATE * min(1, step / 20) * down
        adam.zero_grad()
        total = torch.stack(list(method.losses(images, [target]).values())).sum()
        torch.autograd.backward(total)
        torch.nn.utils.clip_grad_norm_(method.net.parameters(), 5)
        adam.step()
    method.net.eval()


@pytest.fixture
def one_core() -> Iterator[None]:
    """One thread: several that wait for each other on a busy machine spend time that is no work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("one_core")
def test_it_overfits_one_simulated_frame() -> None:
    """SEG of at least 0.95 on the frame that it learned, in under two minutes of one core."""
    torch.manual_seed(0)
    start = time.process_time()
    image, labels = simulated_frame()
    config = MaskRCNN.fitted(SMALL, sizes_of(labels))
    method = MaskRCNN.of(config)
    learn(method, image, labels)
    found = paint(method.instances(torch.from_numpy(image)[None, None]), (128, 128))
    assert seg(labels, found) >= 0.95
    assert time.process_time() - start < 120
