from pathlib import Path

import numpy as np
import pytest

from ctc_submit.data.frames import read_frame
from ctc_submit.pixels.normalise import normalise

KINDS = ["uint8", "uint16", "int16", "int32", "uint32", "float32", "float64"]


@pytest.mark.parametrize("kind", KINDS)
def test_percentiles_become_0_and_1(kind: str) -> None:
    frame = np.linspace(0, 100, 10_201).reshape(101, 101).astype(kind)
    scaled = normalise(frame)
    assert scaled.dtype == np.float32
    assert scaled.shape == frame.shape
    assert scaled.flags.c_contiguous
    np.testing.assert_allclose(np.percentile(scaled, 1.0), 0, atol=0.011)
    np.testing.assert_allclose(np.percentile(scaled, 99.8), 1, atol=0.011)


def test_the_percentiles_are_1_and_99_8() -> None:
    scaled = normalise(np.arange(1001.0)[None])[0]
    np.testing.assert_allclose(scaled[[10, 504, 998]], [0, 0.5, 1], atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [0, 7, 127])
def test_a_constant_frame_becomes_zero(kind: str, value: int) -> None:
    np.testing.assert_array_equal(normalise(np.full((20, 30), value, kind)), 0)


def test_one_bright_pixel_on_an_even_ground() -> None:
    frame = np.full((100, 100), 5, np.uint8)
    frame[3, 3] = 205
    scaled = normalise(frame)
    assert scaled[3, 3] == 1
    assert scaled.sum() == 1


def test_dust_is_bent_and_order_is_kept() -> None:
    frame = np.linspace(0, 1000, 10_000).reshape(100, 100)
    frame[0, 0], frame[0, 1], frame[50, 50] = -1e6, -900.0, 1e9
    scaled = normalise(frame)
    assert -1 <= scaled.min() < -0.7
    assert 1.9 < scaled.max() <= 2
    order = scaled.ravel()[np.argsort(frame.ravel())]
    assert (np.diff(order) >= 0).all()


def test_scale_and_offset_do_not_matter() -> None:
    frame = np.random.default_rng(0).integers(0, 200, (64, 80))
    expected = normalise(frame.astype(np.uint8))
    np.testing.assert_allclose(normalise((frame * 300).astype(np.uint16)), expected, atol=1e-5)
    np.testing.assert_allclose(normalise(frame + 4_000_000_000), expected, atol=1e-5)


def test_large_frames_are_sampled_close_to_the_truth() -> None:
    frame = np.random.default_rng(0).normal(100, 10, (1500, 900)).astype(np.float32)
    scaled = normalise(frame)
    assert abs(np.percentile(scaled, 1) - 0) < 0.01
    assert abs(np.percentile(scaled, 99.8) - 1) < 0.03


def test_volumes_and_inputs_are_left_alone() -> None:
    volume = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)
    before = volume.copy()
    assert normalise(volume).shape == (3, 4, 5)
    np.testing.assert_array_equal(volume, before)


def test_full_range_of_8_and_16_bits() -> None:
    for kind in (np.int16, np.uint16, np.uint8):
        ends = np.iinfo(kind)
        frame = np.array([[ends.min, ends.max]], kind).repeat(50, 1).repeat(50, 0)
        scaled = normalise(frame)
        assert np.isfinite(scaled).all()
        assert (scaled.min(), scaled.max()) == (0, 1)


@pytest.mark.parametrize("frame", [np.zeros((0, 4)), np.zeros((2, 2), complex)])
def test_no_numbers_are_a_mistake(frame: np.ndarray) -> None:
    with pytest.raises(ValueError, match="must have numbers"):
        normalise(frame)


def test_real_frames_fill_the_range(real_data: Path) -> None:
    for dataset in ("DIC-C2DH-HeLa", "PhC-C2DH-U373"):
        scaled = normalise(read_frame(real_data / dataset / "01" / "t000.tif"))
        assert 0.2 < scaled.mean() < 0.7, dataset
        assert ((scaled < 0) | (scaled > 1)).mean() < 0.02, dataset
