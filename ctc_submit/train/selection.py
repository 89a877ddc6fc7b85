"""Which annotated frames of which data sets a training, or a score, is about."""

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ctc_submit.data.folders import make_folder
from ctc_submit.data.labels import whole_file
from ctc_submit.data.sequence import Sequence, written_name, written_path
from ctc_submit.errors import DataError
from ctc_submit.train.split import Example, chosen, divided, find_examples, fold_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Selection:
    """Which annotated frames to learn from.

    Attributes:
        datasets: Folders in the official layout.
        truth: ``ST`` (silver), ``GT`` (gold) or ``GT+ST`` (silver, gold where a frame has it
            completely), which every data set must have; with ``all`` before it, every data set and
            sequence gives what it has of it, and those that have nothing are skipped.
        sequences: Numbers of the sequences to take; empty for all that have the truth.
        splits: JSON files whose lists ``train`` name frames: one for all data sets, or one for each
            in their order.
        random_split: Share of the frames that is drawn as ``test``; 0: none.
        fold: ``K/N``: of N equal parts, drawn at random, the K-th (from 1) is ``test``.
        seed: Of what is drawn.
    """

    datasets: tuple[Path, ...]
    truth: str = "ST"
    sequences: tuple[str, ...] = ()
    splits: tuple[Path, ...] = ()
    random_split: float = 0.0
    fold: str = ""
    seed: int = 0

    def examples(self, part: str = "train") -> list[Example]:
        """Find the frames of a part.

        Raises:
            DataError: If a data set, its truth or a frame of the split is missing, or the frames
                cannot be divided as asked for.
        """
        if bool(self.splits) + bool(self.random_split) + bool(self.fold) > 1:
            raise DataError("--split, --random-split and --fold: choose one of them")
        if len(self.splits) not in {0, 1, len(self.datasets)}:
            raise DataError(
                f"--split: expected one file for all or one for each of {len(self.datasets)} data "
                f"sets, found {len(self.splits)}"
            )
        demand_names(self.datasets)
        each = [self._examples_of(d) for d in self.datasets]
        found = [e for own in each for e in own]
        if len(self.splits) == 1:
            return chosen(found, self.splits[0], part, self.sequences)
        if self.splits:
            pairs = zip(each, self.splits, strict=True)
            return [e for own, s in pairs for e in chosen(own, s, part, self.sequences)]
        if self.random_split or self.fold:
            return self._parts(found)[part]
        return found

    def save_split(self, path: Path) -> None:
        """Write what was drawn as a split file, for ``--split``; nothing where nothing was drawn.

        Raises:
            DataError: If it cannot be written, or as `examples`.
        """
        if not self.random_split and not self.fold:
            return
        several = len(self.datasets) > 1
        parts = {
            part: [e.name if several else e.short_name for e in self.examples(part)]
            for part in ("train", "test")
        }
        make_folder(path.parent)
        with whole_file(path) as partial:
            partial.write_text(json.dumps(parts, indent=1) + "\n", "utf-8")

    def card(self) -> dict[str, Any]:
        """Return what a card says of the data."""
        return {
            "datasets": [written_name(folder) for folder in self.datasets],
            "sequences": list(self.sequences) or "all",
            "truth": self.truth,
            "split": self._split_name(),
        }

    def _split_name(self) -> str | None:
        if self.random_split:
            return f"random, {self.random_split:g} for the test, seed {self.seed}"
        if self.fold:
            return f"fold {self.fold}, seed {self.seed}"
        if len(self.splits) < 2:
            return self.splits[0].name if self.splits else None
        pairs = zip(self.datasets, self.splits, strict=True)
        return ", ".join(f"{written_name(folder)}: {split.name}" for folder, split in pairs)

    def _parts(self, found: list[Example]) -> dict[str, list[Example]]:
        if self.fold:
            return fold_of(found, self.fold, self.seed)
        return divided(found, self.random_split, self.seed)

    def _examples_of(self, folder: Path) -> list[Example]:
        if not folder.is_dir():
            raise DataError(
                f"{folder}: no such data set folder; expected 01/, 01_{self._kinds()[0]}/ … in it"
            )
        if self.truth.startswith("all"):
            return self._all_examples_of(folder)
        kind = self._kinds()[-1]
        numbers = tuple(dict.fromkeys(self.sequences)) or tuple(_numbers(folder, kind))
        if not numbers:
            raise DataError(
                f"{folder}: holds no 01_{kind}; the data set has no {kind} annotations"
                f"{_elsewhere(folder, kind)}"
            )
        return [
            example
            for number in numbers
            for example in find_examples(Sequence.at(folder / number), self.truth)
        ]

    def _all_examples_of(self, folder: Path) -> list[Example]:
        found: list[Example] = []
        everything = {number for kind in self._kinds() for number in _numbers(folder, kind)}
        for number in dict.fromkeys(self.sequences) or sorted(everything):
            there = [k for k in self._kinds() if _has_masks(folder / f"{number}_{k}/SEG")]
            if there:
                found += find_examples(Sequence.at(folder / number), "+".join(there))
        if not found:
            kinds = " or ".join(self._kinds())
            logger.warning("%s: has no %s annotations here; it is skipped", folder, kinds)
        return found

    def _kinds(self) -> list[str]:
        """Return the folders' endings that the truth asks for; silver last."""
        return [part.removeprefix("all") for part in self.truth.split("+")]


def demand_names(datasets: Iterable[Path]) -> None:
    """Refuse folders of one name.

    Raises:
        DataError: If frames of two of them could not be told apart.
    """
    known: set[str] = set()
    for folder in datasets:
        if written_name(folder) in known:
            raise DataError(
                f"{folder}: a data set named {written_name(folder)} is given already; "
                "give each once, under a name of its own"
            )
        known.add(written_name(folder))


def _elsewhere(folder: Path, kind: str) -> str:
    """Say what to give instead: the data set that a folder is in, or the truth that it has."""
    above = (f for f in written_path(folder).parents if any(True for _ in _numbers(f, kind)))
    if dataset := next(above, None):
        return f"; name the data set, {dataset}"
    other = next((o for o in ("GT", "ST") if any(True for _ in _numbers(folder, o))), "")
    return f"; it has {other}, for --truth {other}" if other else ""


def _has_masks(folder: Path) -> bool:
    return folder.is_dir() and any(p.suffix.lower() == ".tif" for p in folder.iterdir())


def _numbers(folder: Path, kind: str) -> Iterator[str]:
    """Yield the numbers of the sequences that have a truth, in order."""
    for path in sorted(folder.glob(f"[0-9][0-9]_{kind}")):
        yield path.name.removesuffix(f"_{kind}")
