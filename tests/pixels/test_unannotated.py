import numpy as np
import pytest

from ctc_submit.pixels.unannotated import reach, unannotated
from tests.scenes import disc, drawn

CELLS = drawn("11111.......\n............\n............")
DOTS = drawn("..1.....2...\n............\n............")


def test_a_missing_cell_reaches_as_far_as_the_others() -> None:
    """Cell 1 ends two pixels from its marker, so cell 2 may end two pixels from its own."""
    found = unannotated(CELLS, DOTS, np.array([2]))
    expected = drawn("......11111.\n.......111..\n........1...")
    np.testing.assert_array_equal(found, expected > 0)


def test_annotated_cells_stay_annotated() -> None:
    near = np.roll(DOTS, -3, axis=1)  # the dot of cell 2 lies right beside cell 1
    near[0, 2] = 1
    assert not (unannotated(CELLS, near, np.array([2])) & (CELLS > 0)).any()


def test_a_missing_cell_s_marker_on_another_cell_does_not_shorten_its_reach() -> None:
    cells, markers = drawn("11111..........."), drawn("1...22..........")
    found = unannotated(cells, markers, np.array([2]))
    np.testing.assert_array_equal(found, drawn(".....11111......") > 0)


def test_where_nothing_is_missing_all_is_known() -> None:
    assert not unannotated(CELLS, DOTS, np.array([], int)).any()


def test_without_an_annotated_cell_nothing_is_known() -> None:
    nothing = np.zeros_like(CELLS)
    assert unannotated(nothing, DOTS, np.array([1, 2])).all()


def test_a_cell_whose_marker_covers_it_reaches_nowhere_further() -> None:
    markers = CELLS.copy()
    markers[2, 9:11] = 2
    np.testing.assert_array_equal(unannotated(CELLS, markers, np.array([2])), markers == 2)


@pytest.mark.parametrize("dot", [(50, 60), (44, 60), (50, 75)])
def test_a_hidden_cell_of_the_others_size_is_left_out_as_a_whole(dot: tuple[int, int]) -> None:
    cell, hidden = disc((100, 200), (50, 60), 30), disc((100, 200), (50, 140), 30)
    markers = np.zeros((100, 200), np.uint16)
    markers[disc(markers.shape, dot, 3)] = 7
    markers[disc(markers.shape, (dot[0], dot[1] + 80), 3)] = 9
    found = unannotated(cell.astype(np.uint16), markers, np.array([9]))
    assert found[hidden].all()
    assert found.mean() < 0.5


def test_the_reach_is_the_longest_cell_s() -> None:
    cells = drawn("111....2222222\n111....2222222")
    markers = drawn(".1.....2......\n..............")
    assert reach(cells, markers) == pytest.approx(np.hypot(6, 1))
    assert reach(cells, np.zeros_like(markers)) == np.inf
