"""Score models on real sequences as a challenge entry is scored, and write it into a card.

    python benchmarks/models.py MODEL ../shared/data/DIC-C2DH-HeLa 02 --into models/DIC-C2DH-HeLa

runs MODEL on sequence 02 with tracking, scores DET and TRA against gold truth and SEG against gold
and silver truth, and prints a line for each. With --into, the card of that model keeps them under
the protocol named with --protocol; those of other sequences stay. What could not be taken, as where
there is no silver truth, is printed as – and not kept.
"""

import shutil
import tempfile
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ctc_submit.checkpoint import read_card, write_card
from ctc_submit.cli.options import errors_to_exit_codes
from ctc_submit.data.sequence import Sequence
from ctc_submit.pipeline import Run, RunConfig
from ctc_submit.score.judge import score
from ctc_submit.segment import device_named

SILVER = "SEG (silver truth)"


@click.command()
@errors_to_exit_codes
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("dataset", type=click.Path(path_type=Path))
@click.argument("number")
@click.option("--into", type=click.Path(path_type=Path), help="Model whose card is written.")
@click.option("--protocol", default="across videos", show_default=True)
def main(model: Path, dataset: Path, number: str, into: Path | None, protocol: str) -> None:
    """Run MODEL on sequence NUMBER of DATASET and score the result."""
    sequence = Sequence.at(dataset / number)
    folder = Path(tempfile.mkdtemp())
    try:
        result = folder / f"{number}_RES"
        start = time.perf_counter()
        frames = list(Run(sequence, model, result, RunConfig())(device_named("auto")))
        seconds = (time.perf_counter() - start) / len(frames)
        gold = score(sequence, truth="GT", result=result).scores
        known = sequence.silver.is_dir()
        silver = score(sequence, truth="ST", result=result).scores["SEG"] if known else None
    finally:
        shutil.rmtree(folder)
    values = {name: gold[name] for name in ("SEG", "DET", "TRA", "OP_CSB", "OP_CTB")}
    values[SILVER] = silver
    for name, value in values.items():
        told = "–" if value is None else f"{value:.4f}"
        click.echo(f"{model} on {dataset.name} {number}: {name} {told}")
    click.echo(f"{model} on {dataset.name} {number}: {seconds:.3f} s a frame, all included")
    if into is None:
        return
    data = {"datasets": [dataset.resolve().name], "sequences": [number]}
    entries = [
        {"protocol": protocol, "measure": name, "value": value and round(value, 4)}
        | {"data": data | {"truth": "ST" if name == SILVER else "GT"}, "frames": len(frames)}
        for name, value in values.items()
    ]
    card = read_card(into)
    write_card(into, replace(card, scores=with_entries(card.scores, entries)))


def with_entries(
    scores: Iterable[dict[str, Any]], entries: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return a card's scores with new ones in the place of those of the same measurement.

    Args:
        scores: Those that the card has.
        entries: The new ones; one without a value takes the old one away, and is not kept.
    """
    new = [_measurement(entry) for entry in entries]
    others = [each for each in scores if _measurement(each) not in new]
    return others + [entry for entry in entries if entry["value"] is not None]


def _measurement(entry: dict[str, Any]) -> tuple[Any, ...]:
    """Return what was measured: under which protocol, which measure, of which sequences."""
    data = entry.get("data", {})
    return entry["protocol"], entry["measure"], data.get("datasets"), data.get("sequences")


if __name__ == "__main__":
    main()
