"""Tracks as a GEFF file (graph exchange file format), which napari, motile and others read."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ctc_submit.data.tracks import read_tracks
from ctc_submit.errors import DataError, ToolError
from ctc_submit.track.settings import Scale
from ctc_submit.track.table import Spots, read_spots

AXES = ("z", "y", "x")


def demand_new(path: Path) -> None:
    """Refuse what `write_geff` could not write.

    Raises:
        ToolError: If the package geff is not installed.
        DataError: If there is something in the place of the folder.
    """
    if path.exists():
        raise DataError(f"{path}: exists; remove it or name another folder")
    if any(find_spec(name) is None for name in ("geff", "networkx")):
        raise ToolError("GEFF needs the package geff: pip install 'ctc-submit[tracks]'")


def write_geff(path: Path, result: Path, scale: Scale) -> None:
    """Write one node a cell and frame, and one edge a step, division or return.

    Nodes have ``t`` and the axes in units of the spacing, ``label`` and ``area``.

    Raises:
        ToolError: If the package geff is not installed.
        DataError: If the result cannot be read, or the folder exists.
    """
    demand_new(path)
    import geff
    import networkx

    spots = read_spots(result, scale)
    axes = AXES[-spots.centres.shape[1] :]
    graph = networkx.DiGraph()
    for node, (label, frame, centre, area) in enumerate(
        zip(spots.labels, spots.frames, spots.centres, spots.areas, strict=True)
    ):
        places = dict(zip(axes, map(float, centre), strict=True))
        graph.add_node(node, t=int(frame), label=int(label), area=float(area), **places)
    graph.add_edges_from(_edges(spots, result))
    geff.write(
        graph, str(path), axis_names=["t", *axes], axis_types=["time", *["space"] * len(axes)]
    )


def _edges(spots: Spots, result: Path) -> list[tuple[int, int]]:
    order = np.lexsort((spots.frames, spots.labels))
    same = spots.labels[order][1:] == spots.labels[order][:-1]
    edges = list(zip(order[:-1][same].tolist(), order[1:][same].tolist(), strict=True))
    node = {
        (int(label), int(frame)): index
        for index, (label, frame) in enumerate(zip(spots.labels, spots.frames, strict=True))
    }
    tracks = {track.label: track for track in read_tracks(result / "res_track.txt")}
    for track in tracks.values():
        if track.parent:
            mother = tracks[track.parent]
            edges.append((node[mother.label, mother.end], node[track.label, track.begin]))
    return edges
