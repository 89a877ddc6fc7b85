"""Inconsistencies between tracks and masks, told so that they can be mended."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from ctc_submit.data.problem import Problem
from ctc_submit.score.consistency import Inconsistency


def faults_of(
    amiss: Iterable[Inconsistency], paths: Mapping[str, Path], times: range
) -> list[Problem]:
    """Tell inconsistencies between track files and masks, one fault a label and kind.

    Args:
        amiss: The inconsistencies.
        paths: Side to track file.
        times: The frames that are compared.
    """
    alike: dict[tuple[str, int, str], list[Inconsistency]] = {}
    for each in amiss:
        alike.setdefault((each.side, each.label, each.kind), []).append(each)
    return [_fault_of(group, paths[side], times) for (side, _, _), group in alike.items()]


def _fault_of(amiss: list[Inconsistency], path: Path, times: range) -> Problem:
    first = amiss[0]
    label, frames = first.label, _frames([each.time for each in amiss if each.time is not None])
    row = f"the row of label {label}"
    if first.kind in {"stray", "unlisted"}:
        rule = "label-outside-track" if first.kind == "stray" else "label-without-track"
        mend = "add or extend its row, or drop the label from the mask"
        expected = f"a row for label {label} that covers {frames}"
        return Problem(path, rule, expected, "the label there without one", mend)
    if first.kind == "absent":
        mend = "shorten the row; after a gap start a new label with this one as parent"
        expected = f"label {label} in every frame of its row"
        return Problem(path, "track-with-hole", expected, f"none in {frames}", mend)
    if first.kind == "outside":
        last = times.stop - 1
        expected = f"frames {times.start} to {last} in {row}"
        return Problem(path, "track-beyond", expected, frames, "correct the row")
    if first.kind == "parent":
        expected, found = f"a parent with a row in {row}", f"parent {first.parent}"
        return Problem(path, "parent-known", expected, found, "write 0 for none")
    expected = f"a parent that ended before {frames} in {row}"
    found = f"parent {first.parent} that is still there"
    return Problem(path, "parent-before", expected, found, "correct the parent or the intervals")


def _frames(times: list[int]) -> str:
    if len(times) == 1:
        return f"frame {times[0]}"
    return f"frame {times[0]} and {len(times) - 1} more"
