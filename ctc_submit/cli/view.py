"""``ctc-submit view``: a result over its frames, in napari."""

from pathlib import Path

import click

from ctc_submit.cli.options import errors_to_exit_codes
from ctc_submit.cli.overlay import sequence_of


@click.command()
@errors_to_exit_codes
@click.argument("result", type=click.Path(path_type=Path))
@click.option(
    "--sequence",
    type=click.Path(path_type=Path),
    help="Folder of the raw frames.  [default: RESULT without its _RES]",
)
@click.option("--truth", type=click.Choice(["GT", "ST"]), help="Show this truth too.")
@click.option(
    "--tracks/--no-tracks",
    default=True,
    show_default=True,
    help="Draw the tracks too; every mask is read once for that.",
)
def command(result: Path, sequence: Path | None, truth: str | None, tracks: bool) -> None:
    """Look around in RESULT with napari: frames, cells, truth and tracks as layers.

    Frames and masks are read when they are looked at. Needs the extra 'view'.
    """
    from ctc_submit.data.sequence import Sequence
    from ctc_submit.report.layers import layers_of
    from ctc_submit.report.viewer import napari, show

    result = result.resolve() if result.name in {"", ".."} else result
    frames = Sequence.at(sequence or sequence_of(result))
    napari()
    layers = layers_of(result, frames, truth=truth or "", tracks=tracks)
    click.echo(f"{result}: {', '.join(layer.name for layer in layers)}", err=True)
    show(layers, frames)
