from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from ctc_submit.cli.main import main
from ctc_submit.data.labels import read_labels, write_labels
from tests.track.films import film
from tests.track.valid import faults_of

A, B = (20.0, 20.0, 6.0), (40.0, 60.0, 6.0)


def write_film(folder: Path, name: str = "mask", frames: int = 3) -> Path:
    folder.mkdir(parents=True)
    for time, labels in enumerate(film(*[[A, B]] * frames)):
        write_labels(folder / f"{name}{time:03d}.tif", labels)
    return folder


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["track", *map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.output


def test_a_result_is_tracked_in_place(tmp_path: Path) -> None:
    folder = write_film(tmp_path / "01_RES")
    code, output = run(folder)
    assert code == 0
    assert "2 tracks, 0 divisions, 0 missed masks drawn in, 3 frames" in output
    assert not faults_of(folder)
    assert (folder / "res_track.txt").read_text() == "1 0 2 0\n2 0 2 0\n"


def test_twice_is_once(tmp_path: Path) -> None:
    folder = write_film(tmp_path / "01_RES")
    run(folder)
    once = {path.name: path.read_bytes() for path in folder.iterdir()}
    run(folder)
    assert once == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_linking_benchmark_reads_err_seg_and_writes_res(tmp_path: Path) -> None:
    folder = write_film(tmp_path / "Fluo-N2DH-SIM+" / "01_ERR_SEG", "t")
    before = sorted(folder.iterdir())
    code, _ = run(folder)
    assert code == 0
    assert sorted(folder.iterdir()) == before
    assert not faults_of(tmp_path / "Fluo-N2DH-SIM+" / "01_RES")


def test_the_data_set_gives_the_border_and_border_overrules(tmp_path: Path) -> None:
    folder = tmp_path / "PhC-C2DL-PSC" / "01_RES"
    folder.mkdir(parents=True)
    labels = np.zeros((80, 80), np.uint16)
    labels[4:10, 40:46] = 5
    labels[40:46, 40:46] = 7
    for time in range(2):
        write_labels(folder / f"mask{time:03d}.tif", labels)
    run(folder, "--border", 0)
    assert set(np.unique(read_labels(folder / "mask000.tif"))) == {0, 1, 2}
    run(folder)
    assert set(np.unique(read_labels(folder / "mask000.tif"))) == {0, 1}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: (f / "mask001.tif").unlink(), "mask001.tif: missing"),
        (lambda f: write_labels(f / "mask001.tif", np.zeros((5, 5), np.uint16)), "one size"),
        (lambda f: [p.unlink() for p in f.iterdir()], "holds no masks"),
    ],
)
def test_bad_folders_are_one_line_and_code_3(tmp_path: Path, spoil, message: str) -> None:  # type: ignore[no-untyped-def]
    folder = write_film(tmp_path / "01_RES")
    spoil(folder)
    before = sorted(folder.iterdir())
    code, output = run(folder)
    assert code == 3
    assert message in output and output.startswith("ctc-submit: ")
    assert len(output.strip().splitlines()) == 1
    assert sorted(folder.iterdir()) == before


def test_fewer_masks_than_frames_is_an_error(tmp_path: Path) -> None:
    folder = write_film(tmp_path / "01_RES")
    write_film(tmp_path / "01", "t", frames=4)
    code, output = run(folder)
    assert code == 3 and "has 3 masks" in output and "4 frames" in output


def test_a_border_wider_than_the_frame_is_an_error(tmp_path: Path) -> None:
    code, output = run(write_film(tmp_path / "01_RES"), "--border", 30)
    assert code == 3 and "leaves nothing" in output


def test_every_setting_is_an_option() -> None:
    code, output = run("--help")
    assert code == 0
    for name in ("--gate", "--gap", "--no-divisions", "--border", "--sequence", "--output"):
        assert name in output


