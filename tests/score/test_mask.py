"""Masks written in every way that counts, read as the evaluator reads them."""

from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctc_submit.data.labels import write_labels
from ctc_submit.score.mask import Refused, open_mask
from tests.scenes import disc, two_touching

VOLUME = np.stack([disc((20, 30), (10, 10 + z), 6) * np.uint16(900 + z) for z in range(5)])
READ: dict[str, dict[str, Any]] = {
    "plain": {},
    "lzw": {"compression": "lzw"},
    "lzw with differences": {"compression": "lzw", "predictor": 2},
    "zlib": {"compression": "zlib"},
    "zlib with differences": {"compression": "zlib", "predictor": 2},
    "packbits": {"compression": "packbits"},
    "strips": {"compression": "zlib", "rowsperstrip": 7},
    "strips with differences": {"compression": "lzw", "rowsperstrip": 3, "predictor": 2},
    "big": {"bigtiff": True, "compression": "zlib"},
    "big end first": {"byteorder": ">"},
    "big end first, differences": {"byteorder": ">", "compression": "zlib", "predictor": 2},
    "big, big end first": {"byteorder": ">", "bigtiff": True, "compression": "lzw"},
    "imagej": {"imagej": True},
    "ome": {"ome": True},
}


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("dimensions", [2, 3])
def test_reads_what_the_evaluator_reads(name: str, dimensions: int, tmp_path: Path) -> None:
    labels = VOLUME if dimensions == 3 else VOLUME[2]
    path = tmp_path / "mask.tif"
    tifffile.imwrite(path, labels, photometric="minisblack", **READ[name])
    mask = open_mask(path, "x")
    assert mask.blank is None
    assert np.array_equal(mask.labels().squeeze(), labels)
    assert np.array_equal(mask.page(0), labels if dimensions == 2 else labels[0])


def test_reads_what_the_toolkit_writes(tmp_path: Path) -> None:
    write_labels(tmp_path / "mask.tif", VOLUME)
    assert np.array_equal(open_mask(tmp_path / "mask.tif", "x").labels(), VOLUME)


@pytest.mark.parametrize(
    ("how", "word"),
    [
        ({"tile": (16, 16)}, "tiles"),
        ({"compression": "zstd"}, "ZSTD"),
        ({"compression": "lzma"}, "LZMA"),
        ({"compression": "jpeg2000"}, "JPEG 2000"),
    ],
)
def test_reads_as_empty_what_the_evaluator_does(
    how: dict[str, Any], word: str, tmp_path: Path
) -> None:
    path = tmp_path / "mask.tif"
    tifffile.imwrite(path, VOLUME, photometric="minisblack", **how)
    mask = open_mask(path, "x")
    assert word in str(mask.blank)
    assert mask.shape == VOLUME.shape
    assert not mask.labels().any()


@pytest.mark.parametrize(
    ("dtype", "text"),
    [
        ("u1", "Unsupported image type (GRAY8)"),
        ("u4", "Unsupported image type (float)"),
        ("f4", "Unsupported image type (float)"),
        ("i2", "i3d::IOException: I3D::TIFFReader: unsupported sample format."),
        ("i4", "i3d::IOException: I3D::TIFFReader: unsupported sample format."),
    ],
)
def test_refuses_other_pixels(dtype: str, text: str, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "mask.tif", two_touching().astype(dtype))
    with pytest.raises(Refused) as caught:
        open_mask(tmp_path / "mask.tif", "x")
    assert caught.value.output == text


def test_refuses_colour_planes_and_what_is_no_tiff(tmp_path: Path) -> None:
    path = tmp_path / "mask.tif"
    tifffile.imwrite(path, VOLUME[:3], photometric="rgb", planarconfig="separate")
    with pytest.raises(Refused, match="unsupported organization of colors"):
        open_mask(path, "x")
    for data in (b"", b"II", b"not a tiff at all", b"II*\0\xff\xff\xff\xff"):
        path.write_bytes(data)
        with pytest.raises(Refused, match=r"TIFF: Unable to open D/x\.tif\."):
            open_mask(path, "D/x.tif")
    with pytest.raises(Refused, match="not found or cannot be read"):
        open_mask(tmp_path / "nowhere.tif", "x")


def test_a_cut_file_keeps_its_directory_or_is_no_tiff(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "whole.tif", VOLUME[0], rowsperstrip=4, metadata=None)
    whole = (tmp_path / "whole.tif").read_bytes()
    path = tmp_path / "cut.tif"
    path.write_bytes(whole[:-100])
    read = open_mask(path, "x").labels()[0]
    assert np.array_equal(read[:16], VOLUME[0, :16])
    assert not read[16:].any()
    with pytest.raises(Refused) as caught:
        open_mask(path, "x").labels(strict=True)
    assert caught.value.found == "page 0 damaged"


