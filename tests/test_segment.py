from collections.abc import Sequence
from typing import Literal

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import find_objects

from ctc_submit.data.instances import Instance
from ctc_submit.errors import CtcError, DataError
from ctc_submit.pixels.tiles import grid
from ctc_submit.score.seg import jaccards
from ctc_submit.segment import (
    SegmentConfig,
    assemble,
    autocast_type,
    device_named,
    relabelled,
    segment,
    strip,
)
from tests.scenes import disc, drawn
from tests.stubs import Bright


def scene(
    shape: tuple[int, int], centres: Sequence[tuple[float, float]], radius: float
) -> np.ndarray:
    labels = np.zeros(shape, np.uint16)
    for label, centre in enumerate(centres, start=1):
        labels[disc(shape, centre, radius)] = label
    return labels


def test_cells_come_back_with_labels_from_one() -> None:
    truth = scene((60, 80), [(20, 20), (40, 60)], 8)
    found = segment((truth > 0) * np.uint8(200), Bright(), SegmentConfig())
    assert found.dtype == np.uint16
    assert set(np.unique(found)) == {0, 1, 2}
    assert jaccards(truth, found).tolist() == [1, 1]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_the_kind_of_pixel_does_not_matter(dtype: type) -> None:
    truth = scene((40, 40), [(20, 20)], 8)
    found = segment(((truth > 0) * 100).astype(dtype), Bright(), SegmentConfig())
    np.testing.assert_array_equal(found > 0, truth > 0)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (3, 7)])
def test_tiny_and_constant_frames_are_empty(shape: tuple[int, int]) -> None:
    found = segment(np.full(shape, 7, np.uint8), Bright(), SegmentConfig())
    assert found.shape == shape
    assert not found.any()


@given(row=st.floats(20, 80), column=st.floats(20, 80))
def test_a_cell_on_a_seam_is_found_once(row: float, column: float) -> None:
    truth = scene((100, 100), [(row, column)], 10)
    found = segment((truth > 0) * np.uint8(9), Bright(), SegmentConfig(tile=50, overlap=30))
    assert jaccards(truth, found).tolist() == [1]
    assert found.max() == 1


def test_tiles_and_the_whole_frame_agree_on_many_cells() -> None:
    rng = np.random.default_rng(0)
    centres = [(r * 24 + 12 + rng.uniform(-2, 2), c * 24 + 12) for r in range(8) for c in range(9)]
    truth = scene((200, 230), centres, 7)
    frame = (truth > 0) * np.uint8(9)
    tiled = segment(frame, Bright(), SegmentConfig(tile=64, overlap=24))
    assert tiled.max() == len(centres)
    assert jaccards(truth, tiled).min() == 1


def test_small_cells_are_dropped_where_asked_for() -> None:
    truth = scene((60, 60), [(20, 20)], 8)
    truth[50, 50] = 2
    found = segment((truth > 0) * np.uint8(9), Bright(), SegmentConfig(least_area=2))
    assert found.max() == 1


def painted(scene: Sequence[tuple[str, float]], config: SegmentConfig) -> np.ndarray:
    """Assemble cells, each drawn on a frame of its own, cut out of it, with its score."""
    cells = []
    for picture, score in scene:
        labels = np.minimum(drawn(picture), 1)
        (rows, columns) = find_objects(labels)[0]
        mask = labels[rows, columns] > 0
        cells.append(Instance((rows.start, columns.start), mask, score))
    shape = labels.shape
    return assemble([(grid((shape[0], shape[1]), 64, 8)[0], cells)], shape, config)


WIDE, NARROW = ("1111111..", 0.5), ("......111", 0.9)


@pytest.mark.parametrize(
    ("order", "expected"),
    [("score", "222222111"), ("large", "111111122"), ("small", "222222111")],
)
def test_a_shared_pixel_is_the_best_the_largest_or_the_smallest_cell_s(
    order: Literal["score", "large", "small"], expected: str
) -> None:
    found = painted([WIDE, NARROW], SegmentConfig(order=order))
    np.testing.assert_array_equal(found, drawn(expected))
    turned = painted([(WIDE[0], 0.9), (NARROW[0], 0.5)], SegmentConfig(order=order))
    assert (turned[0, 6] == turned[0, 0]) == (order != "small")


