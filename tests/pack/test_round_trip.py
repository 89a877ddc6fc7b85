"""The whole road to the upload: run, check, pack, and the pre-flight with masks equal."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ctc_submit.cli.main import main

ROOT = Path(__file__).parent.parent.parent
FRAMES = 4


def ctc(*words: object) -> Result:
    done = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def model_named(name: str) -> Path:
    folder = ROOT / "models" / name
    if not (folder / "card.json").is_file():
        pytest.skip(f"no model {folder}")
    return folder


def there_and_back(data: Path, dataset: str, model: Path, tmp_path: Path) -> None:
    """Run the sequence, check it, pack it and see the archive come to the same masks."""
    result = data / dataset / "01_RES"
    ctc("run", data / dataset / "01", result, "--model", model)
    ctc("check", result, "--benchmark", "CTB")
    out = tmp_path / "submission"
    ctc("pack", data, "--out", out, "--model", f"{dataset}={model}", "--benchmark", "CTB")
    [flight] = json.loads((tmp_path / "submission.preflight.json").read_text())["flights"]
    assert (flight["script"], flight["masks"]) == (f"{dataset}-01.sh", FRAMES)
    assert (out / dataset / "01_RES" / "res_track.txt").is_file()
    ctc("upload", out, "--dry-run")


@pytest.mark.slow
def test_simulated_cells(tmp_path: Path) -> None:
    model = model_named("demo")
    ctc("simulate", tmp_path / "data" / "Sim", "--frames", FRAMES, "--height", 256, "--width", 256)
    there_and_back(tmp_path / "data", "Sim", model, tmp_path)


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("dataset", ["DIC-C2DH-HeLa", "PhC-C2DH-U373"])
def test_real_cells(real_data: Path, tmp_path: Path, dataset: str) -> None:
    model = model_named(dataset)
    folder = tmp_path / "data" / dataset / "01"
    folder.mkdir(parents=True)
    for path in sorted((real_data / dataset / "01").iterdir())[:FRAMES]:
        shutil.copyfile(path, folder / path.name)
    there_and_back(tmp_path / "data", dataset, model, tmp_path)
