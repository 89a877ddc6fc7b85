"""CT, TF, BC(i), CCA and the overall measures on graphs that one can draw."""

import numpy as np
import pytest

from ctc_submit.score.branching import DivisionCounts, count_divisions, divisions
from ctc_submit.score.cell_cycle import cell_cycle_accuracy, cycle_lengths
from ctc_submit.score.complete_tracks import complete_tracks
from ctc_submit.score.lineage import Lineage
from ctc_submit.score.overall import biological, mean_of_both
from ctc_submit.score.track_fractions import track_fractions
from tests.score.graphs import lineage, paired

NOTHING = Lineage.of([])


def test_complete_tracks() -> None:
    truth = lineage((1, 0, 3, 0), (2, 0, 3, 0), (3, 1, 2, 0))
    result = lineage((1, 0, 3, 0), (2, 0, 2, 0), (3, 1, 2, 0), (4, 3, 3, 2))
    found = paired(truth, result, {3: {2: 4}, 1: {3: 0}})
    assert complete_tracks(truth, result, found) == pytest.approx(2 * 1 / (3 + 4))
    assert complete_tracks(NOTHING, result, found) is None


def test_a_track_that_goes_on_is_not_complete() -> None:
    truth, result = lineage((1, 0, 1, 0)), lineage((1, 0, 2, 0))
    assert complete_tracks(truth, result, paired(truth, result)) == 0


def test_a_track_that_begins_early_is_not_complete() -> None:
    truth, result = lineage((1, 1, 2, 0)), lineage((1, 0, 2, 0))
    assert complete_tracks(truth, result, paired(truth, result)) == 0


@pytest.mark.parametrize("other", [0, 2])
def test_a_track_missed_or_followed_by_another_in_one_frame_is_not_complete(other: int) -> None:
    truth, result = lineage((1, 0, 2, 0)), lineage((1, 0, 2, 0), (2, 1, 1, 0))
    assert complete_tracks(truth, result, paired(truth, result, {1: {1: other}})) == 0


def test_track_fractions_take_the_longest_run_and_leave_out_what_is_lost() -> None:
    truth = lineage((1, 0, 4, 0), (2, 0, 1, 0))
    result = lineage((1, 0, 4, 0))
    found = paired(truth, result, {1: {1: 0}, 0: {2: 0}})
    assert track_fractions(truth, found) == pytest.approx(3 / 5)


def test_of_the_runs_of_one_or_several_result_tracks_the_longest_counts() -> None:
    truth = lineage((1, 0, 4, 0))
    broken = paired(truth, lineage((1, 0, 4, 0)), {3: {1: 0}})
    assert track_fractions(truth, broken) == pytest.approx(3 / 5)
    result = lineage((1, 0, 2, 0), (2, 3, 4, 0))
    handed_on = paired(truth, result, {3: {1: 2}, 4: {1: 2}})
    assert track_fractions(truth, handed_on) == pytest.approx(3 / 5)


def test_a_merged_object_follows_nobody() -> None:
    truth, result = lineage((1, 0, 1, 0), (2, 0, 1, 0)), lineage((1, 0, 1, 0))
    found = paired(truth, result, {0: {2: 1}, 1: {2: 1}})
    assert track_fractions(truth, found) == 0
    assert track_fractions(NOTHING, found) is None


def test_a_result_track_that_follows_one_to_the_end_is_not_tried_on_later_ones() -> None:
    truth = lineage((1, 0, 1, 0), (2, 2, 5, 0))
    result = lineage((7, 0, 3, 0))
    found = paired(truth, result, {0: {1: 7}, 1: {1: 7}, 2: {2: 7}, 3: {2: 7}})
    assert track_fractions(truth, found) == 1.0


MOTHER = lineage((1, 0, 2, 0), (2, 3, 5, 1), (3, 3, 5, 1))


