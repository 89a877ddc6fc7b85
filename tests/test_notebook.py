"""The notebook runs from top to bottom on what it simulates, and is kept without output."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parent.parent / "notebooks" / "train_and_run.ipynb"


def read() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]


def test_it_is_kept_without_output() -> None:
    for cell in read().cells:
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None


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
