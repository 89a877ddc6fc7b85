import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ctc_submit.track.cells import cells_of
from ctc_submit.track.runs import moved, overlaps_of, runs_of
from ctc_submit.track.settings import Scale
from tests.scenes import drawn

SHAPES = st.one_of(
    st.tuples(st.integers(1, 8), st.integers(1, 8)),
    st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(1, 6)),
)
MAPS = SHAPES.flatmap(lambda shape: arrays(np.uint16, shape, elements=st.integers(0, 4)))
PAIRS = SHAPES.flatmap(
    lambda shape: st.tuples(*[arrays(np.uint16, shape, elements=st.integers(0, 4))] * 2)
)


def painted(labels: np.ndarray) -> np.ndarray:
    runs = runs_of(labels)
    return np.repeat(runs.values, runs.lengths).reshape(labels.shape)


@given(MAPS)
def test_runs_give_the_label_map_back(labels: np.ndarray) -> None:
    assert (painted(labels) == labels).all()


@given(PAIRS)
def test_overlaps_are_those_counted_by_pixel(pair: tuple[np.ndarray, np.ndarray]) -> None:
    first, second = pair
    found = overlaps_of(runs_of(first), runs_of(second))
    counted = {
        (a, b): int(((first == a) & (second == b)).sum())
        for a in range(1, 5)
        for b in range(1, 5)
        if ((first == a) & (second == b)).any()
    }
    keys = zip(found.first.tolist(), found.second.tolist(), strict=True)
    assert dict(zip(keys, found.pixels.tolist(), strict=True)) == counted


@given(MAPS, st.integers(-3, 3), st.integers(-3, 3))
def test_moving_runs_moves_pixels(labels: np.ndarray, down: int, right: int) -> None:
    shift = (0,) * (labels.ndim - 2) + (down, right)
    padded = np.pad(labels, [(0, 0)] * (labels.ndim - 2) + [(3, 3), (3, 3)])
    expected = np.roll(padded, shift, tuple(range(labels.ndim)))[..., 3:-3, 3:-3]
    runs = moved(runs_of(labels), shift)
    assert (np.repeat(runs.values, runs.lengths).reshape(labels.shape) == expected).all()


@given(MAPS)
def test_cells_are_those_measured_by_pixel(labels: np.ndarray) -> None:
    spacing = (2.0, 0.5, 0.5)[-labels.ndim :]
    cells = cells_of(labels, runs_of(labels), Scale(spacing))
    assert cells.labels.tolist() == [v for v in np.unique(labels).tolist() if v]
    for label, area, centre in zip(cells.labels, cells.areas, cells.centres, strict=True):
        pixels = np.argwhere(labels == label)
        assert np.isclose(area, len(pixels) * np.prod(spacing))
        assert np.allclose(centre, pixels.mean(axis=0) * np.array(spacing))


def test_depth_and_inside_follow_the_field_of_interest() -> None:
    labels = drawn("1.......\n........\n...2....\n........\n........\n.......3")
    cells = cells_of(labels, runs_of(labels), Scale((1.0, 1.0), None, 1))
    assert cells.inside.tolist() == [False, True, False]
    assert cells.depths.tolist() == [-1.0, 1.0, -1.0]
