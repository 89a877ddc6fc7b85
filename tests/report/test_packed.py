import base64
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from ctc_submit.report.packed import LONGEST, pack_grey, pack_labels, unpack_labels
from tests.scenes import two_touching


@given(arrays(np.uint16, array_shapes(min_dims=1, max_dims=3, max_side=9)))
def test_any_label_map_comes_back(labels: np.ndarray) -> None:
    back = unpack_labels(pack_labels(labels), labels.shape)
    assert back.dtype == np.uint16 and (back == labels).all()


@given(st.integers(0, 3 * LONGEST + 2), st.integers(0, 3))
def test_runs_longer_than_one_entry(length: int, cells: int) -> None:
    labels = np.zeros((1, length + cells), np.uint16)
    labels[0, :cells] = 7
    assert (unpack_labels(pack_labels(labels), labels.shape) == labels).all()


def test_a_strided_map_and_big_endian_pixels() -> None:
    labels = two_touching()[:, ::2]
    assert (unpack_labels(pack_labels(labels), labels.shape) == labels).all()
    swapped = two_touching().astype(">u2")
    assert (unpack_labels(pack_labels(swapped), swapped.shape) == two_touching()).all()


def test_cells_take_little_room() -> None:
    rows, columns = np.indices((1010, 1010))
    labels = np.where(np.hypot(rows % 50 - 25, columns % 50 - 25) < 20, rows // 50 * 20 + 1, 0)
    assert len(pack_labels(labels.astype(np.uint16))) < 30_000


@pytest.mark.parametrize("quality", [1, 90, 100])
def test_grey_is_a_jpeg_of_one_channel(quality: int) -> None:
    grey = np.tile(np.arange(0, 240, 4, dtype=np.uint8), (40, 1))
    with Image.open(io.BytesIO(base64.b64decode(pack_grey(grey, quality)))) as picture:
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "L", (60, 40))
        if quality > 80:
            assert np.abs(np.asarray(picture, int) - grey).mean() < 2
