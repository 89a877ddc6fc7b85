"""``SW/`` is what ``ctc-submit scripts`` renders, and runs as the organisers run it."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ctc_submit.pack.entry import Rendering, entries_for
from ctc_submit.pack.scripts import render_folder

SW = Path(__file__).parent.parent / "SW"
DATASETS = ("DIC-C2DH-HeLa", "PhC-C2DH-U373")
OFFICIAL = [f"{dataset}-{number}.sh" for dataset in DATASETS for number in ("01", "02")]
SHORT = ["HeLa-01.sh", "HeLa-02.sh", "U373-01.sh", "U373-02.sh"]
RENDERED = render_folder(entries_for(DATASETS), Rendering(short_names=True))

FAKE = """#!/usr/bin/env bash
set -e
printf '%s\\n' "$PWD" "$@" > "$FAKE_LOG"
exit "${FAKE_EXIT:-0}"
"""


def test_the_folder_holds_the_official_and_the_short_names() -> None:
    assert sorted(RENDERED) == sorted(OFFICIAL + SHORT)
    assert sorted(path.name for path in SW.glob("*.sh")) == sorted(RENDERED)


@pytest.mark.parametrize("name", sorted(RENDERED))
def test_a_committed_script_equals_its_rendering(name: str) -> None:
    path = SW / name
    assert path.read_bytes() == RENDERED[name].encode()
    assert os.access(path, os.X_OK)
    assert b"\r" not in path.read_bytes()
    assert "# Prerequisites: " in RENDERED[name]


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_script_names_a_model_that_is_there(dataset: str) -> None:
    model = SW.parent / "models" / dataset
    if not model.is_dir():
        pytest.skip(f"no model {model}")
    assert (model / "card.json").is_file()
    assert (model / "weights.safetensors").is_file()


Runner = Callable[..., tuple["subprocess.CompletedProcess[str]", list[str]]]


@pytest.fixture
def run(tmp_path: Path) -> Runner:
    """Run a script of a copied SW/ in a folder with blanks, with a program that notes its call."""
    root = tmp_path / "a folder with blanks"
    scripts = root / "SW"
    scripts.mkdir(parents=True)
    for name, text in RENDERED.items():
        (scripts / name).write_bytes(text.encode())
        (scripts / name).chmod(0o755)
    (root / "elsewhere").mkdir()
    log = root / "call.txt"

    def call(
        name: str,
        *,
        program: str = ".venv/bin/ctc-submit",
        cwd: str = "SW",
        words: tuple[str, ...] = (),
        mode: int = 0o755,
        **env: str,
    ) -> tuple[subprocess.CompletedProcess[str], list[str]]:
        path = "/usr/bin:/bin"
        if program:
            fake = root / program
            fake.parent.mkdir(parents=True, exist_ok=True)
            fake.write_text(FAKE)
            fake.chmod(mode)
            path = f"{root / 'on path'}:{path}"
        environment = {"PATH": path, "FAKE_LOG": str(log), **env}
        done = subprocess.run(
            [*words, str(scripts / name)],
            cwd=root / cwd,
            env=environment,
            capture_output=True,
            text=True,
        )
        said = log.read_text().splitlines() if log.exists() else []
        return done, [line.replace(str(root), "ROOT") for line in said]

    return call


@pytest.mark.parametrize("cwd", ["SW", "elsewhere"])
@pytest.mark.parametrize("name", ["DIC-C2DH-HeLa-02.sh", "HeLa-02.sh"])
def test_reads_the_sequence_and_writes_beside_it(run: Runner, name: str, cwd: str) -> None:
    done, said = run(name, cwd=cwd)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    folder = "ROOT/DIC-C2DH-HeLa"
    model = ["--model", "../models/DIC-C2DH-HeLa"]
    assert said == ["ROOT/SW", "run", f"{folder}/02", f"{folder}/02_RES", *model]


@pytest.mark.parametrize("program", ["SW/ctc-submit", "on path/ctc-submit"])
def test_finds_the_program_beside_it_or_on_the_path(run: Runner, program: str) -> None:
    done, said = run("U373-01.sh", program=program)
    assert done.returncode == 0
    assert said[1] == "run"


def test_hands_on_the_exit_code(run: Runner) -> None:
    assert run("U373-01.sh", FAKE_EXIT="3")[0].returncode == 3


def test_says_in_one_line_how_to_install(run: Runner) -> None:
    done, said = run("U373-01.sh", program="")
    assert (done.returncode, said) == (1, [])
    assert done.stderr == (
        "U373-01.sh: the command ctc-submit is missing; "
        "install it once: make install (in the folder above)\n"
    )


def test_takes_the_data_from_another_folder(run: Runner, tmp_path: Path) -> None:
    data = tmp_path / "other data"
    data.mkdir()
    _, said = run("HeLa-01.sh", CTC_DATA=str(data))
    assert said[2:4] == [f"{data}/DIC-C2DH-HeLa/01", f"{data}/DIC-C2DH-HeLa/01_RES"]
    _, said = run("HeLa-01.sh", cwd="elsewhere", CTC_DATA="../../other data")
    assert said[2] == f"{data}/DIC-C2DH-HeLa/01"


def test_a_data_folder_that_is_not_there_is_named(run: Runner) -> None:
    done, said = run("HeLa-01.sh", CTC_DATA="nowhere")
    assert (done.returncode, said) == (1, [])
    assert done.stderr == "HeLa-01.sh: CTC_DATA=nowhere: no such folder\n"


def test_another_shell_hands_on_to_bash(run: Runner) -> None:
    done, said = run("HeLa-01.sh", words=("sh",))
    assert (done.returncode, said[:2]) == (0, ["ROOT/SW", "run"])


def test_a_link_to_a_script_stands_for_it(run: Runner, tmp_path: Path) -> None:
    link = tmp_path / "desktop" / "start"
    link.parent.mkdir()
    link.symlink_to(tmp_path / "a folder with blanks" / "SW" / "HeLa-01.sh")
    done, said = run(str(link), cwd="elsewhere")
    assert done.returncode == 0
    assert said[:3] == ["ROOT/SW", "run", "ROOT/DIC-C2DH-HeLa/01"]


def test_a_program_beside_it_that_was_unpacked_without_its_mode_is_taken(run: Runner) -> None:
    run("HeLa-01.sh", program="on path/ctc-submit", FAKE_EXIT="9")
    done, said = run("HeLa-01.sh", program="SW/ctc-submit", mode=0o644)
    assert (done.returncode, said[1]) == (0, "run")
