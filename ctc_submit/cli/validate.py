"""``ctc-submit validate``: score a model on annotated frames."""

import logging
from pathlib import Path
from typing import Any

import click

from ctc_submit.cli.frame_options import device_option, frame_options
from ctc_submit.cli.options import errors_to_exit_codes, options_from
from ctc_submit.ensemble.settings import EnsembleConfig

logger = logging.getLogger(__name__)


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("datasets", nargs=-1, required=True, type=click.Path(path_type=Path))
@frame_options("score against", part="test")
@click.option("--record", metavar="PROTOCOL", help="Write the score into the card, so named.")
@click.option(
    "--into", type=click.Path(path_type=Path), help="Model whose card is written.  [default: MODEL]"
)
@click.option(
    "--model",
    "others",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A further model, whose cells are fused with MODEL's; can be repeated.",
)
@device_option
@options_from(EnsembleConfig, "ensemble")
@errors_to_exit_codes
def command(
    model: Path,
    datasets: tuple[Path, ...],
    others: tuple[Path, ...],
    ensemble: EnsembleConfig,
    part: str,
    record: str | None,
    into: Path | None,
    **selection: Any,
) -> None:
    """Segment the annotated frames of DATASETS with MODEL and score them.

    Of several data sets each has a score of its own. A card keeps one score a protocol, such as
    'across videos'; a new one replaces the old.
    """
    from tqdm import tqdm

    from ctc_submit.checkpoint import read_card
    from ctc_submit.data.folders import demand_writable
    from ctc_submit.ensemble.members import find_cells, load_members
    from ctc_submit.errors import CheckpointError, CtcError, DataError
    from ctc_submit.segment import device_named
    from ctc_submit.train.held_out import learned_frames
    from ctc_submit.train.selection import Selection
    from ctc_submit.train.split import by_dataset
    from ctc_submit.train.survey import survey
    from ctc_submit.train.validate import judge, record_score

    if others and record:
        raise CtcError(f"--record {record}: a card is of one model; leave it out with --model")
    if record and not ensemble.partners:
        raise CtcError(f"--record {record}: a card is of all partners; leave out --no-partners")
    written = into or model
    if record:  # what cannot be written is said before the work
        read_card(written)
        demand_writable(written, CheckpointError)
    device = device_named(selection.pop("device"))
    chosen = Selection(datasets, **selection)
    examples = chosen.examples(part)
    members = load_members((model, *others), device, ensemble)
    name = " + ".join(map(str, (model, *others)))
    if not (parts := by_dataset(examples)):
        raise DataError(f"none of the frames has {chosen.truth} masks; look at --part and --split")
    survey(examples)
    for dataset, part_of in parts.items():
        known = chosen.card() | ({"datasets": [dataset]} if len(parts) > 1 else {})
        if learned := {e.name for m in members for e in learned_frames(m.card, part_of)}:
            known |= {"learned": len(learned)}
            logger.warning(
                "by its card %s learned from %d of these %d frames, so it scores too well; score "
                "a sequence or --part that it has not seen",
                *(name, len(learned), len(part_of)),
            )
        outcome = judge(
            lambda frame: find_cells(frame, members, ensemble),
            tqdm(part_of, unit="frame", disable=None, leave=False),
        )
        if not outcome.cells:
            raise DataError(f"{dataset}: none of the {outcome.frames} frames has a cell to score")
        where = f" of {dataset}" if len(parts) > 1 else ""
        click.echo(
            f"{name}: SEG {outcome.seg:.4f} on {outcome.cells} cells of {outcome.frames} "
            f"frames{where}; found cells {outcome.matched:.4f}, missed {outcome.missed:.1%}, "
            f"spurious {outcome.spurious:.1%}"
        )
        if record:
            protocol = f"{record}, {dataset}" if len(parts) > 1 else record
            record_score(written, outcome, protocol, known)
