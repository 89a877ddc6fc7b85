"""Our linking beside laptrack and byotrack: LNK and exact divisions on the truth's own masks.

    python -m benchmarks.track_peers ../shared/data [--only 3D] [--drop 0.05] [--output peers.txt]

All linkers get the same shuffled masks, ours the defaults, and write through the same writer, which
fills closed gaps. laptrack's cutoffs are the best for the very sequence, by LNK and then divisions,
without deletions: that of steps first, then that of divisions; byotrack is set as its authors set
it for the challenge. With an output, lines are added to that file, and what it has is left out, so
a run that was interrupted goes on.
"""

import argparse
import itertools
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.track_linking import Linker, films, judged, ours, said
from benchmarks.track_scenes import Film, shuffled
from ctc_submit.track.lineage import Links
from ctc_submit.track.movie import Movie

CUTOFFS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
SPLITS = (2.5, 1.5, 0.0)
"""Of laptrack, in radii; a split of 0 is no division."""

LINKERS = 3
"""Lines for each sequence."""


def by_laptrack(movie: Movie, *, cutoff: float, split: float) -> Links:
    """Link centroids with laptrack.

    Args:
        movie: The tables.
        cutoff: Farthest step and gap, in radii of the median cell.
        split: Farthest daughter, in radii; 0 for no divisions.
    """
    from laptrack import LapTrack

    settings: dict[str, Any] = {
        "cutoff": (cutoff * movie.radius) ** 2,
        "gap_closing_cutoff": (cutoff * movie.radius) ** 2,
        "gap_closing_max_frame_count": 2,
        "splitting_cutoff": (split * movie.radius) ** 2 if split else False,
    }
    tracker: Any = LapTrack(**settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = tracker.predict([table.centres for table in movie.cells])
    number = {
        (time, index): int(movie.offsets[time]) + index
        for time, table in enumerate(movie.cells)
        for index in range(len(table))
    }
    later: dict[int, list[int]] = {}
    for first, second in graph.edges:
        a, b = sorted((number[tuple(first)], number[tuple(second)]))
        later.setdefault(a, []).append(b)
    return _links(len(movie.frames), later)


def by_byotrack(movie: Movie, masks: list[np.ndarray], *, gap: int = 1) -> Links:
    """Link with byotrack's Kalman linker of order 0 as its authors set it for the challenge.

    Args:
        movie: The tables of these masks.
        masks: Label maps with labels from 1 on without a gap.
        gap: Frames a cell may be missed.
    """
    import byotrack
    import torch
    from byotrack.implementation.linker.frame_by_frame import kalman_linker

    logging.getLogger("byotrack").setLevel(logging.ERROR)
    found = [byotrack.SegmentationDetections(torch.from_numpy(m.astype(np.int32))) for m in masks]
    grows = len(movie.cells[-1]) > 1.3 * max(len(movie.cells[0]), 1)
    pixel = movie.scale.spacing[-1]  # byotrack works in pixels
    specs = kalman_linker.KalmanLinkerParameters(
        association_threshold=max(3 * movie.radius, movie.spread) / pixel,
        detection_std=movie.radius / pixel / 2,
        process_std=3 * movie.radius / pixel,
        anisotropy=(movie.scale.spacing[0] / pixel, 1.0, 1.0),
        kalman_order=0,
        n_valid=1,
        n_gap=gap,
        cost="EUCLIDEAN",
        association_method="SPARSE_OPT_HARD",
        track_building="DETECTION",
        split_factor=1.0 if grows else 0.0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tracks: Any = kalman_linker.KalmanLinker(specs).run(None, found)
    later: dict[int, list[int]] = {}
    ends: dict[int, int] = {}
    begins: list[tuple[int, int]] = []
    for track in tracks:
        seen = [
            int(movie.offsets[track.start + step]) + int(index)
            for step, index in enumerate(track.detection_ids.tolist())
            if index >= 0
        ]
        for a, b in itertools.pairwise(seen):
            later.setdefault(a, []).append(b)
        if seen:
            ends[track.identifier] = seen[-1]
            begins.append((seen[0], track.parent_id))
    for first, parent in begins:
        if parent in ends and ends[parent] < first:
            later.setdefault(ends[parent], []).append(first)
    return _links(len(movie.frames), later)


def _links(count: int, later: dict[int, list[int]]) -> Links:
    follows, parents = np.full(count, -1), np.full(count, -1)
    for first, seconds in later.items():
        if len(seconds) == 1:
            follows[first] = seconds[0]
        else:
            parents[seconds[:2]] = first
    return Links(follows, parents)


def tuned_laptrack(film: Film, masks: list[np.ndarray]) -> tuple[str, Linker]:
    """Return the best laptrack for this very film."""

    def laptrack_with(cutoff: float, split: float) -> Linker:
        return lambda movie, _masks: by_laptrack(movie, cutoff=cutoff, split=split)

    def worth(setting: tuple[float, float]) -> tuple[float, float]:
        values = judged(film, masks, laptrack_with(*setting))
        return values["LNK"], float(np.nan_to_num(values["BC(0)"]))

    divides = len({t.parent for t in film.tracks if t.parent}) > 1
    splits = SPLITS if divides else SPLITS[-1:]
    found = {(cutoff, splits[0]): worth((cutoff, splits[0])) for cutoff in CUTOFFS}
    cutoff, _ = max(found, key=lambda setting: found[setting])
    found |= {(cutoff, split): worth((cutoff, split)) for split in splits[1:]}
    best = max(found, key=lambda setting: found[setting])
    return f"laptrack {best[0]:g}r/{best[1]:g}r", laptrack_with(*best)


def rows(film: Film, drop: float, without: set[str]) -> Iterator[str]:
    """Yield a line for each linker.

    Args:
        film: The truth.
        drop: Share of the cells deleted for the second column.
        without: Linkers that are left out.
    """
    masks, fewer = shuffled(film.masks, 0, 0), shuffled(film.masks, drop, 1)
    linkers: dict[str, Linker] = {"ctc-submit": ours, "byotrack": by_byotrack}
    if "laptrack" not in without:
        name, laptrack = tuned_laptrack(film, masks)
        linkers[name] = laptrack
    for who in sorted(set(linkers) - without, reverse=True):
        whole, dropped = (judged(film, each, linkers[who]) for each in (masks, fewer))
        yield f"{film.name} | {who} | {said(whole)} | {said(dropped)}"


def main() -> None:
    """Print a line for each sequence and linker."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path, help="folder of the real data sets")
    parser.add_argument("--drop", type=float, default=0.05, help="share of cells deleted")
    parser.add_argument("--only", default="", help="sequences whose names hold this")
    parser.add_argument("--output", type=Path, help="file that lines are added to")
    options = parser.parse_args()
    done: dict[str, set[str]] = {}
    if options.output and options.output.exists():
        for line in options.output.read_text().splitlines():
            name, who, _ = line.split(" | ", 2)
            done.setdefault(name, set()).add(who.split()[0])
    print(f"sequence | linker | all cells | {options.drop:.0%} deleted")
    full = {name for name, who in done.items() if len(who) == LINKERS}
    for film in films(options.data, options.only, full):
        for line in rows(film, options.drop, done.get(film.name, set())):
            print(line, flush=True)
            if options.output:
                with options.output.open("a") as file:
                    file.write(line + "\n")


if __name__ == "__main__":
    main()
