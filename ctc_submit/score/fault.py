"""What keeps a sequence from being scored, told so that it can be mended."""

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


def fault_of(amiss: Inconsistency, path: str, times: range) -> Fault:
    """Tell an inconsistency between a track file and its masks.

    Args:
        amiss: The inconsistency.
        path: The track file.
        times: The frames that are compared.
    """
    label, time = amiss.label, amiss.time
    row = f"the row of label {label}"
    if amiss.kind == "stray":
        return Fault(
            path,
            f"a row for label {label} that covers frame {time}",
            f"the label in frame {time} without one",
            "add or extend its row, or drop the label from the mask",
        )
    if amiss.kind == "absent":
        return Fault(
            path,
            f"label {label} in every frame of its row",
            f"none in frame {time}",
            "shorten the row; after a gap start a new label with this one as parent",
        )
    if amiss.kind == "outside":
        last = times.stop - 1
        return Fault(
            path, f"frames {times.start} to {last} in {row}", f"frame {time}", "correct the row"
        )
    if amiss.kind == "parent":
        return Fault(
            path, f"a parent with a row in {row}", f"parent {amiss.parent}", "write 0 for none"
        )
    return Fault(
        path,
        f"a parent that ended before frame {time} in {row}",
        f"parent {amiss.parent} that is still there",
        "correct the parent or the intervals",
    )
