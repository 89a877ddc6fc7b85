"""Scoring for tests of methods, written apart from `ctc_submit.score`, and frames to learn."""

import numpy as np
import torch
from torch import Tensor

from ctc_submit.methods.method import Method
from ctc_submit.pixels.normalise import normalise
from ctc_submit.simulate.movie import simulate
from ctc_submit.simulate.settings import SimulationSettings
from tests.scenes import disc


def seg(truth: np.ndarray, found: np.ndarray) -> float:
    """Mean Jaccard index of the true cells, 0 where none covers more than half."""
    scores = []
    for cell in np.unique(truth[truth > 0]):
        own = truth == cell
        best = np.bincount(found[own]).argmax()
        other = found == best
        both = (own & other).sum()
        scores.append(both / (own | other).sum() if best and 2 * both > own.sum() else 0)
    return float(np.mean(scores))


def drawn_frame(size: int = 96) -> tuple[np.ndarray, np.ndarray]:
    """Grey, noisy cells of which some touch, and their labels."""
    rng = np.random.default_rng(0)
    labels = np.zeros((size, size), np.int32)
    for label, centre in enumerate([(22, 20), (22, 43), (50, 30), (70, 66), (40, 75)], start=1):
        labels[disc((size, size), centre, 12) & (labels == 0)] = label
    image = 0.2 + 0.3 * (labels > 0) + 0.1 * (labels % 3)
    return (image + rng.normal(0, 0.03, labels.shape)).astype(np.float32), labels


def simulated_frame(size: int = 128) -> tuple[np.ndarray, np.ndarray]:
    """One frame of the simulated, label-free look, as a network gets it, and its labels."""
    settings = SimulationSettings(look="dic", frames=1, height=size, width=size, cells=6)
    moment = next(iter(simulate(settings, np.random.default_rng(0))))
    return normalise(moment.frame), moment.labels.astype(np.int32)


def tensors(method: Method, labels: np.ndarray) -> dict[str, Tensor]:
    """Return the targets of a label map as a batch takes them."""
    return {
        name: torch.from_numpy(value)
        for name, value in method.targets(labels, method.config).items()
    }


def learn(method: Method, image: np.ndarray, labels: np.ndarray, steps: int) -> None:
    """Take so many steps of Adam on one frame."""
    adam = torch.optim.Adam(method.net.parameters(), 0.001)
    images, target = torch.from_numpy(image)[None, None], tensors(method, labels)
    for _ in range(steps):
        adam.zero_grad()
        total = torch.stack(list(method.losses(images, [target]).values())).sum()
        torch.autograd.backward(total)
        adam.step()
