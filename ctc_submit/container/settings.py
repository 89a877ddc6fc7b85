"""Settings of building and running images, quick to read for the command line."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

CUDA_BASE = "nvidia/cuda:12.6.3-base-ubuntu24.04"
CPU_BASE = "python:3.12-slim"


@dataclass(frozen=True)
class BuildConfig:
    """How the image is built."""

    tag: str = field(default="ctc-submit", metadata={"help": "Name of the image."})
    base: str = field(
        default=CUDA_BASE,
        metadata={"help": f"Image to start from; {CPU_BASE} for a smaller one without CUDA."},
    )
    wheels: Path | None = field(
        default=None,
        metadata={"help": "Folder of wheels; packages then come from it and nowhere else."},
    )
    network: Literal["host", "none", "default"] = field(
        default="host", metadata={"help": "Network of the build; none with a base that has Python."}
    )


@dataclass(frozen=True)
class ContainerConfig:
    """How a container is run."""

    image: str = field(default="ctc-submit", metadata={"help": "Name of the image."})
    gpu: Literal["auto", "yes", "no"] = field(
        default="auto", metadata={"help": "Whether the container gets the GPUs."}
    )
    memory: str = field(default="", metadata={"help": "Most memory it may use, '8g' for example."})
    mount: tuple[str, ...] = field(
        default=(),
        metadata={"help": "Further folder for the container, HERE:INSIDE, read-only; repeatable."},
    )
    run_option: tuple[str, ...] = field(
        default=(), metadata={"help": "Word added to 'ctc-submit run' inside; repeat for several."}
    )
