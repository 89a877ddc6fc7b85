"""How a mask file may be stored, so that the challenge's evaluator reads it.

Observed behaviour of the evaluator: 16-bit unsigned grey in strips, uncompressed or with LZW,
Deflate or PackBits, is read; other pixel types and colours are errors; tiles and other compressions
are read as an empty image without a word.

What was not observed is taken strictly where it could lose the frame: planes apart are an error
with several colours, and may be one with a single one; of differences (the predictor) its library
undoes the horizontal ones of LZW and Deflate alone.
"""

from collections.abc import Callable, Iterator

import tifffile

from ctc_submit.data.problem import Problem
from ctc_submit.data.strips import CODECS, differs_as_said
from ctc_submit.data.tiff import Page
from ctc_submit.pack.mask_file import MaskFile

REWRITE = "write it with ctc_submit.data.labels.write_labels, or any writer with these settings"
_FORMATS = {1: "uint", 2: "int", 3: "float"}
_BLACK_IS_ZERO = 1


def pixel_type(mask: MaskFile) -> Iterator[Problem]:
    """The pixels are 16-bit unsigned integers (anything else: an error)."""
    for page in mask.pages:
        if (page.sample_format, page.bits) != (1, 16):
            found = f"{_FORMATS.get(page.sample_format, 'other')}{page.bits}"
            yield Problem(mask.path, "pixel-type", "uint16 pixels", found, REWRITE)
            return


def colours(mask: MaskFile) -> Iterator[Problem]:
    """There is one grey channel (anything else: an error)."""
    for page in mask.pages:
        if page.samples != 1 or page.planar:
            apart = (
                "planes stored apart" if page.samples == 1 else f"{page.samples} colour channels"
            )
            mend = "write slices as pages: photometric='minisblack' where the writer guesses"
            yield Problem(mask.path, "colours", "one grey channel", apart, mend)
            return


def strips(mask: MaskFile) -> Iterator[Problem]:
    """The pixels lie in strips (tiles: read as empty without a word)."""
    if any(page.tiled for page in mask.pages):
        mend = "write it without tiles: the evaluator reads an empty image"
        yield Problem(mask.path, "strips", "pixels in strips", "tiles", mend)


def compression(mask: MaskFile) -> Iterator[Problem]:
    """None, LZW, Deflate or PackBits (others: read as empty without a word)."""
    for page in mask.pages:
        if page.compression not in CODECS:
            mend = "write it with Deflate (zlib): the evaluator reads an empty image"
            expected = "no compression, LZW, Deflate or PackBits"
            found = _named(tifffile.COMPRESSION, page.compression)
            yield Problem(mask.path, "compression", expected, found, mend)
            return


def predictor(mask: MaskFile) -> Iterator[Problem]:
    """Horizontal differences, with LZW or Deflate (others: read otherwise than was meant)."""
    for page in mask.pages:
        if page.compression in CODECS and not differs_as_said(page):
            mend = "write it without predictor: the evaluator reads other pixels, or none"
            expected = "no predictor, or horizontal differences with LZW or Deflate"
            with_ = _named(tifffile.COMPRESSION, page.compression)
            found = f"{_named(tifffile.PREDICTOR, page.predictor)} with {with_}"
            yield Problem(mask.path, "predictor", expected, found, mend)
            return


def photometric(mask: MaskFile) -> Iterator[Problem]:
    """Zero means black; how the evaluator takes white or a palette is not known."""
    for page in mask.pages:
        if page.samples == 1 and page.photometric != _BLACK_IS_ZERO:
            said = page.photometric
            found = "no word" if said is None else _named(tifffile.PHOTOMETRIC, said)
            expected = "grey with 0 as black"
            mend = "write it with photometric='minisblack'"
            yield Problem(mask.path, "photometric", expected, found, mend, warning=True)
            return


def turned(mask: MaskFile) -> Iterator[Problem]:
    """Rows run from the top left, bits from the highest; readers differ where a tag says not."""
    for page in mask.pages:
        if found := ", ".join(_turns(page)):
            expected = "the first pixel at the top left, the highest bit first"
            mend = "turn the pixels themselves, and write it without these tags"
            yield Problem(mask.path, "turned", expected, found, mend, warning=True)
            return


RULES: tuple[Callable[[MaskFile], Iterator[Problem]], ...] = (
    pixel_type,
    colours,
    strips,
    compression,
    predictor,
    photometric,
    turned,
)


def _turns(page: Page) -> Iterator[str]:
    if page.orientation != 1:
        yield f"orientation {page.orientation}"
    if page.fill_order != 1:
        yield f"fill order {page.fill_order}"


def _named(
    names: type[tifffile.COMPRESSION | tifffile.PREDICTOR | tifffile.PHOTOMETRIC],
    number: int,
) -> str:
    try:
        return names(number).name.lower()
    except ValueError:
        return str(number)
