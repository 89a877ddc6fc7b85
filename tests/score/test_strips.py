"""Strips that are whole, short, long and damaged."""

from collections.abc import Callable

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctc_submit.score.strips import CODECS, LZW, PACKBITS, UNPACKED, unpack_strip
from tests.scenes import two_touching

PACK: dict[int, Callable[[bytes], bytes]] = {
    UNPACKED: bytes,
    LZW: lambda data: bytes(imagecodecs.lzw_encode(data)),
    PACKBITS: lambda data: bytes(imagecodecs.packbits_encode(data)),
    8: lambda data: bytes(imagecodecs.zlib_encode(data)),
    32946: lambda data: bytes(imagecodecs.zlib_encode(data)),
}
PIXELS = two_touching().tobytes()


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
