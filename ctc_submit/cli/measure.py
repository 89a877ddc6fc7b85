"""``ctc-submit measure``: stands in for the evaluator's executables."""

import sys

import click

from ctc_submit.cli.options import errors_to_exit_codes

USAGE = {
    "SEG": "Usage: ctc-submit measure SEG dir seq num_digits",
    "DET": "Usage: ctc-submit measure DET dir seq num_digits [penalize_extra_detections=1]",
    "TRA": "Usage: ctc-submit measure TRA dir seq num_digits",
}
WRONG_USE = 255


@click.command(context_settings={"ignore_unknown_options": True})
@errors_to_exit_codes
@click.argument(
    "tool", type=click.Choice(tuple(USAGE), case_sensitive=False), metavar="SEG|DET|TRA"
)
@click.argument("arguments", nargs=-1, metavar="DIR SEQ DIGITS [PENALIZE]")
def command(tool: str, arguments: tuple[str, ...]) -> None:
    """Score DIR/SEQ_RES against DIR/SEQ_GT as SEGMeasure, DETMeasure or TRAMeasure does.

    DIR is the data set's folder, SEQ the sequence (01 or 02), DIGITS how many digits the file
    names have. PENALIZE is for DET: 0 spares extra detections.

    Output, exit codes (255 on an error, 3 where the evaluator aborts) and the log file in the
    result folder are the evaluator's own. For a table, counts and better messages use
    ctc-submit eval.
    """
    from ctc_submit.score.measure import measure, write_log

    tool = tool.upper()
    if len(arguments) not in ({3, 4} if tool == "DET" else {3}):
        click.echo(USAGE[tool])
        sys.exit(WRONG_USE)
    answer = write_log(measure(tool, *arguments), tool, *arguments[:2])
    click.echo(answer.output, nl=False)
    sys.exit(answer.code)
