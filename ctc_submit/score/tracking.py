"""The measures that need tracks: TRA, LNK, and the biological ones."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ctc_submit.data.folders import reading
from ctc_submit.data.problem import Problem
from ctc_submit.data.sequence import written_name
from ctc_submit.score.aogm import Counts, counts_of_edges, counts_of_match, lnk, total, tra
from ctc_submit.score.branching import TOLERANCES, DivisionCounts, count_divisions, divisions
from ctc_submit.score.cell_cycle import cell_cycle_accuracy, cycle_lengths
from ctc_submit.score.complete_tracks import complete_tracks
from ctc_submit.score.consistency import COMPUTED, REFERENCE, inconsistencies
from ctc_submit.score.edges import EdgeErrors, edge_errors
from ctc_submit.score.lineage import Lineage, times_of
from ctc_submit.score.overall import biological
from ctc_submit.score.paired import FrameMatch, pair
from ctc_submit.score.scan import FrameFound
from ctc_submit.score.track_faults import faults_of
from ctc_submit.score.track_fractions import track_fractions
from ctc_submit.score.track_rows import TrackRows, rows_of_result
from ctc_submit.score.unmarked import PUT_BACK

TOLERANCE = 2
"""The i of BC(i) that goes into BIO and OP_CLB."""


@dataclass(frozen=True)
class Tracking:
    """What the tracks yield.

    Attributes:
        scores: Measure to value.
        missing: Measure to the reason why it has none.
        counts: Edge operations of the sequence (vertices stay 0).
        divisions: Tolerance to the divisions found, wrong and missed.
        faults: What is wrong with the track files.
        reason: Why there are no scores at all, None where there are.
        by_frame: Time to the edge operations whose later end lies there.
    """

    scores: Mapping[str, float | None] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    divisions: Mapping[int, DivisionCounts] = field(default_factory=dict)
    faults: tuple[Problem, ...] = ()
    reason: str | None = None
    by_frame: Mapping[int, Counts] = field(default_factory=dict)

    def edges_of(self, time: int) -> Counts:
        """Return the edge operations of one frame."""
        return self.by_frame.get(time, Counts())


def judge_tracks(
    found: Sequence[FrameFound],
    marked: Sequence[int],
    paths: tuple[Path, Path],
    theirs: TrackRows | None,
    *,
    whole: bool,
) -> Tracking:
    """Take the measures of the tracks.

    Where some frames could not be compared, tracks are checked but not measured.

    Args:
        found: The frames that were compared, in time order.
        marked: Times of all frames with markers, also of those that were not compared.
        paths: ``man_track.txt`` and ``res_track.txt``.
        theirs: What could be read of the truth's tracks, None where there is no file.
        whole: Whether the truth has markers in all frames in which it has tracks.

    Raises:
        DataError: If the result's folder may not be read.
    """
    truth, result = paths
    if not marked:
        return Tracking(reason="the truth has no tracking markers")
    with reading(result.parent):
        tracked = result.exists()
    if not tracked:
        folder = written_name(result.parent)
        return Tracking(reason=f"no {result.name} in {folder}: segmentation only")
    if theirs is None:
        fault = Problem(truth, "track-file", "the tracks of the markers", "no file", PUT_BACK)
        return Tracking(faults=(fault,), reason=f"the truth has no {truth.name}")
    times = range(marked[0], marked[-1] + 1)
    ours = rows_of_result(result, times)
    frames = {frame.time: frame.match for frame in found if frame.match is not None}
    faults = theirs.faults + ours.faults
    complete = whole and len(times) == len(marked)
    if complete:
        faults += _inconsistent(theirs, ours, frames, times, paths)
    if faults:
        return Tracking(faults=tuple(faults), reason=_count(len(faults)))
    if not complete:
        return Tracking(reason="the markers of the truth do not cover a run of frames")
    if len(frames) < len(marked):
        return Tracking(reason="some images cannot be read")
    lineages = (Lineage.of(theirs.rows.values()), Lineage.of(ours.rows.values()))
    return _measure(*lineages, [frames[time] for time in times])


def _count(faults: int) -> str:
    return "a fault in the tracks" if faults == 1 else f"{faults} faults in the tracks"


def _inconsistent(
    reference: TrackRows,
    computed: TrackRows,
    frames: Mapping[int, FrameMatch],
    times: range,
    paths: tuple[Path, Path],
) -> list[Problem]:
    """Tell what is amiss between tracks and images, as far as both could be read."""
    empty = np.zeros(0, np.int64)
    blank = FrameMatch(-1, empty, empty, empty)
    every = [frames.get(time, blank) for time in times]
    whole = {REFERENCE: reference.whole, COMPUTED: computed.whole}
    amiss = [
        each
        for each in inconsistencies(
            (reference.rows, [frame.reference for frame in every]),
            (computed.rows, [frame.result for frame in every]),
            times.start,
        )
        if (each.kind != "absent" or each.time in frames)
        and (each.kind not in {"stray", "unlisted"} or whole[each.side])
    ]
    return faults_of(amiss, dict(zip((REFERENCE, COMPUTED), paths, strict=True)), times)


def _measure(reference: Lineage, result: Lineage, frames: Sequence[FrameMatch]) -> Tracking:
    paired = pair(frames)
    errors = edge_errors(reference, result, paired)
    counts = counts_of_edges(errors)
    everything = total([*map(counts_of_match, frames), counts])
    theirs, ours = divisions(reference), divisions(result)
    found = {i: count_divisions(theirs, ours, paired, i) for i in TOLERANCES}
    scores: dict[str, float | None] = {"TRA": tra(everything), "LNK": lnk(everything)}
    scores["CT"] = complete_tracks(reference, result, paired)
    scores["TF"] = track_fractions(reference, paired)
    scores |= {f"BC({i})": each.score for i, each in found.items()}
    scores["CCA"] = cell_cycle_accuracy(
        cycle_lengths(reference, theirs), cycle_lengths(result, ours)
    )
    scores["BIO"] = biological(*(scores[name] for name in ("CT", "TF", f"BC({TOLERANCE})", "CCA")))
    reasons = dict.fromkeys(scores, "the truth has no track")
    reasons |= {f"BC({i})": "the truth has no division" for i in TOLERANCES}
    reasons |= {"CCA": "the truth has no complete cell cycle", "LNK": "the truth has no edge"}
    return Tracking(scores, reasons, counts, found, by_frame=_by_frame(errors))


def _by_frame(errors: EdgeErrors) -> dict[int, Counts]:
    columns = [_times(edges) for edges in (errors.redundant, errors.missing, errors.wrong)]
    times = sorted({*columns[0], *columns[1], *columns[2]})
    return {
        time: Counts(
            redundant_edges=columns[0][time],
            missing_edges=columns[1][time],
            wrong_edges=columns[2][time],
        )
        for time in times
    }


def _times(edges: np.ndarray) -> Counter[int]:
    later: Iterable[int] = times_of(edges[:, 1]).tolist()
    return Counter(later)
