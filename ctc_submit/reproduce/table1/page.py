"""The table as a page of documentation, rendered from what is stored of it and nothing else."""

from collections.abc import Iterable
from statistics import mean, stdev

from ctc_submit.reproduce.table1.compare import LEVEL, Comparison, comparisons
from ctc_submit.reproduce.table1.details import HEADINGS, details, table_row
from ctc_submit.reproduce.table1.entry import Entry
from ctc_submit.reproduce.table1.frames import PROTOCOLS
from ctc_submit.reproduce.table1.rows import ROWS
from ctc_submit.reproduce.table1.videos import video_costs

OPENING = """\
# Table I of the paper, made anew
Lin & Norouzi (2021) compare eight ways to segment two data sets. This page holds their numbers
beside ours: every number of ours is SEG, the mean Jaccard index of all annotated cells, from a
network that `ctc-submit reproduce table1` trained for the stated minutes or epochs, and tuned on
frames that are not scored ([how](table1-made.md)). It is rendered from [table1.json](table1.json).

*Random split* is the paper's protocol: frames of all videos are shuffled, so neighbours in time of
a scored frame were learned from, which flatters. *01 → 02* learns from video 01 alone and is scored
on 02, *02 → 01* the reverse. The paper trained for longer, on larger networks and more frames; what
can be compared is first of all one of our rows with another.
"""


def render(entries: Iterable[Entry]) -> str:
    """Return the page, Markdown."""
    known = list(entries)
    parts = [OPENING]
    for dataset in sorted({e.dataset for e in known}):
        parts.append(_dataset(dataset, [e for e in known if e.dataset == dataset]))
    parts.append(_losses(comparisons(known)))
    if costs := video_costs(known, _signed):
        parts.append(costs)
    parts.append(details(known))
    return "\n".join(parts)


def _dataset(name: str, entries: list[Entry]) -> str:
    head = ["architecture", "loss", "paper", *(HEADINGS[p] for p in PROTOCOLS)]
    lines = [f"## {name}", table_row(head), table_row("---" for _ in head)]
    for row in ROWS.values():
        own = [e for e in entries if e.row == row.key]
        paper = f"{row.paper[name]:.3f}" if name in row.paper else "–"
        cells = [_number([e for e in own if e.protocol == p]) for p in PROTOCOLS]
        lines.append(table_row([row.architecture, row.loss, paper, *cells]))
    lines.append("")
    for protocol in PROTOCOLS:
        lines += _frames(protocol, [e for e in entries if e.protocol == protocol])
    return "\n".join(lines) + "\n"


def _number(entries: list[Entry]) -> str:
    """Return the mean over seeds, with their spread where there are several."""
    segs = [e.seg for e in entries if e.seg is not None]
    if not segs:
        return "failed" if entries else "–"
    spread = f" ± {stdev(segs):.3f} ({len(segs)} seeds)" if len(segs) > 1 else ""
    lost = " (a seed failed)" if len(segs) < len(entries) else ""
    return f"{mean(segs):.3f}{spread}{lost}"


def _frames(protocol: str, entries: list[Entry]) -> list[str]:
    """Say, once for every division that was used, which frames were scored."""
    said = dict.fromkeys(
        f"- {HEADINGS[protocol]}: {e.frames['learned']} frames were given to the training, of "
        f"which {e.frames['chosen_by']} chose epoch and thresholds; scored are "
        f"{e.frames['scored']} others with {e.cells} cells, {e.how}."
        for e in entries
        if e.state == "finished"
    )
    return list(said)


def _losses(found: list[Comparison]) -> str:
    lines = [
        "## What the Shape-Aware Loss brings",
        "Differences of SEG on the same frames. The interval is what drawing these frames anew "
        f"leaves open ({LEVEL} %, paired bootstrap over frames; neighbouring frames are alike, so "
        "it is too narrow rather than too wide); the spread is the standard deviation over seeds. "
        "Where the epochs of the two differ much, so do their trainings, and the difference is of "
        "both.",
        "",
    ]
    if not found:
        return "\n".join([*lines, "No pair has been scored yet.", ""])
    head = [
        "data set",
        "protocol",
        "beside",
        "difference",
        f"{LEVEL} %",
        "seeds",
        "spread",
        "epochs",
        "is",
    ]
    lines += [table_row(head), table_row("---" for _ in head)]
    for one in found:
        row = ROWS[one.second]
        lines.append(
            table_row(
                [
                    one.dataset,
                    HEADINGS[one.protocol],
                    f"{row.architecture}, {row.loss}",
                    _signed(one.difference),
                    f"{_signed(one.low)} to {_signed(one.high)}",
                    str(one.seeds),
                    "–" if one.spread is None else f"{one.spread:.3f}",
                    f"{one.epochs[0]} and {one.epochs[1]}",
                    one.verdict,
                ]
            )
        )
    return "\n".join(lines) + "\n"


def _signed(value: float) -> str:
    """Return a difference with its sign; a minus does not end a line, as a hyphen does."""
    return f"{value:+.3f}".replace("-", "−")
