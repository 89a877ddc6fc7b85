import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctc_submit.data.tracks import Track, read_tracks, write_tracks
from ctc_submit.errors import DataError

BOTH = [Track(1, 0, 3, 0), Track(2, 4, 9, 1)]


def tracks_in(folder: Path, content: bytes) -> list[Track]:
    path = folder / "res_track.txt"
    path.write_bytes(content)
    return read_tracks(path)


@pytest.mark.parametrize(
    "content",
    [
        b"1 0 3 0\n2 4 9 1\n",
        b"1 0 3 0\r\n2 4 9 1\r\n",
        b"1 0 3 0\n2 4 9 1",
        b"1\t0\t3\t0\n2\t4\t9\t1\n",
        b"1  0 3   0\n2 \t4 9 1\n",
        b"01 000 3 0\n2 4 9 1\n",
    ],
)
def test_what_the_evaluator_accepts(tmp_path: Path, content: bytes) -> None:
    assert tracks_in(tmp_path, content) == BOTH


def test_lines_may_come_in_any_order(tmp_path: Path) -> None:
    assert tracks_in(tmp_path, b"2 4 9 1\n1 0 3 0\n") == BOTH[::-1]


def test_an_empty_file_has_no_tracks(tmp_path: Path) -> None:
    assert tracks_in(tmp_path, b"") == []


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"\n1 0 3 0\n", 1),
        (b"1 0 3 0\n\n2 4 9 1\n", 2),
        (b"1 0 3 0\n\n", 2),
        (b"1 0 3 0\r\n\r\n", 2),
        (b"\n", 1),
        (b"1 0 3 0 \n", 1),
        (b"1 0 3 0\t\n", 1),
        (b"L B E P\n1 0 3 0\n", 1),
        (b"1 0 3\n", 1),
        (b"1 0 3 0 0\n", 1),
        (b"1,0,3,0\n", 1),
        (b"1.0 0 3 0\n", 1),
        (b"1 0 3 0\r2 4 9 1\r", 1),
        (b"\xef\xbb\xbf1 0 3 0\n", 1),
        (b"1 0 3 0\n" + b"9" * 5000 + b" 0 3 0\n", 2),
        ("١ ٠ ٣ ٠\n".encode(), 1),
        (b"\x00\x01\x02", 1),
    ],
)
def test_what_the_evaluator_refuses_is_refused_with_its_line(
    tmp_path: Path, content: bytes, line: int
) -> None:
    with pytest.raises(DataError, match=rf"res_track\.txt: line {line}: expected four numbers"):
        tracks_in(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"65536 0 3 0\n", "labels go from 1 to 65535, found 65536"),
        (b"0 0 3 0\n", "labels go from 1 to 65535, found 0"),
        (b"-1 0 3 0\n", "found -1"),
        (b"1 4 3 0\n", "begins at frame 4 and ends at frame 3"),
        (b"1 -1 3 0\n", "begins at frame -1"),
        (b"1 0 3 -2\n", "the parent is -2; 0 stands for none"),
        (b"1 0 3 0\n1 5 6 0\n", "line 2: label 1 has a line already"),
    ],
)
def test_values_no_track_can_have(tmp_path: Path, content: bytes, found: str) -> None:
    with pytest.raises(DataError, match=found):
        tracks_in(tmp_path, content)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"res_track\.txt: cannot be read \(No such file"):
        read_tracks(tmp_path / "res_track.txt")


def test_tracks_are_written_sorted_with_plain_line_ends(tmp_path: Path) -> None:
    write_tracks(tmp_path / "a.txt", reversed(BOTH))
    assert (tmp_path / "a.txt").read_bytes() == b"1 0 3 0\n2 4 9 1\n"
    write_tracks(tmp_path / "a.txt", [])
    assert (tmp_path / "a.txt").read_bytes() == b""


def test_tracks_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be written"):
        write_tracks(tmp_path / "missing" / "a.txt", BOTH)


@given(
    st.dictionaries(
        st.integers(1, 65_535),
        st.tuples(st.integers(0, 9999), st.integers(0, 9999), st.integers(0, 65_535)),
        max_size=20,
    )
)
def test_tracks_come_back_as_written(
    tmp_path_factory: pytest.TempPathFactory, rows: dict[int, tuple[int, int, int]]
) -> None:
    tracks = [Track(label, b, b + length, p) for label, (b, length, p) in sorted(rows.items())]
    path = tmp_path_factory.mktemp("tracks") / "res_track.txt"
    write_tracks(path, random.Random(0).sample(tracks, len(tracks)))
    assert read_tracks(path) == tracks


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "divisions"),
    [("DIC-C2DH-HeLa/01", None), ("PhC-C2DH-U373/02", None), ("Fluo-N2DH-SIM+/01", 31)],
)
def test_real_track_files(real_data: Path, name: str, divisions: int | None) -> None:
    tracks = read_tracks(real_data / f"{name}_GT" / "TRA" / "man_track.txt")
    known = {track.label for track in tracks}
    parents = [track.parent for track in tracks if track.parent]
    assert len(tracks) > 3 and set(parents) <= known
    if divisions is not None:
        assert len(set(parents)) == divisions
