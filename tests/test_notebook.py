"""The notebook runs from top to bottom on what it simulates, and is kept without output."""

import shutil
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import nbformat
import pytest
from nbclient import NotebookClient

from ctc_submit.simulate.dataset import write_dataset
from ctc_submit.simulate.settings import SimulationSettings

NOTEBOOK = Path(__file__).parent.parent / "notebooks" / "train_and_run.ipynb"


def read() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]


def test_it_is_kept_without_output() -> None:
    for cell in read().cells:
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None


def test_truth_that_begins_later_and_long_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the gold truth of real data sets does, and as those with many frames have."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plt, "show", plt.close)
    data = tmp_path / "DIC-SIM"
    settings = SimulationSettings(frames=3, height=64, width=64, cells=1)
    list(write_dataset(data, settings, sequences=2))
    for number in ("01", "02"):
        (data / f"{number}_GT" / "SEG" / "man_seg000.tif").unlink()
    (data / "02_RES").mkdir()
    for time in range(3):
        mask = data / "02_GT" / "TRA" / f"man_track{time:03d}.tif"
        shutil.copy(mask, data / "02_RES" / f"mask{time:04d}.tif")
    wanted = {"cell-01", "cell-03", "cell-04", "cell-12"}
    cells = [cell.source for cell in read().cells if cell.id in wanted]
    known: dict[str, Any] = {}
    for source in cells:
        exec(source, known)
    assert len(cells) == 4 and known["time"] == 1 and known["labels"].any()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::ResourceWarning")
def test_it_trains_runs_and_scores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    notebook = read()
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    said = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
    pictures = [o for outputs in said for o in outputs if "image/png" in o.get("data", {})]
    assert len(pictures) == 4
    scores = dict(line.split() for line in said[-1][0].text.splitlines())
    assert float(scores["SEG"]) > 0.6 and float(scores["DET"]) > 0.7, scores
    assert (tmp_path / "notebook-model" / "README.md").is_file()
    assert (tmp_path / "DIC-SIM" / "02_RES" / "res_track.txt").is_file()
