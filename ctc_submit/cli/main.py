"""The command ``ctc-submit``: imports a command when it is asked for, and configures logging."""

import io
import logging
import os
import sys

import click

from ctc_submit import __version__
from ctc_submit.cli.lazy import LazyGroup

COMMANDS: dict[str, str] = {
    "run": "Segment the frames of a sequence into mask files.",
    "track": "Link the cells of a result over time.",
    "train": "Learn a model from annotated sequences.",
    "demo": "Simulate, run, score and draw, end to end.",
    "tune": "Choose thresholds and painting on held-out frames.",
    "validate": "Score a model on annotated frames.",
    "average": "Make one model of several by the mean of their weights.",
    "join": "Put several models into one folder, to be run as one.",
    "simulate": "Write a simulated data set with exact truth.",
    "download": "Fetch and unpack an official data set.",
    "eval": "Score results against their truth.",
    "measure": "Answer as the evaluator's executables do, line for line.",
    "overlay": "Draw a result over its frames.",
    "report": "Make a page to look at results and scores.",
    "view": "Look around in a result with napari.",
    "check": "Hold results against every rule of the challenge.",
    "scripts": "Render SW/, the scripts that the organisers run.",
    "pack": "Make what is uploaded, after trying it.",
    "upload": "Hand a packed submission in.",
    "docker": "Build, run and judge in a container.",
    "reproduce": "Make the paper's table and figures anew.",
}
"""Command to what it does; each is the function ``command`` of ``ctc_submit/cli/<name>.py``."""


@click.group(
    cls=LazyGroup,
    texts=COMMANDS,
    module="ctc_submit.cli.{}",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="ctc-submit")
@click.option("-v", "--verbose", is_flag=True, help="Also log what is done, step by step.")
def main(verbose: bool) -> None:
    """Segment, track, judge and pack Cell Tracking Challenge sequences."""
    if sys.stderr is None:  # closed, as by 2>&-: nobody listens, which stops no work
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123
    for stream in (sys.stdout, sys.stderr):  # a terminal or file name may lack a character
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
    )
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    logging.getLogger("PIL").setLevel(logging.WARNING)
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
