"""Pull one lever, leave all else alone, and print both sides.

    python benchmarks/levers.py DIC-C2DH-HeLa --lever mask-grid --minutes 20
    python benchmarks/levers.py DIC-C2DH-HeLa --lever views --model models/DIC-C2DH-HeLa

A lever of training trains two models from the same frames, seed and start, for the same minutes
(--minutes) or the same epochs (--epochs), tunes each, and scores both on frames that neither saw:
those of the random split as `ctc-submit reproduce table1` divides it; a side that several levers
share is trained once. A lever of reading looks with one trained model twice, at the frames that its
training held out. The interval is a paired bootstrap over frames. `--lever list` names all.
"""

import re
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click

from ctc_submit.checkpoint import CARD, config_from, load_checkpoint
from ctc_submit.cli.options import errors_to_exit_codes
from ctc_submit.errors import CtcError
from ctc_submit.methods.maskrcnn.config import MaskRCNNConfig
from ctc_submit.methods.method import Method
from ctc_submit.reproduce.table1.case import Case
from ctc_submit.reproduce.table1.compare import LEVEL, compared
from ctc_submit.reproduce.table1.entry import Entry
from ctc_submit.reproduce.table1.frames import division
from ctc_submit.reproduce.table1.measure import measure, stored
from ctc_submit.reproduce.table1.rows import Row
from ctc_submit.reproduce.table1.settings import Table1Config
from ctc_submit.segment import SegmentConfig, device_named
from ctc_submit.train.config import TrainConfig
from ctc_submit.train.held_out import tuning_frames
from ctc_submit.train.job import settings_from
from ctc_submit.train.selection import Selection
from ctc_submit.train.split import Example
from ctc_submit.train.validate import Validation, validate


@dataclass(frozen=True)
class Side:
    """What one side of a lever sets.

    Attributes:
        name: What the line says.
        method: Settings of Mask R-CNN, each ``name=value``.
        training: Fields of `TrainConfig`.
        table: Fields of `Table1Config`.
        segment: Fields of `SegmentConfig`.
    """

    name: str
    method: tuple[str, ...] = ()
    training: dict[str, Any] = field(default_factory=dict)
    table: dict[str, Any] = field(default_factory=dict)
    segment: dict[str, Any] = field(default_factory=dict)


def _method(*settings: str) -> Side:
    return Side(" ".join(settings), settings)


def _training(**settings: Any) -> Side:
    return Side(" ".join(f"{k}={v}" for k, v in settings.items()), training=settings)


def _table(**settings: Any) -> Side:
    return Side(" ".join(f"{k}={v}" for k, v in settings.items()), table=settings)


def _segment(**settings: Any) -> Side:
    return Side(" ".join(f"{k}={v}" for k, v in settings.items()), segment=settings)


OTHER_CELLS = "models/PhC-C2DH-U373/weights.safetensors"
"""A model of other cells to start from, as the command sees it from the project's folder."""

PLAIN = ("mask_head=plain", "mask_pool=14", "mask_width=256")
TRAINING: dict[str, tuple[Side, Side]] = {
    "mask-grid": (
        _method("mask_head=plain", "mask_pool=28"),
        _method("mask_head=plain", "mask_pool=14", "mask_width=256"),
    ),
    "mask-head": (_method(*PLAIN), _method("mask_head=hourglass", "mask_pool=28")),
    "loss": (_method("loss=bce"), _method("loss=shape_aware")),
    "loss-focal": (_method("loss=focal"), _method("loss=shape_aware")),
    "enlarged": (_method("scale=1"), _method("scale=1.5")),
    "margin": (_method("mask_margin=0"), _method("mask_margin=0.1")),
    "anchors": (
        _method("anchor_sizes=32,64,128,256,511", "anchor_ratios=0.5,1,2.01"),
        Side("anchors from the cells"),
    ),
    "augment": (_table(augment="recommended"), _table(augment="light")),
    "turns": (_table(augment="recommended"), _table(augment="oblique")),
    "pretrained": (_table(pretrained="none"), _table(pretrained="imagenet")),
    "other-cells": (_table(pretrained="imagenet"), _table(pretrained=OTHER_CELLS)),
    "batch": (_training(batch=2), _training(batch=1)),
    "rate": (_training(learning_rate=4e-4), _training(learning_rate=8e-4)),
    "average": (_training(ema=0.0), _training(ema=0.99)),
    "grey": (
        _method("input_mean=0.5", "input_std=0.5"),
        _method("input_mean=0.449", "input_std=0.226"),
    ),
}
READING: dict[str, tuple[Side, Side]] = {
    "views": (_method("views=1"), _method("views=4")),
    "one-flip": (_method("views=1"), _method("views=2")),
    "score-threshold": (_method("score_threshold=0.3"), _method("score_threshold=0.05")),
    "mask-threshold": (_method("mask_threshold=0.5"), _method("mask_threshold=0.55")),
    "mask-threshold-0.6": (_method("mask_threshold=0.5"), _method("mask_threshold=0.6")),
    "box-nms": (_method("box_nms=0.5"), _method("box_nms=0.7")),
    "least-free": (_segment(least_free=0.5), _segment(least_free=0.2)),
    "order": (_segment(order="score"), _segment(order="large")),
}


