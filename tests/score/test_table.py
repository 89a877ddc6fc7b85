"""The table on the terminal."""

from pathlib import Path

import numpy as np

from ctc_submit.score.judge import score
from ctc_submit.score.record import mean_scores
from ctc_submit.score.table import BAR, mean_table, table
from tests.score.random_sequences import random_case, write_case


def test_rows_line_up_and_bars_are_full_only_at_one(tmp_path: Path) -> None:
    record = score(write_case(random_case(np.random.default_rng(1)), tmp_path / "Data"))
    lines = table(record).splitlines()
    assert lines[0].startswith("Data 01 · gold truth · ")
    rows = [line for line in lines if "━" in line or "╌" in line]
    assert len(rows) == len(record.scores) - len(record.missing)
    assert len({line.index("0.") if "0." in line else line.index("1.") for line in rows}) == 1
    for line in rows:
        assert (line.count("━") == BAR) == ("1.000000" in line)
        assert line.count("━") + line.count("╌") == BAR
    for name, reason in record.missing.items():
        shown = "BC(i)" if name.startswith("BC(") else name
        assert any(shown in line and reason in line for line in lines)
    assert all(line == line.rstrip() for line in lines)


def test_errors_are_counted_by_kind(tmp_path: Path) -> None:
    record = score(write_case(random_case(np.random.default_rng(1)), tmp_path / "Data"))
    text = table(record)
    counts = record.counts
    assert f"{counts.false_negatives} missed (FN)" in text
    assert f"{counts.redundant_edges} too many (ED)" in text
    for frame in record.worst_frames():
        assert f"t {frame.time}" in text


def test_the_mean_of_a_data_set(tmp_path: Path) -> None:
    record = score(write_case(random_case(np.random.default_rng(1)), tmp_path / "Data"))
    text = mean_table("Data", ["01", "02"], mean_scores([record, record]))
    assert text.startswith("Data · mean of 01 and 02")
    assert f"{record.scores['SEG']:.6f}" in text
