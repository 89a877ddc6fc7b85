"""``ctc-submit reproduce figures``: the paper's Figures 1 to 6 from one's own data and models."""

from pathlib import Path

import click

from ctc_submit.cli.frame_options import device_option
from ctc_submit.cli.options import errors_to_exit_codes, options_from
from ctc_submit.reproduce.figures.settings import FiguresConfig

NEEDED = {
    4: "a Mask R-CNN for the first data set",
    5: "a second data set and a Mask R-CNN for it",
    6: "a U-Net",
}


@click.command()
@errors_to_exit_codes
@click.option(
    "--dataset",
    "datasets",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    help="Folder of a data set, once or twice; the paper has DIC-C2DH-HeLa, then PhC-C2DH-U373.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Model folder whose result is shown; can be repeated.  [default: figures 1 to 3 alone]",
)
@click.option(
    "--truth",
    type=click.Choice(["ST", "GT"]),
    default="ST",
    show_default=True,
    help="Which annotations are shown, and make the weights.",
)
@click.option(
    "--frame",
    default="",
    metavar="01/t042",
    help="Which frame of each data set.  [default: the middle one of those annotated]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="figures",
    show_default=True,
    help="Folder of the figures.",
)
@device_option
@options_from(FiguresConfig, "config")
def command(
    datasets: tuple[Path, ...],
    models: tuple[Path, ...],
    truth: str,
    frame: str,
    out: Path,
    device: str,
    config: FiguresConfig,
) -> None:
    """Draw the paper's Figures 1 to 6 from your own data set folders, as PNG and PDF.

    1: frame and truth. 2 and 3: maps of weights over σ and over α. 4 and 5: what models of Mask
    R-CNN with different losses find. 6: the same for U-Net. Models are shown on the data sets that
    their cards name.
    """
    from ctc_submit.reproduce.figures.answers import entrants
    from ctc_submit.reproduce.figures.draw import write_figures
    from ctc_submit.reproduce.figures.sample import sample_of
    from ctc_submit.segment import device_named

    known = entrants(models)
    samples = [sample_of(folder, truth=truth, frame=frame) for folder in datasets]
    chosen = device_named(device)
    written = list(write_figures(samples, known, out, config=config, device=chosen))
    for path in written:
        click.echo(path)
    for number, needed in NEEDED.items():
        if models and out / f"figure{number}.png" not in written:
            click.echo(f"figure {number} needs {needed}; name it with --model", err=True)
