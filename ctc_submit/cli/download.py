"""``ctc-submit download``: an official data set, fetched and unpacked."""

from pathlib import Path

import click

from ctc_submit.cli.options import errors_to_exit_codes


@click.command()
@errors_to_exit_codes
@click.argument("dataset")
@click.option(
    "--part",
    type=click.Choice(["training", "test"]),
    default="training",
    show_default=True,
    help="Sequences with truth, or the challenge's own.",
)
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    default=Path(),
    help="Folder that DATASET is made in.  [default: here]",
)
@click.option(
    "--mirror",
    envvar="CTC_SUBMIT_MIRROR",
    default="https://data.celltrackingchallenge.net",
    show_default=True,
    help="Server to fetch from; also taken from CTC_SUBMIT_MIRROR.",
)
@click.option(
    "--archive",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Unpack this ZIP, fetch nothing.",
)
@click.option("--sha256", default="", help="Expected SHA-256 of the archive.")
@click.option("--force", is_flag=True, help="Replace the folder, if it holds no results.")
def command(
    dataset: str,
    part: str,
    to: Path,
    mirror: str,
    archive: Path | None,
    sha256: str,
    force: bool,
) -> None:
    """Fetch and unpack DATASET, for example DIC-C2DH-HeLa.

    An interrupted download is continued by the same command. The SHA-256 of the archive is
    recorded beside the data set.
    """
    from ctc_submit.data.archive import unpack_dataset
    from ctc_submit.data.datasets import dataset_named
    from ctc_submit.data.download import TERMS, download_dataset, expect_sha256, sha256_of

    known = dataset_named(dataset)
    click.echo(TERMS)
    folder = to / known.name
    if archive is None:
        download_dataset(known, to, part=part, base=mirror, sha256=sha256, overwrite=force)
    else:
        if sha256:
            expect_sha256(archive, sha256_of(archive), sha256)
        unpack_dataset(archive, folder, overwrite=force)
    sequences = sorted(path.name for path in folder.glob("[0-9][0-9]"))
    click.echo(f"{folder}: {part} sequences {' and '.join(sequences)}")
