"""Two programs and one folder."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ctc_submit.data.one_writer import one_writer
from ctc_submit.errors import DataError

HOLDS = """
import sys, time
from pathlib import Path
from ctc_submit.data.one_writer import one_writer
with one_writer(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_the_second_is_told_in_one_line_and_the_first_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "01_RES"
    with (
        one_writer(folder),
        pytest.raises(DataError, match=r"01_RES: another program is writing it; wait") as caught,
        one_writer(folder),
    ):
        raise AssertionError("both write")
    assert "\n" not in str(caught.value)
    with one_writer(folder):
        pass
    assert not list(folder.parent.iterdir())


def test_other_folders_and_other_names_of_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with one_writer(tmp_path / "real"):
        with one_writer(Path("other")):
            pass
        for same in (Path("real"), Path("link"), Path("other/../real")):
            with pytest.raises(DataError, match="another program"), one_writer(same):
                pass


def test_one_that_was_killed_blocks_nobody(tmp_path: Path) -> None:
    folder = tmp_path / "01_RES"
    program = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "held\n"
    with pytest.raises(DataError, match="another program"), one_writer(folder):
        pass
    program.send_signal(signal.SIGKILL)
    program.communicate()
    assert (tmp_path / ".01_RES.lock").exists()
    with one_writer(folder):
        pass


def test_an_error_inside_lets_go(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), one_writer(tmp_path / "a"):
        raise ZeroDivisionError
    with one_writer(tmp_path / "a"):
        pass


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with (
        pytest.raises(DataError, match=r"x: cannot be written, as .*file cannot \("),
        one_writer(tmp_path / "file/x"),
    ):
        pass
    if os.geteuid():
        (tmp_path / "shut").mkdir(mode=0o500)
        with pytest.raises(DataError, match="cannot be written"), one_writer(tmp_path / "shut/x"):
            pass
