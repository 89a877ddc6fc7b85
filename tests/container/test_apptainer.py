"""The rendered Apptainer definition, built and run by Apptainer: the masks are those outside.

As in ``test_real``, the packages of the running interpreter are shown to the container in place of
gigabytes of its own, so the image needs the same minor version of Python. A stand-in says whether
wheels are installed.
"""

import os
import shutil
import subprocess
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.container.alike import assert_same_result, ctc, demand_our_python
from tests.pack import stand_in

DEMO = Path(__file__).parent.parent.parent / "models" / "demo"
FRAMES = 3
IMAGE = "ctc-submit.sif"

pytestmark = pytest.mark.slow


def call(*words: str, cwd: Path, **environment: str) -> str:
    """Run a command; returns what it prints."""
    done = subprocess.run(
        words, cwd=cwd, env=os.environ | environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def packages() -> dict[str, str]:
    """The environment that shows a container the packages of this interpreter."""
    folder = sysconfig.get_paths()["platlib"]
    return {"APPTAINER_BIND": f"{folder}:/packages", "APPTAINERENV_PYTHONPATH": "/packages"}


@pytest.fixture(scope="module")
def submission(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set with its result, and beside it the unpacked software that made it."""
    if not shutil.which("apptainer"):
        pytest.skip("no apptainer; tests/container/apptainer.sh can see to it")
    if not (DEMO / "card.json").is_file():
        pytest.skip("no model models/demo")
    root = tmp_path_factory.mktemp("apptainer") / "with a blank"
    ctc("simulate", root / "Sim", "--frames", FRAMES, "--height", 256, "--width", 256)
    ctc("run", root / "Sim" / "01", root / "Sim" / "01_RES", "--model", DEMO)
    packed = root / "packed"
    how = ("--model", f"Sim={DEMO}", "--cluster", "--no-preflight", "--out", packed)
    ctc("pack", root, *how)
    with zipfile.ZipFile(packed / "SW" / "ctc-submit.zip") as archive:
        archive.extractall(root)
    software = root / "SW"
    for path in software.iterdir():  # zipfile leaves the permissions out
        path.chmod(0o755)
    (software / "requirements.txt").write_text("standinneed==1.0\n")
    stand_in.wheel(software / "wheels")
    (software / ".venv").mkdir()
    (software / "earlier.sif").write_bytes(b"")
    return root


@pytest.fixture(scope="module")
def software(
    client: Any, base: str, submission: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The software's folder, with the image built in it from a file, without network."""
    demand_our_python(client, base)
    saved = tmp_path_factory.mktemp("base") / "base.tar"
    with saved.open("wb") as file:
        for part in client.images.get(base).save(named=True):
            file.write(part)
    software = submission / "SW"
    given = ("--build-arg", "bootstrap=docker-archive", "--build-arg", f"base={saved}")
    # Its test needs the packages, which are not there yet.
    call("apptainer", "build", "--notest", *given, IMAGE, "ctc-submit.def", cwd=software)
    saved.unlink()
    yield software
    (software / IMAGE).unlink()


def test_what_is_in_the_image(software: Path) -> None:
    inside = call("apptainer", "exec", IMAGE, "ls", "-A", "/opt/ctc-submit", cwd=software).split()
    assert {"ctc-submit", "ctc_submit", "models", "Sim-01.sh"} <= set(inside)
    assert not {"wheels", ".venv", "earlier.sif"} & set(inside)
    assert (software / "wheels").is_dir()
    call("apptainer", "exec", IMAGE, "python3", "-c", "import standinneed", cwd=software)


def test_its_own_test_passes(software: Path, packages: dict[str, str]) -> None:
    said = call("apptainer", "test", IMAGE, cwd=software, **packages)
    assert said.startswith("ctc-submit")


def test_a_task_of_slurm_writes_the_masks_of_a_run_outside(
    software: Path, packages: dict[str, str], tmp_path: Path
) -> None:
    data = software.parent / "Sim"
    shutil.copytree(data / "01", tmp_path / "Sim" / "01")
    environment = packages | {"CTC_DATA": str(tmp_path), "SLURM_SUBMIT_DIR": str(software)}
    call("bash", "slurm.sbatch", cwd=software, SLURM_ARRAY_TASK_ID="0", **environment)
    outside, inside = data / "01_RES", tmp_path / "Sim" / "01_RES"
    assert_same_result(outside, inside, FRAMES)
