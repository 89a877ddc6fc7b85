"""``ctc-submit report``: one page to look at results, their truth, scores and settings."""

from contextlib import closing
from pathlib import Path

import click

from ctc_submit.cli.options import errors_to_exit_codes, options_from
from ctc_submit.cli.overlay import sequence_of
from ctc_submit.errors import DataError
from ctc_submit.report.report_settings import ReportSettings


@click.command()
@errors_to_exit_codes
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--truth",
    type=click.Choice(["GT", "ST", "none"]),
    help="Judge against this truth.  [default: gold, else silver, where there is one]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The page.  [default: the first RESULT with _report.html behind]",
)
@click.option(
    "--sequence",
    type=click.Path(path_type=Path),
    help="Folder of the raw frames.  [default: RESULT without its _RES]",
)
@click.option(
    "--curves",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A training's curves.csv, or its folder; can be repeated.  [default: curves.csv in the "
    "folder of the model]",
)
@options_from(ReportSettings, "settings")
def command(
    results: tuple[Path, ...],
    truth: str | None,
    out: Path | None,
    sequence: Path | None,
    curves: tuple[Path, ...],
    settings: ReportSettings,
) -> None:
    """Make a page that shows RESULTS of one sequence side by side.

    It opens in any browser, without network: frames with cells and truth, scores and errors by
    frame, the worst objects, the lineage, settings and timing.
    """
    from tqdm import tqdm

    from ctc_submit.data.sequence import Sequence
    from ctc_submit.report.curves import known_curves, read_curves
    from ctc_submit.report.page import write_report
    from ctc_submit.report.subject import describe

    folders = [each.resolve() if each.name in {"", ".."} else each for each in results]
    frames = Sequence.at(sequence or _one_sequence(folders))
    chosen = "" if truth == "none" else truth
    subject = describe(folders, frames, truth=chosen, frames_needed=sequence is not None)
    trainings = [read_curves(path) for path in curves] or known_curves(subject.results)
    page = out or folders[0].with_name(f"{folders[0].name}_report.html")
    with (
        closing(write_report(subject, page, settings, trainings)) as progress,
        tqdm(total=len(subject.times), unit="frame", disable=None, leave=False) as bar,
    ):
        for done in progress:
            bar.update(done - bar.n)
    click.echo(f"{page}: {_size(page)}")


def _one_sequence(results: list[Path]) -> Path:
    """Return the folder of the frames that all results belong to."""
    folders = [sequence_of(result) for result in results]
    for result, folder in zip(results, folders, strict=True):
        if folder.resolve() != folders[0].resolve():
            raise DataError(
                f"{result}: belongs to {folder}, {results[0].name} to {folders[0]}; make a report "
                "for each sequence, or name the one of all results with --sequence"
            )
    return folders[0]


def _size(page: Path) -> str:
    """Tell how large the page is, and the folder that goes with it."""
    folder = page.with_name(f"{page.stem}_files")
    told = f"{page.stat().st_size / 1e6:.1f} MB"
    if not folder.is_dir():
        return told
    files = [path.stat().st_size for path in folder.iterdir()]
    return f"{told}, and {sum(files) / 1e6:.1f} MB in {len(files)} files in {folder}"
