"""The real package in a container: the masks are those of the same run outside.

The packages are not installed into the image, which would copy gigabytes; those of the running
interpreter are shown to it instead, in the place of the image's own. So it needs an image with the
same minor version of Python.
"""

import json
import shutil
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ctc_submit.container.image import build_image, context_files
from ctc_submit.container.settings import BuildConfig
from tests.container.alike import assert_same_result, ctc, demand_our_python

ROOT = Path(__file__).parent.parent.parent
TAG = "ctc-submit-real-test"
FRAMES = 3
MODELS = {"demo": "Sim", "DIC-C2DH-HeLa": "DIC-C2DH-HeLa", "PhC-C2DH-U373": "PhC-C2DH-U373"}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def models() -> dict[str, Path]:
    """The committed models that are there."""
    found = {name: ROOT / "models" / name for name in MODELS}
    found = {name: folder for name, folder in found.items() if (folder / "card.json").is_file()}
    if not found:
        pytest.skip("no models")
    return found


@pytest.fixture(scope="module")
def image(client: Any, base: str, models: dict[str, Path]) -> Iterator[str]:
    """Our image without the packages."""
    demand_our_python(client, base)
    context = context_files(models, requirements="\n")
    build_image(context, BuildConfig(tag=TAG, base=base, network="none"), lambda _: None)
    yield TAG
    client.images.remove(TAG, force=True)


def both_ways(image: str, sequence: Path, model: str, tmp_path: Path) -> None:
    """Run a sequence outside and inside, and hold the results against each other."""
    outside, inside = tmp_path / "outside" / "01_RES", tmp_path / "inside" / "01_RES"
    outside.parent.mkdir()
    ctc("run", sequence, outside, "--model", ROOT / "models" / model)
    packages = Path(sysconfig.get_paths()["platlib"])
    place = f"/opt/venv/lib/{packages.parent.name}/site-packages"
    mount = f"{packages}:{place}"
    ctc("docker", "run", sequence, inside, "--model", model, "--image", image, "--mount", mount)
    assert_same_result(outside, inside, FRAMES)
    record = json.loads((inside.parent / "01_RES.run.json").read_text())
    first = record["models"][0] if "models" in record else record["model"]
    assert first["name"] == model


def test_simulated_cells(image: str, models: dict[str, Path], tmp_path: Path) -> None:
    if "demo" not in models:
        pytest.skip("no model models/demo")
    data = tmp_path / "Sim"
    ctc("simulate", data, "--frames", FRAMES, "--height", 256, "--width", 256)
    both_ways(image, data / "01", "demo", tmp_path)


@pytest.mark.data
@pytest.mark.parametrize("dataset", ["DIC-C2DH-HeLa", "PhC-C2DH-U373"])
def test_real_cells(
    image: str, models: dict[str, Path], real_data: Path, tmp_path: Path, dataset: str
) -> None:
    if dataset not in models:
        pytest.skip(f"no model models/{dataset}")
    folder = tmp_path / dataset / "01"
    folder.mkdir(parents=True)
    for path in sorted((real_data / dataset / "01").iterdir())[:FRAMES]:
        shutil.copyfile(path, folder / path.name)
    both_ways(image, folder, dataset, tmp_path)
