"""Which frames a trained model did not learn from."""

from typing import Any

import numpy as np

from ctc_submit.checkpoint import Card
from ctc_submit.errors import DataError
from ctc_submit.train.split import Example, hold_out


def learned_frames(card: Card, examples: list[Example]) -> list[Example]:
    """Return the frames that a model learned from, or a model that it started from.

    Args:
        card: The model's. One that does not name the frames tells data sets and sequences, and
            nothing where a split file chose the frames.
        examples: The frames that are asked for.
    """
    data = card.data
    before = set(data.get("learned_before", ()))
    if "learned" in data or data.get("split") is not None:
        names = before.union(data.get("learned", ()))
        return [example for example in examples if example.name in names]
    datasets, numbers = set(data.get("datasets", ())), data.get("sequences", "all")
    held_out = set(data.get("held_out", ()))

    def is_learned(example: Example) -> bool:
        dataset, number, _ = example.name.split("/")
        there = dataset in datasets and (numbers == "all" or number in numbers)
        return (there and example.name not in held_out) or example.name in before

    return [example for example in examples if is_learned(example)]


def origin_of(card: Card) -> dict[str, list[str]]:
    """Return what the card of a model says that starts from another one.

    Args:
        card: Of the model to start from.

    Returns:
        ``started_from``: names of the models, the earliest first; ``learned_before``: the frames
        that these learned from, as far as the card names them.
    """
    names = {*card.data.get("learned", ()), *card.data.get("learned_before", ())}
    started = [*card.data.get("started_from", ()), card.name]
    return {"started_from": started, "learned_before": sorted(names)}


def tuning_frames(card: Card, examples: list[Example], choice: dict[str, Any]) -> list[Example]:
    """Return the frames that a training held out of what it learned from.

    Args:
        card: The model's; it names them, or tells with which seed they were drawn.
        examples: The frames that the training was given, of which some were held out.
        choice: How those were chosen, as the card's ``data``.

    Raises:
        DataError: If they are not among the examples, or these are not what the model learned from.
    """
    where = "give the --split, --sequence and --truth of the training, or --frames all"
    if names := set(card.data.get("held_out", ())):
        held = [e for e in examples if e.name in names]
        if len(held) < len(names):
            raise DataError(
                f"{card.name}: {len(names) - len(held)} of the {len(names)} frames that its "
                f"training held out are not among those given; {where}"
            )
        return held
    known = {"frames": len(examples)} | {k: choice[k] for k in choice.keys() & card.data.keys()}
    other = [name for name, value in known.items() if card.data.get(name) != value]
    share = card.training.get("holdout", 0)
    drawn = hold_out(examples, share, np.random.default_rng([card.training.get("seed", 0), 0]))[1]
    if other or not drawn:
        found = f"its {other[0]} differ" if other else "its training held none out"
        raise DataError(f"{card.name}: no frames to tune on ({found}); {where}")
    return drawn
