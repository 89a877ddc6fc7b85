"""Settings as dataclasses: what a file says of them, held against their types and ranges."""

import math
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from ctc_submit.errors import CheckpointError

Settings = TypeVar("Settings")


def settings_of(kind: type[Settings], known: dict[str, Any], where: Path) -> Settings:
    """Make a dataclass of values that were read from a file.

    Raises:
        CheckpointError: If a name is none of its fields, or a value not of its field's type or out
            of its range.
    """
    offered = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    hints = get_type_hints(kind)
    for name, value in known.items():
        if name not in offered:
            raise CheckpointError(f"{where}: setting {name} is unknown to this version")
        if not (_is_a(value, hints[name]) and in_range(value, offered[name].metadata)):
            raise CheckpointError(f"{where}: {name}: {value!r} is no value of it")
    return kind(**known)


def in_range(value: Any, metadata: Mapping[str, Any]) -> bool:
    """Say whether a number, or each of several, is from ``least`` to ``most`` of a field."""
    least, most = metadata.get("least", -math.inf), metadata.get("most", math.inf)
    numbers = value if isinstance(value, tuple) else (value,)
    return all(least <= n <= most for n in numbers if isinstance(n, int | float))


def _is_a(value: Any, hint: Any) -> bool:
    """Say whether a value that JSON can hold is of a type; a whole number is a float as well."""
    if hint is Any:
        return True
    kind, parts = get_origin(hint) or hint, get_args(hint)
    if kind is Literal:
        return any(value == part and type(value) is type(part) for part in parts)
    if kind is UnionType:
        return any(_is_a(value, part) for part in parts)
    if kind is tuple:
        return isinstance(value, tuple) and all(_is_a(part, parts[0]) for part in value)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
