from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from ctc_submit.data.frames import frame_size, iter_frames, read_frame, read_tiff
from ctc_submit.data.sequence import Sequence
from ctc_submit.errors import DataError

FLAT = np.random.default_rng(0).integers(0, 250, (40, 30), dtype=np.uint8)
DEEP = np.random.default_rng(1).integers(0, 4000, (6, 40, 30), dtype=np.uint16)
PLAIN: dict[str, Any] = {"photometric": "minisblack", "metadata": None}


@pytest.mark.parametrize("compression", [None, "zlib", "lzw", "zstd", "packbits", "lzma"])
@pytest.mark.parametrize("kind", ["uint8", "uint16", "int16", "uint32", "float32"])
def test_pixels_come_as_they_were_stored(tmp_path: Path, compression: str, kind: str) -> None:
    tifffile.imwrite(tmp_path / "a.tif", FLAT.astype(kind), compression=compression)
    frame = read_frame(tmp_path / "a.tif")
    assert (frame == FLAT).all() and frame.dtype == kind


@pytest.mark.parametrize(
    "options",
    [
        PLAIN,
        PLAIN | {"byteorder": ">"},
        PLAIN | {"bigtiff": True},
        PLAIN | {"tile": (16, 16)},
        PLAIN | {"rowsperstrip": 3, "compression": "zlib", "predictor": True},
        PLAIN | {"contiguous": False},
        {"photometric": "minisblack"},
        {"imagej": True},
        {"imagej": True, "metadata": {"axes": "ZYX"}},
        {"imagej": True, "metadata": {"axes": "TYX"}},
        {"ome": True, "photometric": "minisblack", "metadata": {"axes": "ZYX"}},
    ],
    ids=str,
)
@pytest.mark.parametrize("depth", [1, 2, 3, 4, 6])
def test_volumes_of_every_dialect(tmp_path: Path, options: dict[str, Any], depth: int) -> None:
    tifffile.imwrite(tmp_path / "a.tif", DEEP[:depth], **options)
    frame = read_frame(tmp_path / "a.tif")
    expected = DEEP[:depth] if depth > 1 else DEEP[0]
    assert frame.shape == expected.shape and (frame == expected).all()
    assert frame.dtype == np.uint16 and frame.dtype.isnative


def test_volumes_written_page_by_page_are_read_whole(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        for page in DEEP:
            tiff.write(page)
    assert (read_frame(tmp_path / "a.tif") == DEEP).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (3, 4), (5, 6, 3), (5, 6, 4), (2, 1, 1)])
def test_small_shapes_stay_what_they_are(tmp_path: Path, shape: tuple[int, ...]) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.ones(shape, np.uint8), **PLAIN)
    assert read_frame(tmp_path / "a.tif").shape == shape


def test_singleton_axes_in_front_are_removed(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", DEEP[None, :, None], photometric="minisblack")
    assert (read_frame(tmp_path / "a.tif") == DEEP).all()


@pytest.mark.parametrize("options", [PLAIN, PLAIN | {"compression": "zlib"}, {"imagej": True}])
def test_a_frame_s_size_is_known_without_its_pixels(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    for shape in ((40, 30), (1, 40, 30)):
        tifffile.imwrite(tmp_path / "a.tif", FLAT.reshape(shape), **options)
        assert frame_size(tmp_path / "a.tif") == (40, 30) == read_frame(tmp_path / "a.tif").shape
    (tmp_path / "a.tif").write_bytes(b"II*\0 no more")
    for name in ("a.tif", "absent.tif"):
        with pytest.raises(DataError, match=f"{name}: cannot be read"):
            frame_size(tmp_path / name)


def test_an_ome_file_does_not_pull_in_its_neighbours(tmp_path: Path) -> None:
    names = [tmp_path / "t000.tif", tmp_path / "t001.tif"]
    header = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="30" '
        'SizeY="40" SizeZ="1" SizeC="1" SizeT="2">'
        '<TiffData FirstT="0"><UUID FileName="t000.tif">urn:uuid:0</UUID></TiffData>'
        '<TiffData FirstT="1"><UUID FileName="t001.tif">urn:uuid:1</UUID></TiffData>'
        "</Pixels></Image></OME>"
    )
    for name in names:
        tifffile.imwrite(name, FLAT, description=header, metadata=None)
    assert read_frame(names[0]).shape == FLAT.shape


def test_reduced_copies_in_a_file_are_passed_over(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        tiff.write(FLAT)
        tiff.write(FLAT[::2, ::2], subfiletype=1)
    assert (read_frame(tmp_path / "a.tif") == FLAT).all()


@pytest.mark.parametrize("depth", ["uint8", "uint16"])
@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ((40, 30, 3), {"photometric": "rgb"}),
        ((40, 30, 4), {"photometric": "rgb"}),
        ((3, 40, 30), {"photometric": "rgb", "planarconfig": "separate"}),
        ((4, 40, 30), {"photometric": "rgb", "planarconfig": "separate"}),
        ((5, 40, 30, 3), {"photometric": "rgb"}),
        ((40, 30, 2), {"photometric": "minisblack", "planarconfig": "contig"}),
    ],
)
def test_colours_are_refused(
    tmp_path: Path, depth: str, shape: tuple[int, ...], options: dict[str, Any]
) -> None:
    tifffile.imwrite(tmp_path / "rgb.tif", np.zeros(shape, depth), **options)
    with pytest.raises(DataError, match=r"rgb\.tif: expected one grey channel, found \d; convert"):
        read_frame(tmp_path / "rgb.tif")


