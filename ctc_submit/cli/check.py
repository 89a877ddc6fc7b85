"""``ctc-submit check``: holds results against every rule of the challenge."""

import json
from pathlib import Path

import click

from ctc_submit.cli.options import errors_to_exit_codes
from ctc_submit.errors import RulesBroken


@click.command()
@errors_to_exit_codes
@click.argument("results", metavar="RESULT...", nargs=-1, required=True, type=Path)
@click.option(
    "--sequence",
    type=click.Path(path_type=Path),
    help="Folder with the raw frames of a single RESULT; else the one beside it, if there.",
)
@click.option(
    "--benchmark",
    type=click.Choice(["CSB", "CTB", "CLB"]),
    help="CTB and CLB want tracks, CSB has none; without, the tracks that are there are checked.",
)
@click.option(
    "--border",
    type=click.IntRange(min=0),
    help="Width of the strip outside the field of interest, where it is not the data set's [px].",
)
@click.option(
    "--json",
    "record",
    type=click.Path(path_type=Path),
    help="Also write everything found to this file.",
)
@click.option("--strict", is_flag=True, help="Warnings count as faults.")
def command(
    results: tuple[Path, ...],
    sequence: Path | None,
    benchmark: str | None,
    border: int | None,
    record: Path | None,
    strict: bool,
) -> None:
    """Find every fault before the organisers do.

    RESULT is a result folder such as DIC-C2DH-HeLa/01_RES, or a folder with a whole submission in
    it. Exit code 0 if nothing is wrong, 5 if something is; warnings alone are not wrong.
    """
    from ctc_submit.data.folders import demand_file
    from ctc_submit.data.labels import whole_file
    from ctc_submit.data.problem import tell
    from ctc_submit.pack.check import check_all
    from ctc_submit.pack.tree import is_result

    if record is not None:
        demand_file(record, ".json")
    tree = any(folder.is_dir() and not is_result(folder) for folder in results)
    if sequence is not None and (len(results) != 1 or tree):
        raise click.UsageError("--sequence goes with one RESULT")
    reports = check_all(results, sequence=sequence, benchmark=benchmark, border=border)
    faults = 0
    for report in reports:
        for line in tell(report.problems):
            click.echo(line)
        for note in report.notes:
            click.echo(f"{report.result}: not checked: {note}")
        click.echo(
            f"{report.result}: {_many(report.masks, 'mask')}, "
            f"{_many(len(report.faults), 'fault')}, {_many(len(report.warnings), 'warning')}"
        )
        faults += len(report.problems if strict else report.faults)
    if record is not None:
        whole = {"passes": faults == 0, "results": [report.as_record() for report in reports]}
        with whole_file(record) as partial:
            partial.write_text(json.dumps(whole, indent=2) + "\n", "utf-8")
    if faults:
        raise RulesBroken(f"{_many(faults, 'fault')} found; mend and check again")


def _many(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
