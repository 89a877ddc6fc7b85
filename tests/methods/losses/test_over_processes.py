"""The losses of frames that two processes share are those of all frames in one."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, distributed
from torch.multiprocessing.spawn import spawn

from ctc_submit.methods.caltus.loss import cross_entropy, j_regularisation
from ctc_submit.methods.losses.over_processes import over_processes
from ctc_submit.methods.losses.registry import LOSSES
from ctc_submit.methods.mulux.loss import MULUX_LOSSES

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]
PARTS = (slice(0, 1), slice(1, 4))
"""One frame for the first process, three for the second."""


def losses() -> dict[str, Loss]:
    classes = {"cross_entropy": cross_entropy, "youden": j_regularisation}
    found: dict[str, Loss] = {f"mulux {name}": loss for name, loss in MULUX_LOSSES.items()}
    return {**LOSSES, **found, **classes}


def frames(name: str) -> tuple[Tensor, Tensor, Tensor]:
    """Logits, target and weights of four frames; the first weigh far more, one has no cell."""
    generator = torch.Generator().manual_seed(0)
    channels = 4 if name in {"cross_entropy", "youden"} else 1
    logits = torch.randn((4, channels, 8, 9), generator=generator, dtype=torch.float64)
    weights = torch.rand((4, 8, 9), generator=generator, dtype=torch.float64)
    weights *= torch.tensor([10.0, 1.0, 0.1, 1.0])[:, None, None]
    weights[2, :4] = 0
    target = torch.randint(0, channels if channels > 1 else 2, (4, 8, 9), generator=generator)
    target[1] = 0
    if channels > 1:
        return logits, target, weights
    return logits[:, 0], target.double(), weights


def work(rank: int, folder: Path) -> None:
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2
    )
    found = {}
    for name, loss in losses().items():
        logits, target, weights = (whole[PARTS[rank]] for whole in frames(name))
        logits = logits.clone().requires_grad_()
        value = loss(logits, target, weights)
        value.backward()  # type: ignore[no-untyped-call]
        found[name] = (value.detach(), logits.grad)
    torch.save(found, folder / f"{rank}.pt")
    distributed.destroy_process_group()


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, tuple[Tensor, Tensor]]]:
    folder = tmp_path_factory.mktemp("two")
    spawn(work, (folder,), nprocs=2)  # type: ignore[no-untyped-call]
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(2)]


@pytest.mark.parametrize("name", losses())
def test_two_processes_are_one(name: str, two: list[dict[str, tuple[Tensor, Tensor]]]) -> None:
    logits, target, weights = frames(name)
    logits.requires_grad_()
    value = losses()[name](logits, target, weights)
    value.backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    for part, found in zip(PARTS, two, strict=True):
        torch.testing.assert_close(found[name][0], value.detach())
        averaged = found[name][1] / 2  # over the processes, as training does
        torch.testing.assert_close(averaged, logits.grad[part])


def test_alone_it_is_the_tensor_itself() -> None:
    alone = torch.ones(3)
    assert over_processes(alone) is alone
