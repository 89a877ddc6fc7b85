"""Sums over all processes that learn one model together."""

from torch import Tensor, distributed


def over_processes(local: Tensor) -> Tensor:
    """Return the sum of a tensor over all processes; the tensor itself where there is only one.

    A loss that is divided by something, such as Σ w·l / Σ w, takes both sums over all frames of a
    step, whichever process has them; so it is the loss that one process would have of all frames.
    The gradient is that of the local part times the number of processes: training averages
    gradients over the processes, and that average is then the gradient of the whole sum.

    Every process must call this, equally often and in the same order, whatever its frames hold;
    otherwise all of them wait for ever.

    Args:
        local: This process's part, of the same shape and data type in all.
    """
    if not distributed.is_available() or not distributed.is_initialized():
        return local
    size = distributed.get_world_size()
    if size == 1:
        return local
    whole = local.detach().clone()
    distributed.all_reduce(whole)
    return whole + size * (local - local.detach())
