"""``ctc-submit reproduce table1``: the paper's Table I, every row trained and scored here."""

from pathlib import Path
from typing import Any

import click

from ctc_submit.cli.frame_options import device_option
from ctc_submit.cli.options import errors_to_exit_codes, options_from
from ctc_submit.data.sequence import written_name
from ctc_submit.reproduce.table1.rows import ROWS
from ctc_submit.reproduce.table1.settings import Table1Config


@click.command()
@click.argument("datasets", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--row",
    "rows",
    multiple=True,
    type=click.Choice(list(ROWS)),
    help="Only these rows; can be repeated.  [default: all eight]",
)
@click.option(
    "--dataset",
    "names",
    multiple=True,
    metavar="NAME",
    help="Of DATASETS only those of this name; can be repeated.",
)
@click.option(
    "--protocol",
    "protocols",
    multiple=True,
    type=click.Choice(["random", "01to02", "02to01"]),
    help="Only these; can be repeated.  [default: all three]",
)
@click.option(
    "--seed",
    "seeds",
    multiple=True,
    type=click.IntRange(min=0),
    help="Of the training; repeated, the table tells the spread.  [default: 0]",
)
@click.option(
    "--truth",
    type=click.Choice(["ST", "GT", "GT+ST"]),
    default="ST",
    show_default=True,
    help="Which annotations to learn from and to score against.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="METHOD.NAME=VALUE",
    help="A setting of a method, such as maskrcnn.mask_width=64; can be repeated.",
)
@click.option(
    "--work",
    type=click.Path(path_type=Path),
    default=Path("runs/table1"),
    show_default=True,
    help="Folder of the state; what is finished there is not run again.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("docs"),
    show_default=True,
    help="Folder of table1.json and table1.md; numbers of other cases there stay.",
)
@device_option
@options_from(Table1Config, "config")
@errors_to_exit_codes
def command(
    datasets: tuple[Path, ...],
    names: tuple[str, ...],
    device: str,
    out: Path,
    config: Table1Config,
    **asked: Any,
) -> None:
    """Train and score the eight rows of the paper's Table I on DATASETS, in the official layout.

    A number is a row, a data set, a protocol and a seed. Each is trained for --minutes, tuned on
    frames that are not scored, and written into the table at once. What was interrupted goes on
    when the same command is given again; a number that fails is recorded, unless the table has one
    already, and the others go on.
    """
    from ctc_submit.errors import CtcError
    from ctc_submit.reproduce.table1.entry import Entry
    from ctc_submit.reproduce.table1.table import PAGE, Asked, cases, fill
    from ctc_submit.segment import device_named

    there = {written_name(folder): folder for folder in datasets}
    for name in names:
        if name not in there:
            raise CtcError(f"--dataset {name}: expected one of {', '.join(there)}")
    chosen = tuple(f for f in datasets if not names or written_name(f) in names)
    todo = cases(Asked(chosen, device=device_named(device), **asked), config)
    lost = 0
    try:
        for case, report in fill(todo, out):
            if isinstance(report, Entry):
                lost += report.state == "failed"
                click.echo(f"{case.name}: {_number(report)}")
            else:
                click.echo(f"{case.name}: {_progress(report)}", err=True)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            "stopped; the same command goes on after the last epoch saved"
        ) from None
    if lost:
        raise CtcError(f"{out / PAGE}: {lost} of {len(todo)} numbers failed; see above")
    click.echo(f"{out / PAGE}: {len(todo)} numbers")


def _number(entry: Any) -> str:
    if entry.state == "failed":
        return f"failed: {entry.reason}"
    return (
        f"SEG {entry.seg:.4f} on {entry.cells} cells of {entry.frames['scored']} frames, "
        f"{entry.epochs} epochs, {entry.minutes:g} min"
    )


def _progress(report: Any) -> str:
    from ctc_submit.reproduce.table1.case import Plan

    if isinstance(report, Plan):
        measured = f" of {report.steps} steps of {report.step_seconds:.2f} s"
        return f"{report.epochs} epochs{measured if report.steps else ''}"
    scored = f", SEG {report.row['seg']:.4f} on held-out frames" if "seg" in report.row else ""
    return f"epoch {report.epoch}: loss {report.row['total']:.4f}{scored}"
