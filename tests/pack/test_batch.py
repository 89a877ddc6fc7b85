"""The ``.bat`` files of ``SW/``, run by a command interpreter: Wine's, where Wine is installed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ctc_submit.pack.entry import Entry, Rendering
from ctc_submit.pack.scripts import launchers, render_folder, write_scripts

pytestmark = pytest.mark.skipif(not shutil.which("wine"), reason="Wine is not installed")

BEYOND_WINE = " || exit /b 1"
"""Wine 8 takes every command before ``||`` for a failed one."""
ECHO = b"@echo off\r\necho offline=%HF_HUB_OFFLINE%\r\necho in=%CD%\r\necho %*\r\nexit /b 0\r\n"
NAME = "DIC-C2DH-HeLa-01-GT+ST.bat"


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wine")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A ``SW/`` folder in a path with blanks."""
    sw = tmp_path / "my entry" / "SW"
    entry = Entry("DIC-C2DH-HeLa", "01", configuration="GT+ST")
    write_scripts(sw, render_folder([entry], Rendering(batch=True)))
    script = sw / NAME
    text = script.read_bytes().decode()
    assert BEYOND_WINE in text
    script.write_bytes(text.replace(BEYOND_WINE, "").encode())
    return sw


def windows(path: Path) -> str:
    return "Z:" + str(path).replace("/", "\\")


def start(sw: Path, prefix: Path, **variables: str) -> tuple[int, list[str], str]:
    """Run the script from another folder; exit code, lines of output, errors."""
    environment = os.environ | variables | {"WINEPREFIX": str(prefix), "WINEDEBUG": "-all"}
    done = subprocess.run(
        ["wine", "cmd", "/c", windows(sw / NAME)],
        cwd=sw.parent.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout.splitlines(), done.stderr


def test_it_runs_without_arguments_from_any_folder(folder: Path, prefix: Path) -> None:
    (folder / "ctc-submit.bat").write_bytes(ECHO)
    code, said, _ = start(folder, prefix)
    data = windows(folder) + "\\..\\DIC-C2DH-HeLa"
    assert code == 0
    assert said == [
        "offline=1",
        f"in={windows(folder)}",
        f'run "{data}\\01" "{data}\\01_RES-GT+ST" --model "..\\models\\DIC-C2DH-HeLa-GT+ST"',
    ]


def test_another_folder_of_data(folder: Path, prefix: Path) -> None:
    (folder / "ctc-submit.bat").write_bytes(ECHO)
    code, said, _ = start(folder, prefix, CTC_DATA="my data")
    data = windows(folder.parent.parent / "my data" / "DIC-C2DH-HeLa")
    assert code == 0
    assert said[-1].startswith(f'run "{data}\\01" "{data}\\01_RES-GT+ST" ')


@pytest.mark.parametrize("odd", ["(1) & x", "!x!", "a^b"])  # Wine reads % of a path anew
def test_odd_characters_of_a_path_stay(folder: Path, prefix: Path, odd: str) -> None:
    (folder / "ctc-submit.bat").write_bytes(ECHO)
    code, said, _ = start(folder, prefix, CTC_DATA=odd)
    data = windows(folder.parent.parent / odd / "DIC-C2DH-HeLa")
    assert code == 0
    assert said[-1].startswith(f'run "{data}\\01" "{data}\\01_RES-GT+ST" ')


def test_a_failure_is_handed_on(folder: Path, prefix: Path) -> None:
    (folder / "ctc-submit.bat").write_bytes(ECHO.replace(b"/b 0", b"/b 3"))
    assert start(folder, prefix)[0] != 0


def test_the_launcher_says_that_python_is_missing(folder: Path, prefix: Path) -> None:
    write_scripts(folder, launchers())
    code, _, error = start(folder, prefix)
    assert code == 1
    assert "ctc-submit: python is missing; install Python" in error


def test_a_missing_command_is_told(folder: Path, prefix: Path) -> None:
    code, _, error = start(folder, prefix)
    assert code == 1
    assert f"{NAME}: the command ctc-submit is missing; install it once" in error
