"""``ctc-submit view``: a window without a screen where napari is, else one line."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ctc_submit.cli.main import main
from ctc_submit.simulate.dataset import write_dataset
from ctc_submit.simulate.settings import SimulationSettings

OFFSCREEN = """
import sys
from pathlib import Path
import numpy as np
from napari.components import ViewerModel
from ctc_submit.data.sequence import Sequence
from ctc_submit.report.layers import layers_of
from ctc_submit.report.viewer import fill_viewer
result = Path(sys.argv[1])
sequence = Sequence.at(result.with_name("01"))
layers = layers_of(result, sequence, truth="GT")
viewer = ViewerModel()
fill_viewer(viewer, layers, sequence)
assert [layer.name for layer in viewer.layers] == [layer.name for layer in layers]
assert viewer.dims.axis_labels == ("frame", "y", "x"), viewer.dims.axis_labels
viewer.dims.set_point(0, 2)
cells = viewer.layers["01_RES cells"]
assert type(cells.data).__module__.startswith("dask"), type(cells.data)
colours = {tuple(np.round(cells.get_color(label), 3)) for label in range(1, 8)}
assert len(colours) == 7 and cells.get_color(0) is None or cells.get_color(0)[3] == 0
assert np.allclose(cells.get_color(1)[:3], np.array((230, 159, 0)) / 255, atol=0.01)
assert viewer.layers["01_GT cells"].contour == 1
tracks = viewer.layers["01_RES tracks"]
assert tracks.data.shape[1] == 4
for row, colour in zip(tracks.data, tracks.track_colors, strict=True):
    assert np.allclose(colour, cells.get_color(int(row[0])), atol=0.01), (row, colour)
for layer in viewer.layers:
    assert [str(unit) for unit in layer.units] == ["pixel"] + 2 * [sys.argv[2]], layer.units
print("shown", len(viewer.layers))
"""


@pytest.fixture
def result(tmp_path: Path) -> Path:
    return result_in(tmp_path / "Sim")


def result_in(folder: Path) -> Path:
    list(write_dataset(folder, SimulationSettings(frames=3, height=40, width=40, cells=2)))
    masks = folder / "01_RES"
    masks.mkdir()
    for path in sorted((folder / "01_GT" / "SEG").iterdir()):
        (masks / path.name.replace("man_seg", "mask")).write_bytes(path.read_bytes())
    (masks / "res_track.txt").write_bytes((folder / "01_GT/TRA/man_track.txt").read_bytes())
    return masks


def test_without_napari_one_line_says_how_to_get_it(
    result: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "napari", None)
    done = CliRunner().invoke(main, ["view", str(result)])
    assert done.exit_code == 6
    assert done.stderr == "ctc-submit: view needs napari: pip install 'ctc-submit[view]'\n"


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("napari") is None, reason="napari is not installed")
@pytest.mark.parametrize(("name", "unit"), [("Sim", "pixel"), ("DIC-C2DH-HeLa", "micrometer")])
def test_layers_are_shown_without_a_screen(tmp_path: Path, name: str, unit: str) -> None:
    result = result_in(tmp_path / name)
    done = subprocess.run(
        [sys.executable, "-W", "error::FutureWarning", "-c", OFFSCREEN, str(result), unit],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "shown 5" in done.stdout


def test_a_folder_that_is_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dask")
    monkeypatch.setitem(sys.modules, "napari", sys)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    done = CliRunner().invoke(main, ["view", str(tmp_path / "01_RES")])
    assert done.exit_code == 3 and "no such folder" in done.stderr
    done = CliRunner().invoke(main, ["view", str(tmp_path)])
    assert done.exit_code == 3 and "--sequence" in done.stderr


def test_a_machine_without_a_display(result: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "napari", sys)
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    done = CliRunner().invoke(main, ["view", str(result)])
    assert done.exit_code == 6 and "view needs a display" in done.stderr
