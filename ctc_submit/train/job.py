"""From what a user asks for to a training job."""

from dataclasses import fields
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from ctc_submit.errors import CtcError
from ctc_submit.methods.method import MethodConfig
from ctc_submit.methods.registry import method_named
from ctc_submit.methods.settings import in_range
from ctc_submit.pixels.augment import LIGHT, OBLIQUE, PAPER, RECOMMENDED, STRONG, AugmentSettings
from ctc_submit.segment import device_named
from ctc_submit.train.config import TrainConfig
from ctc_submit.train.course import Job
from ctc_submit.train.selection import Selection

AUGMENTATIONS = {
    "recommended": RECOMMENDED,
    "strong": STRONG,
    "light": LIGHT,
    "oblique": OBLIQUE,
    "paper": PAPER,
    "none": AugmentSettings(),
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
    method_config = settings_from(method_named(method).config, settings)
    return Job(
        name=out.absolute().name,
        examples=examples,
        method=method,
        method_config=method_config,
        config=config,
        augmentation=AUGMENTATIONS[config.augment],
        out=out,
        work=work,
        data=selection.card() | {"frames": len(examples)},
        device=device_named(device),
        chosen=chosen_in(method_config, settings),
    )


def settings_from(kind: type[MethodConfig], given: tuple[str, ...]) -> MethodConfig:
    """Read ``name=value`` settings by the types of a dataclass's fields.

    Raises:
        CtcError: If a name is unknown, a value not of the field's type or out of its range, or two
            values do not go together.
    """
    hints = get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}
    values = {}
    for item in given:
        name, equals, text = item.partition("=")
        if not equals or name not in known:
            raise CtcError(f"--set {item}: expected NAME=VALUE with NAME of {sorted(known)}")
        try:
            values[name] = _read(text, hints[name])
            if not in_range(values[name], known[name].metadata):
                raise ValueError(text)
        except ValueError:
            choices = _choices(hints[name])
            expected = f"; expected {' or '.join(choices)}" if choices else ""
            raise CtcError(f"--set {item}: {text!r} is no value of {name}{expected}") from None
    try:
        return kind(**values)
    except ValueError as error:
        raise CtcError(f"--set {' --set '.join(given)}: {error}") from None


def chosen_in(config: MethodConfig, given: tuple[str, ...]) -> frozenset[str]:
    """Return the settings that stay as they are given, whatever the training set is like.

    Args:
        config: What `settings_from` read.
        given: What it read, each ``name=value``.
    """
    names = {item.partition("=")[0] for item in given}
    kept = [f for f in fields(config) if f.name in names]
    return frozenset(
        f.name
        for f in kept
        if "follows" not in f.metadata or getattr(config, f.name) != f.metadata["follows"]
    )


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


def _choices(hint: Any) -> list[str]:
    """Return the texts that a field can be given as; empty where they cannot be listed."""
    if hint is bool:
        return ["true", "false"]
    return [str(choice) for choice in get_args(hint)] if get_origin(hint) is Literal else []
