"""Several models in one folder, which is run, packed and submitted as one."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ctc_submit.checkpoint import CARD, PARTNERS, Card, demand_room, write_card
from ctc_submit.data.whole_folder import whole_folder
from ctc_submit.ensemble.average import learned_by_any
from ctc_submit.ensemble.members import Member, load_members
from ctc_submit.errors import CheckpointError, DataError


def join(folders: Sequence[Path], out: Path) -> Card:
    """Put several models into one folder, the first with the others as its partners.

    What is run with that folder is seen by all of them, and what they find is fused. Everything
    else, from scripts to archives and images, takes it as one model.

    The first model gives the card; it names all data that one of them learned from, and held out
    are the frames that all held out. Its scores stay, as those of the model alone; there is none of
    all together yet.

    Args:
        folders: At least two models; partners that one has already come with it.
        out: Folder of the new model, which is not there yet or empty.

    Raises:
        CheckpointError: If a folder is no model, two hold the same weights and settings, or
            ``out`` has something in it or cannot be written.
    """
    if len(folders) < 2:
        raise CheckpointError(f"expected at least two models to join, found {len(folders)}")
    out = out.resolve()
    _demand_new(out)
    first, *others = load_members(folders, "cpu")
    names = list(_names(others))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with whole_folder(out) as partial:
            _copy(first.folder, partial)
            for member, name in zip(others, names, strict=True):
                _copy(member.folder, partial / PARTNERS / name)
                write_card(partial / PARTNERS / name, replace(member.card, partners=[]))
            card = _card_of(out.name, first, others, names)
            write_card(partial, card)
    except DataError as error:
        raise CheckpointError(str(error)) from error
    except OSError as error:
        raise CheckpointError(f"{out}: cannot be written ({error.strerror})") from error
    return card


def _demand_new(out: Path) -> None:
    if (out / CARD).exists():
        raise CheckpointError(f"{out}: is a model already; name a new folder with --out")
    demand_room(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CheckpointError(f"{out}: has something else in it; name a new folder with --out")


def _names(members: Sequence[Member]) -> Iterator[str]:
    """Yield a name for each partner's folder, its model's where no other has it."""
    taken: set[str] = set()
    for member in members:
        name, number = Path(member.card.name).name or "model", 1
        while (free := name if number == 1 else f"{name}-{number}") in taken:
            number += 1
        taken.add(free)
        yield free


def _copy(source: Path, target: Path) -> None:
    """Copy a model's own files, without those of its partners."""
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.iterdir()):
        if path.is_file() and not path.name.startswith("."):
            shutil.copy2(path, target / path.name)


def _card_of(name: str, first: Member, others: Sequence[Member], partners: list[str]) -> Card:
    card = first.card
    data = learned_by_any([card, *(member.card for member in others)])
    alone = f"{card.name} alone: "
    scores = [
        score if card.partners else score | {"protocol": alone + str(score["protocol"])}
        for score in card.scores
    ]
    return replace(card, name=name, data=data, scores=scores, partners=partners)
