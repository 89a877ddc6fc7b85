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
        CheckpointError: If a folder is no model, two are the same, their networks differ, or
            ``out`` is a model already or cannot be written.
    """
    if len(folders) < 2:
        raise CheckpointError(f"expected at least two models to average, found {len(folders)}")
    if (out / CARD).exists():
        raise CheckpointError(f"{out}: is a model already; name a new folder with --out")
    demand_room(out)
    first = load_member(folders[0], "cpu")
    total = {name: value.double() for name, value in first.method.net.state_dict().items()}
    cards = [first.card]
    for folder in folders[1:]:
        other = load_member(folder, "cpu")
        _same_network(first, other)
        if other.card.sha256 in {card.sha256 for card in cards}:
            raise CheckpointError(f"{folder}: holds weights that are among the others already")
        for name, value in other.method.net.state_dict().items():
            total[name] += value
        cards.append(other.card)
    first.method.net.load_state_dict({name: value / len(cards) for name, value in total.items()})
    return save_checkpoint(out, first.method, _card_of(out.resolve().name, cards))


def held_out_by_all(cards: Sequence[Card]) -> list[str]:
    """Return the frames, sorted by name, that none of several models learned from."""
    held_out = [set(card.data.get("held_out", ())) for card in cards]
    return sorted(set.intersection(*held_out))


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
    first, common = cards[0], held_out_by_all(cards)
    data: dict[str, Any] = {k: v for k, v in first.data.items() if k != "held_out"}
    data["datasets"] = sorted({d for card in cards for d in card.data.get("datasets", ())})
    if common:
        data["held_out"] = common
    shared = {
        k: v
        for k, v in first.training.items()
        if all(k in card.training and card.training[k] == v for card in cards)
    }
    if not common:
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
