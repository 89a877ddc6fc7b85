"""Fusion, on label maps that one can draw."""

from itertools import combinations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from ctc_submit.data.labels import MOST_LABELS
from ctc_submit.ensemble.fusion import fused, grouped, signed_distance
from tests.scenes import disc, drawn


def cells(labels: np.ndarray) -> set[bytes]:
    """Return the cells of a label map, whatever their numbers."""
    return {(labels == n).tobytes() for n in np.unique(labels) if n}


ONE = """
    ............
    .111....22..
    .111....22..
    .111....22..
    ............
"""


@pytest.mark.parametrize("number", [1, 2, 3])
def test_maps_that_agree_stay_as_they_are(number: int) -> None:
    labels = drawn(ONE)
    assert cells(fused([labels] * number)) == cells(labels)


def test_numbers_of_labels_do_not_matter() -> None:
    labels = drawn(ONE)
    other = np.choose(labels, [0, 30_000, 7]).astype(np.uint16)
    assert cells(fused([labels, other])) == cells(labels)


def test_a_boundary_lies_half_way() -> None:
    shape = (60, 60)
    small, large = (disc(shape, (30, 30), r).astype(np.uint16) for r in (13, 17))
    area = fused([small, large]).astype(bool).sum()
    assert np.sqrt(area / np.pi) == pytest.approx(15, abs=0.4)


def test_a_shape_keeps_its_place() -> None:
    shape = (60, 60)
    left, right = (disc(shape, (30, x), 15).astype(np.uint16) for x in (27, 33))
    rows, columns = np.nonzero(fused([left, right]))
    assert rows.mean() == pytest.approx(30, abs=0.2) and columns.mean() == pytest.approx(
        30, abs=0.3
    )


def test_two_of_three_must_see_a_cell() -> None:
    nothing, labels = np.zeros((5, 12), np.uint16), drawn(ONE)
    first = np.where(labels == 1, labels, 0)
    assert cells(fused([labels, nothing, first])) == cells(first)
    assert not fused([labels, nothing, nothing]).any()
    assert cells(fused([labels, nothing, nothing], agree=0.0)) == cells(labels)
    assert cells(fused([labels, first, nothing], agree=1.0)) == set()


def test_of_two_models_one_is_enough_by_default() -> None:
    labels = drawn(ONE)
    first, second = (np.where(labels == n, labels, 0) for n in (1, 2))
    assert cells(fused([first, second])) == cells(labels)
    assert not fused([first, second], agree=1.0).any()


def test_two_cells_taken_for_one_are_told_apart_by_the_majority() -> None:
    apart = drawn("""
        ..........
        .11112222.
        .11112222.
        .11112222.
        ..........
    """)
    joined = (apart > 0).astype(np.uint16)
    assert cells(fused([apart, joined, apart])) == cells(apart)
    assert cells(fused([joined, apart, joined])) == cells(joined)


def row(**cells: tuple[int, int]) -> np.ndarray:
    """One row of 24 pixels with cells from a first to a last column, named by letters."""
    labels = np.zeros((1, 24), np.uint16)
    for name, (first, last) in cells.items():
        labels[0, first : last + 1] = int(name, 36)
    return labels


def test_the_most_alike_are_grouped_first() -> None:
    """The left cell of the first map is like that of the second, but the right one comes first."""
    maps = [row(a=(0, 6), b=(7, 14)), row(a=(0, 11)), row(a=(3, 14))]
    groups = sorted((group.labels for group in grouped(maps)), key=len)
    assert groups == [{0: 10}, {0: 11, 1: 10, 2: 10}]


def test_the_likeness_of_a_group_is_that_of_all_its_pairs() -> None:
    sizes = (20, 19, 14, 13)
    (group,) = grouped([row(a=(0, size - 1)) for size in sizes])
    pairs = [small / large for large, small in combinations(sizes, 2)]
    assert group.likeness == pytest.approx(sum(pairs))


def test_what_more_maps_have_keeps_shared_pixels_and_of_equals_the_more_alike() -> None:
    few = [row(b=(8, 19))] * 2
    more = [row(a=(0, 9)), row(a=(0, 9)), row(a=(0, 11))]
    found = fused([*few, *more], agree=0.4)[0]
    assert found[8] == found[9] == found[0] != found[12]
    unlike, alike = [row(b=(8, 19)), row(b=(8, 17))], [row(a=(0, 9))] * 2
    found = fused([*unlike, *alike], agree=0.4)[0]
    assert found[8] == found[9] == found[0] != found[12]


def test_what_others_mostly_cover_is_dropped_and_of_what_they_cut_one_piece_stays() -> None:
    three = [row(a=(8, 11))] * 3
    found = fused([*three, row(b=(10, 13))], agree=0.25)[0]
    assert (found > 0).nonzero()[0].tolist() == [8, 9, 10, 11, 12, 13]
    found = fused([*three, row(b=(10, 12))], agree=0.25)[0]
    assert (found > 0).nonzero()[0].tolist() == [8, 9, 10, 11]
    found = fused([*three, row(b=(2, 22))], agree=0.25)[0]
    assert (found > 0).nonzero()[0].tolist() == list(range(8, 23))


def test_an_object_has_one_partner_in_each_map() -> None:
    one, two, three = (np.zeros((40, 40), np.uint16) for _ in range(3))
    one[5:25, 5:25] = 1
    two[7:25, 5:25] = 1
    three[5:25, 7:25], three[30:35, 30:35] = 4, 9
    groups = grouped([one, two, three])
    assert sorted(len(g.labels) for g in groups) == [1, 3]
    for group in groups:
        assert len(set(group.labels)) == len(group.labels)


def test_cells_at_the_frame_s_edge_stay_there() -> None:
    labels = np.zeros((20, 20), np.uint16)
    labels[:8, :20], labels[12:, :5] = 1, 2
    shorter = labels.copy()
    shorter[6:8] = 0
    found = fused([labels, shorter])
    assert found[0].all() and found[6].all() and not found[7:12].any()
    assert cells(fused([np.ones((6, 6), np.uint16)] * 2)) == cells(np.ones((6, 6), np.uint16))


def test_nothing_found_is_nothing() -> None:
    assert not fused([np.zeros((4, 4), np.uint16)] * 2).any()


def test_maps_of_different_shapes_are_a_mistake() -> None:
    for maps in ([], [np.zeros((4, 4), np.uint16), np.zeros((4, 5), np.uint16)]):
        with pytest.raises(ValueError, match="one shape"):
            fused(maps)


def test_signed_distances() -> None:
    mask = np.zeros((1, 6), bool)
    mask[0, 2:5] = True
    assert signed_distance(mask).tolist() == [[-2, -1, 1, 2, 1, -1]]
    assert (signed_distance(~np.zeros((3, 3), bool)) > 3).all()


maps = st.lists(arrays(np.uint16, (9, 11), elements=st.integers(0, 4)), min_size=1, max_size=4)


@given(maps, st.floats(0, 1))
def test_any_maps_give_a_label_map(found: list[np.ndarray], agree: float) -> None:
    labels = fused(found, agree)
    assert labels.dtype == np.uint16 and labels.shape == (9, 11) and labels.max() <= MOST_LABELS
    kept = {key for group in grouped(found) for key in group.labels.items()}
    assert kept == {(i, int(n)) for i, one in enumerate(found) for n in np.unique(one) if n}
