"""Work on many frames at once, on all cores, with few of them in memory."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import numpy as np

Job = TypeVar("Job")
Done = TypeVar("Done")

_LARGE = 2**25 - 2**16
"""Bytes; glibc adapts to freed arrays of at most 32 MiB."""


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_order(
    work: Callable[[Job], Done], jobs: Iterable[Job], *, workers: int | None = None
) -> Iterator[Done]:
    """Yield the outcome of each job, in the order of the jobs.

    Unpacking and counting leave the interpreter's lock, so threads suffice. Each worker holds the
    images of one job. An error of a job is raised when its turn comes; later jobs are dropped.

    Args:
        work: What to do with a job.
        jobs: The jobs.
        workers: How many jobs to work on at once; all cores where not given.
    """
    _keep_freed_memory()
    many = workers or cores()
    if many == 1:
        yield from map(work, jobs)
        return
    with ThreadPoolExecutor(many) as pool:
        try:
            yield from pool.map(work, jobs)
        finally:
            pool.shutdown(cancel_futures=True)


@cache
def _keep_freed_memory() -> None:
    """Let the C library keep the memory of images that are done, for the next ones.

    glibc gives large arrays back to the system as they are freed, and each page of the next one
    then costs a page fault, a fifth of all time here. It gives less back once a large array was
    freed (``mallopt(3)``, M_MMAP_THRESHOLD). The array is never touched, so it costs no memory;
    elsewhere this does nothing.
    """
    np.empty(_LARGE, np.uint8)
