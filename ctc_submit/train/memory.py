"""What the C library does with memory that a training step has freed."""

import ctypes
from functools import cache

TRIM_THRESHOLD, MMAP_MAX = -1, -4
"""Numbers of glibc's ``M_TRIM_THRESHOLD`` and ``M_MMAP_MAX`` (``malloc.h``)."""
MOST = 2**31 - 1


@cache
def keep_freed_memory() -> bool:
    """Let the process keep the memory of tensors that are done, for those of the next step.

    glibc gives large arrays back to the system as they are freed; each page of the next one is then
    zeroed anew when it is first touched. That takes a fifth of a training step on two cores
    (benchmarks/training_step.py). The peak stays about the same, as every step needs the same.

    Returns:
        Whether the C library was told; one that is not glibc goes on as it does.
    """
    try:
        library = ctypes.CDLL(None)
        library.gnu_get_libc_version  # noqa: B018  # others take other numbers, or ignore them
        tell = library.mallopt
    except (OSError, AttributeError, TypeError):  # Windows, macOS, musl
        return False
    return bool(tell(MMAP_MAX, 0) and tell(TRIM_THRESHOLD, MOST))
