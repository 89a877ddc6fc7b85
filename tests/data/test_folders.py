"""Folders that may not be read."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from ctc_submit.cli.main import main
from tests.score.random_sequences import random_case, write_case


@pytest.mark.parametrize(
    ("command", "closed"),
    [
        (("eval", "Data", "01"), "01_RES"),
        (("eval", "Data"), "01_RES"),
        (("eval", "Data", "01"), "01_GT/SEG"),
        (("eval", "Data", "01"), "01_GT/TRA"),
        (("check", "Data"), "01_RES"),
        (("check", "Data/01_RES"), "01_RES"),
    ],
)
def test_a_folder_that_may_not_be_read_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], closed: str
) -> None:
    write_case(random_case(np.random.default_rng(0)), tmp_path / "Data")
    listed = Path.iterdir

    def refused(folder: Path) -> Iterator[Path]:
        if folder == Path("Data") / closed:
            raise PermissionError(13, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "iterdir", refused)
    done = CliRunner().invoke(main, command)
    told = f"ctc-submit: Data/{closed}: cannot be read (no permission)\n"
    assert (done.exit_code, done.stderr) == (3, told)
