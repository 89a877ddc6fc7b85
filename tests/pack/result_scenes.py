"""A faultless result, and ways to break one rule of it at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from ctc_submit.data.labels import write_labels
from ctc_submit.data.tracks import Track, write_tracks
from tests.hand_made_tiff import DEFLATE, LZW, PACKBITS, Leaf, tiff

SIZE = (80, 96)
FRAMES = 4
HUGE = 2**32 - 1


def square(labels: np.ndarray, label: int, row: int, column: int, edge: int = 8) -> None:
    """Draw a filled square of a label."""
    labels[..., row : row + edge, column : column + edge] = label


def label_map(time: int) -> np.ndarray:
    """Cell 4 stays; cell 1 divides into 2 and 3 between frames 1 and 2."""
    labels = np.zeros(SIZE, np.uint16)
    square(labels, 4, 50, 60)
    if time < 2:
        square(labels, 1, 30, 30)
    else:
        square(labels, 2, 30, 26)
        square(labels, 3, 30, 40)
    return labels


TRACKS = [Track(1, 0, 1, 0), Track(2, 2, 3, 1), Track(3, 2, 3, 1), Track(4, 0, 3, 0)]


def faultless(root: Path, dataset: str = "Fluo-N2DL-HeLa", slices: int = 0) -> Path:
    """Write raw frames and a result that breaks no rule; returns the result folder."""
    raw, result = root / dataset / "01", root / dataset / "01_RES"
    raw.mkdir(parents=True)
    result.mkdir()
    noise = np.random.default_rng(3)
    for time in range(FRAMES):
        labels = label_map(time)
        frame = noise.normal(100, 3, SIZE) + 60 * (labels > 0)
        if slices:
            labels, frame = np.stack([labels] * slices), np.stack([frame] * slices)
        tifffile.imwrite(raw / f"t{time:03d}.tif", frame.astype(np.uint8), photometric="minisblack")
        write_labels(result / f"mask{time:03d}.tif", labels)
    write_tracks(result / "res_track.txt", TRACKS)
    return result


def read(result: Path, time: int = 2) -> np.ndarray:
    """Read one mask of a scene."""
    return np.asarray(tifffile.imread(result / f"mask{time:03d}.tif"))


def change(result: Path, time: int, alter: Callable[[np.ndarray], object]) -> None:
    """Alter the pixels of one mask."""
    labels = read(result, time)
    alter(labels)
    write_labels(result / f"mask{time:03d}.tif", labels)


def lines(result: Path, *rows: str) -> None:
    """Replace the track file; no row at all leaves the faultless rows."""
    (result / "res_track.txt").write_bytes("".join(f"{row}\n" for row in rows).encode())


GOOD = ("1 0 1 0", "2 2 3 1", "3 2 3 1", "4 0 3 0")


@dataclass(frozen=True)
class Scene:
    """One broken rule.

    Attributes:
        rule: The rule that it breaks.
        name: What is wrong.
        breaks: Turns a faultless result into the broken one.
        warning: Whether the evaluator takes it all the same.
        slices: Slices of a volume, 0 for 2D.
    """

    rule: str
    name: str
    breaks: Callable[[Path], object]
    warning: bool = False
    slices: int = 0


def _saved(**options: Any) -> Callable[[Path], None]:
    def breaks(result: Path) -> None:
        keywords: dict[str, Any] = {"photometric": "minisblack", "metadata": None, **options}
        tifffile.imwrite(result / "mask002.tif", read(result), **keywords)

    return breaks


def _typed(dtype: str) -> Callable[[Path], None]:
    def breaks(result: Path) -> None:
        pixels = read(result).astype(dtype)
        tifffile.imwrite(result / "mask002.tif", pixels, photometric="minisblack")

    return breaks


def _made(compression: int = 1, rows: int = 0, **tags: int) -> Callable[[Path], None]:
    """Write a mask by hand, with further tags (``t284=2``)."""

    def breaks(result: Path) -> None:
        numbers = {int(name[1:]): value for name, value in tags.items()}
        leaf = Leaf(read(result), compression, rows, tags=dict(numbers))
        (result / "mask002.tif").write_bytes(tiff(leaf))

    return breaks


def _guessed(result: Path) -> None:
    for time in range(FRAMES):
        volume = read(result, time)
        tifffile.imwrite(
            result / f"mask{time:03d}.tif", volume, photometric="rgb", planarconfig="separate"
        )


def _two_pieces(labels: np.ndarray) -> None:
    square(labels, 4, 30, 60)


def _at_the_edge(labels: np.ndarray) -> None:
    labels[labels == 4] = 0
    square(labels, 4, 2, 60)


def _in_the_corner(labels: np.ndarray) -> None:
    labels[labels == 4] = 0
    square(labels, 4, 60, 4)


def _all_empty(result: Path) -> None:
    for time in range(FRAMES):
        change(result, time, lambda labels: labels.fill(0))
    lines(result)


def _renamed(time: int, name: str) -> Callable[[Path], object]:
    return lambda result: (result / f"mask{time:03d}.tif").rename(result / name)


def _four_digits(result: Path) -> None:
    for time in range(FRAMES):
        (result / f"mask{time:03d}.tif").rename(result / f"mask{time:04d}.tif")


def _truncated(result: Path) -> None:
    path = result / "mask002.tif"
    path.write_bytes(path.read_bytes()[:200])


def _cut_off(result: Path) -> None:
    path = result / "mask002.tif"
    tifffile.imwrite(path, read(result), photometric="minisblack", metadata=None, rowsperstrip=8)
    path.write_bytes(path.read_bytes()[:-1])


def _longer_than_the_file(result: Path) -> None:
    path = result / "mask002.tif"
    with tifffile.TiffFile(path, mode="r+") as tiff:
        tag = tiff.pages.first.tags["StripByteCounts"]
        tag.overwrite([count + 4096 for count in tag.value])


def _strip_too_short(result: Path) -> None:
    labels = read(result)
    strips = [labels[:40].tobytes(), labels[40:].tobytes()[:-2]]
    (result / "mask002.tif").write_bytes(tiff(Leaf(labels, rows=40, strips=strips)))


def _more_pixels_than_bytes(result: Path) -> None:
    leaf = Leaf(read(result), DEFLATE, tags={256: 60_000, 257: 60_000, 278: 60_000})
    (result / "mask002.tif").write_bytes(tiff(leaf))


def _raw_format(result: Path) -> None:
    (result / "mask002.tif").write_bytes(b"IIU\0" + tiff(Leaf(read(result)))[4:])


def _with_a_thumbnail(result: Path) -> None:
    labels = read(result)
    small = Leaf(labels[::2, ::2].copy(), tags={254: 1})
    (result / "mask002.tif").write_bytes(tiff(Leaf(labels), small))


def _differences(compression: int) -> Callable[[Path], None]:
    def breaks(result: Path) -> None:
        labels = read(result)
        steps = np.diff(labels, axis=1, prepend=np.uint16(0))
        leaf = Leaf(steps, compression, tags={317: 2})
        (result / "mask002.tif").write_bytes(tiff(leaf))

    return breaks


def _unsaid(result: Path) -> None:
    (result / "mask002.tif").write_bytes(tiff(Leaf(read(result), tags={262: None})))


def _low_bits_first(result: Path) -> None:
    labels = read(result)
    turned = bytes(int(f"{byte:08b}"[::-1], 2) for byte in labels.tobytes())
    leaf = Leaf(labels, strips=[turned], tags={266: 2})
    (result / "mask002.tif").write_bytes(tiff(leaf))


def _beyond(result: Path) -> None:
    lines(result, *GOOD, "9 7 8 0")


def _ends_as_the_child_begins(result: Path) -> None:
    change(result, 3, lambda labels: labels.__iadd__((labels == 4).astype(np.uint16)))
    lines(result, *GOOD[:3], "4 0 2 0", "5 3 3 2")


SCENES = [
    Scene("mask-name", "upper case", _renamed(2, "MASK002.TIF")),
    Scene("mask-name", "tiff", _renamed(2, "mask002.tiff")),
    Scene("mask-name", "four digits", _four_digits),
    Scene("mask-name", "named as a frame", _renamed(0, "t000.tif")),
    Scene("mask-missing", "in the middle", lambda r: (r / "mask002.tif").unlink()),
    Scene("mask-missing", "the last", lambda r: (r / "mask003.tif").unlink()),
    Scene("mask-too-many", "one more", lambda r: write_labels(r / "mask004.tif", label_map(3))),
    Scene("stray", "a copy", lambda r: write_labels(r / "mask002 (1).tif", label_map(2)), True),
    Scene("stray", "a file", lambda r: (r / "Thumbs.db").write_text(""), True),
    Scene("stray", "a folder", lambda r: (r / "old").mkdir(), True),
    Scene("log", "of SEG", lambda r: (r / "SEG_log.txt").write_text(""), True),
    Scene("unreadable", "no TIFF", lambda r: (r / "mask002.tif").write_text("no image")),
    Scene("unreadable", "empty file", lambda r: (r / "mask002.tif").write_bytes(b"")),
    Scene("unreadable", "cut off", _truncated),
    Scene("unreadable", "a byte short", _cut_off),
    Scene("unreadable", "a strip longer than the file", _longer_than_the_file),
    Scene("unreadable", "a strip too short", _strip_too_short),
    Scene("unreadable", "strips of no rows", _made(t278=0)),
    Scene("unreadable", "planes of no kind", _made(t284=3)),
    Scene("unreadable", "more pixels than bytes", _more_pixels_than_bytes),
    Scene("unreadable", "more pixels than 64 bits count", _made(t256=HUGE, t257=HUGE, t278=HUGE)),
    Scene("unreadable", "a thumbnail behind", _with_a_thumbnail),
    Scene("unreadable", "a raw format", _raw_format),
    *(Scene("pixel-type", kind, _typed(kind)) for kind in ("uint8", "uint32", "int16", "float32")),
    Scene("colours", "four slices as RGBA", _guessed, slices=4),
    Scene("colours", "three slices as RGB", _guessed, slices=3),
    Scene("colours", "planes apart", _made(t284=2)),
    Scene("strips", "tiles", _saved(tile=(16, 16))),
    *(
        Scene("compression", kind, _saved(compression=kind))
        for kind in ("zstd", "lzma", "jpeg2000")
    ),
    Scene("compression", "unknown codec", _made(t259=12345)),
    Scene("predictor", "of floating point", _made(DEFLATE, t317=3)),
    Scene("predictor", "unknown", _made(LZW, t317=9)),
    Scene("predictor", "with PackBits", _differences(PACKBITS)),
    Scene("predictor", "without compression", _differences(1)),
    Scene("photometric", "white is zero", _saved(photometric="miniswhite"), True),
    Scene("photometric", "not said", _unsaid, True),
    Scene("turned", "upside down", _made(t274=4), True),
    Scene("turned", "low bits first", _low_bits_first, True),
    Scene("size", "a row less", lambda r: write_labels(r / "mask002.tif", read(r)[1:])),
    Scene("size", "a slice less", lambda r: write_labels(r / "mask002.tif", read(r)[1:]), slices=5),
    Scene("pieces", "far apart", lambda r: change(r, 2, _two_pieces), True),
    Scene("field-of-interest", "above", lambda r: change(r, 2, _at_the_edge)),
    Scene("field-of-interest", "volume", lambda r: change(r, 2, _in_the_corner), slices=3),
    Scene("track-line", "blank end", lambda r: lines(r, *GOOD, "")),
    Scene("track-line", "header", lambda r: lines(r, "L B E P", *GOOD)),
    Scene("track-line", "trailing blank", lambda r: lines(r, *GOOD[:3], "4 0 3 0 ")),
    Scene("track-line", "five columns", lambda r: lines(r, *GOOD[:3], "4 0 3 0 0")),
    Scene("track-line", "three columns, a parent", lambda r: lines(r, "1 0 1", *GOOD[1:])),
    Scene("track-line", "byte order mark", lambda r: lines(r, *GOOD, "\ufeff9 9 9 0")),
    Scene("track-label", "zero", lambda r: lines(r, *GOOD, "0 0 0 0")),
    Scene("track-label", "too large", lambda r: lines(r, *GOOD, "70000 0 0 0")),
    Scene("track-label", "one too large", lambda r: lines(r, *GOOD, "65536 0 0 0")),
    Scene("track-twice", "another line, the first counts", lambda r: lines(r, *GOOD, "4 1 3 0")),
    Scene("track-twice", "the same line", lambda r: lines(r, *GOOD, GOOD[3])),
    Scene("track-frames", "negative", lambda r: lines(r, *GOOD, "9 -1 -1 0")),
    Scene("parent-known", "no line", lambda r: lines(r, *GOOD[:3], "4 0 3 8")),
    Scene("parent-known", "negative", lambda r: lines(r, *GOOD[:3], "4 0 3 -1")),
    Scene("parent-before", "ends too late", lambda r: lines(r, *GOOD[:2], "3 2 3 4", GOOD[3])),
    Scene("parent-before", "ends as the child begins", _ends_as_the_child_begins),
    Scene("parent-before", "itself", lambda r: lines(r, *GOOD[:3], "4 0 3 4")),
    Scene("label-without-track", "no line", lambda r: lines(r, *GOOD[:3])),
    Scene("label-outside-track", "too short", lambda r: lines(r, *GOOD[:3], "4 1 3 0")),
    Scene("label-outside-track", "ends early", lambda r: lines(r, *GOOD[:3], "4 0 2 0")),
    Scene("track-with-hole", "a hole", lambda r: change(r, 2, lambda a: a.__imul__(a != 4))),
    Scene("track-with-hole", "at first", lambda r: change(r, 0, lambda a: a.__imul__(a != 4))),
    Scene("track-with-hole", "at last", lambda r: change(r, 3, lambda a: a.__imul__(a != 4))),
    Scene("track-backwards", "with pixels", lambda r: lines(r, *GOOD[:3], "4 3 0 0")),
    Scene("track-backwards", "without", lambda r: lines(r, *GOOD, "9 1 0 0"), True),
    Scene("track-beyond", "after the end", _beyond, True),
    Scene("track-beyond", "ends late", lambda r: lines(r, *GOOD[:3], "4 0 4 0"), True),
]
