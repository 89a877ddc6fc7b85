"""Runs a sequence in a container: frames read-only, the result the caller's own."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from ctc_submit.container.engine import Mount, Say, caller, engine, gpu_request, run_container
from ctc_submit.container.settings import ContainerConfig
from ctc_submit.data.labels import whole_file
from ctc_submit.data.sequence import Sequence
from ctc_submit.data.whole_folder import keep_foreign, whole_folder
from ctc_submit.errors import DataError, ToolError
from ctc_submit.pack.method_page import CARD, partners_of


def run_sequence(
    sequence: Sequence, result: Path, model: str, config: ContainerConfig, say: Say
) -> int:
    """Run one sequence in a container; the result appears whole, or an earlier one stays.

    What else lies in the result folder stays, too.

    Args:
        sequence: Its folder is mounted read-only.
        result: Where the masks go; owned by the caller.
        model: A model folder here, mounted read-only, or the name of a model in the image. A name
            without a slash is a folder here only if a card is in it.
        config: Image and resources.
        say: Told what the container prints.

    Returns:
        The exit code of ``ctc-submit run`` inside.

    Raises:
        CheckpointError: If a path to a model leads to none.
        DataError: If there are no frames, or the result cannot be written or no folder of its own.
        ToolError: If no engine answers, there is no such image, or no GPU where one is wanted.
    """
    frames = f"/data/{sequence.dataset}/{sequence.number}"
    _ = sequence.frames  # said here, not in there, if there are none
    here = _model_here(model)
    result = result if result.name not in {"", ".."} else result.resolve()
    target = result.resolve()
    sequence.demand_apart(result)
    if target.exists() and not target.is_dir():
        raise DataError(f"{result}: is a file; name a folder for the result")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        prefix = f".{result.name}."
        scratch = Path(tempfile.mkdtemp(prefix=prefix, suffix=".partial", dir=target.parent))
    except OSError as error:
        raise DataError(f"{result}: cannot be written ({error.strerror})") from error
    try:
        mounts = [Mount(sequence.folder, frames), Mount(scratch, "/result", writable=True)]
        inside = f"models/{model}"
        if here is not None:
            inside = f"/models/{here.resolve().name}"
            mounts.append(Mount(here, inside))
        mounts += _further(config.mount)
        words = ["run", frames, f"/result/{result.name}", "--model", inside, *config.run_option]
        with engine() as client:
            options = _resources(client, config)
            code = run_container(
                client, config.image, words, mounts, say=say, user=caller(client), **options
            )
        if code == 0:
            _publish(scratch, result)
        return code
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _model_here(model: str) -> Path | None:
    folder = Path(model)
    if model == folder.name and not (folder / CARD).exists():
        return None
    partners_of(folder)  # its card is read, or said to be missing
    return folder


def _resources(client: Any, config: ContainerConfig) -> dict[str, Any]:
    options: dict[str, Any] = {"mem_limit": config.memory} if config.memory else {}
    request = None if config.gpu == "no" else gpu_request(client)
    if config.gpu == "yes" and request is None:
        raise ToolError("the engine has no GPU for containers; install NVIDIA's container toolkit")
    if request is not None:
        options["device_requests"] = [request]
    return options


def _further(given: tuple[str, ...]) -> list[Mount]:
    mounts = []
    for pair in given:
        source, _, target = pair.rpartition(":")
        if not (source and target.startswith("/") and Path(source).is_dir()):
            raise DataError(f"{pair}: expected HERE:INSIDE, a folder here and an absolute path")
        mounts.append(Mount(Path(source), target))
    return mounts


def _publish(scratch: Path, result: Path) -> None:
    """Let the new result, and its record beside it, take the place of an earlier one."""
    made = scratch / result.name
    if not made.is_dir():
        raise ToolError(f"{result}: the container ended well but wrote no result; check the image")
    target = result.resolve()
    with whole_folder(target) as partial:
        keep_foreign(target, partial)
        for file in made.iterdir():
            file.replace(partial / file.name)
    record = f"{result.name}.run.json"
    if (scratch / record).is_file():
        with whole_file(result.with_name(record)) as written:
            shutil.copyfile(scratch / record, written)
