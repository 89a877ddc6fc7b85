"""Renders ``SW/``: one script a sequence, in the form in which the organisers run them.

The form (submission rules of the challenge): ``DATASET-SS[-CONF].sh`` or ``.bat`` in ``SW/``, run
without arguments, reading ``../DATASET/SS`` and writing ``../DATASET/SS_RES[-CONF]``, with a header
that lists the prerequisites. Shell scripts have LF line ends, batch files CR LF.
"""

import logging
import re
import shlex
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path

from ctc_submit.data.labels import whole_file
from ctc_submit.errors import DataError
from ctc_submit.pack.entry import CONFIGURATIONS, SHORT_NAMES, Entry, Rendering

logger = logging.getLogger(__name__)

BASE_IMAGE = "python:3.12-slim"
DOCKERFILE = "Dockerfile"

_FIELD = re.compile(r"@\{([a-z_]+)\}")


def render_run(
    entry: Entry, how: Rendering | None = None, *, name: str | None = None, model: str | None = None
) -> str:
    """Render the shell script of one entry.

    Args:
        entry: Which sequence, and which result folder.
        how: Models folder, set-up text, further options.
        name: Name of the script without extension, where it is not the entry's.
        model: Model folder, where it is not the entry's in ``how.models``.

    Returns:
        A bash script with LF line ends.
    """
    return fill("run.sh", _run_values(entry, how or Rendering(), name, model))


def render_run_batch(
    entry: Entry, how: Rendering | None = None, *, name: str | None = None, model: str | None = None
) -> str:
    """Render the Windows script of one entry; arguments as `render_run`, CR LF line ends."""
    values = _run_values(entry, how or Rendering(), name, model)
    values["options"] = "".join(f' "{option}"' for option in _options(entry, how or Rendering()))
    for given in ("options", "model", "model_windows"):
        values[given] = values[given].replace("%", "%%")
    values |= {name: values[name].replace("/", "\\") for name in ("up", "dots", "result")}
    return _crlf(fill("run.bat", values))


def render_training(
    configuration: str, datasets: Iterable[str], how: Rendering | None = None
) -> tuple[str, str]:
    """Render the script that trains the model of a configuration.

    Args:
        configuration: One of `CONFIGURATIONS`; ``all…`` trains one model on all data sets.
        datasets: The data sets; one for the configurations of a single data set.
        how: Models folder and set-up text; the options of ``ctc-submit run`` are not those of
            ``ctc-submit train``.

    Returns:
        Its name without extension, and the bash script.

    Raises:
        DataError: If the configuration is unknown, or needs one data set and several are given.
    """
    names, how = list(datasets), how or Rendering()
    together = configuration.startswith("all")
    if not names or (len(names) > 1 and not together):
        raise DataError(f"{configuration}: trains on one data set, found {len(names)}")
    entry = Entry(names[0], "01", configuration)
    script = f"Train-{entry.model}"
    values = {
        "name": script,
        "configuration": configuration,
        "datasets": " ".join(f"../{name}" for name in names),
        "arguments": " ".join(f'"$data/{name}"' for name in names),
        "truth": CONFIGURATIONS[configuration],
        **_model_values(f"{how.models}/{entry.model}", how),
    }
    return script, fill("train.sh", values)


def render_folder(entries: Iterable[Entry], how: Rendering | None = None) -> dict[str, str]:
    """Render the files of ``SW/``.

    Args:
        entries: What the folder is for; at least one.
        how: Models folder, set-up text, and which kinds of files are wanted.

    Returns:
        File name to text, with the line ends that it is to be written with.
    """
    chosen, how = list(dict.fromkeys(entries)), how or Rendering()
    files: dict[str, str] = {}
    for entry in chosen:
        for name in _names(entry, how.short_names):
            files[f"{name}.sh"] = render_run(entry, how, name=name)
            if how.batch:
                files[f"{name}.bat"] = render_run_batch(entry, how, name=name)
    if how.training:
        files |= _training_files(chosen, how)
    if how.cluster:
        files |= {"ctc-submit.def": _apptainer(chosen), "slurm.sbatch": _slurm(chosen)}
        files[DOCKERFILE] = dockerfile()
    return files


