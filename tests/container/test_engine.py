"""Images and containers on a real engine, with a stand-in for the package."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ctc_submit.cli.main import main
from ctc_submit.container.evaluate import Tools, evaluate
from ctc_submit.container.image import build_image, context_files
from ctc_submit.container.run import run_sequence
from ctc_submit.container.settings import BuildConfig, ContainerConfig
from ctc_submit.data.sequence import Sequence
from ctc_submit.errors import DataError, ToolError
from tests.pack import stand_in
from tests.pack.result_scenes import faultless

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
TAG = "ctc-submit-test"
HELA = "Fluo-N2DL-HeLa"
PROBE = "probe = Path(sequence) / 'probe.py'; probe.exists() and exec(probe.read_text())"
CONFIG = ContainerConfig(image=TAG)
BALLAST = 80_000_000
"""Bytes of a wheel that must not be left in the image."""


@pytest.fixture(scope="module")
def image(client: Any, base: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """The image of the stand-in, built without network; gives what the build printed."""
    root = tmp_path_factory.mktemp("image")
    model = stand_in.model(root / HELA, faultless(root / "data"))
    wheels = stand_in.wheel(root / "wheels").parent
    stand_in.wheel(wheels, "ballast", os.urandom(BALLAST))
    package = stand_in.package(root, imports="import standinneed", ending=PROBE)
    context = context_files(
        {HELA: model}, requirements="standinneed==1.0\n", package=package, wheels=wheels
    )
    said: list[str] = []
    identifier = build_image(context, BuildConfig(TAG, base, wheels, "none"), said.append)
    assert identifier.startswith("sha256:")
    yield said
    client.images.remove(TAG, force=True)


class Scene:
    """A sequence with a result outside, to be come to inside."""

    def __init__(self, root: Path) -> None:
        self.expected = faultless(root)
        self.sequence = Sequence.at(self.expected.parent / "01")
        self.result = root / "made" / "01_RES"
        self.said: list[str] = []

    def probe(self, code: str) -> None:
        (self.sequence.folder / "probe.py").write_text(code)

    def run(self, model: str = HELA) -> int:
        return run_sequence(self.sequence, self.result, model, CONFIG, self.said.append)

    def contents(self, folder: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def scene(image: list[str], tmp_path: Path) -> Scene:
    assert image
    return Scene(tmp_path)


def test_the_build_streams_what_it_does(image: list[str]) -> None:
    text = "".join(image)
    assert "Step 1/" in text
    assert "standinneed" in text


def test_the_image_is_nobodys_and_small(client: Any, base: str, image: list[str]) -> None:
    assert image
    made, start = client.images.get(TAG), client.images.get(base)
    assert made.attrs["Config"]["User"] == "1000:1000"
    assert made.attrs["Size"] - start.attrs["Size"] < BALLAST / 2


def test_the_project_builds_from_its_root(client: Any, base: str, tmp_path: Path) -> None:
    """With one package in place of the many gigabytes, pinned as the project pins them."""
    model = stand_in.model(tmp_path / "models" / HELA, faultless(tmp_path / "data"))
    stand_in.package(tmp_path, imports="import standinneed")
    stand_in.wheel(tmp_path / "wheels")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "constraints.txt").write_text("standinneed==1.0\n")
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["standinneed>=0.5"]\n')
    (tmp_path / "secret").write_text("not for the image")
    for name in ("Dockerfile", ".dockerignore"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    tag = f"{TAG}-root"
    _, said = client.images.build(
        path=str(tmp_path), tag=tag, buildargs={"BASE": base}, network_mode="none", rm=True
    )
    try:
        listed = client.containers.run(tag, ["/opt"], entrypoint=["find"], remove=True).decode()
    finally:
        client.images.remove(tag, force=True)
    assert "standinneed-1.0" in "".join(step.get("stream", "") for step in said)
    assert f"/opt/ctc-submit/models/{model.name}/weights.safetensors" in listed
    assert "/opt/ctc-submit/ctc_submit/cli/main.py" in listed
    assert not any(word in listed for word in ("secret", ".whl", "/opt/packages"))
    assert "/opt/ctc-submit/ctc_submit/__pycache__" not in listed


def test_a_base_without_python_gets_that_of_its_distribution(
    client: Any, base: str, tmp_path: Path
) -> None:
    """As the default base, which NVIDIA makes from Ubuntu without Python."""
    from docker.errors import BuildError, ContainerError

    bare, tag = f"{TAG}-bare", f"{TAG}-bare-built"
    purge = "apt-get purge --yes 'python3*' 'libpython3*' && ! command -v python3"
    try:
        recipe = BytesIO(f"FROM {base}\nRUN {purge}\n".encode())
        client.images.build(fileobj=recipe, tag=bare, network_mode="none", rm=True)
    except BuildError as error:
        pytest.skip(f"{base} is not of Debian's family: {error}")
    try:
        update = ["-c", "apt-get update 2>&1 | grep -q '^[EW]:' && exit 1 || exit 0"]
        try:
            client.containers.run(bare, update, entrypoint="sh", network_mode="host", remove=True)
        except ContainerError:
            pytest.skip("no packages of the distribution can be had here")
        model = stand_in.model(tmp_path / HELA, faultless(tmp_path / "data"))
        package = stand_in.package(tmp_path)
        context = context_files({HELA: model}, requirements="\n", package=package)
        build_image(context, BuildConfig(tag, bare, network="host"), lambda _: None)
        config = ContainerConfig(image=tag)
        sequence, result = Sequence.at(tmp_path / "data" / HELA / "01"), tmp_path / "01_RES"
        assert run_sequence(sequence, result, HELA, config, lambda _: None) == 0
        assert (result / "mask000.tif").is_file()
    finally:
        for each in (tag, bare):
            if client.images.list(each):
                client.images.remove(each, force=True)


def test_masks_inside_equal_masks_outside(scene: Scene) -> None:
    assert scene.run() == 0
    assert scene.contents(scene.result) == scene.contents(scene.expected)
    owner = scene.result.stat()
    assert (owner.st_uid, owner.st_gid) == (os.getuid(), os.getgid())
    assert [path.name for path in scene.result.parent.iterdir()] == ["01_RES"]


def test_a_model_of_this_machine_can_be_used(scene: Scene, tmp_path: Path) -> None:
    model = stand_in.model(tmp_path / "other", scene.expected)
    assert scene.run(str(model)) == 0
    assert scene.contents(scene.result) == scene.contents(scene.expected)


def test_the_container_is_shut_off(scene: Scene) -> None:
    scene.probe(
        """
