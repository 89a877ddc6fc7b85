"""Track files line by line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctc_submit.data.tracks import read_tracks
from ctc_submit.errors import DataError
from ctc_submit.score.track_file import (
    Row,
    TrackFileRefused,
    parse_row,
    read_rows,
    tracks_of,
    trimmed,
)


def rows_of(tmp_path: Path, content: bytes) -> dict[int, Row]:
    (tmp_path / "res_track.txt").write_bytes(content)
    return read_rows(tmp_path / "res_track.txt", "D/res_track.txt")[0]


@pytest.mark.parametrize(
    "content",
    [
        b"1 0 1 0\n2 0 0 1\n",
        b"1 0 1 0\r\n2 0 0 1\r\n",
        b"1 0 1 0\n2 0 0 1",
        b"1\t0\t1\t0\n2  0  0  1\n",
        b" 1 0 1 0\n\t2 0 0 1\n",
        b"2 0 0 1\n1 0 1 0\n",
        b"01 +0 1 0\n2 -0 0 1\n",
        b"1 0 1 0\r2 0 0 1",
        b"\xef\xbb\xbf1 0 1 0\n2 0 0 1\n",
    ],
)
def test_lines_that_are_read(content: bytes, tmp_path: Path) -> None:
    assert rows_of(tmp_path, content) == {1: Row(1, 0, 1, 0), 2: Row(2, 0, 0, 1)}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"1 0 1 0\n\n2 0 0 0\n", "(Line=2)"),
        (b"1 0 1 0\n\n", "(Line=2)"),
        (b"1 0 1 0 \n", "(Line=1)"),
        (b"L B E P\n", "(Line=1)"),
        (b"1 0 1\n", "(Line=1)"),
        (b"1 0 1 0 0\n", "(Line=1)"),
        (b"65536 0 1 0\n", "(Line=1)"),
        (b"1 0 1 65536\n", "(Line=1)"),
        (b"1 0 99999999999999999999 0\n", "(Line=1)"),
        (b"1.0 0 1 0\n", "(Line=1)"),
        (b"1,0,1,0\n", "(Line=1)"),
        (b"1 0 1 0\r2 0 0 1\r", "(Line=2)"),
        (b"1 0 1 0\r\n2 0 0 1\r", "(Line=2)"),
        (b"1 0 1 0\r\r\n2 0 0 1\r\n", "(Line=2)"),
        (b"\n\xef\xbb\xbf1 0 1 0\n", "(Line=1)"),
        (b"1 0 1 0\n" + b"9" * 10_000 + b" 0 1 0\n", "(Line=2)"),
        (b"1 0 1 0\n1 2 3 0\n", "(Duplicite id=1)"),
    ],
)
def test_lines_that_are_not(content: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(TrackFileRefused) as caught:
        rows_of(tmp_path, content)
    assert str(caught.value) == f"The track file 'D/res_track.txt' is in incorrect format! {reason}"


def test_an_empty_file_has_no_tracks_and_a_missing_one_is_refused(tmp_path: Path) -> None:
    assert rows_of(tmp_path, b"") == {}
    with pytest.raises(TrackFileRefused, match=r"The track file 'x' cannot be opened!"):
        read_rows(tmp_path / "nowhere.txt", "x")


def test_a_track_that_ends_before_it_begins_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(b"1 2 1 0\n2 0 0 0\n")
    rows, printed = read_rows(tmp_path / "t", "t")
    assert list(rows) == [2]
    assert printed == ["The track with the label 1 is in incorrect format!"]


def test_a_minus_wraps_round() -> None:
    assert parse_row(b"1 0 1 -1") == Row(1, 0, 1, 65535)
    assert parse_row(b"-2 0 1 0") == Row(65534, 0, 1, 0)
    assert parse_row(b"1 0 1 -70000") is None


def test_trimming_cuts_tracks_and_forgets_early_parents() -> None:
    rows = {1: Row(1, 0, 0, 0), 2: Row(2, 1, 9, 1), 3: Row(3, 2, 2, 2), 4: Row(4, 7, 9, 2)}
    assert trimmed(rows, 1, 3) == {2: Row(2, 1, 3, 0), 3: Row(3, 2, 2, 2)}
    with pytest.raises(KeyError):
        trimmed({1: Row(1, 0, 0, 5)}, 0, 3)


numbers = st.integers(-3, 70_000)


@given(st.lists(st.tuples(numbers, numbers, numbers, numbers), max_size=5), st.sampled_from(" \t"))
def test_agrees_with_the_strict_reader(
    tmp_path_factory: pytest.TempPathFactory, lines: list[tuple[int, ...]], blank: str
) -> None:
    """What the toolkit's reader takes, the evaluator takes, with the same meaning."""
    path = tmp_path_factory.mktemp("tracks") / "res_track.txt"
    path.write_text("".join(blank.join(map(str, line)) + "\n" for line in lines))
    try:
        strict = read_tracks(path)
    except DataError:
        return
    rows, printed = read_rows(path, "t")
    assert tracks_of(rows) == sorted(strict)
    assert not printed
