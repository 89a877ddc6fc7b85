"""The page: template, style and program in one file, its frames in it or beside it."""

import json
import re
import shutil
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ctc_submit.data.labels import read_labels, whole_file
from ctc_submit.data.whole_folder import whole_folder
from ctc_submit.errors import DataError
from ctc_submit.report.book import book
from ctc_submit.report.chapters import chapters
from ctc_submit.report.curves import Curves
from ctc_submit.report.packets import Packet, packets
from ctc_submit.report.report_settings import ReportSettings
from ctc_submit.report.subject import Subject
from ctc_submit.score.workers import cores

MOST_IN_PAGE = 100_000_000
"""Pixels of all frames together up to which they go into the page."""

SCRIPTS = (
    *("state", "packets", "paint", "views", "chart", "lineage", "gallery"),
    *("words", "plots", "controls", "page"),
)
"""The page's program, in the order in which it is put together."""

JSON: dict[str, Any] = {"separators": (",", ":"), "allow_nan": False}
"""How values are written for the browser, whose JSON has no NaN."""

_OURS = re.compile(r"t\d+\.js")


def write_report(
    subject: Subject, path: Path, settings: ReportSettings, curves: Sequence[Curves] = ()
) -> Generator[int]:
    """Write the page and, where its frames are many, the folder ``<name>_files`` beside it.

    Both appear when they are complete or not at all. Memory holds few frames, however long the
    sequence is; only where all frames go into the page does the browser hold all of them.

    Args:
        subject: What is shown.
        path: The HTML file.
        settings: How it is made.
        curves: Trainings to plot.

    Yields:
        How many frames are done.

    Raises:
        DataError: If a file cannot be read or written, or sizes differ.
    """
    if path.is_dir():
        raise DataError(f"{path}: is a folder; name a file such as {path / 'report.html'}")
    if path.suffix.lower() not in {".html", ".htm"}:
        raise DataError(f"{path}: expected a name that ends in .html")
    folder = path.with_name(f"{path.stem}_files")
    _demand_ours(folder)
    shape = read_labels(subject.results[0].masks[0]).shape
    apart = _is_apart(subject, shape, settings)
    counted = _Counted()
    made = counted.pass_on(_in_turn(packets(subject, settings.quality), subject.times))

    def known() -> dict[str, Any]:
        return book(subject, settings, curves, counted.cells, folder.name if apart else "")

    with whole_file(path) as page, whole_folder(folder) if apart else nullcontext(folder) as beside:
        if apart:
            yield from _write_beside(made, beside, subject.digits)
        with page.open("w", encoding="utf-8", errors="replace") as file:
            told = chapters(subject) | {"book": known, "packets": made, "apart": apart}
            told["volumes"] = len(shape) == 3
            for piece in _template().generate(**told):
                file.write(piece)
                yield len(counted.cells)
    if not apart and folder.is_dir():
        shutil.rmtree(folder)


@dataclass
class _Counted:
    """Packets that pass by, and how many cells each result has in them."""

    cells: list[list[int | None]] = field(default_factory=list)

    def pass_on(self, made: Iterable[Packet]) -> Iterator[Markup]:
        for packet in made:
            self.cells.append([each and each["cells"] for each in packet["results"]])
            yield Markup(json.dumps(packet, **JSON))  # numbers, fixed words, base 64


def _is_apart(subject: Subject, shape: tuple[int, ...], settings: ReportSettings) -> bool:
    """Tell whether the frames go into a folder beside the page."""
    if settings.frames != "auto":
        return settings.frames == "folder"
    height, width = shape[-2:]
    return int(height) * int(width) * len(subject.times) > MOST_IN_PAGE


def _demand_ours(folder: Path) -> None:
    """Refuse a folder that holds anything but the frames of an earlier page."""
    if not folder.exists():
        return
    foreign = not folder.is_dir() or not all(_OURS.fullmatch(p.name) for p in folder.iterdir())
    if foreign:
        raise DataError(f"{folder}: holds something else than frames; name another page with --out")


def _write_beside(made: Iterable[str], folder: Path, digits: int) -> Iterator[int]:
    """Write one small program a frame that hands its packet over; browsers load these locally."""
    for time, packet in enumerate(made):
        target = folder / f"t{time:0{digits}d}.js"
        target.write_text(f"ctcFrame({time},{packet})\n", "ascii")
        yield time + 1


def _in_turn(work: Callable[[int], Packet], jobs: Iterable[int]) -> Iterator[Packet]:
    """Yield the outcome of each job in order; few are worked on or wait at once."""
    left = iter(jobs)
    with ThreadPoolExecutor(cores()) as pool:
        try:
            waiting: deque[Future[Packet]] = deque()
            waiting.extend(pool.submit(work, job) for job in islice(left, 2 * cores()))
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(pool.submit(work, job) for job in islice(left, 1))
        finally:
            pool.shutdown(cancel_futures=True)


def _template() -> Any:
    """Return the template, with style and program in it."""
    assets = files("ctc_submit.report") / "assets"
    program = "\n".join((assets / f"{name}.js").read_text("utf-8") for name in SCRIPTS)
    style = (assets / "page.css").read_text("utf-8")
    loader = PackageLoader("ctc_submit.report", "assets")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.policies["json.dumps_kwargs"] = JSON  # and the order kept
    environment.globals |= {"style": Markup(style), "program": Markup(program)}
    return environment.get_template("page.html.jinja")
