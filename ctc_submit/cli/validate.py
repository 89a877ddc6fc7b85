"""``ctc-submit validate``: score a model on annotated frames."""

from pathlib import Path

import click

from ctc_submit.cli.frame_options import device_option, frame_options
from ctc_submit.cli.options import errors_to_exit_codes


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("datasets", nargs=-1, required=True, type=click.Path(path_type=Path))
@frame_options("score against", part="test")
@click.option("--record", metavar="PROTOCOL", help="Write the score into the card, so named.")
@click.option(
    "--into", type=click.Path(path_type=Path), help="Model whose card is written.  [default: MODEL]"
)
@device_option
@errors_to_exit_codes
def command(
    model: Path,
    datasets: tuple[Path, ...],
    part: str,
    record: str | None,
    into: Path | None,
    device: str,
    **selection: str,
) -> None:
    """Segment the annotated frames of DATASETS with MODEL and score them.

    A card keeps one score a protocol, such as 'across videos'; a new one replaces the old.
    """
    from tqdm import tqdm

    from ctc_submit.checkpoint import load_checkpoint
    from ctc_submit.segment import SegmentConfig, device_named
    from ctc_submit.train.selection import Selection
    from ctc_submit.train.validate import record_score, validate

    chosen = Selection(datasets, **selection)  # type: ignore[arg-type]
    examples = chosen.examples(part)
    method, card = load_checkpoint(model, device_named(device))
    outcome = validate(
        method,
        tqdm(examples, unit="frame", disable=None, leave=False),
        SegmentConfig(**card.segment),
    )
    click.echo(
        f"{model}: SEG {outcome.seg:.4f} on {outcome.cells} cells of {outcome.frames} frames; "
        f"found cells {outcome.matched:.4f}, missed {outcome.missed:.1%}, "
        f"spurious {outcome.spurious:.1%}"
    )
    if record:
        record_score(into or model, outcome, record, chosen.card())
