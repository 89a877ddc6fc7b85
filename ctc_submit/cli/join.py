"""``ctc-submit join``: put several models into one folder, to be run and submitted as one."""

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
    """Put MODELS into one folder: the first, and the others as its partners.

    Where that folder is named, for run, validate, SW/, pack or docker, every frame is seen by all
    of them, and the cells that they find are fused, as with --model given several times. Time and
    memory add up. Measure before use: models that err in the same places gain little.
    """
    from ctc_submit.ensemble.join import join

    card = join(models, out)
    click.echo(f"{out}: {card.method} and {', '.join(card.partners)}, without a score yet")
    click.echo(f"next: ctc-submit validate {out} DATASET --split SPLIT --record PROTOCOL")
