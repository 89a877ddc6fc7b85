"""Strips and pages of them that are whole, short, long and damaged."""

from collections.abc import Callable

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctc_submit.data.strips import (
    CODECS,
    LZW,
    PACKBITS,
    UNPACKED,
    claims_too_much,
    unpack_page,
    unpack_strip,
)
from ctc_submit.data.tiff import NotTiff, read_pages
from tests.hand_made_tiff import DEFLATE, Leaf, tiff
from tests.scenes import two_touching

PACK: dict[int, Callable[[bytes], bytes]] = {
    UNPACKED: bytes,
    LZW: lambda data: bytes(imagecodecs.lzw_encode(data)),
    PACKBITS: lambda data: bytes(imagecodecs.packbits_encode(data)),
    8: lambda data: bytes(imagecodecs.zlib_encode(data)),
    32946: lambda data: bytes(imagecodecs.zlib_encode(data)),
}
LABELS = two_touching()
PIXELS = LABELS.tobytes()
STEPS = np.diff(LABELS, axis=1, prepend=np.uint16(0))


def unpacked(data: bytes, compression: int, size: int = len(PIXELS)) -> tuple[bytes, bool]:
    into = np.zeros(size, np.uint8)
    whole = unpack_strip(data, compression, into)
    return into.tobytes(), whole


def test_every_codec_is_tried() -> None:
    assert set(PACK) == set(CODECS)


@pytest.mark.parametrize("compression", PACK)
def test_whole_long_and_short_strips(compression: int) -> None:
    packed = PACK[compression](PIXELS)
    half = len(PIXELS) // 4 * 2
    assert unpacked(packed, compression) == (PIXELS, True)
    assert unpacked(packed, compression, half) == (PIXELS[:half], True)
    longer, whole = unpacked(packed, compression, len(PIXELS) + 8)
    assert (longer, whole) == (PIXELS + bytes(8), False)
    assert unpacked(b"", compression) == (bytes(len(PIXELS)), False)


def test_other_codecs_unpack_nothing() -> None:
    assert unpacked(PIXELS, 50000) == (bytes(len(PIXELS)), False)


@pytest.mark.parametrize("strip", ["805e20503824", "806e20503824", "804520502824"])
def test_an_lzw_strip_whose_first_code_stands_for_nothing(strip: str) -> None:
    """After the code that clears the table; imagecodecs' own decoder ends the process there."""
    assert unpacked(bytes.fromhex(strip), LZW) == (bytes(len(PIXELS)), False)


