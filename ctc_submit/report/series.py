"""Scores and error counts of every frame, as columns for a plot."""

from collections import defaultdict
from collections.abc import Iterable

from ctc_submit.score.record import FrameScore, Record
from ctc_submit.score.table import ERRORS

Column = list[float | None]


def series(record: Record, times: Iterable[int]) -> dict[str, Column]:
    """Return what was scored, frame by frame.

    Args:
        record: How a result was judged.
        times: The frames of the page.

    Returns:
        ``SEG``, and ``FN``, ``FP``, ``NS``, ``EA``, ``ED``, ``EC`` as far as they could be taken;
        each has one value a frame, None where the frame has no truth of that kind. The SEG of a
        frame whose slices are annotated one by one is the mean over all their objects.
    """
    frames: dict[int, list[FrameScore]] = defaultdict(list)
    for frame in record.frames:
        frames[frame.time].append(frame)
    rows = [frames.get(time, []) for time in times]
    columns: dict[str, Column] = {"SEG": [_seg(row) for row in rows]}
    if record.scores["DET"] is not None:
        taken = ERRORS if record.scores["TRA"] is not None else ERRORS[:3]
        for field, short, _ in taken:
            columns[short] = [
                sum(getattr(frame.counts, field) for frame in row) if row else None for row in rows
            ]
    return {name: column for name, column in columns.items() if any(v is not None for v in column)}


def _seg(frames: list[FrameScore]) -> float | None:
    annotated = [(frame.seg, frame.objects) for frame in frames if frame.seg is not None]
    objects = sum(count for _, count in annotated)
    return round(sum(seg * n for seg, n in annotated) / objects, 5) if objects else None