@pytest.mark.parametrize("how", [{"rowsperstrip": 4}, {"tile": (16, 16)}])
def test_a_file_cut_within_its_table_of_strips_is_no_tiff(
    how: dict[str, Any], tmp_path: Path
) -> None:
    """The lengths of strips or tiles follow their offsets: the cut leaves the one, not the other.

    libtiff does not open such a file either.
    """
    path = tmp_path / "cut.tif"
    tifffile.imwrite(path, np.tile(VOLUME[0], (2, 2)), compression="lzw", metadata=None, **how)
    with tifffile.TiffFile(path) as tiff:
        tags = tiff.pages.first.tags
        offsets, lengths = (tags[324], tags[325]) if "tile" in how else (tags[273], tags[279])
    assert offsets.valueoffset < lengths.valueoffset
    whole = path.read_bytes()
    assert open_mask(path, "x").shape == (1, 40, 60)
    path.write_bytes(whole[: lengths.valueoffset + 2])
    with pytest.raises(IndexError):
        imagecodecs.tiff_decode(path.read_bytes())
    with pytest.raises(Refused, match="Unable to open"):
        open_mask(path, "x")


def test_a_strip_may_hold_more_than_it_must_but_not_less(tmp_path: Path) -> None:
    path = tmp_path / "mask.tif"
    tifffile.imwrite(path, VOLUME[0], compression="zlib", rowsperstrip=20, metadata=None)
    data = bytearray(path.read_bytes())
    for rows, whole in ((15, True), (25, False)):
        for tag in (257, 278):
            at = (
                data.index(tag.to_bytes(2, "little") + (4).to_bytes(2, "little"))
                if (tag.to_bytes(2, "little") + (4).to_bytes(2, "little") in data)
                else data.index(tag.to_bytes(2, "little") + (3).to_bytes(2, "little"))
            )
            data[at + 8 : at + 10] = rows.to_bytes(2, "little")
        path.write_bytes(data)
        mask = open_mask(path, "x")
        assert np.array_equal(mask.labels()[0, :15], VOLUME[0, :15])
        if whole:
            mask.labels(strict=True)
        else:
            with pytest.raises(Refused):
                mask.labels(strict=True)


def patched(path: Path, tag: int, *, kind: int | None = None, value: int | None = None) -> None:
    """Change the type or the value of a tag of a small-endian classic file with one page."""
    data = bytearray(path.read_bytes())
    start = int.from_bytes(data[4:8], "little")
    entries = int.from_bytes(data[start : start + 2], "little")
    at = next(
        at
        for at in range(start + 2, start + 2 + 12 * entries, 12)
        if int.from_bytes(data[at : at + 2], "little") == tag
    )
    if kind is not None:
        data[at + 2 : at + 4] = kind.to_bytes(2, "little")
    if value is not None:
        data[at + 8 : at + 10] = value.to_bytes(2, "little")
    path.write_bytes(data)


SIGNED, FLOATS, PREDICTOR = 8, 11, 317


def test_differences_are_told_by_a_tag_of_any_type_of_integers(tmp_path: Path) -> None:
    path = tmp_path / "mask.tif"
    tifffile.imwrite(path, VOLUME[0], compression="lzw", predictor=2, metadata=None)
    patched(path, PREDICTOR, kind=SIGNED)
    assert np.array_equal(open_mask(path, "x").labels(strict=True)[0], VOLUME[0])
    patched(path, PREDICTOR, kind=FLOATS)
    with pytest.raises(Refused, match="Unable to open"):
        open_mask(path, "x")


def test_other_predictors_read_as_empty(tmp_path: Path) -> None:
    """libtiff knows no predictor 6; where the codec takes none it passes over the tag."""
    path = tmp_path / "mask.tif"
    tifffile.imwrite(path, VOLUME[0], compression="lzw", predictor=2, metadata=None)
    patched(path, PREDICTOR, value=6)
    mask = open_mask(path, "x")
    assert mask.blank == "predictor 6"
    assert not mask.labels().any()
    with pytest.raises(Refused):
        mask.labels(strict=True)


def test_an_offset_of_any_size_is_a_fault_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "mask.tif"
    tifffile.imwrite(path, VOLUME[:2], bigtiff=True, metadata=None)
    data = bytearray(path.read_bytes())
    data[8:16] = b"\xff" * 8
    path.write_bytes(data)
    with pytest.raises(Refused, match="Unable to open"):
        open_mask(path, "x")


def test_a_directory_that_claims_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mask.tif"
    tifffile.imwrite(path, VOLUME[0], metadata=None)
    data = bytearray(path.read_bytes())
    at = data.index((256).to_bytes(2, "little") + (4).to_bytes(2, "little"))
    data[at + 8 : at + 12] = (2**31).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(Refused, match="Not enough memory"):
        open_mask(path, "x")


def test_directories_in_a_ring_end(tmp_path: Path) -> None:
    path = tmp_path / "mask.tif"
    tifffile.imwrite(path, VOLUME[0], metadata=None)
    data = bytearray(path.read_bytes())
    start = int.from_bytes(data[4:8], "little")
    entries = int.from_bytes(data[start : start + 2], "little")
    end = start + 2 + 12 * entries
    data[end : end + 4] = start.to_bytes(4, "little")
    path.write_bytes(data)
    assert open_mask(path, "x").shape == (1, 20, 30)


@settings(max_examples=200, deadline=1000, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_damaged_file_is_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "mask.tif"
    how = data.draw(st.sampled_from(list(READ.values())))
    tifffile.imwrite(path, VOLUME[:2], photometric="minisblack", **how)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        mask = open_mask(path, "x")
    except Refused:
        return
    assert mask.labels().shape == mask.shape
