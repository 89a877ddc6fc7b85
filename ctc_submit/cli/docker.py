"""``ctc-submit docker build|run|eval``: the same in a container."""

import sys
from pathlib import Path

import click

from ctc_submit.cli.options import errors_to_exit_codes, options_from, stopped_in_order
from ctc_submit.container.settings import BuildConfig, ContainerConfig


@click.group()
def command() -> None:
    """Build the image of a submission, run a sequence in it, or score with the organisers' tools.

    Needs a container engine (Docker, or Podman with its socket) and the extra 'container'.
    """


@command.command()
@click.argument("models", nargs=-1, required=True, type=click.Path(path_type=Path))
@options_from(BuildConfig, "config")
@errors_to_exit_codes
def build(models: tuple[Path, ...], config: BuildConfig) -> None:
    """Build an image with the model folders MODELS in it, by their folders' names."""
    from ctc_submit.container.image import build_image, context_files
    from ctc_submit.data.sequence import written_name

    named = {written_name(folder): folder for folder in models}
    if len(named) < len(models):
        raise click.UsageError("two of MODELS have one name, which only one can have in the image")
    context = context_files(named, wheels=config.wheels)
    identifier = build_image(context, config, lambda text: click.echo(text, err=True, nl=False))
    click.echo(f"{config.tag}: {identifier}")


@command.command()
@click.argument("sequence", type=click.Path(path_type=Path))
@click.argument("result", type=click.Path(path_type=Path), required=False)
@click.option("--model", required=True, help="A model folder, or the name of a model in the image.")
@options_from(ContainerConfig, "config")
@errors_to_exit_codes
@stopped_in_order
def run(sequence: Path, result: Path | None, model: str, config: ContainerConfig) -> None:
    """Run SEQUENCE in a container without network; RESULT defaults to <SEQUENCE>_RES.

    The exit code is that of 'ctc-submit run' inside.
    """
    from ctc_submit.container.run import run_sequence
    from ctc_submit.data.sequence import Sequence

    frames = Sequence.at(sequence)
    target = result or frames.result
    code = run_sequence(
        frames, target, model, config, lambda text: click.echo(text, err=True, nl=False)
    )
    if code == 0:
        click.echo(f"{target}: written")
    sys.exit(code)


@command.command("eval")
@click.argument("dataset", type=click.Path(path_type=Path))
@click.argument("sequence")
@click.option("--image", required=True, help="Image that has the executables, or can run them.")
@click.option(
    "--tools",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with the executables, if the image does not have them.",
)
@click.option("--inside", default="", help="Folder of the executables in the image [its PATH].")
@click.option(
    "--measure",
    "measures",
    multiple=True,
    type=click.Choice(["SEG", "DET", "TRA"]),
    help="Measure to take; repeatable [all].",
)
@errors_to_exit_codes
@stopped_in_order
def evaluate_(
    dataset: Path,
    sequence: str,
    image: str,
    tools: Path | None,
    inside: str,
    measures: tuple[str, ...],
) -> None:
    """Score DATASET's SEQUENCE (01, 02) with the organisers' executables."""
    from ctc_submit.container.evaluate import MEASURES, Tools, evaluate

    values = evaluate(dataset, sequence, Tools(image, tools, inside), measures or MEASURES)
    for measure, value in values.items():
        click.echo(f"{measure} measure: {value:.6f}")
