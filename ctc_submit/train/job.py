"""From what a user asks for to a training job."""

from dataclasses import dataclass, fields
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from ctc_submit.data.sequence import Sequence
from ctc_submit.errors import CtcError, DataError
from ctc_submit.methods.method import MethodConfig
from ctc_submit.methods.registry import method_named
from ctc_submit.pixels.augment import LIGHT, PAPER, RECOMMENDED, AugmentSettings
from ctc_submit.segment import device_named
from ctc_submit.train.config import TrainConfig
from ctc_submit.train.run import Job
from ctc_submit.train.split import Example, chosen, find_examples

AUGMENTATIONS = {
    "recommended": RECOMMENDED,
    "light": LIGHT,
    "paper": PAPER,
    "none": AugmentSettings(),
}


@dataclass(frozen=True)
class Selection:
    """Which annotated frames to learn from.

    Attributes:
        datasets: Folders in the official layout.
        truth: ``ST``, ``GT`` or ``GT+ST``.
        sequences: Numbers of the sequences to take; empty for all that have the truth.
        split: JSON file whose list ``train`` names frames; for a single data set.
    """

    datasets: tuple[Path, ...]
    truth: str = "ST"
    sequences: tuple[str, ...] = ()
    split: Path | None = None

    def examples(self, part: str = "train") -> list[Example]:
        """Find the frames.

        Raises:
            DataError: If a data set, its truth or a frame of the split is missing.
        """
        if self.split is not None and len(self.datasets) > 1:
            raise DataError(f"{self.split}: a split file goes with one data set only")
        found = [e for d in self.datasets for e in _examples_of(d, self.truth, self.sequences)]
        if self.split is None:
            return found
        return chosen(found, self.split, part, self.sequences)

    def card(self) -> dict[str, Any]:
        """Return what a card says of the data."""
        return {
            "datasets": [folder.resolve().name for folder in self.datasets],
            "sequences": list(self.sequences) or "all",
            "truth": self.truth,
            "split": None if self.split is None else self.split.name,
        }


def describe_job(
    selection: Selection,
    config: TrainConfig,
    *,
    method: str,
    settings: tuple[str, ...],
    out: Path,
    work: Path,
    device: str,
) -> Job:
    """Find the frames, read the method's settings, choose the device.

    Args:
        selection: Which frames.
        config: Settings of the training.
        method: Name of the method.
        settings: Settings of the method, each ``name=value``.
        out: Folder of the model.
        work: Folder of state and curves.
        device: ``auto``, ``cpu`` or ``cuda``.

    Raises:
        DataError: If a data set, its truth or a frame of the split is missing.
        CtcError: If a setting is not one of the method's, or there is no such device.
    """
    examples = selection.examples()
    return Job(
        name=out.name,
        examples=examples,
        method=method,
        method_config=settings_from(method_named(method).config, settings),
        config=config,
        augmentation=AUGMENTATIONS[config.augment],
        out=out,
        work=work,
        data=selection.card() | {"frames": len(examples)},
        device=device_named(device),
    )


def settings_from(kind: type[MethodConfig], given: tuple[str, ...]) -> MethodConfig:
    """Read ``name=value`` settings by the types of a dataclass's fields.

    Raises:
        CtcError: If a name is unknown or a value is not of the field's type.
    """
    hints = get_type_hints(kind)
    known = {field.name for field in fields(kind)}
    values = {}
    for item in given:
        name, equals, text = item.partition("=")
        if not equals or name not in known:
            raise CtcError(f"--set {item}: expected NAME=VALUE with NAME of {sorted(known)}")
        try:
            values[name] = _read(text, hints[name])
        except ValueError:
            raise CtcError(f"--set {item}: {text!r} is no value of {name}") from None
    return kind(**values)


def _read(text: str, hint: Any) -> Any:
    if hint is bool:
        if text.lower() not in {"true", "false"}:
            raise ValueError(text)
        return text.lower() == "true"
    if get_origin(hint) is tuple:
        return tuple(get_args(hint)[0](part) for part in text.split(","))
    if isinstance(hint, UnionType):
        hint = get_args(hint)[0]
    if hint in {int, float, str}:
        return hint(text)
    for choice in get_args(hint):
        if str(choice) == text:
            return choice
    raise ValueError(text)


def _examples_of(folder: Path, truth: str, numbers: tuple[str, ...]) -> list[Example]:
    if not folder.is_dir():
        raise DataError(f"{folder}: no such data set folder; expected 01/, 01_{truth}/ … in it")
    kind = "ST" if "ST" in truth else "GT"
    found = numbers or sorted(
        path.name.removesuffix(f"_{kind}") for path in folder.glob(f"[0-9][0-9]_{kind}")
    )
    if not found:
        raise DataError(f"{folder}: holds no 01_{kind}; the data set has no {kind} annotations")
    return [e for number in found for e in find_examples(Sequence.at(folder / number), truth)]
