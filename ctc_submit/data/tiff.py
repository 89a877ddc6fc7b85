"""TIFF directories, as strictly as the evaluator's library reads them.

Only the tags that describe a label map are looked at; nothing is decoded here. A file whose first
directory cannot be read, or one of these tags in it, is no TIFF; a later one ends the file.
"""

import struct
from dataclasses import dataclass

_SIZES = {1: 1, 3: 2, 4: 4, 6: 1, 8: 2, 9: 4, 13: 4, 16: 8, 17: 8, 18: 8}
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_MOST_ENTRIES = 4096
_MOST_STRIPS = 2**22

WIDTH, HEIGHT, BITS, COMPRESSION = 256, 257, 258, 259
PHOTOMETRIC, FILL_ORDER, ORIENTATION = 262, 266, 274
STRIP_OFFSETS, SAMPLES, ROWS_PER_STRIP, STRIP_BYTES = 273, 277, 278, 279
PLANAR, PREDICTOR, TILE_WIDTH, TILE_OFFSETS, TILE_BYTES = 284, 317, 322, 324, 325
SAMPLE_FORMAT = 339
_WANTED = frozenset(
    {WIDTH, HEIGHT, BITS, COMPRESSION, STRIP_OFFSETS, SAMPLES, ROWS_PER_STRIP, STRIP_BYTES}
    | {
        PHOTOMETRIC,
        FILL_ORDER,
        ORIENTATION,
        PLANAR,
        PREDICTOR,
        TILE_WIDTH,
        TILE_OFFSETS,
        TILE_BYTES,
        SAMPLE_FORMAT,
    }
)

Tags = dict[int, tuple[int, ...]]


class NotTiff(Exception):
    """The bytes do not begin with a TIFF header and a whole directory."""


@dataclass(frozen=True)
class Page:
    """One image of a TIFF file.

    Attributes:
        height: Rows of pixels.
        width: Columns of pixels.
        bits: Bits of a sample.
        samples: Samples of a pixel, 1 for grey.
        planar: Whether the samples lie apart.
        sample_format: 1 unsigned, 2 signed, 3 floating point.
        compression: The TIFF number of the codec, 1 for none.
        predictor: 2 for horizontal differences, 1 for none.
        photometric: 1 for grey with 0 as black, 0 for 0 as white; None where it is not said.
        fill_order: 2 where the bits of a byte are stored in reverse, else 1.
        orientation: Where the first pixel belongs, 1 for the top left.
        tiled: Whether the pixels lie in tiles.
        strip_rows: Rows of a strip.
        strips: Offset and length of each strip, in bytes.
    """

    height: int
    width: int
    bits: int
    samples: int
    planar: bool
    sample_format: int
    compression: int
    predictor: int
    photometric: int | None
    fill_order: int
    orientation: int
    tiled: bool
    strip_rows: int
    strips: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Layout:
    """How the numbers of a file are written: byte order and classic or big directories."""

    order: str
    big: bool

    def number(self, code: str, data: bytes, offset: int) -> int:
        """Read one number; raises ``struct.error`` beyond the file's end."""
        if not 0 <= offset <= len(data):
            raise struct.error("offset beyond the file")
        return int(struct.unpack_from(self.order + code, data, offset)[0])


def read_pages(data: bytes) -> tuple[str, list[Page]]:
    """Read all directories of a file.

    Returns:
        The byte order, ``<`` or ``>``, and the pages in file order, at least one.

    Raises:
        NotTiff: If the header or the first directory is broken.
    """
    try:
        layout, offset = _header(data)
        tags, following = _directory(data, layout, offset)
        pages = [_page(tags, data)]
    except (struct.error, KeyError, ValueError) as error:
        raise NotTiff(str(error)) from None
    seen = {offset}
    while following and following not in seen:
        seen.add(following)
        try:
            tags, after = _directory(data, layout, following)
            pages.append(_page(tags, data))
        except (struct.error, KeyError, ValueError):
            break
        following = after
    return layout.order, pages


