"""Links become unbranched runs."""

import numpy as np

from ctc_submit.track.lineage import Links, branches


def test_divisions_that_were_not_seen_leave_a_mother_two_daughters_at_most() -> None:
    # 0 divides into 1 and 2; 2 is out of the field of interest and divides into 3 and 4
    links = Links(np.full(5, -1), np.array([-1, 0, 0, 2, 2]))
    run, parents = branches(links, np.array([True, True, False, True, True]))
    assert run.tolist() == [0, 1, -1, 2, 3]
    assert parents.tolist() == [-1, 0, -1, -1]


def test_a_mother_whose_other_daughter_is_outside_ends_all_the_same() -> None:
    """As in the challenge's gold truth, where such a division is drawn with one daughter."""
    links = Links(np.full(3, -1), np.array([-1, 0, 0]))
    run, parents = branches(links, np.array([True, True, False]))
    assert run.tolist() == [0, 1, -1]
    assert parents.tolist() == [-1, 0]


def test_a_cell_that_comes_back_has_its_old_track_as_parent() -> None:
    links = Links(np.array([1, 2, -1]), np.full(3, -1))
    run, parents = branches(links, np.array([True, False, True]))
    assert run.tolist() == [0, -1, 1]
    assert parents.tolist() == [-1, 0]


def test_a_daughter_that_is_first_seen_later_is_one_all_the_same() -> None:
    # 0 divides into 1 and 2; 2 is out of the field of interest, and comes in as 3
    links = Links(np.array([-1, -1, 3, -1]), np.array([-1, 0, 0, -1]))
    run, parents = branches(links, np.array([True, True, False, True]))
    assert run.tolist() == [0, 1, -1, 2]
    assert parents.tolist() == [-1, 0, 0]