@given(st.sampled_from(sorted(PACK)), st.data())
def test_a_damaged_strip_is_unpacked_or_not(compression: int, data: st.DataObject) -> None:
    """Only within its place; and where it counts as whole, another decoder says the same."""
    packed = bytearray(PACK[compression](PIXELS))
    for _ in range(data.draw(st.integers(1, 4))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    room = np.zeros(len(PIXELS) + 64, np.uint8)
    room[-64:] = 7
    strip = bytes(packed[: data.draw(st.integers(0, len(packed)))])
    whole = unpack_strip(strip, compression, room[:-64])
    assert (room[-64:] == 7).all()
    if whole and compression in {8, 32946}:
        assert bytes(imagecodecs.zlib_decode(strip)) == room[:-64].tobytes()


def page_of(leaf: Leaf) -> tuple[np.ndarray, bool]:
    data = tiff(leaf)
    order, [page] = read_pages(data)
    plane = np.zeros((page.height, page.width), np.uint16)
    whole = unpack_page(data, order, page, plane)
    return plane, whole


@pytest.mark.parametrize("compression", [1, LZW, DEFLATE, PACKBITS])
@pytest.mark.parametrize("rows", [0, 1, 7])
@pytest.mark.parametrize("pad", [False, True])
def test_whole_strips_are_page_of(compression: int, rows: int, pad: bool) -> None:
    plane, whole = page_of(Leaf(LABELS, compression, rows, pad))
    np.testing.assert_array_equal(plane, LABELS)
    assert whole


@pytest.mark.parametrize("compression", [LZW, DEFLATE])
def test_differences_are_undone_where_the_library_knows_them(compression: int) -> None:
    plane, whole = page_of(Leaf(STEPS, compression, tags={317: 2}))
    np.testing.assert_array_equal(plane, LABELS)
    assert whole


@pytest.mark.parametrize("compression", [1, PACKBITS])
def test_differences_are_passed_over_elsewhere(compression: int) -> None:
    plane, whole = page_of(Leaf(STEPS, compression, tags={317: 2}))
    np.testing.assert_array_equal(plane, STEPS)
    assert whole


@pytest.mark.parametrize("predictor", [0, 3, 9])
def test_other_predictors_leave_nothing(predictor: int) -> None:
    plane, whole = page_of(Leaf(LABELS, DEFLATE, tags={317: predictor}))
    assert not plane.any()
    assert not whole


@pytest.mark.parametrize("compression", [1, LZW, DEFLATE, PACKBITS])
@pytest.mark.parametrize("tags", [{}, {317: 2}, {266: 2}, {274: 4}, {284: 2}, {339: None}])
def test_libtiff_says_the_same(compression: int, tags: dict[int, int | None]) -> None:
    leaf = Leaf(LABELS, compression, 7, pad=True, tags=dict(tags))
    plane, whole = page_of(leaf)
    try:
        theirs = imagecodecs.tiff_decode(tiff(leaf))
    except imagecodecs.TiffError:
        assert not whole
        return
    np.testing.assert_array_equal(plane, theirs)
    assert whole


def test_bits_in_reverse_are_turned() -> None:
    turned = bytes(int(f"{byte:08b}"[::-1], 2) for byte in LABELS.tobytes())
    plane, whole = page_of(Leaf(LABELS, strips=[turned], tags={266: 2}))
    np.testing.assert_array_equal(plane, LABELS)
    assert whole


@pytest.mark.parametrize("compression", [1, LZW, DEFLATE, PACKBITS])
def test_a_strip_that_is_not_whole_is_said(compression: int) -> None:
    leaf = Leaf(LABELS, compression, 7)
    _, [page] = read_pages(tiff(leaf))
    sizes = [size for _, size in page.strips]
    for short in ([0, *sizes[1:]], [sizes[0] // 2, *sizes[1:]], [*sizes[:-1], 2**31]):
        assert not page_of(Leaf(LABELS, compression, 7, tags={279: short}))[1]


def test_a_harmful_strip_is_not_page_of() -> None:
    first_code_stands_for_nothing = bytes.fromhex("8048 8080 8080".replace(" ", ""))
    plane, whole = page_of(Leaf(LABELS, LZW, strips=[first_code_stands_for_nothing]))
    assert not plane.any()
    assert not whole


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ({278: 0}, "0 in tag 278"),
        ({277: 0}, "0 in tag 277"),
        ({258: 0}, "0 in tag 258"),
        ({284: 3}, "3 in tag 284"),
        ({339: 0}, "0 in tag 339"),
        ({256: 0}, "no pixels"),
        ({273: None}, "no strips"),
    ],
)
def test_a_directory_that_makes_no_sense_is_none(tags: dict[int, int | None], message: str) -> None:
    data = tiff(Leaf(LABELS, tags=dict(tags)))
    with pytest.raises(NotTiff, match=message):
        read_pages(data)
    with pytest.raises(IndexError):  # libtiff says the same
        imagecodecs.tiff_decode(data)


def test_an_offset_beyond_every_file_is_no_tiff() -> None:
    with pytest.raises(NotTiff, match="beyond the file"):
        read_pages(b"II+\0\x08\0\0\0" + b"\xff" * 8)


def test_a_small_file_does_not_hold_a_large_image() -> None:
    assert claims_too_much(2**40, 10_000)
    assert not claims_too_much(2**20, 300)
    assert not claims_too_much(2**32, 2**24)
