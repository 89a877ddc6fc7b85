"""Several processes that learn one model together, each on its own share of every step's frames."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from ctc_submit.errors import CtcError
from ctc_submit.methods.method import Method

PATIENCE = timedelta(hours=6)
"""How long the others wait while the first process scores an epoch."""


class Losses(nn.Module):
    """A method's losses as a module, so that gradients can be averaged over processes."""

    def __init__(self, method: Method) -> None:
        """Take the method's network as part of this module."""
        super().__init__()
        self.net = method.net
        self.method = method

    def forward(self, images: Tensor, targets: list[dict[str, Tensor]]) -> dict[str, Tensor]:
        """Return the method's named losses."""
        return self.method.losses(images, targets)


@dataclass(frozen=True)
class Group:
    """The processes that learn together; one, unless `joined` says otherwise.

    Attributes:
        rank: Number of this process; the first, 0, alone scores and writes.
        size: How many there are.
    """

    rank: int = 0
    size: int = 1

    def places(self, each: int, batch: int) -> list[int]:
        """Return which frames of a step are this process's, from 0.

        Batch by batch, so that those of all processes together are the batch of one process that
        takes as many at once.

        Args:
            each: Frames of the step for every process.
            batch: Frames that a process takes at once.
        """
        found: list[int] = []
        for first in range(0, each, batch):
            size = min(batch, each - first)
            start = first * self.size + self.rank * size
            found += range(start, start + size)
        return found

    def spread(self, method: Method) -> nn.Module:
        """Return the method's losses, with gradients averaged over all processes."""
        losses = Losses(method)
        if self.size == 1:
            return losses
        # a mask head, say, is not used in a step without cells
        return DistributedDataParallel(losses, find_unused_parameters=True)

    def apart(self, losses: nn.Module) -> AbstractContextManager[None]:
        """Return a context in which gradients are added up here and not averaged yet."""
        if isinstance(losses, DistributedDataParallel):
            return losses.no_sync()
        return nullcontext()

    def mean(self, values: Tensor) -> Tensor:
        """Return the mean over all processes of a tensor of the same shape in each."""
        if self.size > 1:
            distributed.all_reduce(values)
            values = values / self.size
        return values

    def told(self, value: bool, device: torch.device) -> bool:
        """Return what the first process says."""
        if self.size == 1:
            return value
        said = torch.tensor(int(value), device=device)
        distributed.broadcast(said, 0)
        return bool(said.item())


@contextmanager
def joined(device: str) -> Iterator[Group]:
    """Join the other processes where ``torchrun`` started several; gloo on CPU, NCCL on CUDA.

    Args:
        device: ``cpu`` or ``cuda``; of several GPUs each process takes its own.

    Raises:
        CtcError: If there are fewer GPUs than processes.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield Group()
        return
    local = int(os.environ.get("LOCAL_RANK", "0"))
    if device == "cuda":
        if local >= torch.cuda.device_count():
            raise CtcError(
                f"process {local + 1} has no GPU, there are {torch.cuda.device_count()}; "
                "lower --nproc-per-node, or use --device cpu"
            )
        torch.cuda.set_device(local)
    distributed.init_process_group("nccl" if device == "cuda" else "gloo", timeout=PATIENCE)
    try:
        yield Group(distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()
