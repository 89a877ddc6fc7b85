"""Judge the result of a sequence against its truth: all measures, every file read once."""

import logging
import platform
import re
import shlex
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from ctc_submit import __version__
from ctc_submit.data.annotations import TRUTHS, truth_folder
from ctc_submit.data.folders import reading
from ctc_submit.data.problem import Problem
from ctc_submit.data.sequence import Sequence, digits_of, written_name, written_path
from ctc_submit.errors import DataError
from ctc_submit.score.aogm import Counts, counts_of_match, det, total
from ctc_submit.score.frame_files import TruthFiles, find_result, find_truth, pair_files
from ctc_submit.score.overall import mean_of_both
from ctc_submit.score.record import MEASURES, FrameScore, Record
from ctc_submit.score.scan import FrameFound, scan
from ctc_submit.score.seg import mean_seg
from ctc_submit.score.track_rows import rows_of_truth
from ctc_submit.score.tracking import Tracking, judge_tracks
from ctc_submit.score.unmarked import unmarked

NO_SEG = "the truth has no annotated object in SEG"
NO_MARKERS = "the truth has no tracking markers (TRA)"
SILVER = "silver truth has no tracking markers"
OVERALL = (("OP_CSB", "SEG", "DET"), ("OP_CTB", "SEG", "TRA"), ("OP_CLB", "LNK", "BIO"))
"""Each overall measure and the two of which it is the mean."""

logger = logging.getLogger(__name__)


def score(
    sequence: Sequence,
    *,
    truth: str = "GT",
    result: Path | None = None,
    workers: int | None = None,
) -> Record:
    """Judge one result folder.

    SEG is taken from the truth's SEG folder; all other measures from its TRA folder, which silver
    truth does not have. A result without ``res_track.txt`` gets SEG and DET.

    Args:
        sequence: The sequence; its raw frames are not needed.
        truth: ``GT`` for gold, ``ST`` for silver truth.
        result: The result folder; ``NN_RES`` beside the sequence where not given.
        workers: Frames worked on at once; all cores where not given.

    Returns:
        The record. Where files are at fault it lists them all, and has no score that they touch.

    Raises:
        DataError: If the truth or the result is missing altogether or may not be read.
        ValueError: If ``truth`` is neither ``GT`` nor ``ST``.
    """
    folder = truth_folder(sequence, truth)
    answer = result or sequence.result
    if not folder.is_dir():
        raise _no_truth(folder)
    masks, faults = find_result(answer)
    digits = digits_of(next(iter(masks.values())))
    images = find_truth(folder, truth, digits)
    files, lost = pair_files(images, masks, answer)
    found = list(scan(files, workers=workers))
    faults += [*images.misnamed.values(), *lost]
    faults += [fault for frame in found for fault in frame.faults]
    paths = (folder / "TRA" / "man_track.txt", answer / "res_track.txt")
    with reading(folder):
        tracked = truth == TRUTHS[0] and paths[0].exists()
    theirs = rows_of_truth(paths[0]) if tracked else None
    marked = list(images.markers)
    rows = theirs.rows.values() if theirs and "TRA" not in images.misnamed else ()
    gaps = unmarked(rows, marked, max((*masks, *marked)), paths[0].parent, digits)
    tracking = judge_tracks(found, marked, paths, theirs, whole=not gaps)
    logger.info("%s %s: %d frames compared", sequence.dataset, sequence.number, len(found))
    compared = _Compared(sequence, truth, answer, digits, images, found, faults + gaps, bool(gaps))
    return _record(compared, tracking)


def score_dataset(dataset: Path, *, truth: str = "GT", workers: int | None = None) -> list[Record]:
    """Judge every sequence of a data set that has a result folder ``NN_RES`` and truth.

    Raises:
        DataError: If there is none, and as `score`.
    """
    numbers = numbers_to_score(dataset, truth)
    return [score(Sequence.at(dataset / n), truth=truth, workers=workers) for n in numbers]


def numbers_to_score(dataset: Path, truth: str = "GT") -> list[str]:
    """Return the sequences of a data set that have a result folder and truth.

    One that has a result only is told in the log.

    Raises:
        DataError: If there is none.
        ValueError: If ``truth`` is neither ``GT`` nor ``ST``.
    """
    if not dataset.is_dir():
        raise DataError(f"{dataset}: no such folder; expected a data set with 01_RES in it")
    names = (re.fullmatch(r"(\d\d)_RES", path.name) for path in dataset.iterdir() if path.is_dir())
    folders = {
        match[1]: truth_folder(Sequence.at(dataset / match[1]), truth) for match in names if match
    }
    if not folders:
        raise _no_result(dataset)
    known = sorted(number for number, folder in folders.items() if folder.is_dir())
    if not known:
        raise _no_truth(folders[min(folders)])
    for number in sorted(set(folders) - set(known)):
        logger.warning("%s: no such folder; %s_RES is not scored", folders[number], number)
    return known


def _no_result(folder: Path) -> DataError:
    """Return the error that a data set has no result, or that one of its folders was named."""
    part = re.match(r"\d\d(?!\d)", written_name(folder))
    above = folder.parent if folder.name not in {"", ".."} else written_path(folder).parent
    if part is None or not (above / f"{part[0]}_RES").is_dir():
        return DataError(f"{folder}: holds no result folder 01_RES or 02_RES; nothing to score")
    whole = shlex.quote(str(above))
    return DataError(
        f"{folder}: holds no result folder 01_RES or 02_RES; "
        f"name the data set: ctc-submit eval {whole} {part[0]}"
    )


