"""From results to archive: what is published was tried, and what fails is not published."""

import json
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ctc_submit.cli.main import main
from ctc_submit.data.labels import write_labels
from ctc_submit.data.one_writer import one_writer
from ctc_submit.errors import CheckpointError, CtcError, DataError, RulesBroken, ToolError
from ctc_submit.pack.archive import unpack
from ctc_submit.pack.preflight import cut_off_prefix
from ctc_submit.pack.settings import PackConfig
from ctc_submit.pack.submission import Sources, pack
from tests.pack import stand_in
from tests.pack.result_scenes import change, faultless, read

HELA = "Fluo-N2DL-HeLa"


class Scene:
    """Raw frames, results and a stand-in model that comes to those results."""

    def __init__(self, root: Path, **program: str) -> None:
        self.data = root / "data"
        self.result = faultless(self.data)
        stand_in.model(root / "models" / HELA, self.result)
        self.package = stand_in.package(root / "source", **program)
        self.out = root / "out"
        self.sources = Sources(
            data=self.data, models=root / "models", package=self.package, requirements=""
        )

    def pack(self, **settings: Any) -> list[str]:
        said: list[str] = []
        pack(self.sources, self.out, PackConfig(name="TEAM", **settings), said.append)
        return said


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def names(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_what_is_published_is_what_the_server_wants(scene: Scene) -> None:
    said = scene.pack()
    masks = [f"{HELA}/01_RES/mask{time:03d}.tif" for time in range(4)]
    tracks = f"{HELA}/01_RES/res_track.txt"
    assert names(scene.out) == [*masks, tracks, "MANIFEST.sha256", "SW/TEAM.zip"]
    assert (scene.out / masks[0]).read_bytes() == (scene.result / "mask000.tif").read_bytes()
    assert said[0] == "checked 1 result"
    assert said[2].startswith(f"{HELA}-01.sh: 4 masks equal")
    record = json.loads(scene.out.with_name("out.preflight.json").read_text())
    [flight] = record["flights"]
    assert (flight["script"], flight["masks"]) == (f"{HELA}-01.sh", 4)
    assert flight["cut_off"] is bool(cut_off_prefix())
    assert {path.name for path in scene.out.parent.iterdir()} == {
        "data",
        "models",
        "source",
        "out",
        "out.preflight.json",
    }


def test_packing_twice_gives_the_same_bytes(scene: Scene) -> None:
    scene.pack(results="zip", preflight=False)
    first = {name: (scene.out / name).read_bytes() for name in names(scene.out)}
    assert set(first) == {"MANIFEST.sha256", "SW/TEAM.zip", "TEAM-results.zip"}
    scene.pack(results="zip", preflight=False)
    assert first == {name: (scene.out / name).read_bytes() for name in names(scene.out)}


def test_a_results_archive_unpacks_to_the_challenge_layout(scene: Scene, tmp_path: Path) -> None:
    scene.pack(results="zip", preflight=False)
    unpack(scene.out / "TEAM-results.zip", tmp_path / "unpacked")
    assert names(tmp_path / "unpacked" / HELA) == names(scene.data / HELA)[4:]


def test_logs_and_strays_are_left_out(scene: Scene) -> None:
    (scene.result / "SEG_log.txt").write_text("")
    (scene.result / "Thumbs.db").write_text("")
    for stray in ("mask002 (1).tif", "mask0002.tif", "mask2.tif"):
        shutil.copyfile(scene.result / "mask002.tif", scene.result / stray)
    scene.pack()
    results = {name.rpartition("/")[2] for name in names(scene.out / HELA)}
    assert results == {*(f"mask{time:03d}.tif" for time in range(4)), "res_track.txt"}


def test_segmentation_alone_leaves_tracks_out(scene: Scene) -> None:
    scene.pack(benchmark="CSB")
    assert not [name for name in names(scene.out) if "track" in name]


def test_linking_given_masks_is_refused(scene: Scene) -> None:
    arguments = ["pack", str(scene.data), "--out", str(scene.out), "--benchmark", "CLB"]
    outcome = CliRunner().invoke(main, arguments)
    assert outcome.exit_code == 3
    assert "ctc-submit track ../DATASET/01_ERR_SEG" in outcome.output
    assert len(outcome.output.splitlines()) == 1
    assert not scene.out.exists()


def test_a_second_result_is_flown_by_its_own_script(scene: Scene) -> None:
    second = scene.data / HELA / "CSB" / "01_RES"
    shutil.copytree(scene.result, second)
    (second / "res_track.txt").unlink()
    said = scene.pack(benchmark="CTB")
    assert said[0] == "checked 2 results"
    assert any(line.startswith(f"CSB/{HELA}-01.sh: 4 masks equal") for line in said)
    assert f"{HELA}/CSB/01_RES/mask000.tif" in names(scene.out)
    change(second, 0, lambda labels: labels.fill(7))
    with pytest.raises(RulesBroken, match=r"CSB/01_RES/mask000\.tif: expected the labels"):
        scene.pack(benchmark="CTB")


def test_faulty_results_are_refused(scene: Scene) -> None:
    (scene.result / "mask001.tif").unlink()
    with pytest.raises(RulesBroken, match=r"mask001\.tif: \[mask-missing\]"):
        scene.pack()
    assert not scene.out.exists()


def test_a_data_set_may_be_named_with_a_slash_behind(scene: Scene) -> None:
    (scene.result / "mask001.tif").unlink()
    arguments = ["pack", str(scene.data), "--out", str(scene.out), "--dataset", f"{HELA}/"]
    assert "[mask-missing]" in CliRunner().invoke(main, arguments).output


def test_names_in_the_wrong_letter_case_are_refused(scene: Scene) -> None:
    (scene.data / HELA).rename(scene.data / HELA.lower())
    with pytest.raises(RulesBroken, match=r"\[dataset-name\] expected Fluo-N2DL-HeLa"):
        scene.pack()


def test_a_result_that_nobody_would_find_is_refused(scene: Scene) -> None:
    shutil.copytree(scene.result, scene.result.with_name("02_res"))
    with pytest.raises(RulesBroken, match=r"\[result-name\].*found 02_res"):
        scene.pack()


@pytest.mark.parametrize(
    "name",
    [
        "01_RES_overlay",
        "01_RES_report_files",
        "01_RES.bak",
        "01_RES-GT_overlay",
        "01_RES-GT_report_files",
        ".01_RES-GT.partial",
    ],
)
def test_what_lies_beside_a_result_is_left_alone(scene: Scene, name: str) -> None:
    shutil.copytree(scene.result, scene.result.with_name(name))
    scene.pack(preflight=False)
    assert [path.name for path in (scene.out / HELA).iterdir()] == ["01_RES"]


def test_what_is_hidden_is_passed_over(scene: Scene) -> None:
    shutil.copytree(scene.data / HELA, scene.data / ".Trash-1000")
    (scene.data / ".Trash-1000" / "02_res").mkdir()
    scene.pack(preflight=False)
    assert sorted(path.name for path in scene.out.iterdir()) == [HELA, "MANIFEST.sha256", "SW"]


def test_another_data_set_does_not_concern_the_one_that_is_packed(scene: Scene) -> None:
    (scene.data / "Other" / "01_res").mkdir(parents=True)
    scene.sources = replace(scene.sources, datasets=(HELA,))
    scene.pack(preflight=False)
    assert names(scene.out / HELA)


def test_a_data_set_bears_the_name_of_its_link(scene: Scene, tmp_path: Path) -> None:
    (scene.data / HELA).rename(tmp_path / "hela")
    (scene.data / HELA).symlink_to(tmp_path / "hela")
    scene.pack()
    assert (scene.out / HELA / "01_RES" / "mask000.tif").is_file()


def test_nothing_but_an_earlier_submission_is_replaced(scene: Scene) -> None:
    scene.pack(preflight=False)
    (scene.out / "thesis.txt").write_text("years of work")
    with pytest.raises(DataError, match=r"holds thesis\.txt, which its MANIFEST"):
        scene.pack(preflight=False)
    assert (scene.out / "thesis.txt").read_text() == "years of work"
    (scene.data / "MANIFEST.sha256").write_text("")
    before = names(scene.data.parent)
    for out in (scene.data, scene.data.parent, scene.sources.models):
        with pytest.raises(DataError, match="which is to be packed; name another folder"):
            pack(scene.sources, out, PackConfig(preflight=False))
    assert names(scene.data.parent) == before


def test_the_record_of_a_pre_flight_goes_with_its_submission(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.out.mkdir()
    monkeypatch.chdir(scene.out)
    scene.out = Path()
    scene.pack()
    record = scene.data.parent / "out.preflight.json"
    assert record.is_file()
    monkeypatch.chdir(scene.data.parent)
    scene.out = Path("out")
    scene.pack(preflight=False)
    assert not record.exists()


def test_a_configuration_that_is_none_is_refused(scene: Scene) -> None:
    scene.result.rename(scene.result.with_name("01_RES-gold"))
    with pytest.raises(RulesBroken, match=r"\[configuration\].*found gold"):
        scene.pack()


def test_a_result_of_another_model_is_refused_by_its_record(scene: Scene) -> None:
    record = {"model": {"sha256": "0" * 64}}
    (scene.data / HELA / "01_RES.run.json").write_text(json.dumps(record))
    with pytest.raises(RulesBroken, match="was made with weights 000000000000…"):
        scene.pack()
    packed = json.loads((scene.sources.models / HELA / "card.json").read_text())["sha256"]
    members = [{"sha256": packed}, {"sha256": "1" * 64}]
    (scene.data / HELA / "01_RES.run.json").write_text(json.dumps({"models": members}))
    expected = f"weights {packed[:12]}… and 111111111111…, found {packed[:12]}… in"
    with pytest.raises(RulesBroken, match=expected):
        scene.pack()
    (scene.data / HELA / "01_RES.run.json").write_text(json.dumps({"models": members[:1]}))
    scene.pack(preflight=False)


def test_scripts_run_with_the_options_that_the_results_were_made_with(tmp_path: Path) -> None:
    scene = Scene(tmp_path, ending="assert more == ['--border', '4'], more")
    with pytest.raises(RulesBroken, match=r"AssertionError: \[\]"):
        scene.pack()
    scene.pack(run_option=("--border", "4"))
    with zipfile.ZipFile(scene.out / "SW" / "TEAM.zip") as archive:
        assert archive.read(f"SW/{HELA}-01.sh").endswith(b" --border 4\n")
        assert b"count more than these: --border 4\n" in archive.read("SW/METHOD.md")


def test_masks_that_the_script_does_not_write_are_refused(scene: Scene) -> None:
    labels = read(scene.result, 3)
    labels[30, 30] = 0
    write_labels(scene.result / "mask003.tif", labels)
    with pytest.raises(RulesBroken, match=r"mask003\.tif: .*found 1 other pixels; run"):
        scene.pack()
    assert not scene.out.exists()
    assert not list(scene.out.parent.glob(".out*"))


def test_tracks_that_the_script_does_not_write_are_refused(scene: Scene) -> None:
    tracks = scene.result / "res_track.txt"
    tracks.write_text("\r\n".join(tracks.read_text().splitlines()))
    with pytest.raises(RulesBroken, match=r"res_track\.txt: not what the script"):
        scene.pack()
    scene.pack(benchmark="CSB")


@pytest.mark.parametrize(
    ("ending", "message"),
    [
        ("sys.exit(3)", "expected exit code 0, found 3: it said nothing"),
        ("sys.exit('no GPU')", "expected exit code 0, found 1: no GPU"),
        ("(out / 'mask001.tif').unlink()", r"\[mask-missing\]"),
        ("(out / 'mask001.tif').write_text('')", r"\[unreadable\]"),
    ],
)
def test_a_script_that_fails_is_not_published(tmp_path: Path, ending: str, message: str) -> None:
    scene = Scene(tmp_path, ending=ending)
    with pytest.raises(RulesBroken, match=f"pre-flight of {HELA}-01.sh: .*{message}"):
        scene.pack()
    assert not scene.out.exists()


def test_an_earlier_submission_outlives_a_failure(scene: Scene) -> None:
    scene.pack(preflight=False)
    before = names(scene.out)
    change(scene.result, 0, lambda labels: labels.fill(7))
    with pytest.raises(RulesBroken):
        scene.pack()
    assert names(scene.out) == before


def test_what_a_killed_program_left_is_cleared(scene: Scene) -> None:
    for kind in ("preflight", "tracking"):
        left = scene.out.with_name(f".out.{kind}") / "SW"
        left.mkdir(parents=True)
        (left / "large").write_text("left behind")
    scene.pack()
    assert not list(scene.out.parent.glob(".out*"))
    assert "SW/large" not in names(scene.out)


def test_two_programs_do_not_pack_one_folder(scene: Scene) -> None:
    with one_writer(scene.out), pytest.raises(DataError, match="another program is writing"):
        scene.pack(preflight=False)
    assert not scene.out.exists()


def test_a_full_disk_is_said_and_leaves_nothing(scene: Scene, tmp_path: Path) -> None:
    disk = tmp_path / "small disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root can mount a file system")
    scene.out = disk / "out"
    try:
        with pytest.raises(DataError, match=r"out.*cannot be written \(No space left"):
            scene.pack(preflight=False)
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.skipif(not cut_off_prefix(), reason="this system cannot cut off the network")
def test_scripts_run_without_network(tmp_path: Path) -> None:
    imports = "import socket\nsocket.create_connection(('127.0.0.1', 9), timeout=5)"
    with pytest.raises(RulesBroken, match="unreachable"):
        Scene(tmp_path, imports=imports).pack()


def test_scripts_see_nothing_but_the_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("CTC_DATA", str(tmp_path))
    ending = "import os; sys.exit(str([k for k in os.environ if k.startswith('CTC')] + [__file__]))"
    with pytest.raises(RulesBroken) as refused:
        Scene(tmp_path, ending=ending).pack()
    assert "found 1: ['" in str(refused.value)
    assert "preflight/SW/ctc_submit/cli/main.py" in str(refused.value)


@pytest.mark.slow
def test_the_pre_flight_installs_from_the_wheels(tmp_path: Path) -> None:
    scene = Scene(tmp_path, imports="import standinneed")
    wheels = stand_in.wheel(tmp_path / "wheels").parent
    scene.sources = Sources(
        scene.data,
        tmp_path / "models",
        package=scene.package,
        requirements="standinneed==1.0\n",
    )
    with pytest.raises(RulesBroken, match="has no package standinneed"):
        scene.pack(python=Path(sys.executable))
    said = scene.pack(wheels=wheels)
    assert "4 masks equal" in said[-1]
    with zipfile.ZipFile(scene.out / "SW" / "TEAM.zip") as archive:
        assert "SW/wheels/standinneed-1.0-py3-none-any.whl" in archive.namelist()


@pytest.mark.slow
def test_wheels_that_do_not_suffice_are_refused(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    wheels = stand_in.wheel(tmp_path / "wheels").parent
    scene.sources = Sources(
        scene.data, tmp_path / "models", package=scene.package, requirements="absent==2.0\n"
    )
    with pytest.raises(DataError, match=r"wheels: holds no wheel of absent==2\.0; fill it"):
        scene.pack(wheels=wheels, preflight=False)


@pytest.mark.slow
def test_wheels_of_another_system_are_refused(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    wheel = stand_in.wheel(tmp_path / "wheels")
    wheel.rename(wheel.with_name("standinneed-1.0-cp39-cp39-win_amd64.whl"))
    scene.sources = replace(scene.sources, requirements="standinneed==1.0\n")
    with pytest.raises(ToolError, match=r"wheels cannot be installed: .*standinneed==1\.0"):
        scene.pack(wheels=wheel.parent)
    assert not list(tmp_path.glob("*out*"))


@pytest.mark.parametrize("name", ["none", "bin"])
def test_an_interpreter_that_is_none_is_told_first(scene: Scene, tmp_path: Path, name: str) -> None:
    (tmp_path / "bin").mkdir()
    with pytest.raises(ToolError, match=f"{name}: no program; --python names"):
        scene.pack(python=tmp_path / name)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_program_that_is_stopped_leaves_nothing_running(tmp_path: Path, number: int) -> None:
    ending = "import os, time; Path(sys.argv[3], '../../../pid').write_text(str(os.getpid())); "
    scene = Scene(tmp_path, ending=ending + "time.sleep(60)")
    code = (
        "import signal, sys; from dataclasses import replace; from pathlib import Path; "
        "signal.signal(signal.SIGINT, signal.default_int_handler); "  # ignored in background
        "from ctc_submit.cli.options import errors_to_exit_codes, stopped_in_order; "
        "from ctc_submit.pack.submission import Sources, pack; root = Path(sys.argv[1]); "
        "sources = Sources(root / 'data', root / 'models', package=root / 'source' / 'ctc_submit', "
        "requirements='-'); "
        "errors_to_exit_codes(stopped_in_order(lambda: pack(sources, root / 'out')))()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stderr=subprocess.PIPE, text=True
    )
    told = tmp_path / "pid"
    for _ in range(600):
        if told.exists() and told.read_text():
            break
        time.sleep(0.1)
    process.send_signal(number)
    try:
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, said) == (130, "ctc-submit: stopped\n")
    assert not Path("/proc", told.read_text(), "cmdline").exists()
    assert not [path.name for path in tmp_path.iterdir() if "out" in path.name]
    assert scene.data.exists()


def test_a_submission_over_the_limit_is_refused(scene: Scene) -> None:
    weights = scene.sources.models / HELA / "weights.safetensors"
    with weights.open("ab") as sink:
        sink.write(bytes(3_000_000))
    with pytest.raises(RulesBroken, match=r"the largest are SW/models/.*/weights.safetensors"):
        scene.pack(limit=2)


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "a\\b", "/etc/x", "a\nb", ".zip"])
def test_a_name_that_is_none_for_a_file_is_refused(scene: Scene, name: str) -> None:
    with pytest.raises(DataError, match="is no name for a file"):
        pack(scene.sources, scene.out, PackConfig(name=name, preflight=False))
    pack(scene.sources, scene.out, PackConfig(name="Équipe 7 (b)", preflight=False))
    assert (scene.out / "SW" / "Équipe 7 (b).zip").is_file()


