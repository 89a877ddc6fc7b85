"""What a row loses on a video that it has not seen, video by video."""

from collections.abc import Callable
from itertools import product
from statistics import mean

from ctc_submit.reproduce.table1.details import HEADINGS, table_row
from ctc_submit.reproduce.table1.entry import Entry
from ctc_submit.reproduce.table1.rows import ROWS

ACROSS = {"01": "02to01", "02": "01to02"}
"""The video that is scored, and the protocol that does not learn from it."""

OPENING = """\
## What a video costs that was not seen
SEG of the random split's scored frames, those of each video by themselves, beside that of all
frames of this video where only the other one was learned from. One video may be easier than the
other, which a protocol's single number hides; the frames of both sides are not the same ones.
"""


def video_costs(entries: list[Entry], signed: Callable[[float], str]) -> str:
    """Return this part of the page, Markdown; empty where nothing was scored both ways.

    Args:
        entries: All numbers of the table; the mean over seeds is told.
        signed: Writes a difference.
    """
    lines = []
    for dataset, row in product(sorted({e.dataset for e in entries}), ROWS.values()):
        mine = [e for e in entries if (e.dataset, e.row) == (dataset, row.key)]
        cells = [c for video in ACROSS for c in _beside(mine, video, signed)]
        if set(cells) != {"–"}:
            lines.append(table_row([dataset, row.architecture, row.loss, *cells]))
    if not lines:
        return ""
    head = ["data set", "architecture", "loss"]
    for video, protocol in ACROSS.items():
        head += [f"{video}: {HEADINGS['random']}", f"{video}: {HEADINGS[protocol]}", "difference"]
    return "\n".join([OPENING, table_row(head), table_row("---" for _ in head), *lines, ""])


def _beside(entries: list[Entry], video: str, signed: Callable[[float], str]) -> tuple[str, ...]:
    pair = [_seg_of(entries, "random", video), _seg_of(entries, ACROSS[video], video)]
    known = [seg for seg in pair if seg is not None]
    if len(known) < len(pair):
        return ("–",) * 3
    return (*(f"{seg:.3f}" for seg in known), signed(known[1] - known[0]))


def _seg_of(entries: list[Entry], protocol: str, video: str) -> float | None:
    """Return the SEG of one video's scored frames, the mean over seeds; None without such."""
    segs = []
    for entry in entries:
        if entry.protocol != protocol:
            continue
        own = [v for name, v in entry.by_frame.items() if name.split("/")[-2:-1] == [video]]
        if own and len(own) == len(entry.by_frame) and entry.seg is not None:
            segs.append(entry.seg)
        elif cells := sum(count for _, count in own):
            segs.append(sum(total for total, _ in own) / cells)
    return mean(segs) if segs else None
