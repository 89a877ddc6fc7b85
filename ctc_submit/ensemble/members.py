"""The models that look at a frame together."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ctc_submit.checkpoint import CARD, PARTNERS, Card, config_from, load_checkpoint
from ctc_submit.ensemble.fusion import fused
from ctc_submit.ensemble.settings import EnsembleConfig
from ctc_submit.errors import CheckpointError
from ctc_submit.methods.method import Method
from ctc_submit.segment import SegmentConfig, segment

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Member:
    """One model, on its device, with its own way of tiling and painting."""

    folder: Path
    method: Method
    card: Card
    segment: SegmentConfig

    def facts(self) -> dict[str, Any]:
        """Return all that is needed to find this model again, and to read its answers alike."""
        return {
            "name": self.card.name,
            "folder": str(self.folder),
            "sha256": self.card.sha256,
            "method": self.card.method,
            "method_config": self.card.config,
            "segment": self.card.segment,
        }


def load_member(folder: Path, device: str) -> Member:
    """Load one model.

    Raises:
        CheckpointError: If the folder is no model.
    """
    method, card = load_checkpoint(folder, device)
    return Member(folder, method, card, config_from(SegmentConfig, card.segment, folder / CARD))


def load_members(
    folders: Sequence[Path], device: str, config: EnsembleConfig | None = None
) -> list[Member]:
    """Load models of the same or of different methods, each followed by its partners.

    Args:
        folders: Of the models.
        device: ``cpu`` or ``cuda``.
        config: Whether partners are loaded too; with the default they are.

    Raises:
        CheckpointError: If a folder is no model, or two hold the same weights and settings.
    """
    members: list[Member] = []
    for member in _with_partners(folders, device, config or EnsembleConfig()):
        folder, card = member.folder, member.card
        for other in members:
            if (other.card.sha256, other.card.config) == (card.sha256, card.config):
                raise CheckpointError(
                    f"{folder}: is the same model as {other.folder}; expected different ones to "
                    "fuse, name each once"
                )
        members.append(member)
    _warn_of_strangers(members)
    return members


def _with_partners(
    folders: Sequence[Path], device: str, config: EnsembleConfig
) -> Iterator[Member]:
    for folder in folders:
        member = load_member(folder, device)
        yield member
        for name in member.card.partners if config.partners else ():
            partner = load_member(folder / PARTNERS / name, device)
            if partner.card.partners:
                raise CheckpointError(f"{partner.folder}: is a partner, so it has none of its own")
            yield partner


def find_cells(frame: np.ndarray, members: Sequence[Member], config: EnsembleConfig) -> np.ndarray:
    """Segment a frame with every model, and fuse what they find.

    Args:
        frame: As for `segment`.
        members: At least one; a single one is `segment` and nothing else.
        config: How they are fused.

    Returns:
        As `segment`.

    Raises:
        DataError: As `segment`.
    """
    maps = [segment(frame, member.method, member.segment) for member in members]
    return maps[0] if len(maps) == 1 else fused(maps, config.agree)


def _warn_of_strangers(members: Sequence[Member]) -> None:
    """Say so where two models learned from data sets that have nothing in common."""
    for place, member in enumerate(members):
        own = set(member.card.data.get("datasets", ()))
        for other in members[:place]:
            theirs = set(other.card.data.get("datasets", ()))
            if own and theirs and not own & theirs:
                logger.warning(
                    "%s learned from %s, %s from %s: models of different cells rarely agree",
                    *(member.folder, ", ".join(sorted(own))),
                    *(other.folder, ", ".join(sorted(theirs))),
                )