def test_a_division_some_frames_late_is_found_with_tolerance() -> None:
    late = lineage((1, 0, 3, 0), (2, 4, 5, 1), (3, 4, 5, 1))
    found = paired(MOTHER, late)
    for tolerance, expected in ((0, (0, 1, 1)), (1, (1, 0, 0)), (2, (1, 0, 0))):
        counts = count_divisions(divisions(MOTHER), divisions(late), found, tolerance)
        assert (counts.found, counts.wrong, counts.missed) == expected


def test_a_division_one_frame_early_is_found_with_tolerance() -> None:
    early = lineage((1, 0, 1, 0), (2, 2, 5, 1), (3, 2, 5, 1))
    found = paired(MOTHER, early)
    for tolerance, expected in ((0, 0), (1, 1)):
        counts = count_divisions(divisions(MOTHER), divisions(early), found, tolerance)
        assert counts.found == expected


@pytest.mark.parametrize(("end", "begin"), [(2, 5), (0, 3)])
def test_mother_and_daughters_are_each_held_to_the_tolerance(end: int, begin: int) -> None:
    """Either the daughters begin two frames late, or the mother ends two frames early."""
    apart = lineage((1, 0, end, 0), (2, begin, 5, 1), (3, begin, 5, 1))
    found = paired(MOTHER, apart)
    for tolerance, expected in ((1, 0), (2, 1)):
        counts = count_divisions(divisions(MOTHER), divisions(apart), found, tolerance)
        assert counts.found == expected


def test_daughters_must_match_one_to_one() -> None:
    one = {3: {2: 2, 3: 2}}
    counts = count_divisions(divisions(MOTHER), divisions(MOTHER), paired(MOTHER, MOTHER, one), 0)
    assert counts == DivisionCounts(0, 1, 1)
    swapped = {3: {2: 3, 3: 2}}
    counts = count_divisions(
        divisions(MOTHER), divisions(MOTHER), paired(MOTHER, MOTHER, swapped), 0
    )
    assert counts == DivisionCounts(1, 0, 0)


def test_one_child_is_no_division_and_three_are_not_two() -> None:
    assert divisions(lineage((1, 0, 0, 0), (2, 1, 1, 1))) == []
    three = lineage((1, 0, 2, 0), (2, 3, 5, 1), (3, 3, 5, 1), (4, 3, 5, 1))
    counts = count_divisions(divisions(MOTHER), divisions(three), paired(MOTHER, three), 3)
    assert counts.found == 0


def test_bc_is_f1_and_needs_a_division_in_the_truth() -> None:
    assert DivisionCounts(2, 1, 3).score == pytest.approx(4 / 8)
    assert DivisionCounts(0, 4, 0).score is None
    assert DivisionCounts(0, 0, 2).score == 0


def test_cell_cycles_begin_and_end_with_a_division() -> None:
    tree = lineage((1, 0, 1, 0), (2, 2, 4, 1), (3, 2, 9, 1), (4, 5, 9, 2), (5, 5, 9, 2))
    assert cycle_lengths(tree, divisions(tree)).tolist() == [3]


def test_cell_cycle_accuracy() -> None:
    def lengths(*values: int) -> np.ndarray:
        return np.array(values, np.int64)

    assert cell_cycle_accuracy(lengths(3, 4), lengths(4, 3)) == 1
    assert cell_cycle_accuracy(lengths(3, 4), lengths(4, 5)) == pytest.approx(0.5)
    assert cell_cycle_accuracy(lengths(3), lengths(9)) == 0
    assert cell_cycle_accuracy(lengths(9), lengths(3)) == 0
    assert cell_cycle_accuracy(lengths(3), lengths()) == 0
    assert cell_cycle_accuracy(lengths(), lengths(3)) is None


def test_overall_measures() -> None:
    assert mean_of_both(0.5, 1.0) == 0.75
    assert mean_of_both(None, 1.0) is None
    assert biological(1.0, None, 0.5, None) == 0.75
    assert biological(None, None) is None
