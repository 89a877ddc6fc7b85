from hypothesis import given
from hypothesis import strategies as st

from ctc_submit.data.tracks import Track
from ctc_submit.report.families import in_families


def labels(tracks: list[Track]) -> list[int]:
    return [track.label for track in in_families(tracks)]


def test_a_mother_lies_between_her_daughters() -> None:
    family = [Track(1, 0, 4, 0), Track(2, 5, 9, 1), Track(3, 5, 9, 1)]
    assert labels(family) == [2, 1, 3]


def test_whole_families_stay_together() -> None:
    tracks = [
        *(Track(1, 0, 4, 0), Track(2, 5, 9, 1), Track(3, 5, 9, 1)),
        *(Track(4, 10, 12, 3), Track(5, 10, 12, 3), Track(6, 1, 12, 0)),
    ]
    assert labels(tracks) == [2, 1, 4, 3, 5, 6]


def test_families_follow_each_other_by_their_first_frame() -> None:
    assert labels([Track(1, 7, 9, 0), Track(2, 3, 9, 0), Track(3, 3, 4, 0)]) == [2, 3, 1]


def test_an_unknown_parent_and_a_circle_lose_no_track() -> None:
    assert labels([Track(2, 0, 1, 99)]) == [2]
    assert sorted(labels([Track(1, 0, 1, 2), Track(2, 0, 1, 1), Track(3, 0, 1, 3)])) == [1, 2, 3]


def test_a_lineage_of_a_thousand_generations() -> None:
    chain = [Track(n, n, n, n - 1) for n in range(1, 5000)]
    assert len(labels(chain)) == 4999


@given(st.lists(st.integers(0, 12), max_size=12))
def test_every_track_comes_once(parents: list[int]) -> None:
    tracks = [Track(n, n, n, parent) for n, parent in enumerate(parents, start=1)]
    assert sorted(labels(tracks)) == list(range(1, len(parents) + 1))