def launchers() -> dict[str, str]:
    """Return the files that start a package lying beside them, by name."""
    return {
        "ctc-submit": fill("ctc-submit.sh", {}),
        "ctc-submit.bat": _crlf(fill("ctc-submit.bat", {})),
        "start.py": fill("start.txt", {}),
    }


def dockerfile() -> str:
    """Return the Dockerfile of a submission."""
    return fill(DOCKERFILE, {})


def write_scripts(folder: Path, files: Mapping[str, str]) -> list[Path]:
    """Write rendered files as they are, shell scripts executable.

    Returns:
        The paths written.

    Raises:
        DataError: If the folder cannot be made or a file cannot be written.
    """
    try:
        for place in {(folder / name).parent for name in files}:
            place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder}: cannot be made ({error.strerror})") from None
    for name, text in files.items():
        with whole_file(folder / name) as partial:
            partial.write_bytes(text.encode("utf-8"))
            partial.chmod(0o755 if is_executable(name) else 0o644)
    logger.info("%s: %d files written", folder, len(files))
    return [folder / name for name in files]


def is_executable(name: str) -> bool:
    """Tell whether a file of ``SW/`` is one to be started."""
    return name.endswith(".sh") or name == "ctc-submit"


def _names(entry: Entry, short_names: bool) -> list[str]:
    short = SHORT_NAMES.get(entry.dataset)
    if short is None or not short_names:
        return [entry.script]
    return [entry.script, f"{entry.folder}{short}-{entry.sequence}{entry.suffix}"]


def _run_values(
    entry: Entry, how: Rendering, name: str | None, model: str | None
) -> dict[str, str]:
    return {
        "name": name or entry.script,
        "dataset": entry.dataset,
        "sequence": entry.sequence,
        "result": entry.result,
        "dots": "../.." if entry.folder else "..",
        "up": "/.." if entry.folder else "",
        **_model_values(model or f"{how.models}/{entry.model}", how),
        "options": "".join(f" {shlex.quote(option)}" for option in _options(entry, how)),
    }


def _options(entry: Entry, how: Rendering) -> tuple[str, ...]:
    """Return the words that the script adds to ``ctc-submit run``."""
    return (*how.run_option, *(["--no-track"] if entry.segmentation_only else []))


def _model_values(model: str, how: Rendering) -> dict[str, str]:
    return {
        "model": model,
        "model_quoted": shlex.quote(model),
        "model_windows": model.replace("/", "\\"),
        "setup": how.setup,
        "setup_quoted": shlex.quote(how.setup),
    }


def _training_files(entries: list[Entry], how: Rendering) -> dict[str, str]:
    datasets = list(dict.fromkeys(entry.dataset for entry in entries))
    rendered = []
    for kind in dict.fromkeys(entry.configuration for entry in entries if entry.configuration):
        groups = [datasets] if kind.startswith("all") else [[name] for name in datasets]
        rendered += [render_training(kind, group, how) for group in groups]
    return {f"{name}.sh": text for name, text in rendered}


def _apptainer(entries: list[Entry]) -> str:
    first = entries[0]
    names = {"example": first.script, "dataset": first.dataset, "sequence": first.sequence}
    return fill("ctc-submit.def", {"base": BASE_IMAGE, **names})


def _slurm(entries: list[Entry]) -> str:
    scripts = "\n".join(f"  {entry.script}" for entry in entries)
    return fill("slurm.sbatch", {"last": str(len(entries) - 1), "scripts": scripts})


def fill(template: str, values: Mapping[str, str]) -> str:
    """Fill in ``@{name}``; shells keep their ``$``, ``%`` and ``@``."""
    source = resources.files("ctc_submit.pack") / "templates" / template
    return _FIELD.sub(lambda field: values[field[1]], source.read_text("utf-8"))


def _crlf(text: str) -> str:
    return text.replace("\n", "\r\n")
