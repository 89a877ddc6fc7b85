"""Overlaps against a count by hand, object by object."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from ctc_submit.score.matching import overlaps
from tests.scenes import drawn, two_touching

maps = st.shared(array_shapes(min_dims=1, max_dims=3, max_side=7), key="shape").flatmap(
    lambda shape: arrays(np.uint16, shape, elements=st.sampled_from([0, 1, 2, 3, 700, 65535]))
)


@given(maps, maps)
def test_equals_a_count_by_hand(reference: np.ndarray, result: np.ndarray) -> None:
    found = overlaps(reference, result)
    assert found.reference_labels.tolist() == np.setdiff1d(reference, 0).tolist()
    assert found.result_labels.tolist() == np.setdiff1d(result, 0).tolist()
    for row, label in enumerate(found.reference_labels):
        mine = reference == label
        assert found.reference_sizes[row] == mine.sum()
        match, jaccard = -1, 0.0
        for column, other in enumerate(found.result_labels):
            common = (mine & (result == other)).sum()
            pair = [row, column, common]
            assert (pair in found.pairs.tolist()) == (common > 0)
            if 2 * common > mine.sum():
                match, jaccard = column, common / (mine | (result == other)).sum()
        assert found.matches[row] == match
        assert found.jaccards[row] == jaccard


def test_exactly_half_is_no_match() -> None:
    half = overlaps(drawn("1111"), drawn("11.."))
    assert half.matches.tolist() == [-1]
    assert half.jaccards.tolist() == [0.0]
    more = overlaps(drawn("11111"), drawn("111.."))
    assert more.jaccards.tolist() == [0.6]


def test_one_result_object_may_match_several() -> None:
    merged = overlaps(two_touching(), (two_touching() > 0).astype(np.uint16))
    assert merged.matches.tolist() == [0, 0]
    assert merged.jaccards.tolist() == [0.5, 0.5]


def test_scattered_pixels_are_one_object() -> None:
    found = overlaps(drawn("1.1.1"), drawn("2.2.."))
    assert found.reference_sizes.tolist() == [3]
    assert found.jaccards.tolist() == [2 / 3]


def test_other_integers_are_taken_and_others_refused() -> None:
    wide = two_touching().astype(np.int64)
    assert overlaps(wide, two_touching()).jaccards.tolist() == [1, 1]
    for wrong in (wide - 5, wide + 65535, wide.astype(float)):
        with pytest.raises(ValueError, match="label"):
            overlaps(wrong, wide)
    with pytest.raises(ValueError, match="cannot be compared"):
        overlaps(wide, wide[1:])


def test_a_map_without_pixels_has_no_objects() -> None:
    nothing = np.zeros((0, 4), np.uint16)
    assert overlaps(nothing, nothing).jaccards.size == 0
