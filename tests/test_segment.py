from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ctc_submit.errors import CtcError, DataError
from ctc_submit.score.seg import jaccards
from ctc_submit.segment import SegmentConfig, autocast_type, device_named, segment
from tests.scenes import disc
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


def test_volumes_are_refused() -> None:
    with pytest.raises(DataError, match="2D"):
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
