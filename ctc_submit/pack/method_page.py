"""The method description that goes with a submission: rendered from the models' cards."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ctc_submit.errors import CheckpointError

CARD, PARTNERS = "card.json", "partners"

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
    "mulux": (
        "A U-shaped network answers the cells and a marker in the middle of each; a watershed from "
        "the markers gives the instances (after MU-Lux-CZ, Lux and Matula 2019)."
    ),
    "caltus": (
        "A U-shaped network tells background, cell, touching borders and gaps, learned with a "
        "J regularisation; cells are grown into the borders that they share (after CALT-US, "
        "Peña et al. 2019)."
    ),
}

TOGETHER = (
    "A model and its partners see every frame each; objects whose Jaccard index exceeds one half "
    "are the same cell, and its boundary lies half-way between theirs (after shape-based "
    "averaging, Rohlfing and Maurer 2007)."
)

SHAPE_AWARE = (
    "Masks are learned with the Shape-Aware Loss of Lin and Norouzi (2021): a cross-entropy that "
    "weighs pixels between cells that are close to each other more."
)

TRACKING = (
    "Cells are linked from frame to frame by an assignment of least cost, of distance, overlap and "
    "size, divisions included; tracks are joined across missed frames, and a cell that leaves the "
    "field of interest ends its track and begins a new one on its return. Lengths are in radii of "
    "the sequence's median cell, so that one set of parameters serves all sequences."
)

_SETTINGS = ("config", "segment", "track", "data", "training")
_LISTS = {"scores": dict, "notes": str}

_SAID_BEFORE = {"measure", "value", "protocol", "data"}

ROAD = (
    "Each frame is scaled to fixed percentiles, cut into overlapping tiles where it is larger than "
    "the network's, and segmented; the instances are painted into one label map, best first, so "
    "that a pixel belongs to one cell. Objects with no pixel inside the field of interest are "
    "removed, whole. Frames are handled one at a time, without user interaction; every parameter "
    "is fixed and listed below."
)


@dataclass(frozen=True)
class About:
    """What the description tells beside the cards.

    Attributes:
        title: Name of the submission.
        tracking: Parameter of the tracking to its value where a card names no other; nothing is
            said of it without any.
        options: Words that the scripts add to ``ctc-submit run``.
    """

    title: str
    tracking: Mapping[str, Any] = field(default_factory=dict)
    options: tuple[str, ...] = ()


def read_cards(models: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    """Read the card of each model and, after it, those of its partners.

    Args:
        models: Name in ``SW/models`` to model folder.

    Returns:
        Name to card; a partner's name is ``MODEL/partners/NAME``.

    Raises:
        CheckpointError: If a folder has no card that can be read.
    """
    cards = {}
    for name, folder in sorted(models.items()):
        cards[name] = card = _read_card(folder)
        for partner in _partners(card, folder):
            cards[f"{name}/{PARTNERS}/{partner}"] = _read_card(folder / PARTNERS / partner)
    return cards


def partners_of(folder: Path) -> list[str]:
    """Return the names of the models that see every frame beside a model.

    Raises:
        CheckpointError: If the folder has no card that can be read.
    """
    return _partners(_read_card(folder), folder)


def _partners(card: Mapping[str, Any], folder: Path) -> list[str]:
    partners = card.get("partners") or []
    if not isinstance(partners, list) or any(
        Path(str(p)).name != p or p in {"", ".."} for p in partners
    ):
        raise CheckpointError(f"{folder / CARD}: partners: {partners!r} is no list of names")
    return partners


def _read_card(folder: Path) -> dict[str, Any]:
    try:
        card = json.loads((folder / CARD).read_text("utf-8"))
    except FileNotFoundError:
        raise CheckpointError(f"{folder / CARD}: missing; the folder is not a model") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{folder / CARD}: cannot be read ({error})") from None
    if not isinstance(card, dict) or "method" not in card:
        raise CheckpointError(f"{folder / CARD}: is not a model's card")
    for name in (*_SETTINGS, *_LISTS):
        if (value := card.get(name)) and not _is_told(name, value):
            expected = "values by name" if name in _SETTINGS else "a list"
            raise CheckpointError(f"{folder / CARD}: {name}: expected {expected}, found {value!r}")
    return card


def _is_told(name: str, value: Any) -> bool:
    """Say whether a chapter of a card is of the kind that its description is made of."""
    if name in _SETTINGS:
        return isinstance(value, dict)
    return isinstance(value, list) and all(isinstance(part, _LISTS[name]) for part in value)


def render_markdown(cards: Mapping[str, Mapping[str, Any]], about: About) -> str:
    """Render the description of a submission as Markdown.

    Args:
        cards: Model name to card.
        about: Of the submission as a whole.
    """
    tracking = about.tracking
    methods = dict.fromkeys(str(card["method"]) for card in cards.values())
    lines = [f"# {about.title}: method description", "", "## Method", ""]
    lines += [
        METHODS.get(method, f"Instances are found by the method {method}.") for method in methods
    ]
    lines += [TOGETHER] if any(card.get("partners") for card in cards.values()) else []
    losses = {str((card.get("config") or {}).get("loss", "")) for card in cards.values()}
    lines += [SHAPE_AWARE] if any(loss.startswith("shape_aware") for loss in losses) else []
    lines += ["", ROAD, "", *([TRACKING, ""] if tracking else []), "## Models", ""]
    lines += [_row(name, card) for name, card in cards.items()]
    lines += ["", "## Parameters", ""]
    for text, names in _grouped(cards, _parameters).items():
        lines += [f"**{', '.join(names)}**: {text}", ""]
    if about.options:
        options = " ".join(about.options)
        lines += [f"**Options of the scripts**, which count more than these: {options}", ""]
    lines += _tracking_lines(cards, about) if tracking else []
    for text, names in _grouped(cards, _notes).items():
        lines += [f"**Limits and terms, {', '.join(names)}**: {text}", ""] if text else []
    return "\n".join(lines).rstrip("\n") + "\n"


def _tracking_lines(cards: Mapping[str, Mapping[str, Any]], about: About) -> list[str]:
    """Tell by which settings the scripts link: those of a model's card, never its partners'."""
    asked = {"repair": True} if "--repair" in about.options else {}
    leading = {name: card for name, card in cards.items() if f"/{PARTNERS}/" not in name}
    groups = _grouped(
        leading, lambda c: _listed({**about.tracking, **(c.get("track") or {}), **asked})
    )
    lines = []
    for text, names in groups.items():
        title = "Tracking" if len(groups) == 1 else f"Tracking, {', '.join(names)}"
        lines += [f"**{title}**: {text}", ""]
    return lines


def _row(name: str, card: Mapping[str, Any]) -> str:
    data = card.get("data") or {}
    trained = _listed(data) or "not recorded"
    scores = "; ".join(_score(score) for score in card.get("scores") or []) or "not recorded"
    return f"- **{name}** ({card['method']}). Trained on {trained}. Scores: {scores}."


def _score(score: Mapping[str, Any]) -> str:
    value = score.get("value")
    shown = f"{value:.4f}" if isinstance(value, float) else f"{value}"
    said = {key: part for key, part in score.items() if key not in _SAID_BEFORE}
    about = "; ".join(str(part) for part in (score.get("protocol"), _listed(said)) if part)
    return f"{score.get('measure', 'score')} {shown} ({about})" if about else shown


def _listed(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {_short(value)}" for key, value in settings.items())


def _parameters(card: Mapping[str, Any]) -> str:
    chapters = ("config", "segment", "training")
    parts = [f"{name}: {_listed(settings)}" for name in chapters if (settings := card.get(name))]
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
        words = any(isinstance(part, str) for part in value)
        most, between = (3, "; ") if words else (8, " ")
        few = between.join(map(_short, value[:most]))
        return few + (f" … ({len(value)})" if len(value) > most else "")
    return f"{value:.4g}" if isinstance(value, float) else str(value)
