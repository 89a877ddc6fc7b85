"""What of the container commands can be told without an engine."""

import json
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from ctc_submit.cli.main import main
from ctc_submit.container import run as container_run
from ctc_submit.container.engine import Mount, engine, run_container
from ctc_submit.container.evaluate import Tools, evaluate
from ctc_submit.container.image import build_image, context_files
from ctc_submit.container.settings import BuildConfig, ContainerConfig
from ctc_submit.data.sequence import Sequence
from ctc_submit.errors import CheckpointError, DataError, ToolError
from ctc_submit.pack.scripts import dockerfile
from tests.pack import stand_in
from tests.pack.result_scenes import faultless

ROOT = Path(__file__).parent.parent.parent
HELA = "Fluo-N2DL-HeLa"


@pytest.fixture(autouse=True, params=["tcp://127.0.0.1:9", "unix:///nowhere/docker.sock"])
def no_engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", request.param)


def test_the_dockerfile_at_the_root_is_the_one_that_is_used() -> None:
    assert (ROOT / "Dockerfile").read_text("utf-8") == dockerfile()


def test_a_build_at_the_root_sees_what_the_image_needs_and_nothing_else() -> None:
    wanted = {"pyproject.toml", "requirements", "wheels", "ctc_submit", "models"}
    rules = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert {rule[1:] for rule in rules if rule.startswith("!")} == wanted | {"Dockerfile"}
    copied = {
        word.rstrip("*")
        for line in dockerfile().splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    }
    assert copied == wanted


def test_the_dockerfile_keeps_its_promises() -> None:
    lines = dockerfile().splitlines()
    assert lines.count("FROM ${BASE} AS python") == 1
    assert any(line.startswith("ARG BASE=nvidia/cuda:") for line in lines)
    assert "BASE=python:3.12-slim" in dockerfile()
    assert "USER 1000:1000" in lines
    assert "--no-index" in dockerfile()


def test_the_context_holds_package_model_and_requirements(tmp_path: Path) -> None:
    model = stand_in.model(tmp_path / HELA, faultless(tmp_path / "data"))
    wheels = stand_in.wheel(tmp_path / "wheels").parent
    package = stand_in.package(tmp_path)
    files = context_files({HELA: model}, requirements="a==1\n", package=package, wheels=wheels)
    assert sorted(files) == [
        "Dockerfile",
        "ctc_submit/__init__.py",
        "ctc_submit/cli/__init__.py",
        "ctc_submit/cli/main.py",
        f"models/{HELA}/card.json",
        f"models/{HELA}/weights.safetensors",
        "requirements.txt",
        "wheels/standinneed-1.0-py3-none-any.whl",
    ]
    assert b"torch==" in bytes(context_files({HELA: model})["requirements.txt"])


def test_partners_are_in_the_image(tmp_path: Path) -> None:
    model = stand_in.model(tmp_path / HELA, faultless(tmp_path / "data"))
    stand_in.model(model / "partners" / "second", tmp_path / "data" / HELA / "01_RES")
    card = json.loads((model / "card.json").read_text())
    (model / "card.json").write_text(json.dumps(card | {"partners": ["second"]}))
    files = context_files({HELA: model}, requirements="a==1\n")
    for file in ("card.json", "weights.safetensors"):
        place = f"partners/second/{file}"
        assert files[f"models/{HELA}/{place}"] == model / place


def test_an_image_wants_a_model(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no model"):
        context_files({})
    with pytest.raises(CheckpointError, match=r"weights.safetensors: missing"):
        context_files({"m": tmp_path})


def test_without_an_engine_every_command_says_so_in_one_line(tmp_path: Path) -> None:
    result = faultless(tmp_path)
    model = stand_in.model(tmp_path / "model", result)
    (result.parent / "01_GT").mkdir()
    frames = str(result.parent / "01")
    for words in (
        ["build", str(model)],
        ["run", frames, str(tmp_path / "new"), "--model", str(model)],
        ["eval", str(result.parent), "01", "--image", "tools"],
    ):
        done = CliRunner().invoke(main, ["docker", *words])
        assert done.exit_code == 6, done.output
        [line] = done.stderr.splitlines()
        assert line.startswith("ctc-submit: no container engine answers; start Docker")
    assert sorted(path.name for path in tmp_path.iterdir()) == [HELA, "model"]


def test_models_are_in_the_image_by_the_names_that_are_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Path]] = []
    monkeypatch.setattr("ctc_submit.container.image.build_image", lambda *_: "sha256:0")
    monkeypatch.setattr(
        "ctc_submit.container.image.context_files", lambda named, **_: seen.append(named)
    )
    for folder in ("one/best", "two/best"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / HELA).symlink_to(tmp_path / "two" / "best")
    first, second, link = (str(tmp_path / name) for name in ("one/best", "two/best", HELA))
    done = CliRunner().invoke(main, ["docker", "build", first, second])
    assert (done.exit_code, seen) == (2, [])
    assert "two of MODELS have one name" in done.stderr
    assert CliRunner().invoke(main, ["docker", "build", first, link]).exit_code == 0
    assert seen == [{"best": Path(first), HELA: Path(link)}]


