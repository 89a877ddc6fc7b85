"""Options made from settings, and errors turned into one line and an exit code."""

import functools
import math
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from pathlib import Path
from types import FrameType, NoneType, UnionType
from typing import Any, Literal, NoReturn, ParamSpec, TypeVar, get_args, get_origin, get_type_hints

import click

from ctc_submit.errors import CtcError

P = ParamSpec("P")
R = TypeVar("R")

INTERRUPTED = 130
"""Exit code after Ctrl-C, as a shell reports it."""


def errors_to_exit_codes(function: Callable[P, R]) -> Callable[P, R]:
    """Print an error of the toolkit as one line on stderr and leave with its exit code.

    Goes between ``@click.command`` and the function. Ctrl-C leaves with 130, an error of the
    operating system (disk full, no permission) and a lack of memory with 1; programming mistakes
    keep their traceback.
    """

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except CtcError as error:
            leave(str(error), error.exit_code)
        except KeyboardInterrupt as stop:
            leave(str(stop) or "stopped", INTERRUPTED)
        except BrokenPipeError:
            sys.exit(1)
        except OSError as error:
            if _was_stopped(error):
                leave("stopped", INTERRUPTED)
            leave(_refusal(error), 1)
        except MemoryError as error:
            leave(f"not enough memory ({str(error) or 'no more to be had'})", 1)
        except Exception as error:
            if _was_stopped(error):
                leave("stopped", INTERRUPTED)
            raise

    return wrapper


def leave(message: str, code: int) -> NoReturn:
    """Print one line on stderr and end the program."""
    click.echo(f"ctc-submit: {' '.join(message.split())}", err=True)
    try:
        if sys.stdout is not None:  # closed, as by >&-
            sys.stdout.flush()
    except OSError:  # from Python 3.14 on it would be tried again, with an exit code of its own
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _refusal(error: OSError) -> str:
    """Say what the operating system refuses."""
    try:
        Path.cwd()
    except FileNotFoundError:
        if error.filename is None:
            return 'the folder that this is called in is gone, or another took its place; cd "$PWD"'
    return f"{error.filename or 'system'}: {error.strerror or error}"


def _was_stopped(error: BaseException) -> bool:
    """Tell whether an error came of Ctrl-C: while a module is loaded, Python hands on another."""
    cause = error.__cause__ or error.__context__
    return cause is not None and (isinstance(cause, KeyboardInterrupt) or _was_stopped(cause))


def stopped_in_order(function: Callable[P, R]) -> Callable[P, R]:
    """Let SIGTERM, which batch systems send, end a command as Ctrl-C does.

    For commands that have started a program of their own, or hold much on the disk. Goes under
    `errors_to_exit_codes`.
    """

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        if threading.current_thread() is not threading.main_thread():
            return function(*args, **kwargs)  # signals are the main thread's
        before = signal.signal(signal.SIGTERM, _interrupt)
        try:
            return function(*args, **kwargs)
        finally:
            signal.signal(signal.SIGTERM, before)

    return wrapper


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def options_from(settings: type, name: str, skip: tuple[str, ...] = ()) -> Callable[..., Any]:
    """Make one click option of every field of a frozen dataclass, and pass them on as one object.

    A field's default is the option's default; ``metadata`` holds ``help`` and optionally ``unit``,
    and the ``least`` and ``most`` that a number may be.
    A bool becomes ``--x/--no-x``, a ``Literal`` a choice, a tuple an option that can be repeated.

    Args:
        settings: The dataclass.
        name: Keyword under which the command receives the instance.
        skip: Fields that keep their default and get no option.
    """
    hints = get_type_hints(settings)
    offered = [field for field in fields(settings) if field.name not in skip]

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            given = {field.name: kwargs.pop(field.name) for field in offered}
            return function(*args, **kwargs, **{name: settings(**given)})

        command: Callable[..., Any] = wrapper
        for field in reversed(offered):
            command = _option(field, hints[field.name])(command)
        return command

    return decorate


def _option(field: Field[Any], hint: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    flag = f"--{field.name.replace('_', '-')}"
    default = field.default if field.default is not MISSING else None
    if default is None and field.default_factory is not MISSING:
        default = field.default_factory()
    text = str(field.metadata.get("help", ""))
    if unit := field.metadata.get("unit"):
        text = f"{text} [{unit}]"
    arguments: dict[str, Any] = {"default": default, "show_default": default not in (None, "", ())}
    if hint is bool:
        flag = f"{flag}/--no-{field.name.replace('_', '-')}"
    elif get_origin(hint) is Literal:
        arguments["type"] = click.Choice(get_args(hint))
    elif get_origin(hint) is tuple:
        arguments |= {"multiple": True, "type": get_args(hint)[0]}
    else:
        arguments |= {"type": _number(_without_none(hint), field), "callback": _finite}
    return click.option(flag, field.name, help=text, **arguments)


def _finite(_context: click.Context, _option: click.Parameter, value: Any) -> Any:
    """Refuse a number that is infinite or none, which lies in a range without an end."""
    if isinstance(value, float) and not math.isfinite(value):
        raise click.BadParameter(f"{value} is not a finite number.")
    return value


def _number(kind: Any, field: Field[Any]) -> Any:
    """Return the type of an option; a number keeps to the field's ``least`` and ``most``."""
    least, most = field.metadata.get("least"), field.metadata.get("most")
    if least is None and most is None:
        return kind
    ranged = click.IntRange if kind is int else click.FloatRange
    return ranged(min=least, max=most)


def _without_none(hint: Any) -> Any:
    if get_origin(hint) is UnionType or isinstance(hint, UnionType):
        return next(choice for choice in get_args(hint) if choice is not NoneType)
    return hint
