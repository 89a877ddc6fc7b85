"""A record as text for a terminal."""

from collections.abc import Iterable, Mapping

from ctc_submit.score.record import MEASURES, FrameScore, Record

GROUPS = (
    ("overall", ("OP_CSB", "OP_CTB", "OP_CLB")),
    ("technical", ("SEG", "DET", "TRA", "LNK")),
    ("biological", ("CT", "TF", "BC(0)", "BC(1)", "BC(2)", "BC(3)", "CCA", "BIO")),
)
ERRORS = (
    ("false_negatives", "FN", "missed"),
    ("false_positives", "FP", "extra"),
    ("splits", "NS", "merged"),
    ("missing_edges", "EA", "missing"),
    ("redundant_edges", "ED", "too many"),
    ("wrong_edges", "EC", "of the wrong kind"),
)
TRUTHS = {"GT": "gold truth", "ST": "silver truth"}
EVERY_BC = "BC(0), BC(1), BC(2), BC(3)"
BAR = 30


def table(record: Record, *, official: str = "") -> str:
    """Return a record as lines of text.

    Args:
        record: The record.
        official: What to say of the organisers' executables.
    """
    result = record.provenance["result"]
    head = [
        f"{record.dataset} {record.sequence} · {TRUTHS[record.truth]} · {result}",
        f"scored by {record.provenance['scored_by']}{official}",
        "",
    ]
    reasons = set(record.missing.values())
    if len(record.missing) == len(MEASURES) and len(reasons) == 1 and record.faults:
        return "\n".join([*head, f"  not scored  {reasons.pop()}", ""])
    lines = [
        *head,
        *_scores(record.scores, record.official),
        *_reasons(record.missing),
        *_errors(record),
        *_frames(record),
        *_objects(record),
    ]
    return "\n".join(line.rstrip() for line in lines)


def mean_table(name: str, numbers: Iterable[str], means: Mapping[str, float | None]) -> str:
    """Return the means over the sequences of a data set as lines of text."""
    title = f"{name} · mean of {' and '.join(numbers)}"
    return "\n".join(line.rstrip() for line in [title, "", *_scores(means, {})])


def _scores(scores: Mapping[str, float | None], official: Mapping[str, float]) -> list[str]:
    lines = []
    for group, names in GROUPS:
        taken = [(name, value) for name in names if (value := scores[name]) is not None]
        for number, (name, value) in enumerate(taken):
            title = group if number == 0 else ""
            theirs = f"   official {official[name]:.6f}" if name in official else ""
            lines.append(f"  {title:<11} {name:<7}{value:.6f}  {_bar(value)}{theirs}")
        lines += [""] if taken else []
    return lines


def _bar(value: float) -> str:
    full = int(value * BAR)
    return "━" * full + "╌" * (BAR - full)


def _reasons(missing: Mapping[str, str]) -> list[str]:
    """Tell what was not scored, measures with the same reason together."""
    reasons: dict[str, list[str]] = {}
    for name in MEASURES:
        if name in missing:
            reasons.setdefault(missing[name], []).append(name)
    told = {why: ", ".join(names).replace(EVERY_BC, "BC(i)") for why, names in reasons.items()}
    lines = [f"  not scored  {names}: {why}" for why, names in told.items()]
    return [*lines, ""] if lines else []


def _errors(record: Record) -> list[str]:
    counts = record.counts
    lines = []
    if record.scores["DET"] is not None:
        told = [f"{getattr(counts, field)} {what} ({short})" for field, short, what in ERRORS]
        lines.append(f"  objects     {counts.vertices} in the truth; {', '.join(told[:3])}")
        if record.scores["TRA"] is not None:
            lines.append(f"  links       {counts.edges} in the truth; {', '.join(told[3:])}")
    division = record.divisions.get(2)
    if division and division.found + division.missed + division.wrong:
        lines.append(
            f"  divisions   {division.found} found within 2 frames, "
            f"{division.missed} missed, {division.wrong} wrong"
        )
    return [*lines, ""] if lines else []


def _frames(record: Record) -> list[str]:
    worst = record.worst_frames()
    if not worst:
        return []
    head = "".join(f"{short:>5}" for _, short, _ in ERRORS)
    return [f"  worst frames          SEG  cells{head}", *map(_frame, worst), ""]


def _frame(frame: FrameScore) -> str:
    seg = "–" if frame.seg is None else f"{frame.seg:.4f}"
    counts = "".join(f"{getattr(frame.counts, field):>5}" for field, _, _ in ERRORS)
    cells = frame.objects if frame.seg is not None else frame.counts.vertices
    return f"    {_place(frame.time, frame.z):<17}{seg:>6}{cells:>7}{counts}"


def _objects(record: Record) -> list[str]:
    worst = record.worst_objects()
    if not worst:
        return []
    rows = [
        f"    {_place(each.time, each.z):<12}label {each.label:<6}"
        + (f"J {each.jaccard:.4f}" if each.jaccard else "no match")
        for each in worst
    ]
    return ["  worst objects", *rows, ""]


def _place(time: int, z: int | None) -> str:
    return f"t {time}" if z is None else f"t {time} z {z}"
