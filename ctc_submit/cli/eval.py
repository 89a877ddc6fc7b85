"""``ctc-submit eval``: judges results against their truth."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import click

from ctc_submit.cli.options import errors_to_exit_codes, options_from

MOST_FAULTS = 30


@dataclass(frozen=True)
class EvalOptions:
    """What to judge against, what to run, and where to write it."""

    truth: Literal["GT", "ST"] = field(
        default="GT", metadata={"help": "Gold truth, or silver truth (SEG only)."}
    )
    result: Path | None = field(
        default=None, metadata={"help": "Result folder, where it is not NUMBER_RES in DATASET."}
    )
    tools: Path | None = field(
        default=None,
        metadata={
            "help": "Folder with the organisers' executables, or EvaluationSoftware as unpacked; "
            "else CTC_EVALUATION_SOFTWARE, else the PATH."
        },
    )
    timeout: float = field(
        default=3600.0, metadata={"help": "Longest run of an executable.", "unit": "s"}
    )
    json: Path | None = field(default=None, metadata={"help": "Also write all as JSON."})
    csv: Path | None = field(default=None, metadata={"help": "Also write the scores as CSV."})


@click.command()
@errors_to_exit_codes
@click.argument("dataset", type=click.Path(path_type=Path))
@click.argument("number", required=False)
@options_from(EvalOptions, "options")
def command(dataset: Path, number: str | None, options: EvalOptions) -> None:
    """Score the result of sequence NUMBER of DATASET, or of all that have one and truth.

    DATASET is the data set's folder (../DIC-C2DH-HeLa), NUMBER is 01 or 02. Shows all measures, the
    errors behind them, and the worst frames and cells. Where the organisers' executables are found
    they are run too, and a difference above 1e-6 is an error.

    Exit code 0 if all could be scored; 3 if files are missing or at fault, each fault one line on
    stderr; 6 if an executable fails or differs.
    """
    from ctc_submit.data.sequence import Sequence
    from ctc_submit.errors import DataError, ToolError
    from ctc_submit.score.confirm import confirm, disagreements
    from ctc_submit.score.judge import numbers_to_score, score
    from ctc_submit.score.official import find_tools
    from ctc_submit.score.record import mean_scores
    from ctc_submit.score.table import mean_table, table
    from ctc_submit.score.written import write_csv, write_json

    if options.result is not None and number is None:
        raise click.UsageError("--result goes with a NUMBER")
    _demand_places(options)
    found = find_tools(options.tools)
    numbers = [number] if number else numbers_to_score(dataset, options.truth)
    records = []
    for one in numbers:
        sequence = Sequence.at(dataset / one)
        record = score(sequence, truth=options.truth, result=options.result)
        try:
            record = confirm(record, found, timeout=options.timeout)
        finally:
            click.echo(table(record, official="" if found else "; no official executables found"))
        records.append(record)
    if len(records) > 1:
        click.echo(mean_table(records[0].dataset, numbers, mean_scores(records)))
    for path, write in ((options.json, write_json), (options.csv, write_csv)):
        if path is not None:
            write(path, records)
    faults = [fault for record in records for fault in record.faults]
    for fault in faults[:MOST_FAULTS]:
        click.echo(f"ctc-submit: {fault.line}", err=True)
    if differences := [line for record in records for line in disagreements(record)]:
        raise ToolError("; ".join(differences))
    if faults:
        raise DataError(_told(len(faults), options.json))


def _demand_places(options: EvalOptions) -> None:
    """Refuse, before anything is scored, files that the scores cannot be written to."""
    from ctc_submit.data.folders import demand_file

    for path, ending in ((options.json, ".json"), (options.csv, ".csv")):
        if path is not None:
            demand_file(path, ending)
    if options.json is not None and options.json == options.csv:
        raise click.UsageError(f"{options.json}: is given for --json and for --csv")


def _told(faults: int, as_json: Path | None) -> str:
    """Return the last line about faults."""
    shown = "1 fault" if faults == 1 else f"{faults} faults"
    if faults <= MOST_FAULTS:
        return f"{shown}; what they touch was not scored"
    where = f"in {as_json}" if as_json else "with --json"
    return f"{shown}, the first {MOST_FAULTS} shown, all {where}; what they touch was not scored"
