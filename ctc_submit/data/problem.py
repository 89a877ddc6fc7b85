"""What a rule of the challenge finds wrong with a file, and how findings are told."""

import os
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SHOWN = 3
"""So many findings of one kind are listed each on its own line; more are counted."""


@dataclass(frozen=True)
class Problem:
    """One finding of a rule.

    Attributes:
        path: The file or folder that is at fault.
        rule: Name of the rule, ``pixel-type``.
        expected: What the rule wants, ``16-bit unsigned integers``.
        found: What is there instead.
        mend: What to do about it.
        warning: Whether the result can be handed in as it is.
    """

    path: Path
    rule: str
    expected: str
    found: str
    mend: str
    warning: bool = False

    @property
    def line(self) -> str:
        """The finding as one line, whatever is in the file's name."""
        return on_one_line(f"{self.path}: {self._what()}")

    def as_record(self) -> dict[str, str | bool]:
        """Return the finding for a JSON file."""
        return {
            "path": str(self.path),
            "rule": self.rule,
            "expected": self.expected,
            "found": self.found,
            "mend": self.mend,
            "warning": self.warning,
        }

    def _what(self) -> str:
        kind = f"{self.rule}, warning" if self.warning else self.rule
        return f"[{kind}] expected {self.expected}, found {self.found}; {self.mend}"


def tell(problems: Iterable[Problem]) -> list[str]:
    """Return one line a finding, faults before warnings, many of one kind counted in one line.

    That line names some of the paths from the folder on that all of its kind lie in.
    """
    kinds: dict[tuple[bool, str, str], list[Problem]] = {}
    for problem in problems:
        kinds.setdefault((problem.warning, problem.rule, problem.mend), []).append(problem)
    lines = []
    for (_, _, _), alike in sorted(kinds.items(), key=lambda item: item[0][0]):
        if len(alike) <= SHOWN:
            lines += [problem.line for problem in alike]
        else:
            lines.append(_counted(alike))
    return lines


def on_one_line(text: str) -> str:
    """Return a text with line breaks and other control characters written as escapes."""
    return "".join(
        repr(sign)[1:-1] if unicodedata.category(sign) in {"Cc", "Zl", "Zp"} else sign
        for sign in text
    )


def _counted(alike: list[Problem]) -> str:
    first = alike[0]
    paths = list(dict.fromkeys(problem.path for problem in alike))
    names = ", ".join(map(on_one_line, _told_apart(paths)[1 : SHOWN + 1]))
    more = ", …" if len(paths) > SHOWN + 1 else ""
    where = f"in {names}{more}" if names else "in the same file"
    return f"{first.line} ({len(alike) - 1} more {where})"


def _told_apart(paths: list[Path]) -> list[str]:
    """Return the paths from the folder on that all lie in; whole where there is none."""
    try:
        common = os.path.commonpath([path.parent for path in paths])
    except ValueError:  # some from the root on, some from here
        return [str(path) for path in paths]
    return [str(path.relative_to(common)) for path in paths]