def test_several_channels_are_refused(tmp_path: Path) -> None:
    options: dict[str, Any] = {"ome": True, "photometric": "minisblack"}
    tifffile.imwrite(tmp_path / "a.tif", DEEP[:2], metadata={"axes": "CYX"}, **options)
    with pytest.raises(DataError, match="expected one channel, found 2"):
        read_frame(tmp_path / "a.tif")


def test_stacks_of_volumes_are_refused(tmp_path: Path) -> None:
    stack = DEEP.reshape(2, 3, 40, 30)
    tifffile.imwrite(tmp_path / "a.tif", stack, imagej=True, metadata={"axes": "TZYX"})
    with pytest.raises(DataError, match="expected YX or ZYX pixels, found an array of 2×3×40×30"):
        read_frame(tmp_path / "a.tif")


@pytest.mark.parametrize("other", [FLAT[:20], FLAT.astype(np.uint16)], ids=["size", "type"])
def test_pages_that_differ_are_refused(tmp_path: Path, other: np.ndarray) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        tiff.write(FLAT)
        tiff.write(other)
    with pytest.raises(DataError, match="expected pages of one size and type, found uint8 40×30"):
        read_frame(tmp_path / "a.tif")


@pytest.mark.parametrize(
    "options",
    [{"imagej": True}]
    + [
        dialect | {"compression": compression}
        for dialect in ({}, {"ome": True}, {"metadata": None})
        for compression in (None, "zlib", "lzw", "zstd")
    ],
    ids=str,
)
@pytest.mark.parametrize("image", [FLAT, DEEP], ids=["flat", "deep"])
def test_a_file_cut_anywhere_is_never_read_as_if_whole(
    tmp_path: Path, options: dict[str, Any], image: np.ndarray
) -> None:
    whole = tmp_path / "whole.tif"
    tifffile.imwrite(whole, image, photometric="minisblack", **options)
    content, cut = whole.read_bytes(), tmp_path / "cut.tif"
    for size in [0, 3, 4, 7, 8, 9, 100, *range(150, len(content), len(content) // 23)]:
        cut.write_bytes(content[:size])
        try:
            frame = read_frame(cut)
        except DataError as error:
            assert str(error).startswith(f"{cut}: ") and "export it again" in str(error)
        else:
            assert frame.shape == image.shape and (frame == image).all(), size


@pytest.mark.parametrize(
    "content", [b"", b"II", b"hello, world", b"\x89PNG\r\n\x1a\n" + bytes(50), b"II*\0" + bytes(99)]
)
def test_foreign_files_are_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t000.tif").write_bytes(content)
    with pytest.raises(DataError, match=r"t000\.tif: .*export it again"):
        read_frame(tmp_path / "t000.tif")


@pytest.mark.parametrize("strip", ["805e20503824", "806e20503824", "804520502824"])
@pytest.mark.parametrize("slices", [1, 2])
def test_a_damaged_lzw_strip_does_not_end_the_process(
    tmp_path: Path, strip: str, slices: int
) -> None:
    """Its first code stands for nothing; the decoder of imagecodecs itself crashes on it."""
    path, damage = tmp_path / "a.tif", bytes.fromhex(strip)
    tifffile.imwrite(path, DEEP[:slices], compression="lzw", **PLAIN)
    with tifffile.TiffFile(path) as tiff:
        offset = tiff.pages[slices - 1].dataoffsets[0]
    content = bytearray(path.read_bytes())
    content[offset : offset + len(damage)] = damage
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"cannot be read as a TIFF .*export it again"):
        read_frame(path)


@pytest.mark.parametrize(
    "options",
    [
        {"tile": (16, 16)},
        {"byteorder": ">"},
        {"rowsperstrip": 7, "predictor": 2},
        {"bigtiff": True, "predictor": 2, "byteorder": ">"},
    ],
    ids=str,
)
@pytest.mark.parametrize("image", [FLAT, DEEP, DEEP.astype(np.float32)], ids=["8", "16", "float"])
def test_lzw_in_all_its_layouts(tmp_path: Path, options: dict[str, Any], image: np.ndarray) -> None:
    if image.dtype.kind == "f":
        options = options | ({"predictor": 3} if "predictor" in options else {})
    tifffile.imwrite(tmp_path / "a.tif", image, compression="lzw", **PLAIN, **options)
    frame = read_frame(tmp_path / "a.tif")
    assert frame.dtype == image.dtype and (frame == image).all()


@pytest.mark.parametrize("noise", range(40))
def test_damage_ends_in_a_clear_error_or_in_pixels(tmp_path: Path, noise: int) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, FLAT, compression="zlib")
    content = bytearray(path.read_bytes())
    rng = np.random.default_rng(noise)
    for place in rng.integers(0, min(300, len(content)), 4):
        content[place] = rng.integers(256)
    path.write_bytes(content)
    try:
        assert read_frame(path).ndim in {2, 3}
    except DataError as error:
        assert str(error).startswith(f"{path}: ")


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"t000\.tif: no such file"):
        read_tiff(tmp_path / "t000.tif")
    with pytest.raises(DataError, match="Is a directory"):
        read_tiff(tmp_path)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_float_frames_must_be_finite(tmp_path: Path, value: float) -> None:
    frame = FLAT.astype(np.float32)
    frame[3, 4] = value
    tifffile.imwrite(tmp_path / "a.tif", frame)
    with pytest.raises(DataError, match="holds NaN or infinite pixels; replace them"):
        read_frame(tmp_path / "a.tif")


