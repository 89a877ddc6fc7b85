"""The verb: all cases that are asked for, one after the other, and the table after each."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from ctc_submit.data.folders import make_writable
from ctc_submit.data.labels import whole_file
from ctc_submit.data.sequence import written_name
from ctc_submit.errors import CtcError
from ctc_submit.methods.registry import METHODS
from ctc_submit.reproduce.table1.case import Case, Plan
from ctc_submit.reproduce.table1.entry import Entry, read_entries, write_entries
from ctc_submit.reproduce.table1.frames import PROTOCOLS, division
from ctc_submit.reproduce.table1.measure import failed, measure, stored
from ctc_submit.reproduce.table1.page import render
from ctc_submit.reproduce.table1.rows import ROWS
from ctc_submit.reproduce.table1.settings import Table1Config
from ctc_submit.train.course import EpochReport

JSON, PAGE = "table1.json", "table1.md"


@dataclass(frozen=True)
class Asked:
    """Which numbers are wanted.

    Attributes:
        datasets: Folders in the official layout.
        work: Folder of the state.
        rows: Keys of rows; empty for all.
        protocols: Names of protocols; empty for all.
        seeds: Seeds of the trainings; empty for 0.
        truth: Which annotations are learned from and scored against.
        settings: Further settings of methods, each ``METHOD.name=value``.
        device: ``cpu`` or ``cuda``.
    """

    datasets: tuple[Path, ...]
    work: Path
    rows: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    truth: str = "ST"
    settings: tuple[str, ...] = ()
    device: str = "cpu"


def cases(asked: Asked, config: Table1Config) -> list[Case]:
    """Return all that is asked for, data set by data set; nothing is trained yet.

    Raises:
        DataError: If a data set lacks what a protocol needs.
        CtcError: If a setting is unknown, or two data sets have one name.
    """
    names = [written_name(folder) for folder in asked.datasets]
    if len(set(names)) < len(names):
        raise CtcError(f"{', '.join(names)}: expected data sets of different names")
    own = _settings_by_method(asked.settings)
    found = []
    for folder, protocol in product(asked.datasets, asked.protocols or PROTOCOLS):
        frames = division(folder, protocol, truth=asked.truth, held_out=config.held_out)
        for seed, key in product(asked.seeds or (0,), asked.rows or tuple(ROWS)):
            case = Case(
                row=ROWS[key],
                dataset=folder,
                protocol=protocol,
                seed=seed,
                truth=asked.truth,
                division=frames,
                config=config,
                settings=own.get(ROWS[key].method, ()),
                device=asked.device,
                work=asked.work,
            )
            case.method_config()  # what is wrong with a setting is said before anything is trained
            found.append(case)
    return found


def fill(todo: list[Case], out: Path) -> Iterator[tuple[Case, Plan | EpochReport | Entry]]:
    """Bring every case to its number, and write the table after each.

    A case that is known already is only written; one that fails is recorded with its reason, and
    the others go on.

    Args:
        todo: What `cases` returned.
        out: Folder of ``table1.json`` and ``table1.md``; numbers of other cases there stay.

    Yields:
        Every case with its plan, a report an epoch, and its entry.

    Raises:
        DataError: If the table cannot be read or written.
        CtcError: If a case was begun with other settings.
    """
    known = {case.folder: stored(case) for case in todo}
    read_entries(out / JSON)  # what would stop the writing is said before hours of training
    make_writable(out)
    for case in todo:
        entry = known[case.folder]
        if entry is None:
            for report in _measured(case):
                if isinstance(report, Entry):
                    entry = report
                else:
                    yield case, report
        assert entry is not None
        write(out, entry)
        yield case, entry


def write(out: Path, entry: Entry) -> None:
    """Put one entry into the table, in place of an earlier one of the same case.

    A number that is there is not replaced by a failure.

    Raises:
        DataError: If the table cannot be read or written.
    """
    known = read_entries(out / JSON)
    there = known.get(entry.key)
    if there is None or entry.state == "finished" or there.state == "failed":
        known[entry.key] = entry
    write_entries(out / JSON, known.values())
    page = render(read_entries(out / JSON).values())
    with whole_file(out / PAGE) as partial:
        partial.write_text(page, "utf-8", "backslashreplace")


def _measured(case: Case) -> Iterator[Plan | EpochReport | Entry]:
    try:
        yield from measure(case)
    except (CtcError, OSError, RuntimeError, ValueError, MemoryError) as error:
        yield failed(case, str(error) or type(error).__name__)


def _settings_by_method(settings: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for item in settings:
        method, dot, setting = item.partition(".")
        if not dot or method not in METHODS:
            raise CtcError(
                f"--set {item}: expected METHOD.NAME=VALUE with METHOD of {', '.join(METHODS)}"
            )
        found[method] = (*found.get(method, ()), setting)
    return found
