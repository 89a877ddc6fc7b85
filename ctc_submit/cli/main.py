"""The command ``ctc-submit``: imports a command when it is asked for, and configures logging."""

import importlib
import logging

import click

from ctc_submit import __version__

COMMANDS: dict[str, str] = {
    "run": "Segment the frames of a sequence into mask files.",
    "track": "Link the cells of a result over time.",
    "train": "Learn a model from annotated sequences.",
    "demo": "Simulate, run, score and draw, end to end.",
    "tune": "Choose thresholds and painting on held-out frames.",
    "validate": "Score a model on annotated frames.",
    "simulate": "Write a simulated data set with exact truth.",
    "download": "Fetch and unpack an official data set.",
    "eval": "Score results against their truth.",
    "measure": "Answer as the evaluator's executables do, line for line.",
    "overlay": "Draw a result over its frames.",
    "check": "Hold results against every rule of the challenge.",
    "scripts": "Render SW/, the scripts that the organisers run.",
    "pack": "Make what is uploaded, after trying it.",
    "upload": "Hand a packed submission in.",
    "docker": "Build, run and judge in a container.",
}
"""Command to what it does; each is the function ``command`` of ``ctc_submit/cli/<name>.py``."""


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order of the road."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"ctc_submit.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ctc-submit")
@click.option("-v", "--verbose", is_flag=True, help="Also log what is done, step by step.")
def main(verbose: bool) -> None:
    """Segment, track, judge and pack Cell Tracking Challenge sequences."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
    )
    logging.getLogger("matplotlib").setLevel(logging.WARNING)
    logging.getLogger("PIL").setLevel(logging.WARNING)
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