@pytest.mark.parametrize("kind", [bool, np.complex64])
def test_other_kinds_of_pixels_are_refused(tmp_path: Path, kind: type) -> None:
    tifffile.imwrite(tmp_path / "a.tif", FLAT.astype(kind))
    with pytest.raises(DataError, match="expected integer or float pixels, found "):
        read_frame(tmp_path / "a.tif")


def make_sequence(folder: Path, *frames: np.ndarray) -> Sequence:
    folder.mkdir()
    for time, frame in enumerate(frames):
        tifffile.imwrite(folder / f"t{time:03d}.tif", frame, photometric="minisblack")
    return Sequence.at(folder)


def test_frames_come_in_time_order(tmp_path: Path) -> None:
    sequence = make_sequence(tmp_path / "01", *(FLAT + np.uint8(time) for time in range(12)))
    seen = [(time, int(frame[0, 0]) - int(FLAT[0, 0])) for time, frame in iter_frames(sequence)]
    assert seen == [(time, time) for time in range(12)]


@pytest.mark.parametrize(("other", "found"), [(FLAT[:9], "9×30"), (DEEP, "6×40×30")])
def test_a_sequence_has_one_size(tmp_path: Path, other: np.ndarray, found: str) -> None:
    frames = iter_frames(make_sequence(tmp_path / "01", FLAT, other))
    next(frames)
    with pytest.raises(DataError, match=rf"t001\.tif: is {found} pixels, the frames before are 40"):
        next(frames)


def test_frames_are_read_one_at_a_time(tmp_path: Path) -> None:
    sequence = make_sequence(tmp_path / "01", FLAT, FLAT, FLAT)
    frames = iter_frames(sequence)
    next(frames)
    (tmp_path / "01" / "t002.tif").write_bytes(b"damaged after the first was read")
    next(frames)
    with pytest.raises(DataError, match=r"t002\.tif"):
        next(frames)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "shape", "kind", "count"),
    [
        ("DIC-C2DH-HeLa", (512, 512), np.uint8, 84),
        ("PhC-C2DH-U373", (520, 696), np.uint8, 115),
        ("Fluo-N2DH-SIM+", (690, 628), np.uint16, 65),
    ],
)
def test_real_frames(
    real_data: Path, name: str, shape: tuple[int, int], kind: type, count: int
) -> None:
    sequence = Sequence.at(real_data / name / "01")
    assert len(sequence.frames) == count and sequence.digits == 3
    time, frame = next(iter_frames(sequence))
    assert time == 0 and frame.shape == shape and frame.dtype == kind


@pytest.mark.parametrize("read", [read_tiff, frame_size])
def test_a_file_that_the_system_refuses_is_not_called_damaged(
    tmp_path: Path, read: Callable[[Path], Any]
) -> None:
    (tmp_path / "t000.tif").mkdir()  # root, too, may not read this
    with pytest.raises(DataError, match=r"t000\.tif: cannot be read \(Is a directory\)$"):
        read(tmp_path / "t000.tif")
