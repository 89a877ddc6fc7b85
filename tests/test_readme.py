"""What the documentation says to type can be typed."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from ctc_submit.cli.lazy import LazyGroup
from ctc_submit.cli.main import COMMANDS, main

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*) ?(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def lines(page: Path) -> list[str]:
    """Every command line of a page's blocks, continued lines joined."""
    blocks = [body.replace("\\\n", " ") for _, _, body in BLOCK.findall(page.read_text("utf-8"))]
    return [line.strip() for body in blocks for line in body.splitlines()]


def typed() -> list[tuple[str, str]]:
    return [
        (page.name, line)
        for page in PAGES
        for line in lines(page)
        if re.match(r"(\w+=\S+ )*(\.venv/bin/)?ctc-submit ", line)
    ]


@pytest.mark.parametrize(("page", "line"), typed(), ids=lambda text: text[:60])
def test_every_command_line_is_understood(page: str, line: str) -> None:
    """Commands and options exist and values are of the right kind; nothing is run."""
    words = shlex.split(line, comments=True)
    name, *arguments = words[next(i for i, w in enumerate(words) if w.endswith("ctc-submit")) + 1 :]
    if name.startswith("-") or set(line) & set("|<>"):
        return
    assert isinstance(main, LazyGroup)
    command = main.get_command(click.Context(main), name)
    assert command is not None, f"{page}: no command {name}"
    try:
        command.make_context(name, arguments)
    except click.exceptions.Exit:
        pass
    except click.UsageError as error:
        pytest.fail(f"{page}: {line}: {error.format_message()}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_readme_lists_every_command() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    for name in COMMANDS:
        assert f"| `{name}` |" in text, name


@pytest.mark.slow
def test_the_readme_s_road_on_simulated_cells_runs(tmp_path: Path) -> None:
    """The blocks marked ``run`` are typed into a shell, one after the other."""
    (tmp_path / "models").symlink_to(ROOT / "models")
    text = (ROOT / "README.md").read_text("utf-8")
    blocks = [body for _, kind, body in BLOCK.findall(text) if kind == "run"]
    assert blocks
    for body in blocks:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", body],
            cwd=tmp_path,
            env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-2000:]
    assert list((tmp_path / "DIC-SIM" / "01_RES_overlay").glob("*.png"))
