import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctc_submit.pixels.tiles import grid


def test_a_small_frame_is_one_tile() -> None:
    (tile,) = grid((30, 40), 64, 16)
    assert (tile.top, tile.left, tile.height, tile.width) == (0, 0, 30, 40)
    assert tile.owned == (0, 30, 0, 40)


@given(
    height=st.integers(1, 300),
    width=st.integers(1, 300),
    size=st.integers(8, 128),
    overlap=st.integers(0, 7),
)
def test_owned_areas_cover_the_frame_once(height: int, width: int, size: int, overlap: int) -> None:
    owners = np.zeros((height, width), int)
    for tile in grid((height, width), size, overlap):
        top, bottom, left, right = tile.owned
        owners[top:bottom, left:right] += 1
        assert tile.top <= top <= bottom <= tile.top + tile.height <= height
        assert tile.left <= left <= right <= tile.left + tile.width <= width
        assert tile.cut(owners).shape == (tile.height, tile.width)
    assert (owners == 1).all()


@given(length=st.integers(1, 500), size=st.integers(20, 128), overlap=st.integers(2, 19))
def test_what_is_no_larger_than_the_overlap_lies_whole_in_its_owner(
    length: int, size: int, overlap: int
) -> None:
    tiles = grid((length, 1), size, overlap)
    for start in range(length - overlap + 1):
        centre = start + overlap / 2
        (owner,) = [t for t in tiles if t.owns(centre, 0)]
        assert owner.top <= start
        assert start + overlap <= owner.top + owner.height


@pytest.mark.parametrize(("size", "overlap"), [(0, 0), (10, 10), (10, -1)])
def test_impossible_grids_are_a_mistake(size: int, overlap: int) -> None:
    with pytest.raises(ValueError, match="cannot share"):
        grid((100, 100), size, overlap)
