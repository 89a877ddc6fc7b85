"""A group of commands, each imported when it is asked for."""

import importlib
from typing import Any

import click

from ctc_submit.cli.options import INTERRUPTED, errors_to_exit_codes, leave


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command is run.

    Args:
        texts: Command to what it does in one line, in the order of the list.
        module: Dotted name of a command's module, ``{}`` in place of the command; the module's
            ``command`` is the click command.
        given: As for any `click.Group`.
    """

    def __init__(self, *, texts: dict[str, str], module: str, **given: Any) -> None:
        """Keep the list; nothing is imported."""
        super().__init__(**given)
        self.texts = texts
        self.module = module

    @errors_to_exit_codes
    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program; help or version that cannot be written end it with one line."""
        return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; Ctrl-C while it is still being loaded ends it as later on."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            leave("stopped", INTERRUPTED)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order of the list."""
        return list(self.texts)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in self.texts:
            return None
        module = importlib.import_module(self.module.format(cmd_name))
        command: click.Command = module.command
        command.name = cmd_name
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        if not self.texts:
            return
        with formatter.section("Commands"):
            formatter.write_dl(list(self.texts.items()))
