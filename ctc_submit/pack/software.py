"""What the software archive holds: scripts, package, models, requirements, descriptions."""

import platform
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib import resources
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from ctc_submit.errors import CheckpointError, DataError
from ctc_submit.pack.archive import MANIFEST, Content, manifest
from ctc_submit.pack.entry import Entry, Rendering
from ctc_submit.pack.method_page import (
    PARTNERS,
    About,
    partners_of,
    read_cards,
    render_markdown,
)
from ctc_submit.pack.requirements import PACKAGE
from ctc_submit.pack.scripts import fill, is_executable, launchers, render_folder
from ctc_submit.pack.typeset import render_pdf

FOLDER = "SW"
MODEL_FILES = ("weights.safetensors", "card.json", "README.md", "curves.png")
"""What is taken of a model folder; the first two make it a model."""
SETUP = "python3 -m venv .venv && .venv/bin/python -m pip install -r requirements.txt (in SW)"
FILLING = "pip download -r requirements.txt, and pip wheel what has none"
OFFLINE = "--no-index --find-links wheels "


def software_files(
    entries: Iterable[Entry],
    models: Mapping[str, Path],
    *,
    about: About,
    requirements: str,
    how: Rendering | None = None,
    package: Path | None = None,
    wheels: Path | None = None,
) -> dict[str, Content]:
    """Gather the software of a submission.

    Args:
        entries: The sequences that it has results for.
        models: Name as in `Entry.model` to model folder.
        about: Name of the submission and more for its description.
        requirements: Text of ``requirements.txt``.
        how: Which kinds of scripts are wanted; models and set-up text are those of the archive.
        package: Folder of the package; the running one if None.
        wheels: Folder of wheels to put in, so that it installs without network.

    Returns:
        Name in the archive (``SW/...``) to content, with a manifest of all.

    Raises:
        CheckpointError: If a model is missing or incomplete.
        DataError: If the wheels in the folder given do not suffice.
    """
    chosen = list(entries)
    needed = {entry.model: _model(entry, models) for entry in chosen}
    learned = {name: model_files(folder) for name, folder in needed.items()}
    scripts = render_folder(chosen, replace(how or Rendering(), models="models", setup=SETUP))
    files: dict[str, Content] = {name: text.encode() for name, text in scripts.items()}
    files |= {name: text.encode() for name, text in launchers().items()}
    files |= package_files(package)
    for name, there in learned.items():
        files |= {f"models/{name}/{file}": path for file, path in there.items()}
    if wheels is not None:
        files |= wheel_files(wheels, requirements)
    page = render_markdown(read_cards(needed), about)
    files |= {
        "requirements.txt": requirements.encode(),
        "README.md": _readme(about.title, scripts, wheels is not None).encode(),
        "METHOD.md": page.encode(),
        "METHOD.pdf": render_pdf(page),
        **_license(),
    }
    files[MANIFEST] = manifest(files)
    return {f"{FOLDER}/{name}": content for name, content in files.items()}


def started(files: Iterable[str]) -> frozenset[str]:
    """Return the names of an archive that are to be started."""
    return frozenset(name for name in files if is_executable(name.rpartition("/")[2]))


def _model(entry: Entry, models: Mapping[str, Path]) -> Path:
    folder = models.get(entry.model)
    if folder is None:
        raise CheckpointError(f"{entry.model}: no model for {entry.script}; name one with --model")
    return folder


def model_files(folder: Path) -> dict[str, Path]:
    """Return what is taken of a model folder, its partners' included, by names within it.

    Raises:
        CheckpointError: If it or a partner is incomplete, or its card cannot be read.
    """
    files = _own_files(folder)
    for name in partners_of(folder):
        place = f"{PARTNERS}/{name}"
        files |= {f"{place}/{file}": path for file, path in _own_files(folder / place).items()}
    return files


def _own_files(folder: Path) -> dict[str, Path]:
    for file in MODEL_FILES[:2]:
        if not (folder / file).is_file():
            raise CheckpointError(f"{folder / file}: missing; the folder is not a model")
    return {file: path for file in MODEL_FILES if (path := folder / file).is_file()}


def package_files(package: Path | None = None) -> dict[str, Content]:
    """Return the package's files by name; what Python or an editor leaves behind is not there.

    Args:
        package: Folder of the package; the running one if None.
    """
    folder = package or Path(str(resources.files("ctc_submit")))
    inside = {path.relative_to(folder): path for path in sorted(folder.rglob("*"))}
    return {
        f"ctc_submit/{name.as_posix()}": path
        for name, path in inside.items()
        if path.is_file() and not any(map(_is_left_behind, name.parts))
    }


def _is_left_behind(name: str) -> bool:
    return name == "__pycache__" or name.startswith(".") or name.endswith("~")


def wheel_files(folder: Path, requirements: str = "") -> dict[str, Content]:
    """Return the wheels of a folder by name.

    Args:
        folder: The wheels; other files in it stay behind.
        requirements: Text of the ``requirements.txt`` that they have to suffice for.

    Raises:
        DataError: If there are none, one is damaged, or one that is pinned is missing.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; expected one with wheels")
    found = sorted(folder.glob("*.whl"))
    if not found:
        raise DataError(f"{folder}: holds no wheels; fill it with {FILLING}")
    there = [_version_of(path) for path in found]
    for line in filter(None, requirements.splitlines()):
        wanted = Requirement(line)
        name, fits = canonicalize_name(wanted.name), wanted.specifier
        if not any(n == name and fits.contains(v, prereleases=True) for n, v in there):
            raise DataError(f"{folder}: holds no wheel of {line}; fill it with {FILLING}")
    return {f"wheels/{path.name}": path for path in found}


def _version_of(wheel: Path) -> tuple[str, Version]:
    """Return a wheel's package and version, after a look into it."""
    try:
        name, version, *_ = parse_wheel_filename(wheel.name)
        with zipfile.ZipFile(wheel) as archive:
            if not any(entry.endswith(".dist-info/WHEEL") for entry in archive.namelist()):
                raise DataError(f"{wheel}: is no wheel; fetch it again")
    except (InvalidWheelFilename, zipfile.BadZipFile, OSError) as error:
        raise DataError(f"{wheel}: is no whole wheel ({error}); fetch it again") from None
    return name, version


def _readme(title: str, scripts: Iterable[str], offline: bool) -> str:
    names = sorted(scripts)
    listed = "\n".join(f"- `{name}`" for name in names if name.endswith((".sh", ".bat")))
    others = ", ".join(f"`{name}`" for name in names if not name.endswith((".sh", ".bat")))
    python = "Python " + ".".join(platform.python_version_tuple()[:2])
    newer = f"Python 3.11 or newer; the versions in `requirements.txt` were run with {python}"
    values = {
        "title": title,
        "scripts": listed,
        "interpreter": f"{python}, which the packages in `wheels/` are for" if offline else newer,
        "cluster": f"| {others} | to run it in a container, or on a cluster |\n" if others else "",
        "offline": OFFLINE if offline else "",
        "wheels": "| `wheels/` | the same packages, to install without network |\n" * offline,
        "manifest": MANIFEST,
    }
    return fill("README.md", values)


def _license() -> dict[str, Content]:
    try:
        text = distribution(PACKAGE).read_text("licenses/LICENSE")
    except PackageNotFoundError:
        return {}
    return {"LICENSE": text.encode()} if text else {}
