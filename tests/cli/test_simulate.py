from pathlib import Path

from click.testing import CliRunner

from ctc_submit.cli.main import main

SMALL = ["--frames", "2", "--height", "40", "--width", "40", "--cells", "2"]


def test_simulate_writes_a_data_set(tmp_path: Path) -> None:
    folder = tmp_path / "Sim"
    done = CliRunner().invoke(main, ["simulate", str(folder), "--sequences", "2", *SMALL])
    assert done.exit_code == 0, done.output
    assert f"{folder}: 4 frames with exact truth" in done.stdout
    assert not done.stderr
    assert (folder / "02_GT" / "TRA" / "man_track.txt").is_file()


def test_same_seed_same_files(tmp_path: Path) -> None:
    for name in "ab":
        CliRunner().invoke(main, ["simulate", str(tmp_path / name), "--seed", "4", *SMALL])
    files = sorted(path for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert len(files) == 2 * 3 + 2
    for path in files:
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()


def test_errors_are_one_line(tmp_path: Path) -> None:
    for arguments in ([str(tmp_path / "s"), "--cells", "20000"], [str(Path(__file__)), *SMALL]):
        done = CliRunner().invoke(main, ["simulate", *arguments])
        assert done.exit_code == 3
        assert done.stderr.strip().splitlines()[-1].count("ctc-submit: ") == 1
