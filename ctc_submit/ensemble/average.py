"""Several models of one network as a single one: the mean of their weights."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ctc_submit.checkpoint import CARD, Card, demand_room, save_checkpoint
from ctc_submit.ensemble.members import Member, load_member
from ctc_submit.errors import CheckpointError

logger = logging.getLogger(__name__)


def average(folders: Sequence[Path], out: Path) -> Card:
    """Write the model whose every weight is the mean of those of several models.

    For models that were trained on from the same weights, on the same data in different ways: their
    mean lies in the same basin of the loss, and often does better than each of them, at the cost of
    one (Wortsman et al. 2022, *Model soups*). Models that were trained apart have nothing in common
    that could be averaged.

    The first model gives the settings. The card names all of them, the settings of training that
    they share, and beside each those that they do not; held out are the frames that all held out.
    It has no scores, as none of the models' is its own.

    Args:
        folders: At least two models of one method whose networks have the same tensors.
        out: Folder of the new model.

    Raises:
        CheckpointError: If a folder is no model or has partners, two are the same, their networks
            differ, or ``out`` is a model already or cannot be written.
    """
    if len(folders) < 2:
        raise CheckpointError(f"expected at least two models to average, found {len(folders)}")
    if (out / CARD).exists():
        raise CheckpointError(f"{out}: is a model already; name a new folder with --out")
    demand_room(out)
    first = _alone(folders[0])
    total = {name: value.double() for name, value in first.method.net.state_dict().items()}
    cards = [first.card]
    for folder in folders[1:]:
        other = _alone(folder)
        _same_network(first, other)
        if other.card.sha256 in {card.sha256 for card in cards}:
            raise CheckpointError(f"{folder}: holds weights that are among the others already")
        for name, value in other.method.net.state_dict().items():
            total[name] += value
        cards.append(other.card)
    first.method.net.load_state_dict({name: value / len(cards) for name, value in total.items()})
    return save_checkpoint(out, first.method, _card_of(out.resolve().name, cards))


def learned_by_any(cards: Sequence[Card]) -> dict[str, Any]:
    """Return what a card says of the data of several models: what at least one learned from.

    Truth, split and number of frames stay where all have the same; held out are the frames that
    none learned from. What was learned is named where all cards name it.
    """
    known = [card.data for card in cards]
    data = {k: v for k, v in known[0].items() if all(k in d and d[k] == v for d in known)}
    data["datasets"] = sorted({name for d in known for name in d.get("datasets", ())})
    parts = [d.get("sequences", "all") for d in known]
    if "sequences" in known[0]:
        data["sequences"] = "all" if "all" in parts else sorted({n for part in parts for n in part})
    for name in ("learned", "held_out", "started_from", "learned_before"):
        data.pop(name, None)
    if all("learned" in d for d in known):
        data["learned"] = sorted(_in_any(known, "learned"))
    if common := held_out_by_all(cards):
        data["held_out"] = common
    if any("started_from" in d for d in known):
        data["started_from"] = _in_any(known, "started_from")
        data["learned_before"] = sorted(_in_any(known, "learned_before"))
    return data


def _in_any(known: Sequence[dict[str, Any]], name: str) -> list[str]:
    return list(dict.fromkeys(value for data in known for value in data.get(name, ())))


def held_out_by_all(cards: Sequence[Card]) -> list[str]:
    """Return the frames, sorted by name, that none of several models learned from."""
    held_out = [set(card.data.get("held_out", ())) for card in cards]
    return sorted(set.intersection(*held_out))


def _alone(folder: Path) -> Member:
    member = load_member(folder, "cpu")
    if member.card.partners:
        raise CheckpointError(
            f"{folder}: has partners ({', '.join(member.card.partners)}), whose weights have no "
            "place in a mean; average models without, and join afterwards"
        )
    return member


def _same_network(first: Member, other: Member) -> None:
    """Refuse a model whose weights mean something else, and tell settings that are not the same."""
    if other.card.method != first.card.method:
        raise CheckpointError(
            f"{other.folder}: is a {other.card.method}, {first.folder} a {first.card.method}; "
            "expected models of one method"
        )
    shapes, found = (
        {name: value.shape for name, value in member.method.net.state_dict().items()}
        for member in (first, other)
    )
    if shapes != found:
        name = next(n for n in shapes | found if shapes.get(n) != found.get(n))
        raise CheckpointError(
            f"{other.folder}: its network differs from that of {first.folder} ({name}); expected "
            "models of the same settings"
        )
    for name, value in other.card.config.items():
        if value != (kept := first.card.config.get(name)):
            logger.warning(
                "%s was made with %s %s, %s with %s, which is kept",
                *(other.folder, name, value, first.folder, kept),
            )


def _card_of(name: str, cards: Sequence[Card]) -> Card:
    """Return what is known of the mean of these models."""
    first, data = cards[0], learned_by_any(cards)
    shared = {
        k: v
        for k, v in first.training.items()
        if all(k in card.training and card.training[k] == v for card in cards)
    }
    if "held_out" not in data:
        shared.pop("holdout", None)  # of no use to the mean: one of the models learned from each
    averaged = [
        {"name": card.name, "sha256": card.sha256}
        | {k: v for k, v in card.training.items() if k not in shared}
        for card in cards
    ]
    notes = dict.fromkeys(note for card in cards for note in card.notes)
    return Card(
        name,
        first.method,
        {},
        segment=first.segment,
        data=data,
        training=shared | {"averaged": averaged},
        track=first.track,
        notes=list(notes),
    )
