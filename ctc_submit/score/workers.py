"""Work on many frames at once, on all cores, with few of them in memory."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Job = TypeVar("Job")
Done = TypeVar("Done")


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
    many = workers or cores()
    if many == 1:
        yield from map(work, jobs)
        return
    with ThreadPoolExecutor(many) as pool:
        try:
            yield from pool.map(work, jobs)
        finally:
            pool.shutdown(cancel_futures=True)
