"""Losses and gradients of a step are the same for two processes as for one with their frames."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from torch import Tensor, distributed, nn
from torch.multiprocessing.spawn import spawn

from ctc_submit.data.labels import write_labels
from ctc_submit.methods.method import CellSizes
from ctc_submit.methods.registry import method_named
from ctc_submit.pixels.augment import AugmentSettings
from ctc_submit.train.config import TrainConfig
from ctc_submit.train.crops import Batches, Order
from ctc_submit.train.job import settings_from
from ctc_submit.train.loop import Learner, learn
from ctc_submit.train.processes import Group
from ctc_submit.train.split import Example
from tests.scenes import disc

SMALL = ("pyramid_width=16", "box_width=32", "mask_width=16", "mask_pool=14")
SMALL_U = ("width=8", "depth=2")
CASES = {
    **{f"maskrcnn {x}": ("maskrcnn", *SMALL, f"loss={x}") for x in ("bce", "focal", "shape_aware")},
    "maskrcnn enlarged": ("maskrcnn", *SMALL, "scale=1.5", "mask_head=plain"),
    **{f"unet {x}": ("unet", *SMALL_U, f"loss={x}") for x in ("bce", "focal", "shape_aware")},
    "mulux": ("mulux", *SMALL_U),
    "caltus": ("caltus", *SMALL_U),
}
BATCHES = {1: 2, 2: 1}
"""Processes, and the frames that each takes at once; twice that many in a step."""
CELLS = {
    0: ((30, 30, 14), (30, 60, 13), (70, 50, 18)),
    1: ((40, 50, 22),),
    2: (),
    3: ((20, 20, 9), (60, 70, 8)),
}
SIZES = {0: (96, 96), 1: (80, 112), 2: (128, 128), 3: (128, 96)}
"""Frames of several sizes: they are padded to the step's largest, whoever has that."""

Found = tuple[list[dict[str, float]], dict[str, Tensor]]


def write_examples(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for number, cells in CELLS.items():
        labels = np.zeros(SIZES[number], np.uint16)
        for label, (y, x, radius) in enumerate(cells, start=1):
            labels[disc(labels.shape, (y, x), radius) & (labels == 0)] = label
        raw = rng.normal(40, 5, labels.shape) + 80 * (labels > 0)
        tifffile.imwrite(folder / f"t{number}.tif", raw.astype(np.uint8))
        write_labels(folder / f"m{number}.tif", labels)
        markers = labels.copy()
        if number in {0, 2}:  # a cell that has no mask: beside three, and alone
            markers[disc(labels.shape, (78, 14), 3)] = 9
        write_labels(folder / f"k{number}.tif", markers)


def examples(folder: Path) -> list[Example]:
    return [
        Example(f"DS/01/t{i}", *(folder / f"{kind}{i}.tif" for kind in ("t", "m", "k")))
        for i in CELLS
    ]


def learned(case: str, folder: Path, group: Group) -> Found:
    """Take two steps of two batches a process; return their losses and the weights they led to."""
    name, *settings = CASES[case]
    plug = method_named(name)
    torch.manual_seed(0)
    sizes = CellSizes(np.array([20.0, 44.0, 36.0]), np.array([26.0, 44.0, 30.0]), 3)
    method = plug.method.of(plug.method.fitted(settings_from(plug.config, tuple(settings)), sizes))
    torch.manual_seed(9 + group.rank)  # whatever torch's own generator says
    config = TrainConfig(
        batch=BATCHES[group.size],
        accumulate=2,
        precision="float32",
        ema=0,
        clip=0,
        workers=0,
        schedule="constant",
        learning_rate=1e-3,
    )
    order = Order(len(CELLS), 4, seed=1)
    batches = Batches(
        examples(folder),
        partial(method.targets, config=method.config),
        order=order,
        augmentation=AugmentSettings(flip_horizontal=0.5, gamma=0.5),
        crop=None,
        steps=range(2),
        places=group.places(4 // group.size, config.batch),
    )
    learner = Learner(method, config, order.steps, group=group)
    gradients: dict[str, Tensor] = {}
    told = []
    for report in learn(learner, batches):
        told.append(report.losses)
        if report.step == 1:
            gradients = gradients_of(method.net)
    return told, gradients


def gradients_of(net: nn.Module) -> dict[str, Tensor]:
    return {n: p.grad.clone() for n, p in net.named_parameters() if p.grad is not None}


def work(rank: int, folder: Path) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2
    )
    found = {case: learned(case, folder, Group(rank, 2)) for case in CASES}
    torch.save(found, folder / f"{rank}.pt")
    distributed.destroy_process_group()


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As each of the two processes has: more threads round sums another way."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("shared step")
    write_examples(place)
    return place


@pytest.fixture(scope="module")
def two(folder: Path) -> list[dict[str, Found]]:
    spawn(work, (folder,), nprocs=2)  # type: ignore[no-untyped-call]
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(2)]


@pytest.mark.parametrize("case", CASES)
def test_two_processes_are_one_with_twice_the_batch(
    case: str, folder: Path, two: list[dict[str, Found]]
) -> None:
    losses, gradients = learned(case, folder, Group())
    assert losses[0]["total"] > 0 and gradients
    for found in two:
        told, theirs = found[case]
        for one, other in zip(losses, told, strict=True):
            assert other == pytest.approx(one, rel=1e-4, abs=1e-6)
        assert theirs.keys() == gradients.keys()
        for name, gradient in gradients.items():
            largest = float(gradient.abs().max())
            # sums over all pixels, of either sign, are rounded
            torch.testing.assert_close(theirs[name], gradient, rtol=1e-3, atol=1e-3 * largest)


def test_the_processes_share_out_every_batch_of_a_step() -> None:
    assert Group().places(5, 2) == [0, 1, 2, 3, 4]
    places = [Group(rank, 2).places(3, 2) for rank in range(2)]
    assert places == [[0, 1, 4], [2, 3, 5]]  # as one process takes 0 to 3, then 4 and 5