def test_table_picture_and_graph(tmp_path: Path) -> None:
    geff = pytest.importorskip("geff")
    folder = tmp_path / "01_RES"
    folder.mkdir()
    mother, daughters = [(30, 40, 8)], [(30, 33, 5.5), (30, 47, 5.5)]
    for time, labels in enumerate(film(mother, mother, daughters, daughters)):
        write_labels(folder / f"mask{time:03d}.tif", labels)
    table, picture, graph = tmp_path / "t.csv", tmp_path / "l.svg", tmp_path / "g.geff"
    code, _ = run(folder, "--table", table, "--lineage", picture, "--geff", graph)
    assert code == 0
    rows = [line.split(",") for line in table.read_text().splitlines()]
    assert rows[0][:6] == ["label", "begin", "end", "parent", "frames", "children"]
    assert [row[:6] for row in rows[1:]] == [
        ["1", "0", "1", "0", "2", "2"],
        ["2", "2", "3", "1", "2", "0"],
        ["3", "2", "3", "1", "2", "0"],
    ]
    assert "<svg" in picture.read_text()
    nodes, _ = geff.read(graph)
    assert nodes.number_of_nodes() == 6
    assert nodes.number_of_edges() == 5
    assert sorted(degree for _, degree in nodes.out_degree()) == [0, 0, 1, 1, 1, 2]


@pytest.mark.parametrize(
    ("option", "name", "words"),
    [
        ("--lineage", "l.txt", "expected a name that ends in .png, .svg, .pdf"),
        ("--table", "01_RES/mask000.tif", "expected a name that ends in .csv"),
        ("--table", "none/t.csv", "none: no such folder"),
        ("--table", "t.csv", "t.csv: is a folder; name a file"),
        ("--lineage", "l.svg", "l.svg: is a folder; name a file"),
        ("--geff", "01_RES", "exists; remove it"),
    ],
)
def test_a_file_that_cannot_be_written_leaves_the_masks_alone(
    tmp_path: Path, option: str, name: str, words: str
) -> None:
    folder = write_film(tmp_path / "01_RES")
    if "is a folder" in words:
        (tmp_path / name).mkdir()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    code, output = run(folder, option, tmp_path / name)
    assert code == 3 and words in output
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("shut", ["01_RES", "tables"])
def test_what_may_not_be_written_leaves_the_masks_alone(users_place: Path, shut: str) -> None:
    folder = write_film(users_place / "01_RES")
    table = users_place / "tables" / "t.csv"
    table.parent.mkdir()
    (users_place / shut).chmod(0o555)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    code, output = run(folder, "--table", table)
    assert code == 3 and output.endswith(": cannot be written (no permission)\n")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert {path.name for path in users_place.iterdir()} == {"01_RES", "tables"}


def test_a_graph_without_its_package_leaves_the_masks_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_film(tmp_path / "01_RES")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setattr("ctc_submit.track.geff_file.find_spec", lambda name: None)
    code, output = run(folder, "--geff", tmp_path / "a.geff")
    assert code == 6 and "pip install 'ctc-submit[tracks]'" in output
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_numbers_out_of_range_are_wrong_use(tmp_path: Path) -> None:
    folder = write_film(tmp_path / "01_RES")
    for option, value in (("--neighbours", 0), ("--gap", -3), ("--gate", -1.0)):
        code, output = run(folder, option, value)
        assert code == 2 and f"{value} is not in the range" in " ".join(output.split())


def test_frames_are_no_place_for_a_result(tmp_path: Path) -> None:
    folder = write_film(tmp_path / "01_RES")
    frames = write_film(tmp_path / "01", "t")
    before = sorted(path.name for path in frames.iterdir())
    code, output = run(folder, "--output", frames)
    assert (code, output) == (
        3,
        f"ctc-submit: {frames}: holds the raw frames; name another folder for the result\n",
    )
    assert sorted(path.name for path in frames.iterdir()) == before
