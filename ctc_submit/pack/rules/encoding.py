"""How a mask file may be stored, so that the challenge's evaluator reads it.

Observed behaviour of the evaluator: 16-bit unsigned grey in strips, uncompressed or with LZW,
Deflate or PackBits, is read; other pixel types and colours are errors; tiles and other compressions
are read as an empty image without a word.
"""

from collections.abc import Callable, Iterator

from ctc_submit.data.problem import Problem
from ctc_submit.pack.mask_file import MaskFile

REWRITE = "write it with ctc_submit.data.labels.write_labels, or any writer with these settings"
READ = {"none", "lzw", "adobe_deflate", "deflate", "packbits"}


def pixel_type(mask: MaskFile) -> Iterator[Problem]:
    """The pixels are 16-bit unsigned integers (anything else: an error)."""
    for page in mask.pages:
        if (page.sample_format, page.bits) != ("uint", 16):
            found = f"{page.sample_format}{page.bits}"
            yield Problem(mask.path, "pixel-type", "uint16 pixels", found, REWRITE)
            return


def colours(mask: MaskFile) -> Iterator[Problem]:
    """There is one grey channel (anything else: an error)."""
    for page in mask.pages:
        if page.samples != 1:
            found = f"{page.samples} colour channels"
            mend = "write slices as pages: photometric='minisblack' where the writer guesses"
            yield Problem(mask.path, "colours", "one grey channel", found, mend)
            return


def strips(mask: MaskFile) -> Iterator[Problem]:
    """The pixels lie in strips (tiles: read as empty without a word)."""
    if any(page.tiled for page in mask.pages):
        mend = "write it without tiles: the evaluator reads an empty image"
        yield Problem(mask.path, "strips", "pixels in strips", "tiles", mend)


def compression(mask: MaskFile) -> Iterator[Problem]:
    """None, LZW, Deflate or PackBits (others: read as empty without a word)."""
    for page in mask.pages:
        if page.compression not in READ:
            mend = "write it with Deflate (zlib): the evaluator reads an empty image"
            expected = "no compression, LZW, Deflate or PackBits"
            yield Problem(mask.path, "compression", expected, page.compression, mend)
            return


def photometric(mask: MaskFile) -> Iterator[Problem]:
    """Zero means black; how the evaluator takes white or a palette is not known."""
    for page in mask.pages:
        if page.samples == 1 and page.photometric != "minisblack":
            expected = "grey with 0 as black"
            mend = "write it with photometric='minisblack'"
            yield Problem(mask.path, "photometric", expected, page.photometric, mend, warning=True)
            return


RULES: tuple[Callable[[MaskFile], Iterator[Problem]], ...] = (
    pixel_type,
    colours,
    strips,
    compression,
    photometric,
)
