"""The pre-flight: a packed submission run as the organisers run it, before anyone else does."""

import logging
import os
import shlex
import shutil
import signal
import site
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ctc_submit.data.labels import read_labels
from ctc_submit.data.problem import tell
from ctc_submit.errors import RulesBroken, ToolError
from ctc_submit.pack.archive import unpack
from ctc_submit.pack.check import check_result
from ctc_submit.pack.entry import SEGMENTATION_ONLY, Entry
from ctc_submit.pack.software import FOLDER
from ctc_submit.pack.tree import result_files

logger = logging.getLogger(__name__)

_CUT_OFF = ("unshare", "--map-root-user", "--net")
_KEPT_OUT = ("PYTHON", "VIRTUAL_ENV", "CTC_", "PIP_", "CONDA")


@dataclass(frozen=True)
class Flight:
    """One script that was run from the unpacked archive.

    Attributes:
        script: Its name.
        masks: Number of masks that it wrote, all equal to the packed ones.
        seconds: What it took.
        cut_off: Whether the network was cut off.
    """

    script: str
    masks: int
    seconds: float
    cut_off: bool


def fly(
    archive: Path,
    entries: Iterable[Entry],
    data: Path,
    folder: Path,
    *,
    python: Path | None = None,
    benchmark: str | None = None,
) -> Iterator[Flight]:
    """Unpack the software into an empty folder and run every script of it.

    Args:
        archive: The software archive.
        entries: The results to come to.
        data: Folder that holds ``DATASET/SS`` and the packed result ``DATASET/SS_RES``.
        folder: Where to unpack; empty or not there.
        python: Interpreter that has the packages; None installs the wheels of the archive if it
            has some, and else takes the running interpreter.
        benchmark: As `ctc_submit.pack.check.check_result`.

    Yields:
        One flight a script.

    Raises:
        RulesBroken: If a script fails, its result breaks a rule, or is not the packed one.
        ToolError: If the packages cannot be installed.
        DataError: If the archive cannot be unpacked, or raw frames are missing.
    """
    unpack(archive, folder)
    prefix = cut_off_prefix()
    environment = _environment(folder)
    if python is None and (folder / FOLDER / "wheels").is_dir():
        _install(folder / FOLDER, prefix, environment)
    else:
        _offer(python or Path(sys.executable), folder, environment)
    for entry in entries:
        frames = folder / entry.dataset / entry.sequence
        if not frames.exists():
            frames.parent.mkdir(exist_ok=True)
            _bring(data / entry.dataset / entry.sequence, frames)
        start = time.perf_counter()
        _run(entry, folder / FOLDER, prefix, environment)
        seconds = time.perf_counter() - start
        made = folder / entry.dataset / entry.result
        held_to = SEGMENTATION_ONLY if entry.segmentation_only else benchmark
        report = check_result(made, sequence=frames, benchmark=held_to)
        if report.faults:
            raise RulesBroken(f"pre-flight of {entry.script}.sh: {tell(report.faults)[0]}")
        packed = data / entry.dataset / entry.result
        compare_results(made, packed, tracks=held_to != SEGMENTATION_ONLY)
        logger.info("%s: %d masks in %.1f s", entry.script, report.masks, seconds)
        yield Flight(f"{entry.script}.sh", report.masks, round(seconds, 3), bool(prefix))


def compare_results(made: Path, packed: Path, *, tracks: bool = True) -> None:
    """Hold a result against another, pixel by pixel.

    Args:
        made: What a script of the archive wrote.
        packed: What is handed in.
        tracks: Whether the track files are compared, too.

    Raises:
        RulesBroken: If they are not the same; says where first, and by how many pixels.
    """
    names, wanted = (
        {path.name for path in result_files(folder, tracks=tracks)} for folder in (made, packed)
    )
    for name in sorted(wanted - names):
        raise RulesBroken(f"{packed / name}: the script of the archive did not write it; run again")
    for name in sorted(names - wanted):
        raise RulesBroken(f"{packed / name}: missing; the script of the archive writes it")
    for name in sorted(names):
        if not name.endswith(".tif"):
            if (made / name).read_bytes() != (packed / name).read_bytes():
                raise RulesBroken(f"{packed / name}: not what the script of the archive writes")
            continue
        new, old = read_labels(made / name), read_labels(packed / name)
        differ = int(np.count_nonzero(new != old)) if new.shape == old.shape else old.size
        if differ:
            raise RulesBroken(
                f"{packed / name}: expected the labels that the script of the archive writes, "
                f"found {differ} other pixels; run the sequence again with the packed model, or "
                "name the options of its run with --run-option"
            )


def cut_off_prefix() -> list[str]:
    """Return the words that start a program without network; none where the system cannot."""
    program = shutil.which(_CUT_OFF[0])
    if program is None:
        return []
    words = [program, *_CUT_OFF[1:]]
    tried = subprocess.run([*words, "true"], capture_output=True, check=False)
    return words if tried.returncode == 0 else []


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment of a user who has nothing but the system's programs."""
    home = folder / ".home"
    home.mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_KEPT_OUT)}
    return kept | {"PATH": os.defpath.lstrip(":"), "HOME": str(home)}


def _install(folder: Path, prefix: list[str], environment: dict[str, str]) -> None:
    """Set up ``.venv`` as README.md says, from the wheels in the archive, without network."""
    steps = (
        [sys.executable, "-m", "venv", ".venv"],
        [
            *(".venv/bin/python -m pip install --no-index --find-links wheels".split()),
            *("--disable-pip-version-check -r requirements.txt".split()),
        ],
    )
    for step in steps:
        code, said = _call([*prefix, *step], folder, environment)
        if code:
            raise ToolError(f"pre-flight: the wheels cannot be installed: {_last(said)}")


def _offer(python: Path, folder: Path, environment: dict[str, str]) -> None:
    """Put a ``python3`` on PATH that is the given interpreter, with its user's packages."""
    programs = folder / ".bin"
    programs.mkdir()
    starter = programs / "python3"
    starter.write_text(f'#!/bin/sh\nexec {shlex.quote(str(python.absolute()))} "$@"\n', "utf-8")
    starter.chmod(0o755)
    environment["PATH"] = f"{programs}:{environment['PATH']}"
    environment["PYTHONUSERBASE"] = site.getuserbase()  # else looked for in the new, empty home


def _bring(source: Path, target: Path) -> None:
    if not source.is_dir():
        raise RulesBroken(f"{source}: no raw frames; the pre-flight needs them")
    try:
        target.symlink_to(source.resolve(), target_is_directory=True)
    except OSError:
        shutil.copytree(source, target)


def _run(entry: Entry, folder: Path, prefix: list[str], environment: dict[str, str]) -> None:
    code, said = _call([*prefix, f"./{entry.script}.sh"], folder, environment)
    if code:
        raise RulesBroken(
            f"pre-flight of {entry.script}.sh: expected exit code 0, found {code}: {_last(said)}"
        )


def _call(words: list[str], folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    """Run a program; returns its exit code and what it said on stderr.

    It ends, with all that it has started, when this program is stopped.
    """
    try:
        process = subprocess.Popen(
            words,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise ToolError(
            f"pre-flight: {folder / words[0]}: cannot be started ({error.strerror}); programs must "
            "be allowed to run on the disk of --out"
        ) from None
    with process:
        try:
            _, said = process.communicate()
        except BaseException:
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
    return process.returncode, said


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
