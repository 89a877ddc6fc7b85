"""The documentation site: it builds without a warning, needs no network, and tells the truth."""

import ast
import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, ViewportSize

from ctc_submit.cli.main import COMMANDS
from ctc_submit.score import aogm

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES_OF_A_KIND = (
    *("index", "tutorial", "losses", "report", "scores/tra", "reference/formats"),
    *("reference/troubleshooting", "experiments", "api/errors", "search"),
)
ERRORS = {"CtcError", "DataError", "CheckpointError", "RulesBroken", "ToolError"}


class Fetched(HTMLParser):
    """Collects what a browser fetches to show a page."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag in {"script", "img", "source", "iframe"}:
            self.addresses += filter(None, [known.get("src")])
        if tag == "link" and known.get("rel") not in {"canonical", "search"}:
            self.addresses += filter(None, [known.get("href")])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    options = ["--fail-on-warning", "--keep-going", "--quiet", "--jobs", "2"]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, str(DOCS), str(folder)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.mark.slow
def test_the_site_builds_and_fetches_nothing_from_elsewhere(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        parser = Fetched()
        parser.feed(page.read_text("utf-8"))
        assert parser.addresses
        outside = [a for a in parser.addresses if a.startswith(("http:", "https:", "//"))]
        assert not outside, f"{page}: {outside}"
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", sheet.read_text("utf-8")), (
            sheet
        )


@pytest.mark.slow
def test_the_site_has_formulas_commands_and_modules(site: Path) -> None:
    for page in sorted((site / "scores").glob("*.html")):
        assert "<math" in page.read_text("utf-8"), page
    commands = (site / "reference" / "commands.html").read_text("utf-8")
    for name in COMMANDS:
        assert f'id="ctc-submit-{name}"' in commands, name
    python = "".join(page.read_text("utf-8") for page in sorted((site / "api").glob("*.html")))
    for path in sorted((ROOT / "ctc_submit").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if path.name not in {"__init__.py", "__main__.py"} and not name.startswith(
            "ctc_submit.cli"
        ):
            assert f'id="module-{name}"' in python, name


WIDEST = 88
"""As many characters of code are seen beside each other on a page, on a wide screen."""


def test_code_is_not_wider_than_the_page() -> None:
    blocks = re.compile(r"^```\w* ?\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
    wide = [
        f"{page.relative_to(DOCS)}: {line}"
        for page in sorted(DOCS.rglob("*.md"))
        for body in blocks.findall(page.read_text("utf-8"))
        for line in body.splitlines()
        if len(line) > WIDEST
    ]
    assert wide == []


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_axe_finds_no_barrier_on_the_pages(
    site: Path, browser: Browser, width: int, scheme: Literal["light", "dark"]
) -> None:
    """A page of each kind is held against the WCAG, and nothing sticks out at the side."""
    rules = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
    size: ViewportSize = {"width": width, "height": 900}
    context = browser.new_context(viewport=size, color_scheme=scheme)
    context.set_default_timeout(120_000)
    page = context.new_page()
    broken: list[tuple[str, ...]] = []
    for name in PAGES_OF_A_KIND:
        page.goto((site / f"{name}.html").as_uri())
        if page.evaluate("document.documentElement.scrollWidth") > width:
            broken.append((name, "wider than the screen"))
        page.evaluate(rules)
        found = page.evaluate("axe.run()")["violations"]
        broken += [(name, each["id"], each["nodes"][0]["html"]) for each in found]
    context.close()
    assert broken == []


def templates() -> set[str]:
    """Every message that an error is raised with, ``…`` in place of what is filled in."""
    found = set()
    for path in sorted((ROOT / "ctc_submit").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args and name_of(node.func) in ERRORS:
                found.add(template(node.args[0]))
    return found


def name_of(node: Any) -> str:
    return str(getattr(node, "id", ""))


def template(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "…" for v in node.values)
    return "…"


def test_every_message_that_is_explained_is_one_of_ours() -> None:
    text = (DOCS / "reference" / "troubleshooting.md").read_text("utf-8")
    explained = re.findall(r"^`(.+)`\n: ", text, re.MULTILINE)
    assert len(explained) > 40
    known = templates()
    assert [message for message in explained if message not in known] == []


def test_the_weights_on_the_pages_are_those_that_are_used() -> None:
    rows = re.findall(r"^\| (\w\w) \|.*\| ([\d.]+) \|$", text_of("det") + text_of("tra"), re.M)
    assert dict(rows) == {
        "NS": f"{aogm.SPLIT:g}",
        "FN": f"{aogm.FALSE_NEGATIVE:g}",
        "FP": f"{aogm.FALSE_POSITIVE:g}",
        "ED": f"{aogm.REDUNDANT_EDGE:g}",
        "EA": f"{aogm.MISSING_EDGE:g}",
        "EC": f"{aogm.WRONG_EDGE:g}",
    }


def text_of(score: str) -> str:
    return (DOCS / "scores" / f"{score}.md").read_text("utf-8")
