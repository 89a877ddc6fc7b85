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
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
MARKS = {"run", "setup", "network", "data", "gpu", "engine", "cluster"}
"""What a block is: executed here, or in need of what its mark names."""
COMMAND = re.compile(
    r"^(\w+=\S+ )*(\.venv/bin/)?(ctc-submit|pip|python3?|make|sbatch) ", re.MULTILINE
)
BLOCK = re.compile(r"^```(\w*) ?(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def lines(page: Path) -> list[str]:
    """Every command line of a page's blocks, continued lines joined."""
    bodies = [body.replace("\\\n", " ") for _, _, body in BLOCK.findall(page.read_text("utf-8"))]
    return [line.strip() for body in bodies for line in body.splitlines()]


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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_is_run_or_says_what_it_needs(page: Path) -> None:
    for language, mark, body in BLOCK.findall(page.read_text("utf-8")):
        if language in {"sh", "python"}:
            assert mark in MARKS, f"{page.name}: a block without a mark:\n{body}"
        else:
            assert not COMMAND.search(body), f"{page.name}: commands outside of a sh block:\n{body}"


def runnable() -> list[Path]:
    return [page for page in PAGES if "run" in {mark for _, mark, _ in blocks(page)}]


def blocks(page: Path) -> list[tuple[str, str, str]]:
    return BLOCK.findall(page.read_text("utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("page", runnable(), ids=lambda page: page.name)
def test_the_blocks_marked_run_do(page: Path, tmp_path: Path) -> None:
    """They are typed into a shell, or run as a program, one after the other in one folder."""
    (tmp_path / "models").symlink_to(ROOT / "models")
    shells = {"sh": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-c"]}
    for language, mark, body in blocks(page):
        if mark != "run":
            continue
        done = subprocess.run(
            [*shells[language], body],
            cwd=tmp_path,
            env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{body}\n{done.stderr[-2000:]}"
    if page.name == "README.md":
        assert list((tmp_path / "DIC-SIM" / "01_RES_overlay").glob("*.png"))