def test_raw_frames_are_needed(scene: Scene) -> None:
    shutil.rmtree(scene.data / HELA / "01")
    with pytest.raises(RulesBroken, match="no raw frames; the pre-flight needs them"):
        scene.pack()
    scene.pack(preflight=False)


def test_a_configuration_has_its_own_script_and_folder(scene: Scene) -> None:
    scene.result.rename(scene.result.with_name("01_RES-GT+ST"))
    (scene.sources.models / HELA).rename(scene.sources.models / f"{HELA}-GT+ST")
    said = scene.pack()
    assert said[-1].startswith(f"{HELA}-01-GT+ST.sh: 4 masks equal")
    assert (scene.out / HELA / "01_RES-GT+ST" / "mask000.tif").is_file()


@pytest.mark.parametrize(
    ("prepare", "kind", "message"),
    [
        (lambda s: shutil.rmtree(s.data), DataError, "no such folder"),
        (lambda s: shutil.rmtree(s.result), DataError, "holds no result DATASET/01_RES; run"),
        (lambda s: shutil.rmtree(s.sources.models), CheckpointError, "no model for"),
        (lambda s: (s.out.mkdir(), (s.out / "mine").touch()), DataError, "no submission of ours"),
    ],
)
def test_what_is_missing_is_named(
    scene: Scene, prepare: Any, kind: type[CtcError], message: str
) -> None:
    prepare(scene)
    with pytest.raises(kind, match=message):
        scene.pack()


