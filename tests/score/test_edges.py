"""Edge errors on graphs that one can draw."""

import numpy as np
import pytest

from ctc_submit.score.edges import edge_errors
from ctc_submit.score.lineage import Lineage, labels_of, times_of
from tests.score.graphs import lineage, paired


def told(edges: np.ndarray) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Edges as ((time, label), (time, label))."""
    times, labels = times_of(edges).tolist(), labels_of(edges).tolist()
    return [((a, x), (b, y)) for (a, b), (x, y) in zip(times, labels, strict=True)]


DIVISION = lineage((1, 0, 1, 0), (2, 2, 3, 1), (3, 2, 3, 1))


def test_edges_run_track_after_track_parent_link_first() -> None:
    assert told(DIVISION.edges()) == [
        ((0, 1), (1, 1)),
        ((1, 1), (2, 2)),
        ((2, 2), (3, 2)),
        ((1, 1), (2, 3)),
        ((2, 3), (3, 3)),
    ]


def test_equal_graphs_have_no_errors() -> None:
    errors = edge_errors(DIVISION, DIVISION, paired(DIVISION, DIVISION))
    assert (len(errors.redundant), len(errors.missing), len(errors.wrong)) == (0, 0, 0)
    assert errors.edges == 5


def test_a_forgotten_parent_is_a_missing_edge() -> None:
    result = lineage((1, 0, 1, 0), (2, 2, 3, 1), (3, 2, 3, 0))
    errors = edge_errors(DIVISION, result, paired(DIVISION, result))
    assert told(errors.missing) == [((1, 1), (2, 3))]
    assert len(errors.redundant) == len(errors.wrong) == 0


def test_a_parent_too_many_is_a_redundant_edge() -> None:
    truth = lineage((1, 0, 1, 0), (2, 2, 3, 0))
    result = lineage((1, 0, 1, 0), (2, 2, 3, 1))
    errors = edge_errors(truth, result, paired(truth, result))
    assert told(errors.redundant) == [((1, 1), (2, 2))]
    assert len(errors.missing) == len(errors.wrong) == 0


def test_a_track_cut_in_two_has_an_edge_of_the_wrong_kind() -> None:
    truth, result = lineage((1, 0, 3, 0)), lineage((1, 0, 1, 0), (5, 2, 3, 1))
    matches = {2: {1: 5}, 3: {1: 5}}
    errors = edge_errors(truth, result, paired(truth, result, matches))
    assert told(errors.wrong) == [((1, 1), (2, 5))]
    assert len(errors.missing) == len(errors.redundant) == 0


def test_two_tracks_made_one_have_it_too() -> None:
    truth, result = lineage((1, 0, 1, 0), (2, 2, 3, 1)), lineage((1, 0, 3, 0))
    matches = {2: {2: 1}, 3: {2: 1}}
    errors = edge_errors(truth, result, paired(truth, result, matches))
    assert told(errors.wrong) == [((1, 1), (2, 1))]
    assert len(errors.missing) == len(errors.redundant) == 0


def test_a_parent_link_across_a_gap_counts() -> None:
    truth = lineage((1, 0, 0, 0), (2, 3, 3, 1))
    errors = edge_errors(truth, truth, paired(truth, truth))
    assert (errors.edges, len(errors.missing)) == (1, 0)


def test_an_edge_over_a_frame_in_which_the_track_goes_on_is_redundant() -> None:
    truth, result = lineage((1, 0, 2, 0)), lineage((1, 0, 0, 0), (2, 2, 2, 1))
    errors = edge_errors(truth, result, paired(truth, result, {1: {1: 0}, 2: {1: 2}}))
    assert told(errors.redundant) == [((0, 1), (2, 2))]
    assert (len(errors.missing), len(errors.wrong)) == (2, 0)


@pytest.mark.parametrize(("end", "begin"), [(1, 3), (2, 4)])
def test_a_parent_link_joins_the_last_object_of_one_track_to_the_first_of_the_other(
    end: int, begin: int
) -> None:
    """Links from a frame earlier, or to a frame later, are redundant."""
    truth = lineage((1, 0, 2, 0), (2, 3, 4, 1))
    result = lineage((1, 0, end, 0), (2, begin, 4, 1))
    errors = edge_errors(truth, result, paired(truth, result))
    assert told(errors.redundant) == [((end, 1), (begin, 2))]
    assert (len(errors.missing), len(errors.wrong)) == (2, 0)


def test_swapped_tracks_lose_their_edges() -> None:
    truth = lineage((1, 0, 1, 0), (2, 0, 1, 0))
    errors = edge_errors(truth, truth, paired(truth, truth, {1: {1: 2, 2: 1}}))
    assert (
        told(errors.redundant)
        == told(errors.missing)
        == [
            ((0, 1), (1, 1)),
            ((0, 2), (1, 2)),
        ]
    )


def test_edges_at_merged_missed_and_extra_objects_are_only_missing() -> None:
    truth = lineage((1, 0, 1, 0), (2, 0, 1, 0))
    for matches in ({1: {1: 1, 2: 1}}, {1: {1: 0, 2: 0}}):
        errors = edge_errors(truth, truth, paired(truth, truth, matches))
        assert len(errors.missing) == 2
        assert len(errors.redundant) == len(errors.wrong) == 0


def test_nothing_has_no_edges() -> None:
    empty = Lineage.of([])
    assert empty.edges().shape == (0, 2)
    assert empty.vertices().size == 0
