"""A model is a folder: ``weights.safetensors`` and ``card.json``, and those of its partners."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from ctc_submit.errors import CheckpointError
from ctc_submit.methods.method import Method
from ctc_submit.methods.registry import method_named
from ctc_submit.methods.settings import settings_of
from ctc_submit.methods.state_file import WEIGHTS

Settings = TypeVar("Settings")
FORMAT = 1
_NONE = {"", ".."}
CARD, README = "card.json", "README.md"
PARTNERS = "partners"
"""Folder in a model's, with the models that see every frame too; its card names them."""
NAMED = ("learned", "learned_before")
"""Lists of frames in a card's data, too long for its README."""
CURVES = "curves.png"
"""Picture of a training's course; a model's README shows it where it lies in the folder."""


@dataclass(frozen=True)
class Card:
    """What is known of a model.

    Attributes:
        name: The model's name, its folder's.
        method: Name of the method.
        config: The method's settings.
        segment: Settings of `ctc_submit.segment.SegmentConfig` that the model was judged with.
        data: What it was trained on: data sets, sequences, truth, split, number of frames, names of
            those learned and held out, and what the model that it started from learned before.
        training: Settings, steps and seconds of the training.
        scores: One entry a measurement: protocol, data, frames, measure, value.
        tuning: What tuning changed after the training, on which frames, and what it brought.
        track: Settings of `ctc_submit.track.settings.TrackConfig` that are not the defaults.
        notes: Limits and terms, in sentences.
        sha256: Of the weights file.
        partners: Names of models in its folder `PARTNERS`, whose cells are fused with its own.
    """

    name: str
    method: str
    config: dict[str, Any]
    segment: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    scores: list[dict[str, Any]] = field(default_factory=list)
    tuning: dict[str, Any] = field(default_factory=dict)
    track: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    sha256: str = ""
    partners: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Hold what others read of the data against its form.

        Raises:
            ValueError: If data sets or sequences are no list of names, or a partner's name is none
                of a folder.
        """
        for partner in self.partners:
            if not isinstance(partner, str) or Path(partner).name != partner or partner in _NONE:
                raise ValueError(f"partners: {partner!r} is no name of a folder")
        for name in ("datasets", "sequences"):
            value = self.data.get(name, [])
            names = isinstance(value, list | tuple) and all(isinstance(n, str) for n in value)
            if not names and not (name == "sequences" and value == "all"):
                raise ValueError(f"{name}: {value!r} is no list of names")


def demand_room(folder: Path) -> None:
    """Raise CheckpointError if a README lies in a folder that is no model's."""
    if (folder / README).exists() and not (folder / CARD).exists():
        raise CheckpointError(f"{folder}: has a {README} that is no model's; name another folder")


def save_checkpoint(
    folder: Path, method: Method, card: Card, *, beside: dict[str, bytes] | None = None
) -> Card:
    """Write a model folder; weights are stored in float16.

    Args:
        folder: Made where it is missing; its weights and card are replaced.
        method: Whose network is stored.
        card: What is known of it; method, settings and checksum are filled in here.
        beside: Further files by name, such as `CURVES`; all of the folder's are replaced, or none.

    Returns:
        The card as written.

    Raises:
        CheckpointError: If the folder cannot be written.
    """
    state = {name: _stored(value) for name, value in method.net.state_dict().items()}
    weights = save(state)
    known = asdict(card) | {
        "config": asdict(method.config),
        "sha256": hashlib.sha256(weights).hexdigest(),
    }
    written = Card(**known)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = beside or {}
        curves = CURVES in files or (folder / CURVES).exists()
        _replace(folder, {WEIGHTS: weights} | files | _written(written, curves))
    except OSError as error:
        raise CheckpointError(f"{folder}: cannot be written ({error.strerror})") from error
    return written


def write_card(folder: Path, card: Card) -> None:
    """Write ``card.json`` of a model folder, and ``README.md`` from it, each whole or not at all.

    Raises:
        CheckpointError: If the folder cannot be written.
    """
    try:
        _replace(folder, _written(card, (folder / CURVES).exists()))
    except OSError as error:
        raise CheckpointError(f"{folder}: cannot be written ({error.strerror})") from error


def render_card(card: Card, *, curves: bool = False) -> str:
    """Return a model's README: what it is, what it learned from, how well it does, its limits.

    Args:
        card: What is known of the model.
        curves: Whether the course of its training lies beside, as ``curves.png``.
    """
    rows = [
        f"| {s['protocol']} | {_brief(s.get('data', {}))} | {s['measure']} | {s['value']} "
        f"| {s.get('frames', '')} | {s.get('cells', '')} | {s.get('matched', '')} |"
        for s in card.scores
    ]
    parts = [
        f"# {card.name}",
        f"A `{card.method}` of ctc-submit. Use it with `ctc-submit run SEQUENCE --model MODEL`.",
        *(
            [f"Its partners see every frame too, and cells are fused: {', '.join(card.partners)}."]
            if card.partners
            else []
        ),
        "## Scores",
        "| protocol | data | measure | value | frames | cells | mean J of found cells |\n"
        "|---|---|---|---|---|---|---|\n" + "\n".join(rows),
        "## Learned from",
        _listed({k: _counted(v) if k in NAMED else v for k, v in card.data.items()}),
        "## Training",
        _listed(card.training),
        *(
            [f"![Losses, SEG, learning rate and images a second by epoch]({CURVES})"]
            if curves
            else []
        ),
        *(["## Tuned after training", _listed(card.tuning)] if card.tuning else []),
        "## Method",
        _listed(card.config),
        "## Segmentation",
        _listed(card.segment),
        *(["## Tracking", _listed(card.track)] if card.track else []),
        "## Limits and terms",
        "\n".join(f"- {note}" for note in card.notes) or "- none stated",
    ]
    return "\n\n".join(parts) + "\n"