def test_a_data_set_without_result_is_named(scene: Scene) -> None:
    scene.sources = Sources(scene.data, scene.sources.models, datasets=(HELA, "DIC-C2DH-HeLa"))
    with pytest.raises(DataError, match="DIC-C2DH-HeLa: holds no result"):
        scene.pack()


def test_the_folder_of_one_data_set_is_too_deep(scene: Scene) -> None:
    folder = scene.data / HELA
    scene.sources = replace(scene.sources, data=folder)
    with pytest.raises(DataError, match=f"one data set; give the one above it, .*{HELA}$"):
        scene.pack()
    shutil.copytree(scene.result, folder / "CSB" / "01_RES")
    with pytest.raises(DataError, match=f"one data set; give the one above it, .*{HELA}$"):
        scene.pack()
    assert not scene.out.exists()


def test_command_says_what_it_did(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctc_submit.pack.submission.pinned_requirements", lambda: "")
    folder = scene.sources.models / HELA
    arguments = ["--models", str(scene.out), "--model", f"{HELA}={folder}", "--no-preflight"]
    done = CliRunner().invoke(main, ["pack", str(scene.data), "--out", str(scene.out), *arguments])
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == (
        f"{scene.out}: ready; hand it in with ctc-submit upload {scene.out}"
    )


def test_warnings_are_told_and_it_is_packed(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctc_submit.pack.submission.pinned_requirements", lambda: "")
    for number in range(4):
        change(scene.result, number, lambda labels: labels.fill(0))
    (scene.result / "res_track.txt").write_text("")
    (scene.data / "SW").mkdir()  # in which pack writes no script
    folders = ["--models", str(scene.sources.models), "--out", str(scene.out)]
    done = CliRunner().invoke(main, ["pack", str(scene.data), *folders, "--no-preflight"])
    assert done.exit_code == 0, done.output
    second = scene.result.with_name("02_RES")
    assert [line.partition(" expected ")[0] for line in done.stderr.splitlines()] == [
        f"{second}: [both-sequences, warning]",
        f"{scene.result / 'mask000.tif'}: [empty, warning]",
        f"{scene.result}: [nothing-found, warning]",
    ]
    assert done.stdout.splitlines()[-1].startswith(f"{scene.out}: ready")
    assert ", warning]" not in done.stdout


def test_warnings_of_what_is_not_packed_are_not_told(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(scene.data / HELA, scene.data / "Other")
    (scene.result / "Thumbs.db").write_text("")
    warned: list[str] = []
    sources = replace(scene.sources, datasets=(HELA,))
    pack(sources, scene.out, PackConfig(preflight=False), warn=warned.append)
    stray, other = scene.result / "Thumbs.db", scene.result.with_name("02_RES")
    assert [line.partition(",")[0] for line in warned] == [
        f"{other}: [both-sequences",
        f"{stray}: [stray",
    ]
    assert capsys.readouterr() == ("", "")


def test_a_model_that_no_result_has_is_told(scene: Scene) -> None:
    named = {"Fluo-N2DL-Hela": scene.sources.models, HELA: scene.sources.models / HELA}
    warned: list[str] = []
    sources = replace(scene.sources, named=named)
    pack(sources, scene.out, PackConfig(preflight=False), warn=warned.append)
    assert warned[1:] == [
        "--model Fluo-N2DL-Hela: is the model of no result that is packed; look at its name"
    ]


def test_a_program_that_may_not_be_started_is_named(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ctc_submit.pack.preflight.cut_off_prefix", lambda: [])
    monkeypatch.setattr("ctc_submit.pack.submission.started", lambda _: frozenset())
    why = rf"SW/{HELA}-01\.sh: cannot be started \(Permission denied\); programs must"
    with pytest.raises(ToolError, match=why):
        scene.pack()
    assert not scene.out.exists()


def test_a_reader_that_goes_away_is_no_fault_of_the_folder(scene: Scene) -> None:
    def say(line: str) -> None:
        if line.startswith("packed"):
            raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(BrokenPipeError):
        pack(scene.sources, scene.out, PackConfig(preflight=False), say)
    assert not scene.out.exists()
    assert not list(scene.out.parent.glob(".out*"))


@pytest.mark.skipif(sys.platform != "linux", reason="packages of a user lie elsewhere")
def test_the_interpreter_of_the_pre_flight_keeps_its_users_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(tmp_path, imports="import standinneed")
    python = "python{}.{}".format(*sys.version_info[:2])
    packages = tmp_path / "base" / "lib" / python / "site-packages"
    packages.mkdir(parents=True)
    (packages / "standinneed.py").write_text("")
    monkeypatch.setattr("site.getuserbase", lambda: str(tmp_path / "base"))
    base = Path(sys.base_prefix) / "bin" / python
    assert "4 masks equal" in scene.pack(python=base)[-1]


def test_command_wants_a_name_for_a_model(scene: Scene) -> None:
    done = CliRunner().invoke(main, ["pack", str(scene.data), "--model", "folder"])
    assert done.exit_code == 2