@pytest.mark.parametrize("order", ["score", "large", "small"])
def test_who_is_dropped_is_decided_by_score_in_any_order(
    order: Literal["score", "large", "small"],
) -> None:
    """The large cell keeps half of its pixels beside the better one, the small one a third."""
    large, small = ("11111111..", 0.5), ("....111111", 0.9)
    for least_free, cells in ((0.5, 2), (0.51, 1)):
        config = SegmentConfig(order=order, least_free=least_free)
        assert painted([large, small], config).max() == cells


@pytest.mark.parametrize("order", ["score", "small"])
def test_of_a_cell_cut_in_two_the_larger_piece_stays(
    order: Literal["score", "large", "small"],
) -> None:
    found = painted([("111111111", 0.5), ("...1.....", 0.9)], SegmentConfig(order=order))
    np.testing.assert_array_equal(found, drawn("...122222"))


def test_a_cell_of_the_least_area_stays() -> None:
    scene = [("11..1\n11..1\n.....", 0.5)]
    assert painted(scene, SegmentConfig(least_area=6)).any()
    assert not painted(scene, SegmentConfig(least_area=7)).any()
    assert painted([("1", 0.5)], SegmentConfig()).any()


BLOCK = "......\n......\n..11..\n..11..\n......\n......"
CORNER = "11....\n11....\n......\n......\n......\n......"
OPPOSITE = "......\n......\n......\n......\n....11\n....11"
HALF = "1111..\n1111..\n1111..\n1111..\n......\n......"


@pytest.mark.parametrize(
    ("scene", "shift", "expected"),
    [
        (BLOCK, 1, "......\n..11..\n.1111.\n.1111.\n..11..\n......"),
        (CORNER, 1, "111...\n111...\n11....\n......\n......\n......"),
        (OPPOSITE, 1, "......\n......\n......\n....11\n...111\n...111"),
        (HALF, -1, "111...\n111...\n111...\n......\n......\n......"),
        (HALF, -2, "11....\n11....\n......\n......\n......\n......"),
        (BLOCK, -1, "......\n......\n......\n......\n......\n......"),
        (OPPOSITE, -1, "......\n......\n......\n......\n......\n.....1"),
    ],
)
def test_a_boundary_is_moved_but_where_the_frame_ends(
    scene: str, shift: int, expected: str
) -> None:
    found = painted([(scene, 0.5)], SegmentConfig(shift=shift))
    np.testing.assert_array_equal(found, drawn(expected))


def test_of_a_moved_boundary_only_what_is_in_the_frame_counts() -> None:
    assert painted([(OPPOSITE, 0.5)], SegmentConfig(shift=1, least_area=8)).any()
    assert not painted([(OPPOSITE, 0.5)], SegmentConfig(shift=1, least_area=9)).any()


def test_cells_of_several_tiles_are_painted_best_first() -> None:
    first, second = grid((4, 20), 12, 4)
    whole = np.ones((4, 12), bool)
    found = assemble(
        [
            (first, [Instance((0, 0), whole[:, :9], 0.5)]),
            (second, [Instance((0, 0), whole[:, 1:], 0.9)]),
        ],
        (4, 20),
        SegmentConfig(),
    )
    assert found[0].tolist() == [2] * 8 + [1] * 11 + [0]


def test_a_stripped_map_has_labels_from_one() -> None:
    labels = drawn("1......\n.......\n...2.3.\n.......\n.......")
    np.testing.assert_array_equal(strip(labels, 1), np.clip(labels, 1, None) - 1)
    assert strip(labels, 0) is labels
    np.testing.assert_array_equal(relabelled(drawn("3377")), drawn("1122"))


def test_volumes_are_refused() -> None:
    with pytest.raises(DataError, match=r"2D.*each time of a film as a frame of its own"):
        segment(np.zeros((3, 8, 8), np.uint8), Bright(), SegmentConfig())


def test_precision_by_name() -> None:
    cpu = torch.device("cpu")
    assert autocast_type("float32", cpu) is None
    assert autocast_type("bfloat16", cpu) is torch.bfloat16
    assert autocast_type("auto", cpu) in {None, torch.bfloat16}


@pytest.mark.parametrize(("own", "kind"), [(True, torch.bfloat16), (False, torch.float16)])
def test_a_gpu_that_only_emulates_bfloat16_takes_float16(
    monkeypatch: pytest.MonkeyPatch, own: bool, kind: torch.dtype
) -> None:
    def is_supported(including_emulation: bool = True) -> bool:
        return including_emulation or own

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", is_supported)
    assert autocast_type("auto", torch.device("cuda")) is kind


def test_a_missing_gpu_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device_named("auto") == "cpu"
    with pytest.raises(CtcError, match="no CUDA device"):
        device_named("cuda")
