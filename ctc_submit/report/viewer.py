"""A napari window that shows layers; napari is an extra."""

import importlib
import os
import sys
import warnings
from typing import Any

import numpy as np

from ctc_submit.data.sequence import Sequence
from ctc_submit.errors import ToolError
from ctc_submit.report.colours import palette
from ctc_submit.report.layers import Layer, scale_of

COLOURS = 21
"""So many labels in a row have different colours."""

PLACE = "colour of the cell"
"""What tracks are coloured by: where a label's colour lies among all, from 0 to 1."""

MISSING = "view needs napari: pip install 'ctc-submit[view]'"


DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
"""One of them is set where Qt can open a window; without any it would end the program."""


def napari() -> Any:
    """Return the module napari.

    Raises:
        ToolError: If it is not installed, or there is no display to open a window on.
    """
    try:
        module = importlib.import_module("napari")
    except ImportError as error:
        if error.name and error.name.split(".")[0] == "napari":
            raise ToolError(MISSING) from None
        raise ToolError(f"napari cannot be started ({error}); mend it, or {MISSING}") from None
    if sys.platform == "linux" and not any(os.environ.get(name) for name in DISPLAYS):
        raise ToolError(
            "view needs a display, and there is none here; ctc-submit overlay needs none"
        )
    return module


def fill_viewer(viewer: Any, layers: list[Layer], sequence: Sequence) -> None:
    """Add layers to a viewer, each with its name and colours, and name the axes.

    Cells have the colours of the overlays, the same in every frame; the truth has contours, in
    white, its markers in vermilion. Tracks have the colours of their cells.

    Args:
        viewer: A ``napari.Viewer``, or its model without a window.
        layers: Lowest layer first.
        sequence: Gives the size of a pixel.
    """
    scale = scale_of(sequence, layers[0].data.ndim)
    unit = "pixel" if scale[-1] == 1.0 else "um"
    units = ("pixel", *[unit] * (len(scale) - 1))
    for layer in layers:
        given = {"name": layer.name, "scale": scale, "units": units, **_look(layer)}
        added = getattr(viewer, f"add_{layer.kind}")(layer.data, **given)
        if layer.role in {"truth", "markers"}:
            added.contour = 1
        if layer.kind == "tracks":
            added.color_by = PLACE
    viewer.dims.axis_labels = axis_names(layers)
    viewer.dims.set_point(0, 0)
    viewer.scale_bar.visible = True
    with warnings.catch_warnings():  # newer versions take the unit from the layers
        warnings.simplefilter("ignore", FutureWarning)
        viewer.scale_bar.unit = unit
    viewer.title = f"{sequence.dataset} {sequence.number}"


def axis_names(layers: list[Layer]) -> tuple[str, ...]:
    """Return what the axes are called, time first."""
    return ("frame", *("z", "y", "x")[1 - layers[0].data.ndim :])


def show(layers: list[Layer], sequence: Sequence) -> None:
    """Open a window with layers, and return when it is closed.

    Raises:
        ToolError: If napari is not installed, or there is no display.
    """
    module = napari()
    viewer = module.Viewer(axis_labels=axis_names(layers))  # a slider is as wide as its first name
    fill_viewer(viewer, layers, sequence)
    module.run()


def _look(layer: Layer) -> dict[str, Any]:
    """Return the options of a layer that make it look as it should."""
    if layer.kind == "image":
        return {"colormap": "gray", "contrast_limits": layer.limits}
    colormaps = importlib.import_module("napari.utils.colormaps")
    table = np.ones((COLOURS + 1, 4), np.float32)
    table[:, :3] = palette(COLOURS) / np.float32(255)
    table[0] = 0
    if layer.kind == "tracks":
        place = ((layer.data[:, 0] - 1) % COLOURS + 0.5) / COLOURS
        colours = colormaps.Colormap(table[1:], interpolation="zero")
        coloured = {"features": {PLACE: place}, "colormaps_dict": {PLACE: colours}}
        return {"graph": layer.graph, "tail_length": 10, "tail_width": 3, **coloured}
    if layer.role == "result":
        return {"colormap": colormaps.CyclicLabelColormap(colors=table), "opacity": 0.4}
    colour = "#d55e00" if layer.role == "markers" else "white"
    return {
        "colormap": colormaps.DirectLabelColormap(color_dict={None: colour, 0: "transparent"}),
        "opacity": 1.0,
    }
