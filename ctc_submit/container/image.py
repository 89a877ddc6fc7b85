"""Builds the image of a submission from what its software archive holds."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ctc_submit.container.engine import Say, engine
from ctc_submit.container.settings import BuildConfig
from ctc_submit.errors import CheckpointError, DataError, ToolError
from ctc_submit.pack.archive import Content
from ctc_submit.pack.requirements import pinned_requirements
from ctc_submit.pack.scripts import DOCKERFILE, dockerfile
from ctc_submit.pack.software import model_files, package_files, wheel_files


def context_files(
    models: Mapping[str, Path],
    *,
    requirements: str | None = None,
    package: Path | None = None,
    wheels: Path | None = None,
) -> dict[str, Content]:
    """Gather what the image is built from.

    Args:
        models: Name in the image to model folder; at least one.
        requirements: Text of ``requirements.txt``; what is installed here if None.
        package: Folder of the package; the running one if None.
        wheels: Folder of wheels.

    Raises:
        CheckpointError: If there is no model, or one is incomplete.
        DataError: If there are no wheels in the folder given.
    """
    if not models:
        raise CheckpointError("no model to put into the image; name a folder that holds some")
    context: dict[str, Content] = {DOCKERFILE: dockerfile().encode()}
    context["requirements.txt"] = (requirements or pinned_requirements()).encode()
    context |= package_files(package)
    for name, folder in models.items():
        context |= {f"models/{name}/{file}": path for file, path in model_files(folder).items()}
    return context | (wheel_files(wheels) if wheels else {})


def build_image(context: Mapping[str, Content], config: BuildConfig, say: Say) -> str:
    """Build the image.

    Args:
        context: From `context_files`.
        config: Name, base, network.
        say: Told what the build prints.

    Returns:
        Its identifier.

    Raises:
        ToolError: If no engine answers, or the build fails.
        DataError: If the context cannot be written.
    """
    with tempfile.TemporaryDirectory() as scratch, engine() as client:
        _write(context, Path(scratch))
        built = ""
        for step in client.api.build(
            path=scratch,
            tag=config.tag,
            buildargs={"BASE": config.base},
            network_mode=config.network,
            rm=True,
            forcerm=True,
            decode=True,
        ):
            built = _step(step, say) or built
        return built


def _step(step: Mapping[str, Any], say: Say) -> str:
    """Hand on one message of the build; returns the image's identifier once it is there."""
    if "error" in step:
        raise ToolError(f"the image could not be built: {' '.join(str(step['error']).split())}")
    if text := step.get("stream"):
        say(text)
    return str(step.get("aux", {}).get("ID", ""))


def _write(files: Mapping[str, Content], folder: Path) -> None:
    try:
        for name, content in files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                target.write_bytes(content)
            else:
                _link(content, target)
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror})") from error


def _link(source: Path, target: Path) -> None:
    """Put a file in a second place without copying it where the file system can."""
    try:
        target.hardlink_to(source.resolve())
    except OSError:
        shutil.copyfile(source, target)