def _no_truth(folder: Path) -> DataError:
    """Return the error that there is no truth, or no data set at all."""
    if not folder.parent.is_dir():
        return DataError(f"{folder.parent}: no such folder; expected a data set with 01_GT in it")
    ending = folder.name[-3:]
    near = sorted(p.name for p in folder.parent.glob(f"[0-9][0-9]{ending}") if p.is_dir())
    hint = f"{folder.parent} holds {' and '.join(near)}"
    return DataError(
        f"{folder}: no such folder; without truth there is nothing to score "
        f"({hint if near else 'the truth of challenge sequences is not public'})"
    )


@dataclass(frozen=True)
class _Compared:
    """A result and a truth, every frame compared."""

    sequence: Sequence
    truth: str
    answer: Path
    digits: int
    images: TruthFiles
    found: list[FrameFound]
    faults: list[Problem]
    gaps: bool
    """Whether markers are missing in frames in which the truth has tracks."""

    def all_outlined(self) -> bool:
        """Tell whether every segmentation of the truth could be compared."""
        outlined = sum(len(frame.outlines) for frame in self.found)
        return "SEG" not in self.images.misnamed and outlined == self.images.annotated

    def all_matched(self) -> bool:
        """Tell whether the markers of every frame are there and could be compared."""
        matched = sum(frame.match is not None for frame in self.found)
        whole = not self.gaps and "TRA" not in self.images.misnamed
        return whole and matched == len(self.images.markers)


def _record(compared: _Compared, tracking: Tracking) -> Record:
    found, faults = compared.found, compared.faults
    outlines = tuple(each for frame in found for each in frame.outlines)
    matches = [frame.match for frame in found if frame.match is not None]
    counts = total([*map(counts_of_match, matches), tracking.counts])
    scores, missing = _scores(compared, tracking, counts)
    return Record(
        dataset=compared.sequence.dataset,
        sequence=compared.sequence.number,
        truth=compared.truth,
        scores=scores,
        missing=missing,
        counts=counts,
        divisions=tracking.divisions,
        outlines=outlines,
        frames=tuple(row for frame in found for row in _rows(frame, tracking)),
        faults=(*faults, *tracking.faults),
        provenance=_provenance(compared),
    )


def _scores(
    compared: _Compared, tracking: Tracking, counts: Counts
) -> tuple[dict[str, float | None], dict[str, str]]:
    """Return all measures, and the reason of each that could not be taken."""
    scores: dict[str, float | None] = dict.fromkeys(MEASURES) | dict(tracking.scores)
    missing = dict.fromkeys(MEASURES, tracking.reason or "") | dict(tracking.missing)
    missing |= {"SEG": NO_SEG, "DET": NO_MARKERS}
    if compared.all_outlined():
        scores["SEG"] = mean_seg(e.jaccards for frame in compared.found for e in frame.outlines)
    else:
        missing["SEG"] = _count(len(compared.faults))
    if not compared.all_matched():
        missing |= {name: _count(len(compared.faults)) for name in MEASURES if name != "SEG"}
    elif counts.vertices:
        scores["DET"] = det(counts)
    else:
        why = NO_MARKERS if compared.truth == TRUTHS[0] else SILVER
        missing |= {name: why for name in MEASURES if name != "SEG"}
    for name, first, second in OVERALL:
        scores[name] = mean_of_both(scores[first], scores[second])
        missing[name] = missing[first] if scores[first] is None else missing[second]
    return scores, {name: missing[name] for name in MEASURES if scores[name] is None}


def _count(faults: int) -> str:
    return "a fault in the files" if faults == 1 else f"{faults} faults in the files"


def _rows(frame: FrameFound, tracking: Tracking) -> list[FrameScore]:
    """Return the rows of a frame: the frame itself, and each slice that is annotated."""
    counts = counts_of_match(frame.match) if frame.match is not None else Counts()
    counts = counts + tracking.edges_of(frame.time)
    rows = [FrameScore(frame.time, None, 0, None, counts)]
    for each in frame.outlines:
        mean = float(np.mean(each.jaccards)) if each.jaccards.size else None
        if each.z is None:
            rows[0] = replace(rows[0], objects=each.labels.size, seg=mean)
        else:
            rows.append(FrameScore(frame.time, each.z, each.labels.size, mean, Counts()))
    return rows if len(rows) == 1 or rows[0].objects or frame.match is not None else rows[1:]


def _provenance(compared: _Compared) -> dict[str, Any]:
    found = compared.found
    return {
        "scored_by": f"ctc-submit {__version__}",
        "truth": str(truth_folder(compared.sequence, compared.truth)),
        "result": str(compared.answer),
        "digits": compared.digits,
        "frames_compared": len(found),
        "annotated_images": sum(len(frame.outlines) for frame in found),
        "marker_images": sum(frame.match is not None for frame in found),
        "versions": {
            "ctc-submit": __version__,
            "python": platform.python_version(),
            **_versions(),
        },
    }


@cache
def _versions() -> dict[str, str]:
    """Return the versions of what unpacks and counts; looking them up takes milliseconds."""
    return {name: version(name) for name in ("numpy", "imagecodecs")}
