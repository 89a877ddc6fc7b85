import numpy as np
import pytest
from scipy.ndimage import affine_transform

from ctc_submit.pixels.warp import Warp, apply, smooth_shift

FLIP: list[list[float]] = [[1, 0], [0, -1]]
TURN: list[list[float]] = [[0, 1], [-1, 0]]


def pair(shape: tuple[int, int] = (7, 9)) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.random(shape, np.float32), rng.integers(0, 9, shape, np.int32)


def whole(shape: tuple[int, int]) -> Warp:
    return Warp.of(shape, ((shape[0] - 1) / 2, (shape[1] - 1) / 2))


def test_flips_and_turns_are_numpys() -> None:
    image, labels = pair((8, 8))
    for warp, expected in (
        (whole((8, 8)), image),
        (whole((8, 8)).then(FLIP), image[:, ::-1]),
        (whole((8, 8)).then(TURN), np.rot90(image)),
        (whole((8, 8)).then(TURN).then(TURN), image[::-1, ::-1]),
        (whole((8, 8)).then(TURN).then(FLIP), np.rot90(image[:, ::-1])),
        (whole((8, 8)).then(FLIP).then(TURN), np.rot90(image)[:, ::-1]),
    ):
        assert warp.is_indexing
        warped, _ = apply(warp, image, labels, fill=0, outside=0)
        np.testing.assert_array_equal(warped, expected)
        assert not np.shares_memory(warped, image)
        assert warped.flags.c_contiguous


@pytest.mark.parametrize("warp", [whole((8, 8)).then(FLIP).then(TURN), whole((12, 5)).then(FLIP)])
def test_slicing_and_resampling_agree(warp: Warp) -> None:
    image, labels = pair((8, 8) if warp.shape == (8, 8) else (7, 9))
    exact = apply(warp, image, labels, fill=0.5, outside=-1)
    still = np.zeros(warp.shape, np.float32)
    resampled = apply(
        Warp(warp.shape, warp.centre, warp.matrix, still, still),
        image,
        labels,
        fill=0.5,
        outside=-1,
    )
    np.testing.assert_allclose(resampled[0], exact[0], atol=1e-6)
    np.testing.assert_array_equal(resampled[1], exact[1])


@pytest.mark.parametrize("angle", [10, 60, 135, 250])
def test_resampling_is_scipys(angle: float) -> None:
    image, labels = pair((150, 190))
    cosine, sine = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    warp = Warp((140, 160), (70.2, 80.6), np.array([[cosine, -sine], [sine, cosine]]) / 1.2)
    ours = apply(warp, image, labels, fill=0.25, outside=-1)
    offset = np.array(warp.centre) - warp.matrix @ [69.5, 79.5]
    for array, order, fill, mine in ((image, 1, 0.25, ours[0]), (labels, 0, -1, ours[1])):
        theirs = affine_transform(
            array, warp.matrix, offset, (140, 160), None, order, "grid-constant", fill
        )
        assert mine.dtype == array.dtype
        if order:
            np.testing.assert_allclose(mine, theirs, atol=2e-4)
        else:
            assert (mine != theirs).mean() < 1e-3  # places half-way between two pixels


def test_windows_may_reach_over_every_edge() -> None:
    image, labels = pair()
    for centre in ((-1.0, -1.0), (3.0, 20.0), (50.0, 50.0), (6.0, 0.0)):
        warped, cells = apply(Warp.of((5, 5), centre), image, labels, fill=7, outside=-1)
        assert ((warped == 7) == (cells == -1)).all()
        rows, columns = np.indices((5, 5)) - 2 + np.reshape(centre, (2, 1, 1)).astype(int)
        inside = (rows >= 0) & (rows < 7) & (columns >= 0) & (columns < 9)
        np.testing.assert_array_equal(cells[inside], labels[rows[inside], columns[inside]])
        assert (cells[~inside] == -1).all()


def test_smooth_shift_stays_in_its_bounds() -> None:
    rng = np.random.default_rng(0)
    shift = smooth_shift((200, 130), spacing=32, most=8, rng=rng)
    assert shift.dtype == np.float32
    assert shift.shape == (200, 130)
    assert 2 < np.abs(shift).max() <= 8
    for axis in (0, 1):
        assert np.abs(np.diff(shift, axis=axis)).max() <= 2 * 8 / 32
    tiny = smooth_shift((1, 1), spacing=64, most=4, rng=rng)
    assert np.abs(tiny).max() <= 4


def test_the_spline_adds_up_to_one() -> None:
    class Ones(np.random.Generator):
        def uniform(self, low, high, size):  # type: ignore[no-untyped-def, override]
            return np.full(size, high)

    constant = smooth_shift((70, 129), spacing=16, most=3, rng=Ones(np.random.PCG64(0)))
    np.testing.assert_allclose(constant, 3, rtol=1e-5)
