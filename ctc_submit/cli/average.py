"""``ctc-submit average``: make one model of several by the mean of their weights."""

from pathlib import Path

import click

from ctc_submit.cli.options import errors_to_exit_codes


@click.command()
@click.argument("models", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Folder of the new model."
)
@errors_to_exit_codes
def command(models: tuple[Path, ...], out: Path) -> None:
    """Write the model whose every weight is the mean of those of MODELS.

    Train the same model on in two or more ways (--pretrained MODEL with other
    augmentation, rate or seed): their mean is often better than each of them, and takes the time of
    one. Models that were not trained on from the same weights have no mean that works. The first
    one's settings are kept.
    """
    from ctc_submit.ensemble.average import average

    card = average(models, out)
    click.echo(f"{out}: the mean of {len(card.training['averaged'])} models, without a score yet")
    click.echo(f"next: ctc-submit validate {out} DATASET --split SPLIT --record PROTOCOL")
