import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from ctc_submit.cli.main import main


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("PhC-C2DH-U373/01/t000.tif", b"a")
        packed.writestr("PhC-C2DH-U373/02/t000.tif", b"b")
    return tmp_path / "a.zip"


def test_offline_is_one_line_and_code_6(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTC_SUBMIT_MIRROR", "http://127.0.0.1:9/data")
    done = CliRunner().invoke(main, ["download", "dic-c2dh-hela", "--to", str(tmp_path)])
    assert done.exit_code == 6
    assert done.stderr.startswith(
        "ctc-submit: http://127.0.0.1:9/data/training-datasets/DIC-C2DH-HeLa.zip: cannot be reached"
    )
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_terms_are_shown_and_an_archive_at_hand_is_unpacked(archive: Path) -> None:
    arguments = ["--archive", str(archive), "--to", str(archive.parent)]
    done = CliRunner().invoke(main, ["download", "PhC-C2DH-U373", *arguments])
    assert done.exit_code == 0, done.output
    assert "Terms of use" in done.stdout
    assert f"{archive.parent / 'PhC-C2DH-U373'}: training sequences 01 and 02" in done.stdout
    assert archive.exists()
    again = CliRunner().invoke(main, ["download", "PhC-C2DH-U373", *arguments])
    assert again.exit_code == 3 and "exists already; --force" in again.stderr
    assert (
        CliRunner().invoke(main, ["download", "PhC-C2DH-U373", *arguments, "--force"]).exit_code
        == 0
    )


def test_the_checksum_of_an_archive_at_hand_is_held_against_the_one_given(archive: Path) -> None:
    arguments = ["--archive", str(archive), "--to", str(archive.parent), "--sha256", "ab" * 32]
    done = CliRunner().invoke(main, ["download", "PhC-C2DH-U373", *arguments])
    assert done.exit_code == 3 and "expected SHA-256 abab" in done.stderr


def test_unknown_data_sets_are_named() -> None:
    done = CliRunner().invoke(main, ["download", "HeLa"])
    assert done.exit_code == 3
    assert done.stderr.startswith("ctc-submit: HeLa: not a data set of the challenge; known are ")
