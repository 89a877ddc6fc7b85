"""The options that choose annotated frames, for commands that learn from or score on them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ctc_submit.train.config import TRUTHS

device_option = click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True
)


def frame_options(purpose: str, *, part: str | None = None) -> Callable[..., Any]:
    """Add ``--truth``, ``--split``, ``--part`` and ``--sequence``.

    The command receives them as ``truth``, ``splits``, ``part`` and ``sequences``; all but ``part``
    are fields of `ctc_submit.train.selection.Selection`.

    Args:
        purpose: What the annotations are for, ``learn from``.
        part: The list of the split that is taken where none is named; None: no such option.
    """
    options = [
        click.option(
            "--truth",
            type=click.Choice(TRUTHS),
            default=TRUTHS[0],
            show_default=True,
            help=f"Which annotations to {purpose}.",
        ),
        click.option(
            "--split",
            "splits",
            type=click.Path(path_type=Path),
            multiple=True,
            help="JSON that names frames; for several data sets one for all, or one for each.",
        ),
        click.option(
            "--sequence",
            "sequences",
            multiple=True,
            help="Only these sequences, such as 01; can be repeated. Default: all with the truth.",
        ),
    ]
    if part is not None:
        told = "Which list of the split."
        options.insert(2, click.option("--part", default=part, show_default=True, help=told))

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate
