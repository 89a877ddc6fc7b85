"""The images of a truth, found by the names that the evaluator looks for.

The time has exactly as many digits as the caller says, z always three; other names are passed over.
"""

import re
from pathlib import Path


def segmented(folder: Path | str, digits: int) -> list[tuple[str, int, int | None]]:
    """Return file name, time and z (None for a whole frame) of ``man_seg…``, in order of names."""
    pattern = re.compile(
        rf"man_seg(?:([0-9]{{{digits}}})|_([0-9]{{{digits}}})_([0-9]{{3}}))\.tif", re.IGNORECASE
    )
    return [
        (match[0], int(match[1] or match[2]), None if match[3] is None else int(match[3]))
        for match in _matches(folder, pattern)
    ]


def marked(folder: Path | str, digits: int) -> list[tuple[str, int]]:
    """Return file name and time of ``man_track…``, in order of names."""
    pattern = re.compile(rf"man_track([0-9]{{{digits}}})\.tif", re.IGNORECASE)
    return [(match[0], int(match[1])) for match in _matches(folder, pattern)]


def _matches(folder: Path | str, pattern: re.Pattern[str]) -> list[re.Match[str]]:
    if not Path(folder).is_dir():
        return []
    found = (pattern.fullmatch(name) for name in sorted(p.name for p in Path(folder).iterdir()))
    return [match for match in found if match]
