from pathlib import Path
from typing import Any

import pytest

from ctc_submit.errors import DataError
from ctc_submit.report.curves import known_curves, read_curves
from ctc_submit.report.run_table import all_rows, main_rows, phases
from ctc_submit.report.subject import Shown


def test_a_training_s_table(tmp_path: Path) -> None:
    (tmp_path / "curves.csv").write_text("epoch,total,seg\n1,2.5,\n2,1.25,0.5\n")
    for path in (tmp_path, tmp_path / "curves.csv"):
        curves = read_curves(path)
        assert curves.name == tmp_path.name
        assert curves.columns == {"epoch": [1, 2], "total": [2.5, 1.25], "seg": [None, 0.5]}


def test_numbers_that_are_not_finite_are_none(tmp_path: Path) -> None:
    (tmp_path / "curves.csv").write_text("epoch,total,matched\n1,inf,nan\n2,-inf,1e999\n3,1,0.5\n")
    columns = read_curves(tmp_path).columns
    assert columns == {"epoch": [1, 2, 3], "total": [None, None, 1], "matched": [None, None, 0.5]}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "expected a column 'epoch', found nothing"),
        ("a,b\n1,2\n", "expected a column 'epoch', found a, b"),
        ("epoch\none\n", "expected a table of numbers"),
        ("epoch,loss\n1\n", "expected a table of numbers"),
        ("epoch\n1,2\n", "expected a table of numbers"),
        ("epoch,loss\n1,2\nnan,1\n", "expected a number of the epoch in every line"),
    ],
)
def test_other_tables_are_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "curves.csv").write_text(text)
    with pytest.raises(DataError, match=rf"curves\.csv: {told}"):
        read_curves(tmp_path)


def test_a_missing_table(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"curves\.csv: cannot be read \(No such file"):
        read_curves(tmp_path)


def shown(run: dict[str, Any]) -> Shown:
    return Shown("01_RES", Path("01_RES"), {}, (), "", None, run, "")


def test_curves_beside_the_model_are_found_once(tmp_path: Path) -> None:
    runs = [{"model": {"folder": str(tmp_path)}}, {"model": {"folder": str(tmp_path / ".")}}]
    others: list[dict[str, Any]] = [{}, {"model": "demo"}, {"model": {"folder": 3}}]
    results = [shown(run) for run in [*runs, *others]]
    assert known_curves(results) == []
    (tmp_path / "curves.csv").write_text("epoch,total\n1,2\n")
    (only,) = known_curves(results)
    assert only.columns["total"] == [2]


@pytest.mark.parametrize("text", ["", "epoch,total\n1\n", "epoch\none\n", "a,b\n1,2\n"])
def test_broken_curves_that_nobody_named_are_left_out(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    for name, content in (("broken", text), ("whole", "epoch,total\n1,2\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "curves.csv").write_text(content)
    results = [shown({"model": {"folder": str(tmp_path / name)}}) for name in ("broken", "whole")]
    assert [each.name for each in known_curves(results)] == ["whole"]
    assert "broken/curves.csv: expected a" in caplog.text


def test_a_record_as_rows() -> None:
    run = {
        "track": True,
        "model": {"name": "demo", "sha256": None},
        "method_config": {"anchor_ratios": [0.5, 1.0]},
        "phases": {"load": 0.5, "network": 2, "odd": "x"},
    }
    assert main_rows(run) == [("model", "demo"), ("cells linked over time", "yes")]
    rows = dict(all_rows(run))
    assert rows["method_config.anchor_ratios"] == "0.5, 1.0" and rows["model.sha256"] == "–"
    assert phases(run) == [("network", 2.0), ("load", 0.5)]
    assert phases({}) == phases({"phases": 3}) == []
