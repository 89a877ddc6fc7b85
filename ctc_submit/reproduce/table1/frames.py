"""Which frames a row of the table learns from, and which it is scored on."""

import json
from dataclasses import dataclass
from pathlib import Path

from ctc_submit.errors import DataError
from ctc_submit.train.selection import Selection
from ctc_submit.train.split import Example, demand_apart, divided

PROTOCOLS = ("random", "01to02", "02to01")
"""The paper's: frames of all videos, shuffled; and across videos: learn from one, score another."""

SPLIT = "split.json"
"""File in a data set's folder whose lists ``train`` and ``test`` are the random split."""

SEED = 0
"""Decides which frames are drawn, where some are: the same for every row and seed of training."""


@dataclass(frozen=True)
class Division:
    """The frames of one protocol.

    Attributes:
        learned: Given to the training, which keeps a part of them to choose by.
        scored: Never seen by training nor tuning.
        how: Where the scored ones come from, a sentence for the reader.
    """

    learned: list[Example]
    scored: list[Example]
    how: str


def division(dataset: Path, protocol: str, *, truth: str, held_out: float) -> Division:
    """Divide the annotated frames of a data set.

    Args:
        dataset: Folder in the official layout; its ``split.json``, where there is one, is the
            random split.
        protocol: One of `PROTOCOLS`.
        truth: As for `Selection`.
        held_out: Share of the frames that is scored, where the split does not say which, or its
            test frames have no masks here.

    Raises:
        DataError: If the data set, its truth or a sequence is missing, or the split is unreadable.
    """
    found = Selection((dataset,), truth).examples()
    if protocol == "random":
        return _random(dataset, found, held_out)
    first, _, second = protocol.partition("to")
    parts = {n: [e for e in found if e.short_name.split("/")[0] == n] for n in (first, second)}
    for number, part in parts.items():
        if not part:
            raise DataError(
                f"{dataset}: no {truth} masks of sequence {number}, which protocol {protocol} "
                "needs; choose --protocol random"
            )
    how = f"all annotated frames of sequence {second}; sequence {first} alone was learned from"
    return Division(parts[first], parts[second], how)


def _random(dataset: Path, found: list[Example], share: float) -> Division:
    path = dataset / SPLIT
    if not path.is_file():
        parts = divided(found, share, SEED)
        how = f"{share:.0%} of all annotated frames, drawn with seed {SEED}"
        return Division(parts["train"], parts["test"], how)
    named = _lists(path)
    train = [e for e in found if e.short_name in named["train"]]
    test = [e for e in found if e.short_name in named["test"]]
    if not train:
        raise DataError(f"{path}: none of its train frames has a mask here")
    if len(test) == len(named["test"]):
        return Division(train, test, f"the test frames of {SPLIT}")
    parts = divided(train, share, SEED)
    how = (
        f"{share:.0%} of the training frames of {SPLIT}, drawn with seed {SEED} and held out, as "
        f"masks of its {len(named['test'])} test frames are missing here; so fewer frames were "
        "learned from than the paper had"
    )
    return Division(parts["train"], parts["test"], how)


def _lists(path: Path) -> dict[str, set[str]]:
    try:
        known = json.loads(path.read_text("utf-8"))
        named = {part: {str(name) for name in known[part]} for part in ("train", "test")}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise DataError(f"{path}: expected lists train and test of frames ({error})") from None
    demand_apart(path, named)
    return named
