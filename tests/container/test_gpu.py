"""How an engine is asked for its GPUs: what it says of itself, and an engine with a stand-in."""

import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ctc_submit.container import engine as room
from ctc_submit.container.engine import engine, gpu_request
from ctc_submit.container.run import run_sequence
from ctc_submit.container.settings import ContainerConfig
from ctc_submit.data.sequence import Sequence
from ctc_submit.errors import ToolError
from tests.pack.result_scenes import faultless

TAG = "ctc-submit-gpu-test"
LOCAL, REMOTE = "http+docker://localhost", "http://cluster:2375"
RUNTIME: dict[str, Any] = {"Runtimes": {"runc": {}, "nvidia": {}}}
LISTED = {"DiscoveredDevices": [{"Source": "cdi", "ID": "nvidia.com/gpu=0"}], "Runtimes": {}}
OTHER = {"DiscoveredDevices": [{"Source": "cdi", "ID": "amd.com/gpu=0"}], "Runtimes": {"runc": {}}}
ALL = {"Count": -1, "Capabilities": [["gpu"]]}
DEVICES = {"Driver": "cdi", "DeviceIDs": ["nvidia.com/gpu=all"]}


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is there where this machine has a GPU; made by the test that wants one."""
    monkeypatch.setattr(room, "DRIVERS", (tmp_path / "no", tmp_path / "nvidiactl"))
    return tmp_path / "nvidiactl"


@pytest.mark.parametrize(
    ("known", "url", "driven", "request_"),
    [
        (RUNTIME, LOCAL, True, ALL),
        (RUNTIME, LOCAL, False, None),
        (RUNTIME, REMOTE, False, ALL),
        (LISTED, LOCAL, False, DEVICES),
        (LISTED | RUNTIME, LOCAL, True, DEVICES),
        (OTHER, LOCAL, True, None),
        ({"Runtimes": None, "DiscoveredDevices": None}, LOCAL, True, None),
        ({}, REMOTE, True, None),
    ],
)
def test_an_engine_is_asked_for_what_it_has(
    driver: Path, known: dict[str, Any], url: str, driven: bool, request_: dict[str, Any] | None
) -> None:
    pytest.importorskip("docker", reason="the Docker SDK is not installed")
    if driven:
        driver.touch()
    client = SimpleNamespace(info=lambda: known, api=SimpleNamespace(base_url=url))
    asked = gpu_request(client)
    assert (asked and {name: value for name, value in asked.items() if value}) == request_


HOOK = """#!/bin/sh
# In place of NVIDIA's: told by the runtime, on standard input, which container is to get the GPUs.
echo "$1 $(cat)" >> "{told}"
"""
INSIDE = """#!/bin/sh
# In place of the package: the arguments are run, frames, result, and so on.
echo "GPUs: ${NVIDIA_VISIBLE_DEVICES:-none}"
mkdir -p "$3"
"""


@pytest.fixture
def second(base: str, client: Any, tmp_path: Path) -> Iterator[Path]:
    """Another engine, for which NVIDIA's runtime and hook are stand-ins; gives what these heard.

    It is one of its own as an engine looks for the hook when it starts.
    """
    runc = shutil.which("runc")
    if not hasattr(os, "getuid") or os.getuid() or not shutil.which("dockerd") or runc is None:
        pytest.skip("needs root, dockerd and runc for an engine of its own")
    places = tmp_path / "bin"
    places.mkdir()
    hook = places / "nvidia-container-runtime-hook"
    hook.write_text(HOOK.format(told=tmp_path / "told"))
    hook.chmod(0o755)
    host = f"unix://{tmp_path / 's'}"
    words = ["dockerd", "--data-root", tmp_path / "d", "--exec-root", tmp_path / "e", "--host"]
    words += [host, "--pidfile", tmp_path / "pid", "--bridge", "none", "--iptables=false"]
    words += ["--ip6tables=false", "--add-runtime", f"nvidia={runc}"]
    path = f"{places}{os.pathsep}{os.environ['PATH']}"
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(
            list(map(str, words)), env=os.environ | {"PATH": path}, stdout=log, stderr=log
        ) as process,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("DOCKER_HOST", host)
        try:
            _load(client, base, tmp_path / "log")
            yield tmp_path / "told"
        finally:
            process.terminate()
            process.wait(60)


def _load(client: Any, base: str, log: Path) -> None:
    """Wait until it answers, and give it an image that says which GPUs it sees."""
    ending = time.monotonic() + 60
    while True:
        try:
            with engine() as other:
                _make(other, client.images.get(base))
                return
        except ToolError:
            if time.monotonic() > ending:
                pytest.skip(f"dockerd does not start: {log.read_text()[-200:]}")
            time.sleep(0.2)


def _make(other: Any, base: Any) -> None:
    """Build the image from the base of the first engine."""
    [start] = other.images.load(base.save())
    files = {
        "Dockerfile": f"FROM {start.id}\nCOPY inside /\n",
        "inside": INSIDE,
    }
    files["Dockerfile"] += 'ENTRYPOINT ["/bin/sh", "/inside"]\n'
    content = BytesIO()
    with tarfile.open(fileobj=content, mode="w") as context:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            context.addfile(entry, BytesIO(text.encode()))
    content.seek(0)
    other.images.build(fileobj=content, custom_context=True, tag=TAG, rm=True)


@pytest.mark.slow
def test_a_container_gets_the_gpus_of_its_engine(
    second: Path, driver: Path, tmp_path: Path
) -> None:
    sequence = Sequence.at(faultless(tmp_path / "data").parent / "01")

    def seen(gpu: Any) -> str:
        said: list[str] = []
        config = ContainerConfig(image=TAG, gpu=gpu)
        assert run_sequence(sequence, tmp_path / "01_RES", "any", config, said.append) == 0
        return "".join(said)

    with pytest.raises(ToolError, match="no GPU for containers"):
        seen("yes")
    assert seen("auto") == "GPUs: none\n" and not second.exists()
    driver.touch()
    assert seen("no") == "GPUs: none\n" and not second.exists()
    for gpu in ("auto", "yes"):
        assert seen(gpu) == "GPUs: all\n"
    heard = second.read_text().splitlines()
    assert len(heard) == 2 and all(line.startswith("prestart {") for line in heard)
