"""What keeps a sequence from being scored, told so that it can be mended."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from ctc_submit.score.consistency import Inconsistency


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a file.

    Attributes:
        path: The file or folder.
        expected: What the challenge wants.
        found: What is there.
        mend: What to do about it.
    """

    path: str
    expected: str
    found: str
    mend: str

    @property
    def line(self) -> str:
        """The fault as one line."""
        return f"{self.path}: expected {self.expected}, found {self.found}; {self.mend}"

    def as_json(self) -> dict[str, str]:
        """Return the fields by name."""
        return asdict(self)


def faults_of(
    amiss: Iterable[Inconsistency], paths: Mapping[str, str], times: range
) -> list[Fault]:
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


def _fault_of(amiss: list[Inconsistency], path: str, times: range) -> Fault:
    first = amiss[0]
    label, frames = first.label, _frames([each.time for each in amiss if each.time is not None])
    row = f"the row of label {label}"
    if first.kind == "stray":
        mend = "add or extend its row, or drop the label from the mask"
        expected = f"a row for label {label} that covers {frames}"
        return Fault(path, expected, "the label there without one", mend)
    if first.kind == "absent":
        mend = "shorten the row; after a gap start a new label with this one as parent"
        return Fault(path, f"label {label} in every frame of its row", f"none in {frames}", mend)
    if first.kind == "outside":
        last = times.stop - 1
        return Fault(path, f"frames {times.start} to {last} in {row}", frames, "correct the row")
    if first.kind == "parent":
        expected, found = f"a parent with a row in {row}", f"parent {first.parent}"
        return Fault(path, expected, found, "write 0 for none")
    expected = f"a parent that ended before {frames} in {row}"
    found = f"parent {first.parent} that is still there"
    return Fault(path, expected, found, "correct the parent or the intervals")


def _frames(times: list[int]) -> str:
    if len(times) == 1:
        return f"frame {times[0]}"
    return f"frame {times[0]} and {len(times) - 1} more"