def _header(data: bytes) -> tuple[Layout, int]:
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None:
        raise ValueError("no byte order mark")
    classic = Layout(order, big=False)
    version = classic.number("H", data, 2)
    if version == 42:
        return classic, classic.number("I", data, 4)
    big = Layout(order, big=True)
    if version == 43 and big.number("H", data, 4) == 8:
        return big, big.number("Q", data, 8)
    raise ValueError(f"version {version}")


def _directory(data: bytes, layout: Layout, offset: int) -> tuple[Tags, int]:
    """Return the wanted tags of one directory and the offset of the next one."""
    entry, start, count = (20, 8, "Q") if layout.big else (12, 2, "H")
    entries = layout.number(count, data, offset)
    if entries > _MOST_ENTRIES or offset + start + entries * entry > len(data):
        raise ValueError("the directory is cut off")
    tags: Tags = {}
    for position in range(offset + start, offset + start + entries * entry, entry):
        tag = layout.number("H", data, position)
        if tag in _WANTED and tag not in tags:
            tags[tag] = _values(data, layout, position)
    end = offset + start + entries * entry
    try:
        return tags, layout.number("Q" if layout.big else "I", data, end)
    except struct.error:
        return tags, 0


def _values(data: bytes, layout: Layout, position: int) -> tuple[int, ...]:
    """Return the values of one entry.

    Raises:
        ValueError: If they are no integers from 0 on or lie beyond the file's end.
    """
    kind = layout.number("H", data, position + 2)
    count = layout.number("Q" if layout.big else "I", data, position + 4)
    if kind not in _SIZES or not 0 < count <= _MOST_STRIPS:
        raise ValueError(f"a tag of type {kind} with {count} values")
    place, room = (position + 12, 8) if layout.big else (position + 8, 4)
    if _SIZES[kind] * count > room:
        place = layout.number("Q" if layout.big else "I", data, place)
    if place + _SIZES[kind] * count > len(data):
        raise ValueError("values beyond the end")
    values = struct.unpack_from(f"{layout.order}{count}{_CODES[kind]}", data, place)
    if min(values) < 0:
        raise ValueError("a negative value")
    return values


def _refuse_nonsense(tags: Tags) -> None:
    """Raise ``ValueError`` for values that libtiff does not take, and then opens no file."""
    for tag in (BITS, SAMPLES, ROWS_PER_STRIP):
        if tags.get(tag, (1,))[0] < 1:
            raise ValueError(f"a value of 0 in tag {tag}")
    for tag, known in ((PLANAR, range(1, 3)), (SAMPLE_FORMAT, range(1, 7))):
        if tags.get(tag, (1,))[0] not in known:
            raise ValueError(f"a value of {tags[tag][0]} in tag {tag}")


def _page(tags: Tags, data: bytes) -> Page:
    _refuse_nonsense(tags)
    height, width = tags[HEIGHT][0], tags[WIDTH][0]
    if height < 1 or width < 1:
        raise ValueError("no pixels")
    tiled = TILE_WIDTH in tags or TILE_OFFSETS in tags
    rows = min(tags.get(ROWS_PER_STRIP, (height,))[0], height)
    offsets = tags.get(STRIP_OFFSETS, ()) if not tiled else ()
    if not tiled and not offsets:
        raise ValueError("no strips")
    sizes = tags.get(STRIP_BYTES, ())
    if len(sizes) != len(offsets):
        sizes = tuple(max(len(data) - offset, 0) for offset in offsets)
    return Page(
        height=height,
        width=width,
        bits=tags.get(BITS, (1,))[0],
        samples=tags.get(SAMPLES, (1,))[0],
        planar=tags.get(PLANAR, (1,))[0] == 2,
        sample_format=tags.get(SAMPLE_FORMAT, (1,))[0],
        compression=tags.get(COMPRESSION, (1,))[0],
        predictor=tags.get(PREDICTOR, (1,))[0],
        photometric=tags.get(PHOTOMETRIC, (None,))[0],
        fill_order=tags.get(FILL_ORDER, (1,))[0],
        orientation=tags.get(ORIENTATION, (1,))[0],
        tiled=tiled,
        strip_rows=rows,
        strips=tuple(zip(offsets, sizes, strict=True)),
    )
