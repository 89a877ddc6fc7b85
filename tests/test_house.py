"""The floor plan: which room may import which, held against the code."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "ctc_submit"
ROOMS = {
    "errors": set[str](),
    "data": {"errors"},
    "pixels": {"errors"},
    "methods": {"data", "pixels", "errors"},
    "track": {"data", "pixels", "errors"},
    "score": {"data", "pixels", "errors"},
    "pack": {"data", "pixels", "errors"},
    "simulate": {"data", "pixels", "errors"},
    "checkpoint": {"methods", "errors"},
    "segment": {"methods", "pixels", "data", "errors"},
    "container": {"pack", "data", "errors"},
    "ensemble": {"checkpoint", "segment", "methods", "pixels", "data", "errors"},
    "pipeline": {"checkpoint", "ensemble", "segment", "track", "data", "errors"},
    "train": {"checkpoint", "segment", "score", "track", "methods", "pixels", "data", "errors"},
    "report": {"score", "data", "pixels", "errors"},
    "reproduce": {
        "train",
        "ensemble",
        "report",
        "checkpoint",
        "segment",
        "score",
        "methods",
        "pixels",
        "data",
        "errors",
    },
}
ROOMS["cli"] = set(ROOMS)
ROOMS["__main__"] = {"cli"}
WITHOUT_TORCH = {"errors", "data", "pixels", "score", "pack", "simulate", "container", "report"}
TORCH = {"torch", "torchvision", "timm"}
FORBIDDEN_NAMES = {"utils", "common", "helpers", "types"}
LONGEST_MODULE = 300


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[str, int, bool]]:
    """Every imported module, its line, and whether it is imported at the top of the file."""
    tree = ast.parse(path.read_text("utf-8"))
    top = set(map(id, tree.body))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, id(node) in top
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            assert all(alias.name != "*" for alias in node.names), f"{path}: starred import"
            yield node.module or "", node.lineno, id(node) in top


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_run_down(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":
        assert not list(imports(path))
        return
    assert room in ROOMS, f"{path}: {room} is not a room of the plan"
    allowed = ROOMS[room] | {room}
    for module, line, _ in imports(path):
        package, _, rest = module.partition(".")
        if package == "ctc_submit" and rest:
            assert rest.split(".")[0] in allowed, f"{path}:{line}: {room} imports {module}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_heavy_imports_stay_where_they_belong(path: Path) -> None:
    room = room_of(path)
    for module, line, at_top in imports(path):
        package = module.split(".")[0]
        where = f"{path}:{line}: {room} imports {module}"
        if room in WITHOUT_TORCH:
            assert package not in TORCH, where
        if room == "cli" and at_top:
            assert package not in TORCH | {"numpy"}, where
        if room not in {"cli", "__init__"}:
            assert package != "click", where


def test_one_method_never_imports_another() -> None:
    methods = PACKAGE / "methods"
    plugs = {p.name for p in methods.iterdir() if p.is_dir()} - {"losses", "__pycache__"}
    for plug in plugs:
        for path in (methods / plug).rglob("*.py"):
            for module, line, _ in imports(path):
                for other in plugs - {plug}:
                    assert not module.startswith(f"ctc_submit.methods.{other}"), f"{path}:{line}"


def test_nothing_is_hidden_or_nameless() -> None:
    for path in modules():
        assert path.stem not in FORBIDDEN_NAMES, path
        text = path.read_text("utf-8")
        assert "TYPE_CHECKING" not in text, path
        assert len(text.splitlines()) <= LONGEST_MODULE, f"{path}: longer than {LONGEST_MODULE}"


@pytest.mark.parametrize("command", ["", "eval", "measure", "check", "pack"])
def test_the_judge_starts_without_torch(command: str) -> None:
    """Fresh process: asking for help must not import torch."""
    from ctc_submit.cli.main import COMMANDS

    if command and command not in COMMANDS:
        pytest.skip(f"no command {command} yet")
    arguments = [command, "--help"] if command else ["--help"]
    program = (
        "import sys\nfrom ctc_submit.cli.main import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit as stop:\n    assert not stop.code\n"
        "assert 'torch' not in sys.modules, 'torch was imported'\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_bars_are_for_a_terminal() -> None:
    """A bar in a log file is thousands of lines; ``disable=None`` leaves it out there."""
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "tqdm":
                named = {word.arg for word in node.keywords}
                assert "disable" in named, f"{path}:{node.lineno}: a bar in every log"
