"""Counts of one frame, and the three measures made of counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctc_submit.score.aogm import Counts, count_frame, det, lnk, total, tra
from tests.scenes import drawn, two_touching

counts = st.builds(Counts, *[st.integers(0, 50)] * 8)


def test_counts_of_a_merge_a_miss_and_an_extra() -> None:
    merged = count_frame(two_touching(), (two_touching() > 0).astype(np.uint16))
    assert merged == Counts(splits=1, vertices=2)
    missed = count_frame(drawn("11.22.."), drawn("11...33"))
    assert missed == Counts(false_negatives=1, false_positives=1, vertices=2)


def test_a_merge_of_three_costs_two_splits() -> None:
    assert count_frame(drawn("112233"), drawn("444444")).splits == 2


def test_det_by_hand() -> None:
    found = Counts(splits=1, false_negatives=2, false_positives=3, vertices=10)
    assert det(found) == pytest.approx(1 - (5 + 20 + 3) / 100)
    assert det(found, extra=0) == pytest.approx(1 - 25 / 100)


def test_tra_and_lnk_by_hand() -> None:
    found = Counts(1, 2, 3, 4, 5, 6, vertices=10, edges=8)
    assert tra(found) == pytest.approx(1 - (28 + 4 + 7.5 + 6) / 112)
    assert lnk(Counts(redundant_edges=1, missing_edges=1, wrong_edges=1, edges=8)) == (
        pytest.approx(1 - 3.5 / 12)
    )


def test_nothing_to_find_is_no_score() -> None:
    assert det(Counts(false_positives=1)) is None
    assert tra(Counts()) is None
    assert lnk(Counts(vertices=3)) is None


@given(counts)
def test_measures_stay_between_0_and_1(found: Counts) -> None:
    for measure in (det, tra, lnk):
        value = measure(found)
        assert value is None or 0 <= value <= 1


@given(st.lists(counts, max_size=4))
def test_counts_add_field_by_field(many: list[Counts]) -> None:
    assert total(many).splits == sum(each.splits for each in many)
    assert total(many).edges == sum(each.edges for each in many)
