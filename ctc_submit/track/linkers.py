"""Linking handed to an outside library; tables, repair and writing stay ours."""

import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ctc_submit.data.frames import iter_frames
from ctc_submit.data.sequence import Sequence
from ctc_submit.errors import DataError, ToolError
from ctc_submit.track.lineage import MOST_DAUGHTERS, Links
from ctc_submit.track.movie import Movie
from ctc_submit.track.settings import TrackConfig

Linker = Callable[[Movie, np.ndarray, np.ndarray, TrackConfig], Links]
"""From tables, frames TYX or TZYX, label maps of the same shape and settings to links."""


def link_by_library(
    movie: Movie, masks: Iterable[np.ndarray], frames: Sequence | None, settings: TrackConfig
) -> Links:
    """Link with the library that the settings name; the whole sequence is in memory.

    Args:
        movie: The tables of the masks.
        masks: uint16 label maps in time order.
        frames: The raw frames, which a learned linker looks at.
        settings: With ``linker`` other than ``ctc-submit``.

    Raises:
        DataError: If the raw frames are not known, cannot be read, or differ in size.
        ToolError: If the library is not installed, its weights cannot be had, or it fails.
    """
    if frames is None:
        raise DataError(
            f"--linker {settings.linker} looks at the raw frames, which do not lie beside the "
            "masks; name their folder with --sequence"
        )
    images = np.stack([frame for _, frame in iter_frames(frames)])
    return LINKERS[settings.linker](movie, images, np.stack(list(masks)), settings)


def by_trackastra(
    movie: Movie, images: np.ndarray, masks: np.ndarray, settings: TrackConfig
) -> Links:
    """Link with Trackastra (Gallusser and Weigert 2024), greedily, with or without divisions."""
    try:
        from trackastra.model import Trackastra
    except ImportError as error:
        raise ToolError(
            f"--linker trackastra: {error}; pip install 'ctc-submit[trackastra]'"
        ) from None
    model = _loaded(Trackastra, settings.linker_model)
    if not len(movie.frames):
        return Links(np.zeros(0, np.int64), np.zeros(0, np.int64))
    mode = "greedy" if settings.divisions else "greedy_nodiv"
    try:
        answer = model.track(images, masks, mode=mode)
    except (RuntimeError, ValueError, IndexError, KeyError, ImportError) as error:
        raise ToolError(f"trackastra: failed ({_line(error)})") from error
    return links_of_graph(movie, answer[0] if isinstance(answer, tuple) else answer)


LINKERS: dict[str, Linker] = {"trackastra": by_trackastra}


def links_of_graph(movie: Movie, graph: Any) -> Links:
    """Turn a graph into links.

    Args:
        movie: The tables.
        graph: Directed, as of networkx: nodes with ``time`` and ``label``, edges to later nodes.

    Raises:
        ToolError: If a node is no cell of the masks, or a cell has two predecessors.
    """
    number = {node: _detection(movie, data) for node, data in graph.nodes(data=True)}
    if any(count > 1 for _, count in graph.in_degree()):
        raise ToolError("the linker's answer is no lineage: a detection has two predecessors")
    follows, parents = (np.full(len(movie.frames), -1) for _ in range(2))
    for node in graph.nodes:
        later = sorted(number[child] for child in graph.successors(node))
        if len(later) == 1:
            follows[number[node]] = later[0]
        else:
            parents[later[:MOST_DAUGHTERS]] = number[node]
    try:
        return Links(follows, parents)
    except ValueError as error:
        raise ToolError(f"the linker's answer is no lineage: {error}") from None


def _detection(movie: Movie, data: dict[str, Any]) -> int:
    """Return the number of a node's cell."""
    time, label = int(data["time"]), int(data["label"])
    if 0 <= time < len(movie.cells):
        table = movie.cells[time].labels
        place = int(np.searchsorted(table, label))
        if place < len(table) and table[place] == label:
            return int(movie.offsets[time]) + place
    raise ToolError(f"the linker's answer names label {label} of frame {time}, which is not there")


def _loaded(kind: Any, model: str) -> Any:
    """Load weights from a folder, or by name from where the library keeps or fetches them."""
    folder = Path(model).expanduser()
    try:
        if folder.is_dir():
            return kind.from_folder(folder)
        if folder.name != model:
            raise DataError(f"{model}: no such folder; expected model.pt and train_config.yaml")
        return kind.from_pretrained(model)
    except ValueError as error:
        raise ToolError(f"--linker-model {model}: {_line(error)}") from None
    except (OSError, RuntimeError, KeyError, zipfile.BadZipFile) as error:
        raise ToolError(
            f"--linker-model {model}: the weights cannot be loaded ({_line(error)}); without a "
            "network, fetch and unpack them elsewhere and name their folder"
        ) from None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
