"""Linking by laptrack and byotrack, on our tables and with our writer."""

import itertools
import logging
import warnings
from typing import Any

import numpy as np

from ctc_submit.track.lineage import Links
from ctc_submit.track.movie import Movie


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
    specs = kalman_linker.KalmanLinkerParameters(
        association_threshold=max(3 * movie.radius, movie.spread),
        detection_std=movie.radius / 2,
        process_std=3 * movie.radius,
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