@click.command()
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option("--lever", required=True, type=click.Choice(["list", *TRAINING, *READING]))
@click.option("--model", type=click.Path(path_type=Path), help="For a lever of reading.")
@click.option("--minutes", default=20.0, show_default=True, help="Training of each side.")
@click.option("--epochs", default=0, help="The same epochs for both sides, in place of minutes.")
@click.option("--augment", default="light", show_default=True, help="As for reproduce table1.")
@click.option("--pretrained", default="imagenet", show_default=True)
@click.option("--truth", default="ST", show_default=True)
@click.option("--seed", "seeds", multiple=True, type=int, default=(0,), show_default=True)
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="For both sides.")
@click.option("--work", type=click.Path(path_type=Path), default=Path("runs/levers"))
@errors_to_exit_codes
def main(dataset: Path, lever: str, model: Path | None, work: Path, **given: Any) -> None:
    """Compare both sides of a lever on DATASET."""
    if lever == "list":
        for name, sides in (TRAINING | READING).items():
            click.echo(f"{name}: {' | '.join(side.name for side in sides)}")
        return
    if lever in READING:
        if model is None:
            raise CtcError(f"--lever {lever}: expected --model, whose answers are read twice")
        pairs = [_read(dataset, model, lever, given["truth"])]
    else:
        pairs = [_trained(dataset, lever, seed, work, given) for seed in given["seeds"]]
    first, second = (TRAINING | READING)[lever]
    for after, before in pairs:
        click.echo(f"{lever}, {first.name}: {_line(before)}")
        click.echo(f"{lever}, {second.name}: {_line(after)}")
    found = compared(pairs)
    spread = "" if found.spread is None else f", spread over seeds {found.spread:.4f}"
    click.echo(
        f"{lever}: the second brings {found.difference:+.4f} "
        f"({LEVEL} %: {found.low:+.4f} to {found.high:+.4f}{spread})"
    )


def _line(entry: Entry) -> str:
    epochs = f", {entry.epochs} epochs in {entry.minutes:g} min" if entry.epochs else ""
    return (
        f"SEG {entry.seg or 0:.4f} on {entry.cells} cells of {len(entry.by_frame)} frames, found "
        f"cells {entry.matched or 0:.4f}, missed {entry.missed or 0:.1%}{epochs}"
    )


def _trained(
    dataset: Path, lever: str, seed: int, work: Path, given: dict[str, Any]
) -> tuple[Entry, Entry]:
    """Train both sides, the second first in the pair: `compared` subtracts the other from it."""
    before, after = (_measured(_case(dataset, side, seed, work, given)) for side in TRAINING[lever])
    return after, before


def _changes(side: Side, given: dict[str, Any]) -> str:
    """Return what a side sets otherwise than all others, as the name of its folder.

    Many levers have the settings as they are on one side; that is trained once for all of them.
    """
    plain, usual = asdict(MaskRCNNConfig()), asdict(TrainConfig())
    read = asdict(settings_from(MaskRCNNConfig, side.method))
    other = {k: v for k, v in read.items() if v != plain[k]}
    other |= {k: v for k, v in side.training.items() if v != usual[k]}
    other |= {k: v for k, v in side.table.items() if v != given[k]}
    words = (f"{k}={v}" for k, v in sorted(other.items()))
    return re.sub(r"[^\w.=-]+", "-", ",".join(words)).strip("-") or "as-it-is"


def _case(dataset: Path, side: Side, seed: int, work: Path, given: dict[str, Any]) -> Case:
    asked = {k: given[k] for k in ("minutes", "epochs", "augment", "pretrained")} | dict(side.table)
    config = Table1Config(**asked)
    training = MappingProxyType(side.training)
    return Case(
        row=Row(_changes(side, given), "Mask R-CNN", side.name, "maskrcnn", side.method, training),
        dataset=dataset,
        protocol="random",
        seed=seed,
        truth=given["truth"],
        division=division(dataset, "random", truth=given["truth"], held_out=config.held_out),
        config=config,
        settings=given["settings"],
        device=device_named("auto"),
        work=work,
    )


def _measured(case: Case) -> Entry:
    known = stored(case)
    if known is not None:
        return known
    for report in measure(case):
        if isinstance(report, Entry):
            known = report
    assert known is not None
    return known


def _read(dataset: Path, model: Path, lever: str, truth: str) -> tuple[Entry, Entry]:
    """Look twice at the frames that the model's training held out."""
    method, card = load_checkpoint(model, device_named("auto"))
    split = dataset / "split.json"
    chosen = Selection((dataset,), truth, splits=(split,) if split.is_file() else ())
    frames = tuning_frames(card, chosen.examples(), chosen.card())
    config = config_from(SegmentConfig, card.segment, model / CARD)
    before, after = (_seen(frames, method, config, side) for side in READING[lever])
    return _entry(dataset, lever, after), _entry(dataset, lever, before)


def _seen(frames: list[Example], method: Method, config: SegmentConfig, side: Side) -> Validation:
    read = settings_from(type(method.config), side.method)
    names = {item.partition("=")[0] for item in side.method}
    changed = replace(method.config, **{k: v for k, v in asdict(read).items() if k in names})
    other = type(method).of(changed)
    other.net.load_state_dict(method.net.state_dict())
    other.net.to(next(method.net.parameters()).device)
    return validate(other, frames, replace(config, **side.segment))


def _entry(dataset: Path, lever: str, outcome: Validation) -> Entry:
    return Entry(
        *(lever, dataset.resolve().name, "held-out", 0, "finished"),
        seg=outcome.seg,
        matched=outcome.matched,
        missed=outcome.missed,
        cells=outcome.cells,
        by_frame={n: [float(j.sum()), j.size] for n, j in outcome.by_frame.items()},
    )


if __name__ == "__main__":
    main()
