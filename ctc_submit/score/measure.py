"""A stand-in for the evaluator's three executables: same arguments, output, exit codes and logs.

Its oddities are kept. Where its answers on record leave a choice, this is what was taken:

- its usage text is not printed, one line in its place (exit code 255);
- ``PENALIZE`` is read as an integer, as ``DIGITS`` is; 0 spares extra detections, others do not;
- TRA reads both track files, then all images, then cuts the result's tracks to the frames from the
  first to the last one of any reference track, and only then compares tracks with images;
- TRA counts frames from the first one of any reference track, one a reference image, whatever the
  number in the image's name; SEG and DET take the number in the name;
- a slice beyond the stack is noticed before a size that differs.

In TRA's reading of track files, order of checks and edges, the answers on record agree with the
source that its author published in 2019 (``TRAMeasure.cpp``), but for one thing: the executables
of 2020 cut the tracks before they compare them, that source afterwards.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ctc_submit.score.aogm import (
    FALSE_POSITIVE,
    counts_of_edges,
    counts_of_match,
    det,
    total,
    tra,
)
from ctc_submit.score.consistency import inconsistencies
from ctc_submit.score.edges import edge_errors
from ctc_submit.score.lineage import Lineage
from ctc_submit.score.logs import LONG_RULE, SHORT_RULE, edge_lines, seg_lines, vertex_lines
from ctc_submit.score.mask import Mask, Refused, open_mask
from ctc_submit.score.matching import Overlaps, overlaps
from ctc_submit.score.paired import FrameMatch, pair
from ctc_submit.score.seg import mean_seg
from ctc_submit.score.track_file import (
    Row,
    TrackFileRefused,
    read_rows,
    spans,
    trimmed,
)
from ctc_submit.score.truth_files import marked, segmented
from ctc_submit.score.workers import in_order

TOOLS = ("SEG", "DET", "TRA")
FAILED, ABORTED = 255, 3


@dataclass(frozen=True)
class Answer:
    """What the evaluator answers.

    Attributes:
        code: Exit code: 0, 255 on an error, 3 where it aborts.
        output: Standard output, lines ended by LF.
        log: Text of ``<tool>_log.txt``, None where it writes none.
    """

    code: int
    output: str
    log: str | None = None


@dataclass(frozen=True)
class _Call:
    """Folders and names of one call, with the slashes at which the messages show them."""

    truth: str
    result: str
    digits: int
    workers: int | None

    def mask(self, time: int) -> str:
        return f"{self.result}mask{time:0{self.digits}d}.tif"


class _Stop(Exception):
    """Ends a call with an exit code and a last line."""

    def __init__(self, line: str, code: int = FAILED) -> None:
        super().__init__(line)
        self.line, self.code = line, code


def measure(
    tool: str,
    directory: str,
    sequence: str,
    digits: str,
    penalize: str | None = None,
    *,
    workers: int | None = None,
) -> Answer:
    """Answer as ``SEGMeasure``, ``DETMeasure`` or ``TRAMeasure`` does; nothing is written.

    Args:
        tool: ``SEG``, ``DET`` or ``TRA``.
        directory: The data set's folder, holding ``<sequence>_GT`` and ``<sequence>_RES``.
        sequence: ``01``, or what the folders are named by.
        digits: How many digits the time index has in file names, as text.
        penalize: DET only: ``0`` to spare extra detections.
        workers: Frames worked on at once; all cores where not given.

    Raises:
        ValueError: If there is no such tool.
    """
    if tool not in TOOLS:
        raise ValueError(f"tool must be one of {', '.join(TOOLS)}, not {tool!r}")
    part = "SEG" if tool == "SEG" else "TRA"
    printed: list[str] = []
    try:
        folders = (f"{directory}/{sequence}_GT/{part}/", f"{directory}/{sequence}_RES/")
        call = _Call(*folders, _digits(folders, digits), workers)
        extra = FALSE_POSITIVE if penalize is None or _integer(penalize) else 0.0
        tools: dict[str, Callable[[], tuple[float, list[str]]]] = {
            "SEG": partial(_seg, call),
            "DET": partial(_det, call, extra),
            "TRA": partial(_tra, call, printed),
        }
        value, log = tools[tool]()
    except _Stop as stop:
        lines = [*printed, stop.line] if stop.line else printed
        return Answer(stop.code, "".join(f"{line}\n" for line in lines))
    verdict = f"{tool} measure: {value:.6f}"
    rule = LONG_RULE if tool == "TRA" else SHORT_RULE
    output = "".join(f"{line}\n" for line in [*printed, verdict])
    return Answer(0, output, "".join(f"{line}\n" for line in [*log, rule, verdict]))


def _digits(folders: tuple[str, str], digits: str) -> int:
    """Return the number of digits, once the folders are there."""
    for folder in folders:
        if not Path(folder).is_dir():
            raise _Stop(f"The directory '{folder}' does not exist!")
    number = _integer(digits)
    if number < 3:
        raise _Stop(
            "The number of digits used for encoding temporal positions must be at least 3! "
            f"(num_digits={number})"
        )
    return number


def _integer(text: str) -> int:
    """Read the integer that a text begins with, 0 where it begins with none."""
    match = re.match(r"\s*([+-]?\d{1,9})", text)
    return int(match[1]) if match else 0


def _seg(call: _Call) -> tuple[float, list[str]]:
    jobs = segmented(call.truth, call.digits)
    found = list(in_order(lambda job: (job, _compare(call, *job)), jobs, workers=call.workers))
    value = mean_seg(each.jaccards for _, each in found)
    if value is None:
        raise _Stop("No ground truth object found!")
    lines = []
    for (_, time, z), each in found:
        lines += seg_lines(time, z or 0, each.reference_labels, each.jaccards)
    return value, lines


def _det(call: _Call, extra: float) -> tuple[float, list[str]]:
    frames = [FrameMatch.of(time, each) for time, each in _markers(call)]
    value = det(total(map(counts_of_match, frames)), extra=extra)
    if value is None:
        raise _Stop("No reference marker found!")
    return value, vertex_lines(frames, extra)


def _tra(call: _Call, printed: list[str]) -> tuple[float, list[str]]:
    reference = _rows(f"{call.truth}man_track.txt", printed)
    computed = _rows(f"{call.result}res_track.txt", printed)
    first, last = (min(spans(reference)), max(spans(reference))) if reference else (2**64, 0)
    start = first if reference else 0
    found = [each for _, each in _markers(call)]
    frames = [FrameMatch.of(start + number, each) for number, each in enumerate(found)]
    if not frames:
        raise _Stop("No reference image found!")
    try:
        computed = trimmed(computed, first, last)
    except KeyError:
        raise _Stop("", ABORTED) from None
    theirs, ours = [f.reference for f in frames], [f.result for f in frames]
    amiss = next(inconsistencies((reference, theirs), (computed, ours), start), None)
    if amiss is not None:
        raise _Stop(amiss.output)
    errors = edge_errors(
        Lineage.of(reference.values()), Lineage.of(computed.values()), pair(frames)
    )
    value = tra(total([*map(counts_of_match, frames), counts_of_edges(errors)]))
    if value is None:
        raise _Stop("No reference marker found!")
    return value, [*vertex_lines(frames, FALSE_POSITIVE), *edge_lines(errors)]


def _rows(name: str, printed: list[str]) -> dict[int, Row]:
    try:
        rows, lines = read_rows(Path(name), name)
    except TrackFileRefused as refused:
        raise _Stop(str(refused)) from None
    printed += lines
    return rows


def _markers(call: _Call) -> list[tuple[int, Overlaps]]:
    """Match the markers of all frames, in order of file names."""
    jobs = marked(call.truth, call.digits)
    return list(in_order(lambda job: (job[1], _compare(call, *job)), jobs, workers=call.workers))


def _compare(call: _Call, name: str, time: int, z: int | None = None) -> Overlaps:
    """Match one reference image with its mask, or with slice ``z`` of it."""
    truth_name, mask_name = f"{call.truth}{name}", call.mask(time)
    truth, mask = _open(truth_name), _open(mask_name)
    if z is not None and z >= mask.shape[0]:
        raise _Stop(f"There is no slice with z={z} in the image '{mask_name}'!")
    size = mask.shape if z is None else (1, *mask.shape[1:])
    if truth.shape != size:
        raise _Stop(f"Incompatible image size! (gt='{truth_name}', res='{mask_name}')")
    if z is None:
        return overlaps(truth.labels(), mask.labels())
    return overlaps(truth.page(0), mask.page(z))


def _open(name: str) -> Mask:
    try:
        return open_mask(Path(name), name)
    except Refused as refused:
        raise _Stop(f"{refused.output}\nThe image '{name}' cannot be opened!") from None


def write_log(answer: Answer, tool: str, directory: str, sequence: str) -> Answer:
    """Write an answer's log into the result folder, as the executables do.

    Returns:
        The answer, or, where the log cannot be written, one that says so and has failed.
    """
    if answer.log is None:
        return answer
    path = f"{directory}/{sequence}_RES/{tool}_log.txt"
    try:
        Path(path).write_bytes(answer.log.encode("ascii"))
    except OSError:
        text = f"{answer.output}The log file '{path}' cannot be created!\n"
        return Answer(FAILED, text)
    return answer