def read_card(folder: Path) -> Card:
    """Read the card of a model.

    Raises:
        CheckpointError: If there is no such model or its card is not one of ours.
    """
    path = folder / CARD
    if not folder.is_dir():
        raise CheckpointError(f"{folder}: no such model folder; expected one with {CARD}")
    try:
        known = json.loads(path.read_text("utf-8"))
        if known.pop("format") != FORMAT:
            raise CheckpointError(f"{path}: is of another format than {FORMAT}; update ctc-submit")
        return settings_of(Card, known, path)
    except FileNotFoundError:
        raise CheckpointError(f"{path}: missing; the folder is not a model") from None
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path}: is not a model's card ({error})") from error


def load_checkpoint(folder: Path, device: torch.device | str = "cpu") -> tuple[Method, Card]:
    """Read a model and put it on a device, in evaluation mode; no code in the files is run.

    Raises:
        CheckpointError: If the folder is no model, or its weights are not those of its card.
    """
    card = read_card(folder)
    path = folder / WEIGHTS
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror})") from None
    if (checksum := hashlib.sha256(content).hexdigest()) != card.sha256:
        raise CheckpointError(
            f"{path}: expected the weights of {CARD} (sha256 {card.sha256[:12]}…), "
            f"found others ({checksum[:12]}…); copy both files from one model"
        )
    plug = method_named(card.method)
    config = config_from(plug.config, card.config, folder / CARD)
    try:
        method = plug.method.of(config)
    except (ValueError, TypeError, RuntimeError) as error:
        raise CheckpointError(f"{folder / CARD}: describes no {card.method} ({error})") from error
    try:
        state = {name: value.float() for name, value in load(content).items()}
        method.net.load_state_dict(state)
    except (SafetensorError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:160]
        raise CheckpointError(f"{path}: does not fit a {card.method} ({reason})") from error
    method.net.to(device).eval()
    return method, card


def config_from(kind: type[Settings], known: dict[str, Any], where: Path) -> Settings:
    """Rebuild a dataclass of settings from a card; fields that it lacks take their default.

    Raises:
        CheckpointError: If it holds a setting that there is not, a value that is none of it, or
            values that do not go together.
    """
    read = {k: tuple(v) if isinstance(v, list) else v for k, v in known.items()}
    try:
        return settings_of(kind, read, where)
    except ValueError as error:
        raise CheckpointError(f"{where}: {error}") from None


def _brief(data: dict[str, Any]) -> str:
    return ", ".join(_plain(data[k]) for k in ("datasets", "sequences", "truth") if data.get(k))


def _counted(names: Any) -> Any:
    return f"{len(names)} frames, which {CARD} names" if isinstance(names, list) else names


def _listed(known: dict[str, Any]) -> str:
    """Return a line for every entry; parts of a list that are no single words have one each."""
    lines = []
    for name, value in known.items():
        parts = value if isinstance(value, list | tuple) else ()
        if any(" " in _plain(part) for part in parts):
            lines += [f"- {name.replace('_', ' ')}:", *(f"  - {_plain(part)}" for part in parts)]
        else:
            lines.append(f"- {name.replace('_', ' ')}: {_plain(value)}")
    return "\n".join(lines)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{k.replace('_', ' ')} {_plain(v)}" for k, v in value.items())
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _stored(value: torch.Tensor) -> torch.Tensor:
    """Return a tensor as it is saved: in half precision, where that can hold it."""
    value = value.detach().cpu().contiguous()
    if not value.is_floating_point():
        return value
    half = value.half()
    return half if torch.equal(half.isfinite(), value.isfinite()) else value


def _written(card: Card, curves: bool) -> dict[str, bytes]:
    """Return the files of a card by their names."""
    text = json.dumps({"format": FORMAT} | asdict(card), indent=2, ensure_ascii=False) + "\n"
    texts = {CARD: text, README: render_card(card, curves=curves)}
    return {name: told.encode("utf-8", "backslashreplace") for name, told in texts.items()}


def _replace(folder: Path, files: dict[str, bytes]) -> None:
    """Write all files beside the old ones, then let them take their places: all or none."""
    partials = {folder / name: folder / f".{name}.partial" for name in files}
    try:
        for partial, content in zip(partials.values(), files.values(), strict=True):
            partial.write_bytes(content)
        for path, partial in partials.items():
            partial.replace(path)
    finally:
        for partial in partials.values():
            partial.unlink(missing_ok=True)
