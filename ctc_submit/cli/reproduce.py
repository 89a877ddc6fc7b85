"""``ctc-submit reproduce …``: what the paper shows, made anew from the user's own data."""

import click

from ctc_submit.cli.lazy import LazyGroup

COMMANDS: dict[str, str] = {
    "figures": "Draw Figures 1 to 6 from your own data and models.",
    "table1": "Train and score the eight rows of Table I.",
}
"""Command to what it does; each is the function ``command`` of ``reproduce_<name>.py`` beside."""


@click.group(cls=LazyGroup, texts=COMMANDS, module="ctc_submit.cli.reproduce_{}")
def command() -> None:
    """Make the paper's table and figures (Lin & Norouzi 2021) from your own data."""
