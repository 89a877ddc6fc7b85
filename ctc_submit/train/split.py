"""Which frames are learned from, and which are kept apart."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ctc_submit.data.annotations import find_markers, find_masks_of_truth, uncovered_markers
from ctc_submit.data.datasets import border_of
from ctc_submit.data.frames import read_frame
from ctc_submit.data.labels import read_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.errors import DataError
from ctc_submit.pixels.field import is_empty, keep_inside
from ctc_submit.pixels.unannotated import unannotated

UNKNOWN = -1


@dataclass(frozen=True)
class Example:
    """An annotated frame.

    Attributes:
        name: ``DATASET/NN/tNNN``.
        frame: Its raw frame.
        mask: Its segmentation.
        markers: Its tracking markers, where the segmentation may be partial.
    """

    name: str
    frame: Path
    mask: Path
    markers: Path | None = None

    @property
    def short_name(self) -> str:
        """The name without the data set, ``NN/tNNN``."""
        return self.name.partition("/")[2]

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """Read the frame and its labels.

        Returns:
            The raw frame, YX, and int32 labels of its shape: 0 background, -1 where cells may lie
            that the segmentation leaves out (`unannotated`).

        Raises:
            DataError: If a file cannot be read, shapes differ, or the frame is a volume.
        """
        frame, labels = read_frame(self.frame), read_labels(self.mask).astype(np.int32)
        if frame.shape != labels.shape:
            raise DataError(
                f"{self.mask}: expected the size of its frame {self.frame.name}, "
                f"{_by(frame.shape)} pixels, found {_by(labels.shape)}; write it in that size"
            )
        if frame.ndim != 2:
            raise DataError(
                f"{self.frame}: expected a 2D frame to learn from (YX), found {_by(frame.shape)} "
                "pixels; save one slice or a projection of each volume, and of its mask"
            )
        if self.markers is not None:
            markers = read_labels(self.markers)
            if markers.shape != labels.shape:
                raise DataError(
                    f"{self.markers}: expected the size of {self.mask.name}, {_by(labels.shape)} "
                    f"pixels, found {_by(markers.shape)}; write it in that size"
                )
            missing = uncovered_markers(labels, markers)
            labels[unannotated(labels, markers, missing)] = UNKNOWN
        return frame, labels

    def inside(self, result: np.ndarray) -> np.ndarray:
        """Drop the cells of a result that `run` does not write: outside the field of interest.

        Args:
            result: Integer label map of the frame, YX. Where the border of its data set would leave
                nothing of it, or the data set is unknown, all stay.
        """
        border = border_of(self.name.partition("/")[0])
        return result if is_empty(result.shape, border) else keep_inside(result, border)


def find_examples(sequence: Sequence, truth: str) -> list[Example]:
    """Return all annotated frames of a sequence, in time order.

    Args:
        sequence: With frames and truth in the official layout.
        truth: ``GT``, ``ST``, or ``GT+ST`` (silver, gold where a frame has it completely).

    Raises:
        DataError: If there is no such truth, or a mask without its frame.
    """
    if truth == "GT+ST":
        gold = {e.name: e for e in find_examples(sequence, "GT") if _is_complete(e)}
        silver = {e.name: e for e in find_examples(sequence, "ST")}
        return [e for _, e in sorted((silver | gold).items())]
    frames, markers = sequence.frames, find_markers(sequence) if truth == "GT" else {}
    examples = []
    for time, mask in find_masks_of_truth(sequence, truth).items():
        if time not in frames:
            raise DataError(f"{mask}: annotates frame {time}, which {sequence.folder} lacks")
        name = f"{sequence.dataset}/{sequence.number}/{frames[time].stem}"
        examples.append(Example(name, frames[time], mask, markers.get(time)))
    return examples


def chosen(
    examples: list[Example], split: Path, part: str, sequences: tuple[str, ...] = ()
) -> list[Example]:
    """Keep the examples that a split file names.

    Args:
        examples: Of one data set, or several.
        split: JSON with lists of ``NN/tNNN``, such as ``train`` and ``test``; for several data sets
            of ``DATASET/NN/tNNN``.
        part: Which list.
        sequences: Of that list only the frames of these; empty for all.

    Raises:
        DataError: If the file is none, has no such list, or names a frame that is not there.
    """
    try:
        division = json.loads(split.read_text("utf-8"))
        names = division[part]
        demand_apart(split, division)
        wanted = {str(n) for n in names if not sequences or str(n).split("/")[-2] in sequences}
    except (OSError, ValueError, LookupError, TypeError) as error:
        reason = f"no list {part!r}" if isinstance(error, KeyError) else str(error)
        raise DataError(f"{split}: is not a split file ({reason})") from None
    several = len(by_dataset(examples)) > 1
    known = {e.name: e for e in examples}
    if not several and not wanted & set(known):
        known = {e.short_name: e for e in examples}
    absent = sorted(wanted - set(known))
    if absent:
        raise DataError(
            f"{split}: names {len(absent)} frames of {part!r} that have no mask here, "
            f"first {absent[0]}; use the split of this data set"
        )
    return [e for name, e in known.items() if name in wanted]


def demand_apart(split: Path, division: Mapping[str, Iterable[object]]) -> None:
    """Refuse a division with frames that are both to be learned from and to be tested with.

    Raises:
        DataError: If there is one.
    """
    learned, tested = (set(map(str, division.get(part, ()))) for part in ("train", "test"))
    if both := sorted(learned & tested):
        raise DataError(
            f"{split}: {both[0]} is in 'train' and in 'test'; a frame is in one of them"
        )


def by_dataset(examples: list[Example]) -> dict[str, list[Example]]:
    """Return the name of each data set with its examples, in the order given."""
    names = dict.fromkeys(e.name.partition("/")[0] for e in examples)
    return {n: [e for e in examples if e.name.partition("/")[0] == n] for n in names}


def hold_out(
    examples: list[Example], share: float, rng: np.random.Generator
) -> tuple[list[Example], list[Example]]:
    """Divide examples at random into those to learn from and those to choose by.

    Args:
        examples: At least one.
        share: Of those to choose by; at least one is, where there are two and the share is not 0.
        rng: Decides which.

    Returns:
        (to learn from, to choose by), each in the order given.
    """
    count = min(max(round(share * len(examples)), int(share > 0)), len(examples) - 1)
    kept = set(rng.permutation(len(examples))[:count].tolist())
    learned = [e for i, e in enumerate(examples) if i not in kept]
    return learned, [examples[i] for i in sorted(kept)]


def divided(examples: list[Example], share: float, seed: int) -> dict[str, list[Example]]:
    """Divide examples at random, by the seed alone.

    Args:
        examples: At least two.
        share: Of those for the test, between 0 and 1; at least one is on either side.
        seed: Decides which.

    Returns:
        ``train`` and ``test``, each in the order given.

    Raises:
        DataError: If the share is not between 0 and 1, or there are fewer than two examples.
    """
    if not 0 < share < 1:
        raise DataError(f"--random-split {share:g}: expected a share between 0 and 1, such as 0.2")
    count = max(1, min(round(share * len(examples)), len(examples) - 1))
    return _parted(examples, slice(0, count), seed, 2)


def fold_of(examples: list[Example], fold: str, seed: int) -> dict[str, list[Example]]:
    """Divide examples into N parts that share none and differ in size by one at most.

    Args:
        examples: At least N.
        fold: ``K/N``; the K-th part, from 1, is the test.
        seed: Decides which example is in which part; the same for all K.

    Returns:
        ``train`` and ``test``, each in the order given.

    Raises:
        DataError: If the fold is not of this form, or there are fewer than N examples.
    """
    part, _, parts = fold.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts) > 1):
        raise DataError(f"--fold {fold}: expected K/N with K from 1 to N and N from 2, such as 1/5")
    return _parted(examples, slice(int(part) - 1, None, int(parts)), seed, int(parts))


def _parted(
    examples: list[Example], test: slice, seed: int, least: int
) -> dict[str, list[Example]]:
    """Return the examples that a slice of their shuffled order takes for the test, and the rest."""
    if len(examples) < least:
        raise DataError(f"{len(examples)} annotated frames cannot be divided; at least {least} can")
    shuffled = np.random.default_rng([seed, 3]).permutation(len(examples))
    taken = set(shuffled[test].tolist())
    return {
        "train": [e for i, e in enumerate(examples) if i not in taken],
        "test": [e for i, e in enumerate(examples) if i in taken],
    }


def _is_complete(example: Example) -> bool:
    return bool((example.read()[1] != UNKNOWN).all())


def _by(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
