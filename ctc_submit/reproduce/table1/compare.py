"""What one loss brings beside another, against what chance does."""

from dataclasses import dataclass

import numpy as np

from ctc_submit.reproduce.table1.entry import Entry

PAIRS = (
    ("maskrcnn-shape_aware", "maskrcnn-bce"),
    ("maskrcnn-shape_aware", "maskrcnn-focal"),
    ("unet-shape_aware", "unet-bce"),
    ("unet-shape_aware", "unet-focal"),
)
"""The paper's claim: in each pair the first row scores more."""

DRAWS, LEVEL = 2000, 95
"""Of the bootstrap: how often frames are drawn, and the percentage that its interval holds."""


@dataclass(frozen=True)
class Comparison:
    """Two rows on the same frames of one protocol.

    Attributes:
        dataset: Name of the data set.
        protocol: Name of the protocol.
        first: Key of a row.
        second: Key of the row that it is held against.
        difference: SEG of the first less that of the second, the mean over common seeds.
        low: Lower end of the interval that the choice of frames leaves.
        high: Upper end.
        seeds: Number of common seeds.
        spread: Standard deviation of the difference over seeds; None for one seed.
        epochs: Of the first and of the second, for the first seed.
    """

    dataset: str
    protocol: str
    first: str
    second: str
    difference: float
    low: float
    high: float
    seeds: int
    spread: float | None
    epochs: tuple[int, int]

    @property
    def verdict(self) -> str:
        """Whether the first is better, as far as these frames and seeds can tell."""
        if self.low > 0 or self.high < 0:
            return "more" if self.difference > 0 else "less"
        return "no difference that shows"


def comparisons(entries: list[Entry]) -> list[Comparison]:
    """Compare all pairs that were scored on the same frames, in the order of data sets."""
    done = [e for e in entries if e.state == "finished"]
    places = sorted({(e.dataset, e.protocol) for e in done})
    found = []
    for dataset, protocol in places:
        here = [e for e in done if (e.dataset, e.protocol) == (dataset, protocol)]
        for first, second in PAIRS:
            ones = {e.seed: e for e in here if e.row == first}
            others = {e.seed: e for e in here if e.row == second}
            pairs = [(ones[s], others[s]) for s in sorted(set(ones) & set(others))]
            pairs = [(a, b) for a, b in pairs if set(a.by_frame) == set(b.by_frame)]
            if pairs:
                found.append(compared(pairs))
    return found


def compared(pairs: list[tuple[Entry, Entry]]) -> Comparison:
    """Draw the frames anew, with replacement, and look at how the mean difference varies.

    Args:
        pairs: One a seed, at least one; all were scored on the same frames.
    """
    frames = sorted(pairs[0][0].by_frame)
    cells = np.array([pairs[0][0].by_frame[f][1] for f in frames])
    sums = np.array([[a.by_frame[f][0] - b.by_frame[f][0] for f in frames] for a, b in pairs])
    drawn = np.random.default_rng(0).integers(len(frames), size=(DRAWS, len(frames)))
    means = sums.mean(0)[drawn].sum(1) / np.maximum(cells[drawn].sum(1), 1)
    low, high = np.percentile(means, [(100 - LEVEL) / 2, (100 + LEVEL) / 2])
    each = sums.sum(1) / max(cells.sum(), 1)
    first, second = pairs[0]
    return Comparison(
        dataset=first.dataset,
        protocol=first.protocol,
        first=first.row,
        second=second.row,
        difference=float(each.mean()),
        low=float(low),
        high=float(high),
        seeds=len(pairs),
        spread=float(each.std(ddof=1)) if len(pairs) > 1 else None,
        epochs=(first.epochs, second.epochs),
    )
