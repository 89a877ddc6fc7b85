import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import click
import pytest
from click.testing import CliRunner

from ctc_submit.cli.lazy import LazyGroup
from ctc_submit.cli.options import errors_to_exit_codes, options_from
from ctc_submit.errors import CtcError, DataError, RulesBroken

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Settings:
    width: int = field(default=8, metadata={"help": "Width.", "unit": "px"})
    rate: float | None = field(default=None, metadata={"help": "Rate."})
    fast: bool = field(default=False, metadata={"help": "Faster."})
    way: Literal["a", "b"] = field(default="a", metadata={"help": "Which way."})
    names: tuple[str, ...] = field(default=("x",), metadata={"help": "Names."})
    hidden: int = 3


@click.command()
@options_from(Settings, "settings", skip=("hidden",))
def show(settings: Settings) -> None:
    click.echo(repr(settings))


def test_defaults_are_the_fields_defaults() -> None:
    assert CliRunner().invoke(show, []).output.strip() == repr(Settings())


def test_every_field_can_be_given() -> None:
    arguments = "--width 3 --rate 0.5 --fast --way b --names p --names q".split()
    expected = Settings(3, 0.5, True, "b", ("p", "q"))
    assert CliRunner().invoke(show, arguments).output.strip() == repr(expected)


def test_help_names_the_unit_and_leaves_out_what_is_skipped() -> None:
    text = CliRunner().invoke(show, ["--help"]).output
    assert "[px]" in text
    assert "hidden" not in text


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (DataError("a: two\nlines"), 3, "ctc-submit: a: two lines\n"),
        (RulesBroken("b"), 5, "ctc-submit: b\n"),
        (CtcError("c"), 1, "ctc-submit: c\n"),
        (KeyboardInterrupt(), 130, "ctc-submit: stopped\n"),
        (OSError(28, "No space left on device", "x.tif"), 1, "x.tif: No space left on device"),
        (MemoryError("no 4 GB"), 1, "ctc-submit: not enough memory (no 4 GB)\n"),
        (MemoryError(), 1, "ctc-submit: not enough memory (no more to be had)\n"),
    ],
)
def test_errors_become_one_line_and_a_code(error: BaseException, code: int, line: str) -> None:
    @click.command()
    @errors_to_exit_codes
    def fail() -> None:
        raise error

    result = CliRunner().invoke(fail, [])
    assert result.exit_code == code
    assert line in result.stderr
    assert result.stderr.count("\n") == 1


def test_programming_mistakes_are_not_hidden() -> None:
    @click.command()
    @errors_to_exit_codes
    def fail() -> None:
        raise TypeError("mine")

    assert isinstance(CliRunner().invoke(fail, []).exception, TypeError)


def test_a_stop_that_another_error_hides_is_a_stop() -> None:
    """While a class is made, Python before 3.12 hands on a RuntimeError in place of Ctrl-C."""

    @click.command()
    @errors_to_exit_codes
    def fail() -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as stop:
            raise RuntimeError("Error calling __set_name__") from stop

    result = CliRunner().invoke(fail, [])
    assert (result.exit_code, result.stderr) == (130, "ctc-submit: stopped\n")


def test_a_stop_while_a_command_is_loaded_is_a_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(_name: str) -> None:
        raise KeyboardInterrupt

    group = LazyGroup(texts={"run": "Run."}, module="somewhere.{}", name="group")
    monkeypatch.setattr("ctc_submit.cli.lazy.importlib.import_module", stop)
    result = CliRunner().invoke(group, ["run"])
    assert (result.exit_code, result.stderr) == (130, "ctc-submit: stopped\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["--version"]])
def test_help_that_cannot_be_written_is_one_line(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", "from ctc_submit.cli.main import main; main()", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    assert done.stderr == "ctc-submit: system: No space left on device\n"


def test_the_package_is_the_command_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ctc_submit", "nothing"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: ctc-submit [OPTIONS] COMMAND")
    assert "No such command 'nothing'" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a folder that is in use stays there")
def test_a_working_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    program = (
        "import os, sys\n"
        "from ctc_submit.cli.main import main\n"
        "os.rmdir(os.getcwd())\n"
        "main(['check', '.'], prog_name='ctc-submit')\n"
    )
    words = [sys.executable, "-c", program]
    paths = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, cwd=gone, env=paths, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("ctc-submit: the folder that this is called in is gone")
    assert len(done.stderr.splitlines()) == 1
