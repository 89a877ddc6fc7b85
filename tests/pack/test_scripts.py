"""Scripts of ``SW/``, rendered for any data set."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ctc_submit.cli.main import main
from ctc_submit.data.datasets import DATASETS
from ctc_submit.errors import DataError
from ctc_submit.pack.entry import (
    CONFIGURATIONS,
    Entry,
    Rendering,
    entries_for,
    generalizable_datasets,
)
from ctc_submit.pack.scripts import (
    launchers,
    render_folder,
    render_run,
    render_run_batch,
    render_training,
    write_scripts,
)

HELA = "DIC-C2DH-HeLa"
EVERYTHING = Rendering(batch=True, short_names=True, training=True, cluster=True)


def everything() -> dict[str, str]:
    """Every kind of file there is."""
    entries = entries_for([HELA, "Fluo-N2DH-SIM+"], configurations=["", *CONFIGURATIONS])
    entries += entries_for(["Fluo-N3DL-DRO"], segmentation_only=True)
    return render_folder(entries, EVERYTHING) | launchers()


def test_entries_have_the_official_names() -> None:
    regular, general = Entry(HELA, "01"), Entry(HELA, "02", "allGT+allST")
    assert (regular.script, regular.result, regular.model) == (f"{HELA}-01", "01_RES", HELA)
    assert general.script == f"{HELA}-02-allGT+allST"
    assert general.result == "02_RES-allGT+allST"
    assert general.model == "allGT+allST"
    assert Entry(HELA, "01", "GT+ST").model == f"{HELA}-GT+ST"
    second = Entry(HELA, "01", segmentation_only=True)
    assert (second.script, second.result, second.model) == (f"CSB/{HELA}-01", "CSB/01_RES", HELA)


def test_thirteen_data_sets_are_generalizable() -> None:
    names = generalizable_datasets()
    assert len(names) == 13
    assert "Fluo-C2DL-Huh7" not in names
    assert len(entries_for(names, configurations=CONFIGURATIONS)) == 156


@pytest.mark.parametrize("name", ["", "../x", "a b", "-rf", 'a"b', "a$b"])
def test_names_that_a_shell_would_misread_are_refused(name: str) -> None:
    with pytest.raises(DataError, match="expected a name"):
        Entry(name, "01")


def test_an_official_name_in_another_letter_case_is_refused() -> None:
    with pytest.raises(DataError, match=f"^{HELA.lower()}: expected {HELA}; letter case matters$"):
        entries_for([HELA.lower()])
    assert entries_for(["My-Cells"], sequences=["01"]) == [Entry("My-Cells", "01")]


@pytest.mark.parametrize("number", ["1", "001", "1a", "01_RES", "٠١"])
def test_sequences_have_two_digits(number: str) -> None:
    with pytest.raises(DataError, match=f"^sequence '{number}': expected two digits, such as 01$"):
        entries_for(["My-Cells"], sequences=["01", number])


def test_data_sets_of_the_challenge_have_two_sequences() -> None:
    with pytest.raises(DataError, match=f"^sequence '03': {HELA} has 01 and 02$"):
        entries_for([HELA], sequences=["03"])
    assert entries_for(["My-Cells"], sequences=["03"]) == [Entry("My-Cells", "03")]


def test_three_data_sets_have_a_second_result() -> None:
    names = [name for name in DATASETS if name.startswith("Fluo-N3DL")]
    entries = entries_for(DATASETS, segmentation_only=True)
    second = [entry for entry in entries if entry.segmentation_only]
    assert len(entries) == 2 * 20 + len(second)
    assert second == [Entry(name, number, "", True) for name in names for number in ("01", "02")]
    with pytest.raises(
        DataError, match=r"^--csb: only .*-TRIF have .*, found DIC-SIM; leave it out$"
    ):
        entries_for(["DIC-SIM"], segmentation_only=True)


def test_an_unknown_configuration_is_refused() -> None:
    with pytest.raises(DataError, match="known are GT, ST"):
        Entry(HELA, "01", "gold")


def test_the_result_of_a_configuration_has_its_own_folder() -> None:
    text = render_run(Entry(HELA, "01", "GT+ST"))
    assert f'"$data/{HELA}/01_RES-GT+ST" --model ../models/{HELA}-GT+ST\n' in text


def test_model_and_options_are_quoted() -> None:
    how = Rendering(run_option=("--device", "cpu"))
    text = render_run(Entry("Sim", "01"), how, name="demo", model="/a b/it's")
    assert text.endswith("""--model '/a b/it'"'"'s' --device cpu\n""")
    assert text.splitlines()[1].startswith("# demo.sh: ")


def test_batch_files_have_crlf_and_shell_scripts_lf() -> None:
    for name, text in everything().items():
        if name.endswith(".bat"):
            assert re.search(r"(?<!\r)\n", text) is None, name
            assert text.startswith("@echo off\r\n")
            assert text.isascii()
        else:
            assert "\r" not in text, name


def test_a_batch_file_uses_windows_paths() -> None:
    text = render_run_batch(Entry(HELA, "01", "ST"), Rendering(run_option=("--device", "cpu")))
    call = next(line for line in text.splitlines() if line.startswith('"%CTC%"'))
    assert call == (
        f'"%CTC%" run "%DATA%\\{HELA}\\01" "%DATA%\\{HELA}\\01_RES-ST" '
        f'--model "..\\models\\{HELA}-ST" "--device" "cpu"'
    )
    assert text.endswith("exit /b %ERRORLEVEL%\r\n")


def test_a_batch_file_keeps_percent_signs() -> None:
    how = Rendering(models="100%/m", run_option=("--note", "%PATH%"))
    call = render_run_batch(Entry(HELA, "01"), how).splitlines()[-2]
    assert call.endswith(f'--model "100%%\\m\\{HELA}" "--note" "%%PATH%%"')


def test_a_batch_file_has_paths_read_once() -> None:
    for name in (f"{HELA}-01.bat", "ctc-submit.bat"):
        text = everything()[name]
        assert not any(line.startswith("call ") for line in text.splitlines()), name
        assert "setlocal DisableDelayedExpansion\r\n" in text


@pytest.mark.parametrize("text", ["a\nrm -rf b", "a\n", "a\rb"])
@pytest.mark.parametrize("setting", ["models", "setup", "run_option"])
def test_texts_of_several_lines_are_refused(setting: str, text: str) -> None:
    with pytest.raises(DataError, match="expected one line"):
        Rendering(**{setting: (text,) if setting == "run_option" else text})  # type: ignore[arg-type]


def test_a_sequence_named_twice_is_one_task() -> None:
    files = render_folder(entries_for([HELA, HELA], sequences=["01"]), Rendering(cluster=True))
    assert "#SBATCH --array=0-0" in files["slurm.sbatch"].splitlines()


@pytest.mark.parametrize("cwd", ["SW", "SW/CSB", "."])
def test_a_second_result_has_a_script_of_its_own(tmp_path: Path, cwd: str) -> None:
    root = tmp_path / "with blanks"
    files = render_folder([Entry("Fluo-N3DL-DRO", "02", segmentation_only=True)], Rendering())
    [script] = write_scripts(root / "SW", files)
    assert script == root / "SW" / "CSB" / "Fluo-N3DL-DRO-02.sh"
    fake = root / "SW" / "ctc-submit"
    fake.write_text('#!/bin/sh\nprintf "%s\\n" "$PWD" "$@"\n')
    fake.chmod(0o755)
    done = subprocess.run([script], cwd=root / cwd, capture_output=True, text=True, check=True)
    said = [line.replace(str(root), "ROOT") for line in done.stdout.splitlines()]
    paths = ["ROOT/Fluo-N3DL-DRO/02", "ROOT/Fluo-N3DL-DRO/CSB/02_RES"]
    options = ["--model", "../models/Fluo-N3DL-DRO", "--no-track"]
    assert said == ["ROOT/SW", "run", *paths, *options]
    text = render_run_batch(Entry("Fluo-N3DL-DRO", "02", segmentation_only=True))
    assert 'cd /d "%~dp0.\\.." ||' in text
    assert 'set "DATA=%~dp0..\\.."' in text
    assert '"%DATA%\\Fluo-N3DL-DRO\\CSB\\02_RES"' in text


def test_one_training_script_a_model() -> None:
    files = render_folder(
        entries_for([HELA, "PhC-C2DH-U373"], configurations=CONFIGURATIONS),
        Rendering(training=True),
    )
    names = [name for name in files if name.startswith("Train-")]
    single = [f"Train-{d}-{c}.sh" for c in ("GT", "ST", "GT+ST") for d in (HELA, "PhC-C2DH-U373")]
    assert names == [*single, "Train-allGT.sh", "Train-allST.sh", "Train-allGT+allST.sh"]
    last = files["Train-allGT+allST.sh"].splitlines()[-1]
    assert last == (
        'exec "$@" train "$data/DIC-C2DH-HeLa" "$data/PhC-C2DH-U373" --truth GT+ST '
        "--out ../models/allGT+allST"
    )


def test_options_of_run_are_not_handed_to_train() -> None:
    how = Rendering(training=True, run_option=("--repair",))
    files = render_folder([Entry("DIC-C2DH-HeLa", "01", "GT")], how)
    assert files["DIC-C2DH-HeLa-01-GT.sh"].endswith(" --repair\n")
    assert "--repair" not in files["Train-DIC-C2DH-HeLa-GT.sh"]


def test_a_single_configuration_trains_on_one_data_set() -> None:
    with pytest.raises(DataError, match="trains on one data set, found 2"):
        render_training("GT", [HELA, "PhC-C2DH-U373"])


@pytest.mark.parametrize(
    "name",
    [name for name in everything() if not name.endswith((".bat", ".def", ".py", "Dockerfile"))],
)
def test_shell_syntax(name: str, tmp_path: Path) -> None:
    [path] = write_scripts(tmp_path, {name: everything()[name]})
    done = subprocess.run(["bash", "-n", path], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_shellcheck_has_nothing_to_say(tmp_path: Path) -> None:
    program = shutil.which("shellcheck") or shutil.which("shellcheck", path=_scripts_folder())
    if program is None:
        pytest.skip("no shellcheck")
    chosen = ["slurm.sbatch", "ctc-submit", "Train-allGT.sh", "HeLa-01-GT+ST.sh"]
    paths = write_scripts(tmp_path, {name: everything()[name] for name in chosen})
    done = subprocess.run([program, *paths], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.fixture
def starter(tmp_path: Path) -> Path:
    """The launcher of an archive, with a package beside it that says what it was given."""
    folder = tmp_path / "with blanks, ü & (1)" / "SW"
    write_scripts(folder, launchers())
    (folder / "ctc_submit" / "cli").mkdir(parents=True)
    for package in ("ctc_submit", "ctc_submit/cli"):
        (folder / package / "__init__.py").write_text("")
    program = folder / "ctc_submit" / "cli" / "main.py"
    program.write_text("import sys\ndef main(prog_name): print(prog_name, sys.argv[1:])\n")
    return folder / "ctc-submit"


def launch(starter: Path, *words: str, **more: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*words, starter, "--a", "b c"], capture_output=True, text=True, **more)


@pytest.mark.parametrize("words", [(), ("sh",), ("bash",)])
def test_the_launcher_starts_the_package_beside_it(starter: Path, words: tuple[str, ...]) -> None:
    done = launch(starter, *words)
    assert (done.returncode, done.stdout) == (0, "ctc-submit ['--a', 'b c']\n")


def test_the_launcher_can_be_a_link(starter: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "one").symlink_to(starter)
    (tmp_path / "bin" / "two").symlink_to("one")
    assert launch(tmp_path / "bin" / "two").stdout == "ctc-submit ['--a', 'b c']\n"


def test_the_launcher_takes_no_module_of_the_folder_it_is_started_in(starter: Path) -> None:
    (starter.parent.parent / "random.py").write_text("raise SystemExit('the wrong one')")
    program = starter.parent / "ctc_submit" / "cli" / "main.py"
    program.write_text("import random\n" + program.read_text())
    assert launch(starter, cwd=starter.parent.parent).returncode == 0


def test_the_launcher_names_a_package_that_is_missing(starter: Path) -> None:
    program = starter.parent / "ctc_submit" / "cli" / "main.py"
    program.write_text("def main(prog_name):\n    import no_such_package.inner\n")
    done = launch(starter)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert ": has no package no_such_package; install the packages once" in done.stderr


def test_the_launcher_says_that_python_is_missing(starter: Path, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("bash", "dirname", "readlink", "env"):
        (programs / name).symlink_to(str(shutil.which(name)))
    done = launch(starter, env={"PATH": str(programs)})
    assert done.returncode == 1
    assert done.stderr.startswith("ctc-submit: python3 is missing; install")


def test_an_old_python_is_told(starter: Path) -> None:
    code = (
        "import sys; sys.version_info = (3, 8, 1); sys.argv = sys.argv[1:]; "
        "exec(compile(open(sys.argv[0]).read(), sys.argv[0], 'exec'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, starter.with_name("start.py")], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.endswith(" is Python 3.8; expected 3.11 or newer\n")
    assert done.stderr.count("\n") == 1


def test_slurm_runs_one_script_a_task(tmp_path: Path) -> None:
    files = render_folder(entries_for([HELA]), Rendering(cluster=True))
    lines = files["slurm.sbatch"].splitlines()
    assert lines[0].startswith("#!")
    directives = [n for n, line in enumerate(lines) if line.startswith("#SBATCH")]
    assert directives == list(range(1, len(directives) + 1))  # sbatch stops at the first command
    assert "#SBATCH --array=0-1" in lines
    assert {"Dockerfile", "ctc-submit.def"} <= set(files)
    write_scripts(tmp_path, {"slurm.sbatch": files["slurm.sbatch"]})
    write_scripts(tmp_path, {f"{HELA}-02.sh": '#!/bin/sh\necho "ran ${0##*/}"; exit 7\n'})
    environment = {
        "PATH": "/usr/bin:/bin",
        "SLURM_SUBMIT_DIR": str(tmp_path),
        "SLURM_ARRAY_TASK_ID": "1",
    }
    done = subprocess.run(
        ["bash", tmp_path / "slurm.sbatch"], env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (7, f"ran {HELA}-02.sh\n")


def test_the_apptainer_definition_is_one(tmp_path: Path) -> None:
    parsers = pytest.importorskip("spython.main.parse.parsers")
    text = everything()["ctc-submit.def"]
    given = dict(re.findall(r"^ {4}(\w+)=(\S+)$", text.split("%help")[0], re.MULTILINE))
    assert given == {"bootstrap": "docker", "base": "python:3.12-slim"}
    for name, value in given.items():  # as Apptainer fills them in
        text = text.replace(f"{{{{ {name} }}}}", value)
    [path] = write_scripts(tmp_path, {"ctc-submit.def": text})
    recipe = parsers.get_parser("singularity")(str(path)).parse()["spython-base"]
    assert recipe.fromHeader == "python:3.12-slim"
    assert set(recipe.files) == {". /opt/ctc-submit"}
    assert recipe.cmd == 'exec /opt/ctc-submit/ctc-submit "$@"'
    assert any("--no-index --find-links wheels" in line for line in recipe.install)


def test_scripts_that_cannot_be_written_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "SW").write_text("a file")
    with pytest.raises(DataError, match="cannot be made"):
        write_scripts(tmp_path / "SW", {"a.sh": ""})


def test_command_writes_a_folder(tmp_path: Path) -> None:
    out = tmp_path / "SW"
    done = CliRunner().invoke(main, ["scripts", HELA, "--short-names", "--out", str(out)])
    assert (done.exit_code, done.output) == (0, f"{out}: 4 files\n")
    assert sorted(p.name for p in out.iterdir()) == sorted(
        f"{name}-0{n}.sh" for name in (HELA, "HeLa") for n in (1, 2)
    )
    assert all(path.stat().st_mode & 0o111 for path in out.iterdir())


def test_command_renders_the_whole_generalizable_submission(tmp_path: Path) -> None:
    out = tmp_path / "SW"
    done = CliRunner().invoke(main, ["scripts", "--generalizable", "--out", str(out)])
    assert done.exit_code == 0
    names = {path.name for path in out.iterdir()}
    assert len(names) == 156 + 13 * 3 + 3
    assert {"BF-C2DL-HSC-01-allGT.sh", "Train-PhC-C2DL-PSC-GT+ST.sh"} <= names


@pytest.mark.parametrize("options", [["--sequence", "1"], ["--csb"]])
def test_command_refuses_scripts_that_nobody_would_run(tmp_path: Path, options: list[str]) -> None:
    out = tmp_path / "SW"
    done = CliRunner().invoke(main, ["scripts", "DIC-SIM", *options, "--out", str(out)])
    assert done.exit_code == 3
    assert len(done.stderr.splitlines()) == 1 and not out.exists()


def test_command_takes_a_sequence_named_twice_once(tmp_path: Path) -> None:
    out = tmp_path / "SW"
    twice = ["--sequence", "01", "--sequence", "01"]
    done = CliRunner().invoke(main, ["scripts", HELA, *twice, "--out", str(out)])
    assert (done.exit_code, done.output) == (0, f"{out}: 1 files\n")


def test_command_takes_a_name_as_a_shell_completes_it(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["scripts", f"{HELA}/", "--out", str(tmp_path / "SW")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "SW" / f"{HELA}-01.sh").is_file()


def test_command_wants_a_data_set() -> None:
    done = CliRunner().invoke(main, ["scripts"])
    assert done.exit_code == 2
    assert "name a DATASET" in done.output


def _scripts_folder() -> str:
    return str(Path(sys.executable).parent)