import os, socket
print("user", os.getuid())
for path in (sequence + "/new", "/new", "/opt/ctc-submit/new"):
    try:
        open(path, "w")
        print("wrote", path)
    except OSError as error:
        print("refused", path, error.errno)
open("/tmp/new", "w").write("scratch")
try:
    socket.create_connection(("192.0.2.1", 80), timeout=3)
except OSError as error:
    print("offline", error.errno)
"""
    )
    assert scene.run() == 0
    text = "".join(scene.said)
    assert f"user {os.getuid()}\n" in text
    assert text.count("refused") == 3
    assert "wrote" not in text
    assert "offline 101" in text


def test_a_further_folder_can_be_shown(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "note").write_text("seen inside")
    scene.probe("print(Path('/more/note').read_text())")
    config = ContainerConfig(image=TAG, mount=(f"{tmp_path}/more:/more",))
    assert run_sequence(scene.sequence, scene.result, HELA, config, scene.said.append) == 0
    assert "seen inside" in "".join(scene.said)
    for wrong in ("/more", f"{tmp_path}/nowhere:/more", f"{tmp_path}:more"):
        config = ContainerConfig(image=TAG, mount=(wrong,))
        with pytest.raises(DataError, match="expected HERE:INSIDE"):
            run_sequence(scene.sequence, scene.result, HELA, config, scene.said.append)


def test_a_failure_inside_is_handed_on_and_harms_nothing(scene: Scene) -> None:
    assert scene.run() == 0
    before = scene.contents(scene.result)
    scene.probe("print('out of memory'); sys.exit(7)")
    scene.said.clear()
    assert scene.run() == 7
    assert "".join(scene.said) == "out of memory\n"
    assert scene.contents(scene.result) == before
    assert [path.name for path in scene.result.parent.iterdir()] == ["01_RES"]


def test_what_is_printed_comes_as_it_is_printed(scene: Scene) -> None:
    scene.probe("import time\nfor i in range(3):\n    print(i, flush=True); time.sleep(0.5)")
    times: list[float] = []
    code = run_sequence(
        scene.sequence, scene.result, HELA, CONFIG, lambda _: times.append(time.monotonic())
    )
    assert code == 0
    assert times[-1] - times[0] > 0.8


def test_an_image_that_is_not_there_is_named(scene: Scene) -> None:
    config = ContainerConfig(image="ctc-no-such-image")
    with pytest.raises(ToolError, match=r"ctc-no-such-image.*build it with ctc-submit docker"):
        run_sequence(scene.sequence, scene.result, HELA, config, scene.said.append)


def test_a_gpu_that_is_not_there_is_said(scene: Scene) -> None:
    if Path("/dev/nvidiactl").exists():
        pytest.skip("there is a GPU")
    config = ContainerConfig(image=TAG, gpu="yes")
    with pytest.raises(ToolError, match="no GPU for containers"):
        run_sequence(scene.sequence, scene.result, HELA, config, scene.said.append)


def test_a_build_that_fails_says_why(client: Any, base: str, tmp_path: Path) -> None:
    model = stand_in.model(tmp_path / HELA, faultless(tmp_path / "data"))
    wheels = stand_in.wheel(tmp_path / "wheels").parent
    assert client
    context = context_files({HELA: model}, requirements="absent==1\n", wheels=wheels)
    with pytest.raises(ToolError, match="could not be built: The command"):
        build_image(context, BuildConfig(f"{TAG}-x", base, wheels, "none"), lambda _: None)


INTERRUPTIBLE = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where tests run in background
from ctc_submit.cli.main import main
main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_stops_the_container(client: Any, scene: Scene, number: int) -> None:
    scene.probe("import time; print('at work', flush=True); time.sleep(600)")
    words = ["docker", "run", str(scene.sequence.folder), str(scene.result)]
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, *words, "--model", HELA, "--image", TAG],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "at work\n"
        [container] = client.containers.list(filters={"ancestor": TAG})
        process.send_signal(number)
        try:
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert errors.endswith("ctc-submit: stopped\n")
    assert container.id not in {each.id for each in client.containers.list(all=True)}
    assert list(scene.result.parent.iterdir()) == []


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Stand-ins for the organisers' executables, which answer and write a log as those do."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for measure, value in (("SEG", "0.875000"), ("DET", "0.950000"), ("TRA", "0.940000")):
        script = folder / f"{measure}Measure"
        script.write_text(
            "#!/bin/sh\nset -e\n"
            f'[ "$*" = "/data 01 3" ] && [ -d "$1/$2_GT" ]\n'
            f'echo log > "$1/$2_RES/{measure}_log.txt"\n'
            f'echo "{measure} measure: {value}"\n'
        )
        script.chmod(0o755)
    return folder


def test_executables_of_a_folder_score_a_result(scene: Scene, tools: Path) -> None:
    dataset = scene.expected.parent
    (dataset / "01_GT").mkdir()
    before = scene.contents(scene.expected)
    done = CliRunner().invoke(
        main, ["docker", "eval", str(dataset), "01", "--image", TAG, "--tools", str(tools)]
    )
    assert done.exit_code == 0, done.output
    assert done.stdout == "SEG measure: 0.875000\nDET measure: 0.950000\nTRA measure: 0.940000\n"
    assert scene.contents(scene.expected) == before


def test_executables_of_an_image_score_a_result(
    client: Any, base: str, scene: Scene, tools: Path
) -> None:
    (scene.expected.parent / "01_GT").mkdir()
    (tools / "Dockerfile").write_text(f"FROM {base}\nCOPY *Measure /opt/ctc/\n")
    client.images.build(path=str(tools), tag=f"{TAG}-tools", rm=True)
    try:
        found = evaluate(
            scene.expected.parent, "01", Tools(f"{TAG}-tools", inside="/opt/ctc/"), ["SEG"]
        )
    finally:
        client.images.remove(f"{TAG}-tools", force=True)
    assert found == {"SEG": 0.875}


def test_an_executable_that_fails_is_quoted(scene: Scene, tools: Path) -> None:
    (scene.expected.parent / "01_GT").mkdir()
    (tools / "SEGMeasure").write_text("#!/bin/sh\necho 'Incompatible image size!'; exit 255\n")
    with pytest.raises(ToolError, match=r"exit code 255; it said: Incompatible image size!"):
        evaluate(scene.expected.parent, "01", Tools(TAG, tools), ["SEG"])
