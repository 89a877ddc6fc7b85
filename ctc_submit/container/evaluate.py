"""Runs the organisers' own executables in a container."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ctc_submit.container.engine import Mount, caller, engine, run_container
from ctc_submit.data.labels import find_masks
from ctc_submit.data.sequence import digits_of
from ctc_submit.errors import DataError, ToolError

MEASURES = ("SEG", "DET", "TRA")
_ANSWER = re.compile(r"^(SEG|DET|TRA) measure: (\d+\.\d+)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Tools:
    """Where the executables ``SEGMeasure``, ``DETMeasure`` and ``TRAMeasure`` are.

    Attributes:
        image: The image to run; it has them on its PATH, or in the folder ``inside``.
        folder: A folder of this machine that has them, mounted read-only; None if the image does.
        inside: Folder in the image, empty for its PATH.
    """

    image: str
    folder: Path | None = None
    inside: str = ""


def evaluate(
    dataset: Path, sequence: str, tools: Tools, measures: Sequence[str] = MEASURES
) -> dict[str, float]:
    """Score a result with the organisers' executables.

    The truth is mounted read-only. The result is mounted writable, as the executables write a log
    into it; a log that was not there before is removed.

    Args:
        dataset: Folder with ``NN_GT`` and ``NN_RES``.
        sequence: ``NN``.
        tools: Where the executables are.
        measures: Which of `MEASURES`.

    Returns:
        Measure to value.

    Raises:
        DataError: If truth or result are missing.
        ToolError: If no engine answers, an executable is missing, or it gives no answer.
    """
    truth, result = dataset / f"{sequence}_GT", dataset / f"{sequence}_RES"
    if not truth.is_dir():
        raise DataError(f"{truth}: no such folder; the executables need the gold truth")
    digits = digits_of(next(iter(find_masks(result).values())))
    mounts = [Mount(truth, f"/data/{truth.name}"), Mount(result, f"/data/{result.name}", True)]
    home = tools.inside.rstrip("/")
    if tools.folder is not None:
        _require(tools.folder, measures)
        home = "/tools"
        mounts.append(Mount(tools.folder, home))
    values = {}
    with engine() as client:
        for measure in measures:
            program = f"{home}/{measure}Measure" if home else f"{measure}Measure"
            words = [program, "/data", sequence, str(digits)]
            values[measure] = _score(client, tools.image, words, mounts, result)
    return values


def _score(client: Any, image: str, words: list[str], mounts: list[Mount], result: Path) -> float:
    measure = words[0].rpartition("/")[2].removesuffix("Measure")
    written = result / f"{measure}_log.txt"
    there = written.exists()
    printed: list[str] = []
    try:
        code = run_container(
            client,
            image,
            words[1:],
            mounts,
            say=printed.append,
            user=caller(client),
            entrypoint=words[:1],
        )
    finally:
        if not there:
            written.unlink(missing_ok=True)
    text = "".join(printed)
    answer = _ANSWER.search(text)
    if code or answer is None:
        said = " ".join(text.split())[:300] or "nothing"
        raise ToolError(f"{words[0]}: expected a measure, found exit code {code}; it said: {said}")
    return float(answer[2])


def _require(folder: Path, measures: Sequence[str]) -> None:
    for measure in measures:
        if not (folder / f"{measure}Measure").is_file():
            raise ToolError(
                f"{folder / measure}Measure: missing; unpack the organisers' "
                "EvaluationSoftware.zip and name its folder Linux"
            )
