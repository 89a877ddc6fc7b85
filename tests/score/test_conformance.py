"""Every answer on record of the organisers' evaluator, line for line."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ctc_submit.score.measure import measure, write_log

CASES = Path(__file__).parents[3] / "shared" / "conformance" / "cases"
NAMES = sorted(path.name for path in CASES.iterdir()) if CASES.is_dir() else []
LOST_FOLDERS = {"gt_seg_empty": "01_GT/SEG"}
"""Empty folders, which the record cannot hold as it holds files only."""


@pytest.mark.skipif(not NAMES, reason=f"no answers on record at {CASES}")
def test_there_are_answers_to_equal() -> None:
    assert len(NAMES) > 100


@pytest.mark.parametrize("name", NAMES)
def test_equals_the_evaluator(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(CASES / name / "case", tmp_path / "case", copy_function=shutil.copyfile)
    record: dict[str, Any] = json.loads((CASES / name / "expected.json").read_text())
    if lost := LOST_FOLDERS.get(record["kind"]):
        (tmp_path / "case" / lost).mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path)
    for wanted in record["answers"]:
        tool = wanted["tool"].removesuffix("Measure")
        answer = write_log(measure(tool, *wanted["args"]), tool, *wanted["args"][:2])
        log = Path("case", "01_RES", f"{tool}_log.txt")
        assert answer.code == wanted["exit"], answer.output
        assert answer.output == wanted["stdout"]
        assert (log.read_text() if log.exists() else None) == wanted["log"]
        log.unlink(missing_ok=True)
