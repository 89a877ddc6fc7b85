"""``ctc-submit`` in processes of their own that start fast: their mother has torch loaded."""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

PRELOADED = ["ctc_submit.pipeline", "ctc_submit.train.job", "ctc_submit.train.run", "tqdm"]


@dataclass(frozen=True)
class Finished:
    """What a process left: its exit code (minus the signal that ended it) and what it printed."""

    code: int
    out: str
    err: str


class Program:
    """One call of ``ctc-submit``, leader of a process group as in a terminal."""

    def __init__(self, arguments: tuple[str, ...], folder: Path, log: Path) -> None:
        """Start it in ``folder``; what it prints goes to ``log``.out and ``log``.err."""
        self.out, self.err = log.with_suffix(".out"), log.with_suffix(".err")
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
        self.process: ForkServerProcess = context.Process(
            target=_become, args=(arguments, folder, self.out, self.err)
        )
        self.process.start()

    def wait_for(self, happened: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until something is true while the program runs."""
        end = time.monotonic() + seconds
        while not happened():
            assert self.process.is_alive(), self.finished()
            assert time.monotonic() < end, "waited too long"
            time.sleep(0.005)

    def signal(self, number: signal.Signals) -> Finished:
        """Send a signal to it and its children, as a terminal does, and wait for its end."""
        os.killpg(self.process.pid or 0, number)
        return self.finished()

    def finished(self, seconds: float = 120) -> Finished:
        """Wait for its end."""
        self.process.join(seconds)
        assert self.process.exitcode is not None, "does not end"
        return Finished(self.process.exitcode, self.out.read_text(), self.err.read_text())


def _become(arguments: tuple[str, ...], folder: Path, out: Path, err: Path) -> None:
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for path, number in ((out, 1), (err, 2)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(opened, number)
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)
    os.chdir(folder)
    from ctc_submit.cli.main import main

    try:
        main(list(arguments), prog_name="ctc-submit")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
