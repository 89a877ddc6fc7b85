"""From results and models to what is uploaded: checked, packed, flown, and only then published."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ctc_submit.data.labels import whole_file
from ctc_submit.data.problem import Problem, tell
from ctc_submit.data.sequence import written_name
from ctc_submit.data.whole_folder import whole_folder
from ctc_submit.errors import CheckpointError, DataError, RulesBroken, ToolError
from ctc_submit.pack.archive import (
    MANIFEST,
    Content,
    files_beside,
    manifest,
    megabytes,
    read_manifest,
    refuse_large,
    write_zip,
)
from ctc_submit.pack.check import check_result
from ctc_submit.pack.entry import Entry, Rendering
from ctc_submit.pack.method_page import About, read_cards
from ctc_submit.pack.preflight import Flight, fly
from ctc_submit.pack.requirements import pinned_requirements
from ctc_submit.pack.settings import PackConfig
from ctc_submit.pack.software import FOLDER, software_files, started
from ctc_submit.pack.tree import (
    Place,
    both_sequences,
    configurations,
    dataset_names,
    entry_of,
    find_results,
    result_files,
    result_names,
)

_FILE_NAME = re.compile(r"[^\W_][\w+.() -]*")

Say = Callable[[str], object]
"""Told what is done, a line a step."""


@dataclass(frozen=True)
class Sources:
    """What a submission is made of.

    Attributes:
        data: Folder with ``DATASET/SS`` and ``DATASET/SS_RES``.
        models: Folder with one model a name.
        named: Model name to folder, for models that lie elsewhere.
        datasets: The data sets to pack; all that have results if empty.
        package: Folder of the package; the running one if None.
        requirements: Text of ``requirements.txt``; what is installed if None.
        tracking: Parameters of the tracking where a model's card names no others, for the
            description of the method.
    """

    data: Path
    models: Path
    named: Mapping[str, Path] = field(default_factory=dict)
    datasets: tuple[str, ...] = ()
    package: Path | None = None
    requirements: str | None = None
    tracking: Mapping[str, Any] = field(default_factory=dict)


def pack(
    sources: Sources,
    out: Path,
    config: PackConfig | None = None,
    say: Say = lambda _: None,
    warn: Say = lambda _: None,
) -> list[Flight]:
    """Make what is uploaded; it appears whole, after everything about it was tried.

    Args:
        sources: Results, models and whatever else goes in.
        out: Folder to make; an earlier submission there is replaced.
        config: Name, limit, form.
        say: Told each step.
        warn: Told what does not hinder a submission but is worth a look, before anything is packed.

    Returns:
        The flights, one a script; empty without pre-flight. They are written to
        ``<out>.preflight.json``, too.

    Raises:
        RulesBroken: If a result breaks a rule, an archive is too large, or the pre-flight fails.
        DataError: If the name is none for a file, there are no results, ``out`` holds something
            else, cannot be written, or another program packs it.
        CheckpointError: If a model is missing.
        ToolError: If a package is missing, or cannot be installed in the pre-flight.
    """
    config = config or PackConfig()
    if _FILE_NAME.fullmatch(config.name) is None:
        raise DataError(
            f"{config.name!r}: is no name for a file; expected one without / and the like"
        )
    if config.python and not (config.python.is_file() and os.access(config.python, os.X_OK)):
        raise ToolError(f"{config.python}: no program; --python names an interpreter")
    _refuse_foreign(out, sources)
    whole = out.resolve()
    places = _places(sources)
    warnings = _faultless(places, sources, config)
    say(f"checked {len(places)} {'result' if len(places) == 1 else 'results'}")
    for line in tell(warnings):
        warn(line)
    entries = [entry_of(place) for place in places]
    for name in sources.named.keys() - {entry.model for entry in entries}:
        warn(f"--model {name}: is the model of no result that is packed; look at its name")
    flights = []
    with whole_folder(whole) as folder, _empty_beside(whole) as flying:
        archive = _write(sources, places, entries, folder, config)
        say(f"packed {FOLDER}/{archive.name}, {megabytes(archive.stat().st_size)}")
        for flight in _flights(archive, entries, sources, flying, config):
            say(f"{flight.script}: {flight.masks} masks equal, {flight.seconds:.1f} s")
            flights.append(flight)
    if config.preflight:
        _record(whole, flights)
    else:
        _record_of(whole).unlink(missing_ok=True)  # it tells of an earlier submission
    return flights


def _flights(
    archive: Path, entries: list[Entry], sources: Sources, folder: Path, config: PackConfig
) -> Iterable[Flight]:
    if not config.preflight:
        return []
    held_to, python = config.held_to, config.python
    return fly(archive, entries, sources.data, folder, python=python, benchmark=held_to)


@contextmanager
def _empty_beside(whole: Path) -> Iterator[Path]:
    """Give an empty folder for the pre-flight, on the disk that the submission is to lie on."""
    folder = whole.with_name(f".{whole.name}.preflight")
    shutil.rmtree(folder, ignore_errors=True)  # of a program that was killed
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _concerns(path: Path, sources: Sources) -> bool:
    """Say whether a path lies in one of the data sets that are packed."""
    inside = path.relative_to(sources.data).parts
    return not sources.datasets or bool(set(inside) & set(sources.datasets))


def _places(sources: Sources) -> list[Place]:
    if not sources.data.is_dir():
        raise DataError(f"{sources.data}: no such folder; expected one that holds DATASET/01_RES")
    places = find_results(sources.data)
    if places and all(place.home.samefile(sources.data) for place in places):
        raise DataError(
            f"{sources.data}: is the folder of one data set; give the one above it, and "
            f"--dataset {written_name(sources.data)}"
        )
    places = [
        place for place in places if not sources.datasets or place.dataset in sources.datasets
    ]
    for name in sources.datasets or ("",):
        if not any(not name or place.dataset == name for place in places):
            wanted = "result" if name else "result DATASET/01_RES"
            raise DataError(f"{sources.data / name}: holds no {wanted}; run a sequence first")
    return places


def _faultless(places: list[Place], sources: Sources, config: PackConfig) -> list[Problem]:
    """Refuse names and results that are at fault; returns the warnings."""
    rules = (dataset_names, result_names, configurations, both_sequences)
    problems = [problem for rule in rules for problem in rule(places, sources.data)]
    warnings = [problem for problem in problems if _concerns(problem.path, sources)]
    for problem in warnings:
        if not problem.warning:
            raise RulesBroken(problem.line)
    for place in places:
        report = check_result(place.result, benchmark=place.benchmark or config.held_to)
        if report.faults:
            lines = tell(report.faults)
            more = f" (and {len(lines) - 1} more: ctc-submit check)" if len(lines) > 1 else ""
            raise RulesBroken(lines[0] + more)
        _refuse_other_model(place, sources)
        warnings += report.warnings
    return warnings


def _refuse_other_model(place: Place, sources: Sources) -> None:
    """Refuse a result whose record names other weights than those that would be packed."""
    record = place.result.with_name(f"{place.result.name}.run.json")
    name = entry_of(place).model
    folder = _models(sources).get(name, Path())
    try:
        known = json.loads(record.read_text("utf-8"))
        members = known["models"] if "models" in known else [known["model"]]
        cards = read_cards({name: folder}).values()
        made_with, packed = (
            " and ".join(f"{one['sha256'][:12]}…" for one in models) for models in (members, cards)
        )
    except (OSError, ValueError, KeyError, TypeError, CheckpointError):
        return
    if made_with != packed:
        raise RulesBroken(
            f"{place.result}: was made with weights {made_with}, found {packed} in {folder}; "
            f"run the sequence again, or name the model with --model {name}=FOLDER"
        )


def _models(sources: Sources) -> dict[str, Path]:
    there = sorted(sources.models.iterdir()) if sources.models.is_dir() else []
    return {path.name: path for path in there if path.is_dir()} | dict(sources.named)


def _write(
    sources: Sources, places: list[Place], entries: list[Entry], whole: Path, config: PackConfig
) -> Path:
    """Write everything to a folder; returns the software archive."""
    software = software_files(
        entries,
        _models(sources),
        about=About(
            config.name, sources.tracking if config.benchmark != "CSB" else {}, config.run_option
        ),
        requirements=sources.requirements or pinned_requirements(),
        how=Rendering(run_option=config.run_option, batch=config.batch, cluster=config.cluster),
        package=sources.package,
        wheels=config.wheels,
    )
    archive = whole / FOLDER / f"{config.name}.zip"
    archive.parent.mkdir(parents=True)
    refuse_large(Path(archive.name), software, config.limit * 1_000_000)
    write_zip(archive, software, executables=started(software))
    results = _results(places, tracks=config.benchmark != "CSB")
    content: dict[str, Content] = {f"{FOLDER}/{archive.name}": archive}
    if config.results == "zip":
        packed = whole / f"{config.name}-results.zip"
        refuse_large(Path(packed.name), results, config.limit * 1_000_000)
        write_zip(packed, results | {MANIFEST: manifest(results)}, executables=frozenset())
        content[packed.name] = packed
    else:
        _copy(results, whole)
        content |= results
    (whole / MANIFEST).write_bytes(manifest(content))
    return archive


def _results(places: Iterable[Place], *, tracks: bool) -> dict[str, Content]:
    files: dict[str, Content] = {}
    for place in places:
        wanted = tracks and place.benchmark is None
        inner = f"{place.benchmark}/" if place.benchmark else ""
        for path in result_files(place.result, tracks=wanted):
            files[f"{place.dataset}/{inner}{place.result.name}/{path.name}"] = path
    return files


def _copy(files: Mapping[str, Content], folder: Path) -> None:
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            shutil.copyfile(content, target)


def _refuse_foreign(out: Path, sources: Sources) -> None:
    """Raise DataError where something else than an earlier submission would be lost."""
    whole = out.resolve()
    for kept in (sources.data, sources.models, *sources.named.values()):
        place = kept.resolve()
        if place.exists() and (whole == place or whole in place.parents):
            raise DataError(f"{out}: {kept} lies there, which is to be packed; name another folder")
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out / MANIFEST).is_file():
        raise DataError(f"{out}: exists and is no submission of ours; name another folder")
    if more := sorted(files_beside(out / MANIFEST).keys() - read_manifest(out / MANIFEST).keys()):
        raise DataError(
            f"{out}: holds {more[0]}, which its {MANIFEST} does not list; name another folder"
        )


def _record_of(whole: Path) -> Path:
    return whole.with_name(f"{whole.name}.preflight.json")


def _record(whole: Path, flights: list[Flight]) -> None:
    with whole_file(_record_of(whole)) as partial:
        text = json.dumps({"flights": [asdict(flight) for flight in flights]}, indent=2)
        partial.write_text(text + "\n", "utf-8")
