"""Sets plain Markdown (headings, paragraphs, list items, bold) as a PDF of one A4 page."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby

_PAGE = (8.27, 11.69)  # A4 in inches
_MARGIN = 0.75
_SIZES = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6)
"""Sizes of type that are tried, in parts of the usual one; the last is for more than one page."""

_LEADING = 1.3
_INDENT = 0.12
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_MARK = re.compile(r"\*\*(.+?)\*\*(\S+)")

Word = tuple[str, bool]
"""A word, and whether it is bold."""


@dataclass(frozen=True)
class Line:
    """One line of type.

    Attributes:
        down: Its top, in inches from the top margin of the first page.
        size: Points.
        runs: Inches from the left margin, text and whether it is bold, from left to right.
    """

    down: float
    size: float
    runs: tuple[tuple[float, str, bool], ...]

    @property
    def bottom(self) -> float:
        """Where the next line can begin, in inches."""
        return self.down + self.size * _LEADING / 72


def render_pdf(markdown: str) -> bytes:
    """Set a text as a PDF of one A4 page, the type smaller where there is much to say.

    The bytes depend on the text alone. What does not fit at 60 % of the size goes to further pages.
    """
    from matplotlib.backends.backend_pdf import FigureCanvasPdf, PdfPages
    from matplotlib.figure import Figure

    height = _PAGE[1] - 2 * _MARGIN
    lines: list[Line] = []
    for scale in _SIZES:
        lines = lines_of(markdown, scale)
        if not lines or lines[-1].bottom <= height:
            break
    target = io.BytesIO()
    with PdfPages(
        target, metadata={"CreationDate": None, "Creator": None, "Producer": None}
    ) as pdf:
        for page in _pages(lines, height):
            figure = Figure(figsize=_PAGE)
            FigureCanvasPdf(figure)
            for line in page:
                for left, text, bold in line.runs:
                    figure.text(
                        (_MARGIN + left) / _PAGE[0],
                        1 - (_MARGIN + line.down - page[0].down) / _PAGE[1],
                        text,
                        fontsize=line.size,
                        weight="bold" if bold else "normal",
                        va="top",
                        parse_math=False,
                    )
            pdf.savefig(figure)
    return target.getvalue()


def lines_of(markdown: str, scale: float = 1.0) -> list[Line]:
    """Break a text into lines of type, top to bottom without page breaks.

    Args:
        markdown: Headings with ``#`` or ``##``, paragraphs and list items of one line each.
        scale: Size of the type, in parts of the usual one.
    """
    down, lines = 0.0, list[Line]()
    for paragraph in markdown.splitlines():
        level = len(paragraph) - len(paragraph.lstrip("#"))
        size = {0: 9, 1: 15}.get(level, 11) * scale
        words = _words(paragraph.lstrip("# "), bold=level > 0)
        for runs in _broken(words, size, hang=paragraph.startswith("- ")):
            lines.append(Line(down, size, runs))
            down = lines[-1].bottom
        down += (0.08 if level else 0.04) * scale
    return lines


def _words(text: str, *, bold: bool) -> list[Word]:
    """Return the words of a paragraph; a mark that follows a bold word is bold, too."""
    pieces = _BOLD.split(_MARK.sub(r"**\1\2**", text))  # every second one is bold
    return [(word, bold or n % 2 == 1) for n, part in enumerate(pieces) for word in part.split()]


def _broken(
    words: list[Word], size: float, *, hang: bool
) -> Iterator[tuple[tuple[float, str, bool], ...]]:
    """Yield the runs of each line; no line is wider than the page between its margins."""
    most = _PAGE[0] - 2 * _MARGIN
    line: list[Word] = []
    left = start = 0.0
    for word in (piece for whole in words for piece in _pieces(whole, (most - _INDENT) / size)):
        wide = _width(*word) * size
        if line and left + wide > most:
            yield _runs(line, start, size)
            line, start = [], _INDENT if hang else 0.0
            left = start
        line.append(word)
        left += wide + _width(" ", word[1]) * size
    if line:
        yield _runs(line, start, size)


def _pieces(word: Word, widest: float) -> Iterator[Word]:
    """Cut a word that is wider than a line, such as a path, into pieces that are not."""
    text, bold = word
    while _width(text, bold) > widest:
        end = len(text) - 1
        while end > 1 and _width(text[:end], bold) > widest:
            end -= 1
        yield text[:end], bold
        text = text[end:]
    yield text, bold


def _runs(line: list[Word], left: float, size: float) -> tuple[tuple[float, str, bool], ...]:
    """Join neighbours of one kind and say where they begin."""
    runs = []
    for bold, words in groupby(line, key=lambda word: word[1]):
        text = " ".join(word for word, _ in words)
        runs.append((left, text, bold))
        gap = _width(" ", bold) * size
        left += sum(_width(word, bold) * size + gap for word in text.split())
    return tuple(runs)


@cache
def _width(text: str, bold: bool) -> float:
    """Return the width of a text in inches a point of size."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(size=100, weight="bold" if bold else "normal")
    wide, _, _ = text_to_path.get_text_width_height_descent(text or " ", font, ismath=False)
    return float(wide) / 100 / 72


def _pages(lines: list[Line], height: float) -> Iterator[list[Line]]:
    page: list[Line] = []
    for line in lines:
        if page and line.bottom - page[0].down > height:
            yield page
            page = []
        page.append(line)
    yield page
