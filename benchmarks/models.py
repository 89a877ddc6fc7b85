"""Score models on real sequences as a challenge entry is scored, and write it into a card.

    python benchmarks/models.py MODEL ../shared/data/DIC-C2DH-HeLa 02 --into models/DIC-C2DH-HeLa

runs MODEL on sequence 02 with tracking, scores DET and TRA against gold truth and SEG against gold
and silver truth, and prints a line for each. With --into, the card of that model keeps them under
the protocol named with --protocol.
"""

import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import click

from ctc_submit.checkpoint import read_card, write_card
from ctc_submit.data.sequence import Sequence
from ctc_submit.pipeline import Run, RunConfig
from ctc_submit.score.judge import score
from ctc_submit.segment import device_named


@click.command()
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
        silver = score(sequence, truth="ST", result=result).scores
    finally:
        shutil.rmtree(folder)
    values = {name: gold[name] for name in ("SEG", "DET", "TRA", "OP_CSB", "OP_CTB")}
    values["SEG (silver truth)"] = silver["SEG"]
    for name, value in values.items():
        click.echo(f"{model} on {dataset.name} {number}: {name} {value or 0:.4f}")
    click.echo(f"{model} on {dataset.name} {number}: {seconds:.3f} s a frame, all included")
    if into is None:
        return
    card = read_card(into)
    others = [
        s for s in card.scores if (s["protocol"], s["measure"]) not in _keys(values, protocol)
    ]
    data = {"datasets": [dataset.resolve().name], "sequences": [number], "truth": "GT"}
    entries = [
        {"protocol": protocol, "measure": name, "value": round(value or 0, 4), "data": data}
        | {"frames": len(frames)}
        for name, value in values.items()
    ]
    write_card(into, replace(card, scores=[*others, *entries]))


def _keys(values: dict[str, float | None], protocol: str) -> set[tuple[str, str]]:
    return {(protocol, name) for name in values}


if __name__ == "__main__":
    main()
