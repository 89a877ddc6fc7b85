"""The organisers' own executables, where the user has them.

They are run on a private tree of links, as they write their logs into the result folder.
"""

import hashlib
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ctc_submit.errors import ToolError

ENVIRONMENT = "CTC_EVALUATION_SOFTWARE"
TOOLS = {"SEG": "SEGMeasure", "DET": "DETMeasure", "TRA": "TRAMeasure"}
TOLERANCE = 1e-6
"""How far our value may lie from the one printed, which has six digits."""
LONGEST_RUN = 3600.0
"""Seconds that an executable may take by default."""

_FOLDERS = {"linux": "Linux", "win32": "Win", "darwin": "Mac"}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tool:
    """One executable.

    Attributes:
        path: Where it lies.
        launcher: What runs it, empty where it runs by itself (``wine`` for a ``.exe``).
    """

    path: Path
    launcher: tuple[str, ...] = ()

    def digest(self) -> str:
        """Return the SHA-256 of the executable."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


def find_tools(folder: Path | None = None) -> dict[str, Tool]:
    """Find the executables: in a folder, where ``CTC_EVALUATION_SOFTWARE`` points, or on the PATH.

    A folder may hold them itself or be the unpacked ``EvaluationSoftware`` with ``Linux``, ``Win``
    and ``Mac`` in it.

    Returns:
        Measure to executable; empty where none was named and the PATH has none.

    Raises:
        ToolError: If the folder that was named holds none that can be run here.
    """
    named = folder or (Path(os.environ[ENVIRONMENT]) if os.environ.get(ENVIRONMENT) else None)
    if named is None:
        found = {measure: shutil.which(name) for measure, name in TOOLS.items()}
        return {measure: Tool(Path(path)) for measure, path in found.items() if path}
    tools = {measure: _in_folder(named, name) for measure, name in TOOLS.items()}
    present = {measure: tool for measure, tool in tools.items() if tool is not None}
    if not present:
        raise ToolError(
            f"{named}: holds none of {', '.join(TOOLS.values())}; "
            "name the unpacked EvaluationSoftware or the folder with the executables"
        )
    return present


def _in_folder(folder: Path, name: str) -> Tool | None:
    """Return the tool of that name that runs on this system, best first."""
    own = _FOLDERS.get(sys.platform, "Linux")
    places = [folder / own, folder, folder / "Win"]
    for place in places:
        path = place / name
        if path.is_file() and sys.platform != "win32":
            if not os.access(path, os.X_OK):
                raise ToolError(f"{path}: may not be executed; allow it with chmod +x")
            return Tool(path.absolute())
    for place in places:
        path = place / f"{name}.exe"
        if path.is_file():
            return Tool(path.absolute(), _launcher(path))
    return None


def _launcher(path: Path) -> tuple[str, ...]:
    if sys.platform == "win32":
        return ()
    wine = shutil.which("wine") or shutil.which("wine64")
    if wine is None:
        raise ToolError(f"{path}: a Windows program; install wine, or take the Linux executables")
    return (wine,)


@contextmanager
def private_tree(truth: Path, result: Path, number: str) -> Iterator[Path]:
    """Link a truth and a result into a temporary data set as ``<number>_GT`` and ``<number>_RES``.

    Only images and track files are linked; where links are not allowed they are copied.
    """
    with tempfile.TemporaryDirectory(prefix="ctc-submit-") as folder:
        root = Path(folder)
        for part in ("SEG", "TRA"):
            if (truth / part).is_dir():
                _link(truth / part, root / f"{number}_GT" / part)
        _link(result, root / f"{number}_RES")
        yield root


def _link(source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for path in source.iterdir():
        if path.suffix.lower() == ".tif" or path.name in {"man_track.txt", "res_track.txt"}:
            try:
                (target / path.name).symlink_to(path.resolve())
            except OSError:
                shutil.copyfile(path, target / path.name)


def official_scores(
    tools: Mapping[str, Tool],
    measures: tuple[str, ...],
    *,
    truth: Path,
    result: Path,
    number: str,
    digits: int,
    timeout: float = LONGEST_RUN,
) -> dict[str, float]:
    """Run the executables of some measures.

    Args:
        tools: The executables; measures without one are left out.
        measures: Of ``SEG``, ``DET`` and ``TRA``.
        truth: The truth's folder.
        result: The result's folder; nothing is written into it.
        number: Name of the sequence.
        digits: How many digits the time index has in file names.
        timeout: Seconds that each may take.

    Returns:
        Measure to the value printed.

    Raises:
        ToolError: If one fails, takes too long, or prints no value.
    """
    with private_tree(truth, result, number) as root:
        return {
            measure: run_tool(tools[measure], measure, root, (number, str(digits)), timeout=timeout)
            for measure in measures
            if measure in tools
        }


def run_tool(
    tool: Tool, measure: str, root: Path, arguments: tuple[str, ...], *, timeout: float
) -> float:
    """Run one executable on a data set and return the value that it prints.

    Raises:
        ToolError: As `official_scores`.
    """
    command = [*tool.launcher, str(tool.path), str(root), *arguments]
    logger.info("running %s", " ".join(command))
    code, output = _run(command, root, timeout)
    match = re.search(rf"^{measure} measure: (\d+(?:\.\d+)?)\s*$", output, re.MULTILINE)
    if code != 0 or match is None:
        said = " / ".join(line for line in output.split("\n") if line.strip()) or "nothing"
        raise ToolError(f"{tool.path}: ended with {code} and printed {said[:300]}")
    return float(match[1])


def _run(command: list[str], folder: Path, timeout: float) -> tuple[int, str]:
    """Run a program in a group of its own, so that its children end with it."""
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise ToolError(f"{command[0]}: cannot be started ({error.strerror})") from None
    try:
        output, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        raise ToolError(f"{command[0]}: took longer than {timeout:g} seconds") from None
    finally:
        _end(process)
    return process.returncode, output.decode("utf-8", "replace").replace("\r\n", "\n")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program and its children, if any are left."""
    if hasattr(os, "killpg"):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
    elif process.poll() is None:
        process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
