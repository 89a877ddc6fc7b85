"""Linking by an outside library, whose place a small stand-in takes."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import networkx
import numpy as np
import pytest
import requests
import tifffile
from click.testing import CliRunner

from ctc_submit.cli.main import main
from ctc_submit.data.labels import write_labels
from ctc_submit.errors import ToolError
from ctc_submit.track.linkers import links_of_graph
from tests.track.films import film, measured
from tests.track.valid import faults_of

A, B = (20.0, 20.0, 6.0), (40.0, 60.0, 6.0)
TWO = [(20.0, 15.0, 4.0), (20.0, 25.0, 4.0)]


class StandIn:
    """Links every cell to all cells of the next frame that it overlaps."""

    calls: list[Any]

    @classmethod
    def from_folder(cls, folder: Path) -> "StandIn":
        assert (folder / "model.pt").read_text() == "weights"
        return cls()

    @classmethod
    def from_pretrained(cls, name: str) -> "StandIn":
        if name != "general_2d":
            raise ValueError(f"Pretrained model {name} is not available")
        raise requests.ConnectionError("Max retries exceeded")

    def track(self, images: Any, masks: Any, mode: str) -> tuple[Any, Any]:
        assert images.shape == masks.shape and mode == "greedy"
        graph = networkx.DiGraph()
        for time in range(len(masks) - 1):
            both = np.stack([masks[time], masks[time + 1]]).reshape(2, -1)
            for one, other in np.unique(both[:, both.all(axis=0)], axis=1).T.tolist():
                graph.add_node((time, one), time=time, label=one)
                graph.add_node((time + 1, other), time=time + 1, label=other)
                graph.add_edge((time, one), (time + 1, other))
        return graph, masks


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    top, module = ModuleType("trackastra"), ModuleType("trackastra.model")
    module.Trackastra = StandIn  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "trackastra", top)
    monkeypatch.setitem(sys.modules, "trackastra.model", module)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A division at 2, a cell beside, with frames."""
    maps = film([A, B], [A, B], [*TWO, B], [*TWO, B])
    result, frames = tmp_path / "cells" / "01_RES", tmp_path / "cells" / "01"
    result.mkdir(parents=True)
    frames.mkdir()
    for time, labels in enumerate(maps):
        write_labels(result / f"mask{time:03d}.tif", labels)
        tifffile.imwrite(frames / f"t{time:03d}.tif", (labels > 0).astype(np.uint8) * 100)
    return result


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["track", *map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.output


@pytest.mark.usefixtures("library")
def test_the_library_links_and_we_write(folder: Path, tmp_path: Path) -> None:
    weights = tmp_path / "my weights"
    weights.mkdir()
    (weights / "model.pt").write_text("weights")
    code, output = run(folder, "--linker", "trackastra", "--linker-model", weights)
    assert code == 0, output
    assert not faults_of(folder)
    rows = [line.split() for line in (folder / "res_track.txt").read_text().splitlines()]
    assert sorted(row[1:3] for row in rows) == [["0", "1"], ["0", "3"], ["2", "3"], ["2", "3"]]
    assert len({row[3] for row in rows}) == 2


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("general_2d", "without a network, fetch and unpack them elsewhere"),
        ("nonsense", "Pretrained model nonsense is not available"),
        ("no/such/folder", "no such folder; expected model.pt"),
    ],
)
def test_weights_that_cannot_be_had_are_one_line(folder: Path, model: str, said: str) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    code, output = run(folder, "--linker", "trackastra", "--linker-model", model)
    assert code in {3, 6} and output.count("\n") == 1 and said in output
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.usefixtures("library")
def test_the_frames_are_asked_for_where_they_are_not_beside(folder: Path, tmp_path: Path) -> None:
    folder.rename(tmp_path / "masks")
    code, output = run(tmp_path / "masks", "--linker", "trackastra")
    assert code == 3 and "name their folder with --sequence" in output


@pytest.mark.usefixtures("library")
def test_a_frame_of_another_size_is_named(folder: Path) -> None:
    frame = folder.with_name("01") / "t002.tif"
    tifffile.imwrite(frame, np.zeros((50, 80), np.uint8))
    code, output = run(folder, "--linker", "trackastra")
    assert code == 3 and f"{frame}: is 50×80 pixels, the frames before are 60×80" in output


def test_a_missing_library_is_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trackastra", None)
    monkeypatch.setitem(sys.modules, "trackastra.model", None)
    code, output = run(folder, "--linker", "trackastra")
    assert code == 6 and "pip install 'ctc-submit[trackastra]'" in output


def test_an_answer_that_is_no_lineage_is_refused() -> None:
    maps = film([A, B], [A])
    movie = measured(maps)
    graph = networkx.DiGraph()
    for node, (time, label) in enumerate([(0, 1), (0, 2), (1, 1)]):
        graph.add_node(node, time=time, label=label)
    graph.add_edges_from([(0, 2), (1, 2)])
    with pytest.raises(ToolError, match="two predecessors"):
        links_of_graph(movie, graph)
    graph.remove_edge(1, 2)
    graph.add_node(3, time=1, label=77)
    with pytest.raises(ToolError, match="label 77 of frame 1"):
        links_of_graph(movie, graph)


def test_a_daughter_of_two_mothers_is_refused() -> None:
    maps = film([A, B], [A, B, (20.0, 60.0, 4.0)])
    graph = networkx.DiGraph()
    for node, (time, label) in enumerate([(0, 1), (0, 2), (1, 1), (1, 2), (1, 3)]):
        graph.add_node(node, time=time, label=label)
    graph.add_edges_from([(0, 2), (0, 3), (1, 3), (1, 4)])
    with pytest.raises(ToolError, match="two predecessors"):
        links_of_graph(measured(maps), graph)
