"""The images of a truth, found by the names that the evaluator looks for.

The time has exactly as many digits as the caller says, any number where None; z has always three.
Other names are passed over.
"""

import re
from pathlib import Path


def segmented(folder: Path | str, digits: int | None) -> list[tuple[str, int, int | None]]:
    """Return file name, time and z (None for a whole frame) of ``man_seg…``, in order of names."""
    time = _time(digits)
    pattern = re.compile(rf"man_seg(?:({time})|_({time})_([0-9]{{3}}))\.tif", re.IGNORECASE)
    return [
        (match[0], int(match[1] or match[2]), None if match[3] is None else int(match[3]))
        for match in _matches(folder, pattern)
    ]


def marked(folder: Path | str, digits: int | None) -> list[tuple[str, int]]:
    """Return file name and time of ``man_track…``, in order of names."""
    pattern = re.compile(rf"man_track({_time(digits)})\.tif", re.IGNORECASE)
    return [(match[0], int(match[1])) for match in _matches(folder, pattern)]


def _time(digits: int | None) -> str:
    return "[0-9]+" if digits is None else f"[0-9]{{{digits}}}"


def _matches(folder: Path | str, pattern: re.Pattern[str]) -> list[re.Match[str]]:
    if not Path(folder).is_dir():
        return []
    found = (pattern.fullmatch(name) for name in sorted(p.name for p in Path(folder).iterdir()))
    return [match for match in found if match]
