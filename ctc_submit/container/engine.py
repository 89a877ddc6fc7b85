"""The container engine: found, spoken to, and its refusals in one line."""

import logging
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ctc_submit.errors import ToolError

logger = logging.getLogger(__name__)

Say = Callable[[str], object]
"""Told what the container prints, a piece at a time, as it comes."""

SOCKET = "unix:///var/run/docker.sock"
"""Where an engine listens if DOCKER_HOST does not say."""

DRIVERS = (Path("/dev/nvidiactl"), Path("/dev/dxg"))
"""NVIDIA's driver on Linux, and in a Linux that runs on Windows."""

GPU_DEVICES = "nvidia.com/gpu"
"""Kind of the devices that NVIDIA's container toolkit describes."""

PATIENCE = 10
"""Seconds that a container has to stop by itself before it is killed."""


@dataclass(frozen=True)
class Mount:
    """A folder of this machine, seen inside a container.

    Attributes:
        source: The folder here.
        target: Its absolute path in the container.
        writable: Whether the container may write into it.
    """

    source: Path
    target: str
    writable: bool = False


@contextmanager
def engine() -> Iterator[Any]:
    """Give a client of the engine that answers here, of the Docker SDK.

    Raises:
        ToolError: If the SDK is not installed, no engine answers, or it refuses what is asked.
    """
    try:
        import docker
        from docker.errors import APIError, BuildError, DockerException, ImageNotFound
    except ImportError:
        raise ToolError(
            "the Docker SDK is not installed; install it with pip install 'ctc-submit[container]'"
        ) from None
    try:
        _knock(os.environ.get("DOCKER_HOST") or SOCKET)
        client = docker.from_env()
    except (DockerException, OSError) as error:
        raise ToolError(
            "no container engine answers; start Docker (or Podman with its socket), or name one "
            f"in DOCKER_HOST ({_reason(error)})"
        ) from None
    try:
        client.ping()
        yield client
    except ImageNotFound as error:
        raise ToolError(f"{error.explanation}; build it with ctc-submit docker build") from None
    except BuildError as error:
        raise ToolError(f"the image could not be built: {_reason(error)}") from None
    except APIError as error:
        raise ToolError(f"the container engine refuses: {error.explanation}") from None
    except DockerException as error:
        raise ToolError(f"the container engine: {_reason(error)}") from None
    finally:
        client.close()


def run_container(
    client: Any,
    image: str,
    command: Sequence[str],
    mounts: Sequence[Mount],
    *,
    say: Say,
    user: str | None = None,
    **options: Any,
) -> int:
    """Run a container to its end: no network, its own root read-only, gone afterwards.

    What it prints is handed on as it comes. If the wait is interrupted (Ctrl-C), the container is
    stopped before the interruption goes on.

    Args:
        client: From `engine`.
        image: Name of the image.
        command: Words after the image's entry point.
        mounts: Folders to show it.
        say: Told what it prints.
        user: ``UID:GID`` that it runs as.
        options: Further arguments of the SDK's ``containers.create``.

    Returns:
        Its exit code.
    """
    container = client.containers.create(
        image,
        list(command),
        volumes={
            str(mount.source.resolve()): {
                "bind": mount.target,
                "mode": "rw" if mount.writable else "ro",
            }
            for mount in mounts
        },
        user=user,
        network_mode="none",
        read_only=True,
        tmpfs={"/tmp": "exec"},
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        init=True,
        stop_signal="SIGINT",
        **options,
    )
    try:
        container.start()
        for piece in container.logs(stream=True, follow=True):
            say(piece.decode("utf-8", "replace"))
        return int(container.wait()["StatusCode"])
    except BaseException:
        logger.warning("%s: stopping", container.short_id)
        container.stop(timeout=PATIENCE)
        raise
    finally:
        container.remove(force=True)


def caller(client: Any) -> str | None:
    """Return who a container runs as, so that what it writes is the caller's.

    That is ``UID:GID`` of the caller; root inside for an engine that itself runs as the caller,
    where root inside is the caller outside; None (as the image says) on Windows.
    """
    if not hasattr(os, "getuid"):
        return None
    if any("rootless" in option for option in client.info().get("SecurityOptions") or []):
        return "0:0"
    return f"{os.getuid()}:{os.getgid()}"


def gpu_request(client: Any) -> Any | None:
    """Return how this engine is asked for all its NVIDIA GPUs, or None where it has none to give.

    An engine that lists them as devices (the container device interface) is asked for these, one
    with NVIDIA's runtime for GPUs as such. That runtime may be there without a GPU, so an engine of
    this machine has none where there is no driver.

    Returns:
        A ``DeviceRequest`` of the Docker SDK.
    """
    from docker.types import DeviceRequest

    known = client.info()
    devices = (device.get("ID", "") for device in known.get("DiscoveredDevices") or ())
    if any(device.startswith(f"{GPU_DEVICES}=") for device in devices):
        return DeviceRequest(driver="cdi", device_ids=[f"{GPU_DEVICES}=all"])
    here = client.api.base_url.startswith("http+docker://")
    driven = not here or any(path.exists() for path in DRIVERS)
    if driven and "nvidia" in (known.get("Runtimes") or {}):
        return DeviceRequest(count=-1, capabilities=[["gpu"]])
    return None


def _knock(host: str) -> None:
    """Try the engine's socket; the SDK would leave its own open where nobody listens.

    Raises:
        OSError: If nobody does.
    """
    path = host.removeprefix("unix://")
    if path != host and hasattr(socket, "AF_UNIX"):
        with socket.socket(socket.AF_UNIX) as door:
            door.connect(path)


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
