"""One program at a time writes a folder."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ctc_submit.errors import DataError


@contextmanager
def one_writer(folder: Path, task: str = "") -> Iterator[None]:
    """Keep other programs out of a folder while the block runs.

    The operating system holds the lock, on a file beside the folder, and lets it go when the
    program ends, however that comes about: one that was killed blocks nobody. What is in the file
    does not matter, and a file that was left behind is taken over.

    Args:
        folder: What is written; need not exist. Its parent is made.
        task: Another task leaves the folder to this program; the same task does not.

    Raises:
        DataError: If another program writes the folder, or the parent cannot be written.
    """
    whole = folder.resolve()
    ending = f"{task}.lock" if task else "lock"
    path = whole.with_name(f".{whole.name}.{ending}")
    lock = FileLock(path, blocking=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise DataError(
            f"{folder}: another program is writing it; wait for its end, or name another folder"
        ) from None
    except OSError as error:
        reason = error.strerror or error
        raise DataError(
            f"{folder}: cannot be written, as {path.parent} cannot ({reason}); name another folder"
        ) from error
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()  # while it is held: who opens it now waits for nobody and makes his own
        lock.release()