def test_a_sequence_without_frames_is_said_before_the_engine_is_asked(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["docker", "run", str(tmp_path / "01"), "--model", "m"])
    assert done.exit_code == 3
    assert "no such folder" in done.stderr


def test_a_name_is_a_folder_here_only_if_it_holds_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a demo: the folder ``demo`` lies here, the model ``demo`` in the image."""
    result = faultless(tmp_path / "data")
    (tmp_path / "demo").mkdir()
    stand_in.model(tmp_path / "mine", result)
    monkeypatch.chdir(tmp_path)
    shown: list[tuple[str, list[str]]] = []

    def fake(_client: Any, _image: str, words: list[str], mounts: list[Mount], **_: Any) -> int:
        shown.append((words[-1], [mount.target for mount in mounts]))
        return 1

    monkeypatch.setattr(container_run, "run_container", fake)
    monkeypatch.setattr(container_run, "engine", lambda: nullcontext(SimpleNamespace(info=dict)))
    sequence = Sequence.at(result.parent / "01")
    for model in ("demo", "elsewhere", "mine"):
        container_run.run_sequence(
            sequence, tmp_path / "01_RES", model, ContainerConfig(gpu="no"), print
        )
    inside = [f"/data/{HELA}/01", "/result"]
    assert shown == [
        ("models/demo", inside),
        ("models/elsewhere", inside),
        ("/models/mine", [*inside, "/models/mine"]),
    ]
    for wrong, why in (("./demo", "demo/card.json: missing"), ("./new", "new/card.json: missing")):
        with pytest.raises(CheckpointError, match=why):
            container_run.run_sequence(
                sequence, tmp_path / "01_RES", wrong, ContainerConfig(gpu="no"), print
            )
    assert len(shown) == 3


@pytest.fixture
def masks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sequence:
    """A sequence, and in the place of an engine one that writes a mask and a record."""

    def fake(_client: Any, _image: str, words: list[str], mounts: list[Mount], **_: Any) -> int:
        [scratch] = [mount.source for mount in mounts if mount.target == "/result"]
        name = Path(words[2]).name
        (scratch / name).mkdir()
        (scratch / name / "mask000.tif").write_text("new")
        (scratch / f"{name}.run.json").write_text("{}")
        return 0

    monkeypatch.setattr(container_run, "run_container", fake)
    monkeypatch.setattr(container_run, "engine", lambda: nullcontext(SimpleNamespace(info=dict)))
    return Sequence.at(faultless(tmp_path / "data").parent / "01")


def in_the_fake(masks: Sequence, result: Path) -> None:
    config = ContainerConfig(gpu="no")
    assert container_run.run_sequence(masks, result, "demo", config, print) == 0


def test_what_is_no_part_of_an_earlier_result_stays(masks: Sequence, tmp_path: Path) -> None:
    result = tmp_path / "mine"
    (result / "notes").mkdir(parents=True)
    for name in ("mask000.tif", "mask001.tif", "res_track.txt", "SEG_log.txt", "thesis.txt"):
        (result / name).write_text("old")
    (result / "notes" / "a.txt").write_text("old")
    in_the_fake(masks, result)
    there = {path.name: path.is_file() and path.read_text() for path in result.iterdir()}
    assert there == {"mask000.tif": "new", "thesis.txt": "old", "notes": False}
    assert (result / "notes" / "a.txt").read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} == {"data", "mine", "mine.run.json"}


def test_a_result_that_is_a_link_stays_one(
    masks: Sequence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "disk" / "far").mkdir(parents=True)
    (tmp_path / "01_RES").symlink_to(tmp_path / "disk" / "far")
    in_the_fake(masks, tmp_path / "01_RES")
    assert (tmp_path / "01_RES").is_symlink()
    assert (tmp_path / "disk" / "far" / "mask000.tif").read_text() == "new"
    assert (tmp_path / "01_RES.run.json").is_file()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    in_the_fake(masks, Path())
    assert (tmp_path / "here" / "mask000.tif").read_text() == "new"
    assert {path.name for path in (tmp_path / "disk").iterdir()} == {"far"}


def test_a_result_in_the_place_of_data_is_refused(masks: Sequence, tmp_path: Path) -> None:
    frames, file = sorted(masks.folder.iterdir()), tmp_path / "thesis.txt"
    file.write_text("years of work")
    for wrong, why in ((masks.folder, "holds the raw frames"), (file, "is a file; name a folder")):
        with pytest.raises(DataError, match=why):
            in_the_fake(masks, wrong)
    assert (sorted(masks.folder.iterdir()), file.read_text()) == (frames, "years of work")


def test_an_earlier_result_outlives_one_that_cannot_take_its_place(
    masks: Sequence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = tmp_path / "mine"
    result.mkdir()
    (result / "mask000.tif").write_text("old")
    real = Path.replace

    def refuse(path: Path, target: Path) -> Path:
        if path.name == "mask000.tif":
            raise PermissionError(13, "Permission denied")
        return real(path, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(DataError, match=r"mine: cannot be written \(Permission denied\)"):
        in_the_fake(masks, result)
    assert (result / "mask000.tif").read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} == {"data", "mine"}


def test_missing_executables_are_named(tmp_path: Path) -> None:
    result = faultless(tmp_path)
    with pytest.raises(DataError, match=r"01_GT: no such folder"):
        evaluate(result.parent, "01", Tools("image"))
    (result.parent / "01_GT").mkdir()
    with pytest.raises(ToolError, match=r"SEGMeasure: missing; unpack the organisers'"):
        evaluate(result.parent, "01", Tools("image", tmp_path))


class FakeContainer:
    """A container that prints two pieces and ends, or is interrupted while printing."""

    short_id = "abc"

    def __init__(self, interrupted: bool) -> None:
        self.interrupted = interrupted
        self.calls: list[str] = []

    def start(self) -> None:
        self.calls.append("start")

    def logs(self, **_: Any) -> Any:
        yield b"one\n"
        if self.interrupted:
            raise KeyboardInterrupt
        yield b"two\n"

    def wait(self) -> dict[str, int]:
        return {"StatusCode": 7}

    def stop(self, timeout: int) -> None:
        self.calls.append(f"stop {timeout}")

    def remove(self, force: bool) -> None:
        self.calls.append("remove")


class FakeClient:
    """A client that keeps what containers were made with."""

    def __init__(self, interrupted: bool = False) -> None:
        self.containers = self
        self.made: dict[str, Any] = {}
        self.container = FakeContainer(interrupted)

    def create(self, image: str, command: list[str], **options: Any) -> FakeContainer:
        self.made = {"image": image, "command": command, **options}
        return self.container


def test_a_container_has_no_network_and_sees_what_is_mounted(tmp_path: Path) -> None:
    client, said = FakeClient(), list[str]()
    mounts = [Mount(tmp_path, "/data"), Mount(tmp_path / "out", "/out", writable=True)]
    assert run_container(client, "image", ["run"], mounts, say=said.append, user="5:6") == 7
    assert said == ["one\n", "two\n"]
    assert client.made["network_mode"] == "none"
    assert client.made["user"] == "5:6"
    modes = {mount["bind"]: mount["mode"] for mount in client.made["volumes"].values()}
    assert modes == {"/data": "ro", "/out": "rw"}
    assert client.container.calls == ["start", "remove"]


def test_an_interrupted_container_is_stopped_and_removed() -> None:
    client = FakeClient(interrupted=True)
    with pytest.raises(KeyboardInterrupt):
        run_container(client, "image", [], [], say=lambda _: None)
    assert client.container.calls == ["start", "stop 10", "remove"]


def test_the_engine_is_asked_once_and_named_in_the_error() -> None:
    with pytest.raises(ToolError, match="name one in DOCKER_HOST"), engine():
        pass
    with pytest.raises(ToolError, match="no container engine"):
        build_image({"a": b""}, BuildConfig(), lambda _: None)
