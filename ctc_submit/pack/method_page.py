"""The method description that goes with a submission: rendered from the models' cards."""

import io
import json
import textwrap
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ctc_submit.errors import CheckpointError

CARD = "card.json"

METHODS = {
    "maskrcnn": (
        "Instances are found by a Mask R-CNN (He et al. 2017): a convolutional backbone with a "
        "feature pyramid, a region proposal network, and heads that give each region a score, a "
        "box and a mask."
    ),
    "unet": (
        "A U-Net (Ronneberger et al. 2015) tells cell from background with a line of background "
        "between touching cells; connected components are the instances."
    ),
}

ROAD = (
    "Each frame is scaled to fixed percentiles, cut into overlapping tiles where it is larger than "
    "the network's, and segmented; the instances are painted into one label map, best first, so "
    "that a pixel belongs to one cell. Objects with no pixel inside the field of interest are "
    "removed, whole. Frames are handled one at a time, without user interaction; every parameter "
    "is fixed and listed below."
)

_PAGE = (8.27, 11.69)  # A4 in inches
_MARGIN = 0.75
_SMALLEST = 0.6


def read_cards(models: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    """Read the card of each model.

    Args:
        models: Name in ``SW/models`` to model folder.

    Raises:
        CheckpointError: If a folder has no card that can be read.
    """
    cards = {}
    for name, folder in sorted(models.items()):
        try:
            card = json.loads((folder / CARD).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise CheckpointError(f"{folder / CARD}: cannot be read ({error})") from None
        if not isinstance(card, dict) or "method" not in card:
            raise CheckpointError(f"{folder / CARD}: is not a model's card")
        cards[name] = card
    return cards


def render_markdown(cards: Mapping[str, Mapping[str, Any]], *, title: str) -> str:
    """Render the description of a submission as Markdown.

    Args:
        cards: Model name to card.
        title: Name of the submission.
    """
    methods = dict.fromkeys(str(card["method"]) for card in cards.values())
    lines = [f"# {title}: method description", "", "## Method", ""]
    lines += [
        METHODS.get(method, f"Instances are found by the method {method}.") for method in methods
    ]
    lines += ["", ROAD, "", "## Models", ""]
    lines += [_row(name, card) for name, card in cards.items()]
    lines += ["", "## Parameters", ""]
    for text, names in _grouped(cards, _parameters).items():
        lines += [f"**{', '.join(names)}**: {text}", ""]
    for text, names in _grouped(cards, _notes).items():
        lines += [f"**Limits and terms, {', '.join(names)}**: {text}", ""] if text else []
    return "\n".join(lines).rstrip("\n") + "\n"


def render_pdf(markdown: str) -> bytes:
    """Set the description as a PDF of one A4 page, the type smaller where there is much to say.

    The bytes depend on the text alone. What does not fit at 60 % of the size goes to further pages.
    """
    from matplotlib.backends.backend_pdf import FigureCanvasPdf, PdfPages
    from matplotlib.figure import Figure

    scale = next((s / 20 for s in range(20, 12, -1) if _height(markdown, s / 20) <= 1), _SMALLEST)
    target = io.BytesIO()
    with PdfPages(
        target, metadata={"CreationDate": None, "Creator": None, "Producer": None}
    ) as pdf:
        for page in _pages(_set(markdown, scale)):
            figure = Figure(figsize=_PAGE)
            FigureCanvasPdf(figure)
            for down, text, size, style in page:
                figure.text(
                    _MARGIN / _PAGE[0],
                    1 - (_MARGIN + down) / _PAGE[1],
                    text,
                    fontsize=size,
                    va="top",
                    parse_math=False,
                    **style,
                )
            pdf.savefig(figure)
    return target.getvalue()


Line = tuple[float, str, float, dict[str, Any]]
"""Inches down the page, text, points, font."""


def _set(markdown: str, scale: float) -> list[Line]:
    """Break Markdown into lines of type, top to bottom without page breaks."""
    down = 0.0
    lines: list[Line] = []
    for line in markdown.splitlines():
        size, style = _type(line)
        size *= scale
        width = int((_PAGE[0] - 2 * _MARGIN) * 72 / (size * 0.5))
        text = line.lstrip("# ").replace("**", "")
        for part in textwrap.wrap(text, width, subsequent_indent="  " * text.startswith("- ")):
            lines.append((down, part, size, style))
            down += size * 1.3 / 72
        down += (0.08 if style else 0.03) * scale
    return lines


def _type(line: str) -> tuple[float, dict[str, Any]]:
    if line.startswith("# "):
        return 15, {"weight": "bold"}
    if line.startswith("## "):
        return 11, {"weight": "bold"}
    return 9, {}


def _height(markdown: str, scale: float) -> float:
    """Return the part of a page that the text takes."""
    last = _set(markdown, scale)[-1]
    return (last[0] + last[2] * 1.3 / 72) / (_PAGE[1] - 2 * _MARGIN)


def _pages(lines: list[Line]) -> Iterable[list[Line]]:
    page: list[Line] = []
    top = 0.0
    for down, text, size, style in lines:
        if down - top > _PAGE[1] - 2 * _MARGIN - size * 1.3 / 72:
            yield page
            page, top = [], down
        page.append((down - top, text, size, style))
    yield page


def _row(name: str, card: Mapping[str, Any]) -> str:
    data = card.get("data") or {}
    trained = "; ".join(f"{key} {_short(value)}" for key, value in data.items()) or "not recorded"
    scores = "; ".join(_score(score) for score in card.get("scores") or []) or "not recorded"
    return f"- **{name}** ({card['method']}). Trained on {trained}. Scores: {scores}."


def _score(score: Mapping[str, Any]) -> str:
    value = score.get("value")
    shown = f"{value:.4f}" if isinstance(value, float) else f"{value}"
    about = ", ".join(
        f"{_short(value)}" for key, value in score.items() if key not in {"measure", "value"}
    )
    return f"{score.get('measure', 'score')} {shown} ({about})" if about else shown


def _parameters(card: Mapping[str, Any]) -> str:
    parts = []
    for chapter in ("config", "segment", "training"):
        settings = card.get(chapter) or {}
        if settings:
            listed = ", ".join(f"{key} {_short(value)}" for key, value in settings.items())
            parts.append(f"{chapter}: {listed}")
    return ". ".join(parts) or "none recorded"


def _notes(card: Mapping[str, Any]) -> str:
    return " ".join(str(note) for note in card.get("notes") or [])


def _grouped(
    cards: Mapping[str, Mapping[str, Any]], tell: Callable[[Mapping[str, Any]], str]
) -> dict[str, list[str]]:
    """Group model names by what is told of them, so that nothing is said twice."""
    groups: dict[str, list[str]] = {}
    for name, card in cards.items():
        groups.setdefault(tell(card), []).append(name)
    return groups


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} {_short(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        few = [_short(part) for part in value[:8]]
        return " ".join(few) + (f" … ({len(value)})" if len(value) > 8 else "")
    return f"{value:.4g}" if isinstance(value, float) else str(value)
