"""How far silver truth can be trusted: silver against gold, and a model against both.

    python benchmarks/truth_noise.py DIC-C2DH-HeLa --model MODEL

looks at the cells of gold truth in those frames that also have silver truth, and prints for each
pair the mean Jaccard index of the cells that both have, and how many these are. Gold is matched
against silver or the model, silver's share of the same cells against the model. Silver truth is
computed from what several methods found, gold is drawn by hand; a model cannot agree with silver
better than chance faults of silver allow.
"""

from collections import defaultdict
from pathlib import Path

import click
import numpy as np

from ctc_submit.checkpoint import config_from, load_checkpoint
from ctc_submit.cli.options import errors_to_exit_codes
from ctc_submit.data.annotations import find_masks_of_truth
from ctc_submit.data.frames import read_frame
from ctc_submit.data.labels import read_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.errors import DataError
from ctc_submit.score.matching import Overlaps, overlaps
from ctc_submit.segment import SegmentConfig, device_named, segment


def common_cells(gold: np.ndarray, silver: np.ndarray, found: np.ndarray) -> dict[str, list[float]]:
    """Return Jaccard indices of the gold cells that silver truth and the model both have.

    Args:
        gold: Label map drawn by hand, maybe of a part of the cells.
        silver: Label map of the same frame.
        found: What the model finds there.
    """
    by_silver, by_model = overlaps(gold, silver), overlaps(gold, found)
    between = overlaps(silver, found)
    both = (by_silver.matches >= 0) & (by_model.matches >= 0)
    theirs = by_silver.matches[both]
    # overlaps numbers the objects of either map alike, by ascending label
    return {
        "silver and gold": by_silver.jaccards[both].tolist(),
        "model and gold": by_model.jaccards[both].tolist(),
        "model and silver": _found(between, theirs),
    }


def _found(between: Overlaps, cells: np.ndarray) -> list[float]:
    values = between.jaccards[cells]
    return [float(value) for value in values[values > 0]]


@click.command()
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option("--model", type=click.Path(path_type=Path), required=True)
@errors_to_exit_codes
def main(dataset: Path, model: Path) -> None:
    """Print how silver and gold truth of DATASET and a model agree on the same cells."""
    method, card = load_checkpoint(model, device_named("auto"))
    config = config_from(SegmentConfig, card.segment, model)
    agreed: dict[str, list[float]] = defaultdict(list)
    for number in ("01", "02"):
        sequence = Sequence.at(dataset / number)
        silver = find_masks_of_truth(sequence, "ST")
        for time, path in find_masks_of_truth(sequence, "GT").items():
            if time in silver:
                found = segment(read_frame(sequence.frames[time]), method, config)
                known = common_cells(read_labels(path), read_labels(silver[time]), found)
                for pair, values in known.items():
                    agreed[pair] += values
    if not agreed:
        raise DataError(f"{dataset}: no frame has both gold and silver truth")
    for pair, values in agreed.items():
        spread = float(np.quantile(values, 0.1))
        click.echo(
            f"{pair:17} {np.mean(values):.3f}, a tenth below {spread:.3f}, {len(values)} cells"
        )


if __name__ == "__main__":
    main()
