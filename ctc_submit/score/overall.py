"""Overall performance: what the three benchmarks rank by."""


def mean_of_both(first: float | None, second: float | None) -> float | None:
    """Return the mean of two measures, None where one is missing.

    OP_CSB is that of SEG and DET, OP_CTB of SEG and TRA, OP_CLB of LNK and BIO.
    """
    return None if first is None or second is None else 0.5 * (first + second)


def biological(*measures: float | None) -> float | None:
    """Return BIO: the mean of those of CT, TF, BC(i) and CCA that there are, None for none."""
    present = [measure for measure in measures if measure is not None]
    return sum(present) / len(present) if present else None
