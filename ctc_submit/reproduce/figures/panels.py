"""Pictures side by side, as figures for print."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from ctc_submit.data.labels import whole_file

SIDE = 2.3
"""Width of a panel in inches."""

COLOURS = "viridis"
"""Of weights: even steps for the eye, and for colour-blind eyes."""

STYLE: Any = {"font.size": 8, "pdf.fonttype": 42}
_NICE = np.array([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000])


@dataclass(frozen=True)
class Panel:
    """One picture of a figure.

    Attributes:
        title: What stands above it.
        image: uint8 YXC (red green blue), or float YX for a map of weights.
        side: What stands at its left, in a figure's first column.
        pixel: Edge of a pixel in micrometres, None where unknown; makes the bar of length.
    """

    title: str
    image: np.ndarray
    side: str = ""
    pixel: float | None = None


def draw(rows: list[list[Panel]]) -> Figure:
    """Arrange panels in rows; maps of a row share one scale of colours, which is drawn beside it.

    The first panel of each row has a bar of known length. Rows may differ in length.
    """
    columns = max(map(len, rows))
    maps = any(panel.image.ndim == 2 for row in rows for panel in row)
    heights = [_height(row) for row in rows]
    with rc_context(STYLE):
        figure = Figure((columns * SIDE + 0.3 + 0.7 * maps, sum(heights)), layout="compressed")
        FigureCanvasAgg(figure)
        grid = figure.subplots(len(rows), columns, squeeze=False, height_ratios=heights)
        for axes, row in zip(grid, rows, strict=True):
            _draw_row(figure, list(axes), row)
    return figure


def save(figure: Figure, folder: Path, name: str, dpi: int) -> list[Path]:
    """Write a figure as PNG and PDF, each whole or not at all, and return both paths.

    Raises:
        DataError: If a file cannot be written.
    """
    paths = []
    with rc_context(STYLE):
        for kind, metadata in (("png", {"Software": None}), ("pdf", {"CreationDate": None})):
            path = folder / f"{name}.{kind}"
            with whole_file(path) as partial:
                figure.savefig(partial, format=kind, dpi=dpi, metadata=metadata)
            paths.append(path)
    return paths


def _height(row: list[Panel]) -> float:
    """Return the height of a row with its titles, in inches."""
    height, width = map(int, row[0].image.shape[:2])
    lines = max(panel.title.count("\n") + 1 for panel in row)
    return SIDE * height / width + 0.2 + 0.18 * lines


def _draw_row(figure: Figure, axes: list[Axes], row: list[Panel]) -> None:
    most = max((float(p.image.max()) for p in row if p.image.ndim == 2), default=1.0)
    scale = Normalize(0, most)
    for place, panel in zip(axes, row, strict=False):
        place.imshow(panel.image, cmap=COLOURS, norm=scale, interpolation="nearest")
        place.set_title(panel.title)
        place.set(xticks=[], yticks=[])
    for place in axes[len(row) :]:
        place.set_axis_off()
    axes[0].set_ylabel(row[0].side)
    _draw_bar(axes[0], row[0])
    if any(panel.image.ndim == 2 for panel in row):
        beside = axes[len(row) - 1].inset_axes((1.03, 0, 0.05, 1))  # as high as the last map
        colours = ScalarMappable(scale, COLOURS)
        figure.colorbar(colours, cax=beside, label="weight w of a pixel [no unit]")


def _draw_bar(axes: Axes, panel: Panel) -> None:
    """Draw a bar of about a quarter of the width, with its length."""
    height, width = panel.image.shape[:2]
    size = panel.pixel or 1.0
    length = int(_NICE[np.abs(_NICE - width * size / 4).argmin()])
    right, low = 0.96 * width, 0.94 * height
    ends = (right - length / size, right)
    for colour, thickness in (("black", 4.0), ("white", 2.0)):
        axes.plot(ends, (low, low), color=colour, lw=thickness, solid_capstyle="butt")
    text = f"{length} {'µm' if panel.pixel else 'px'}"
    box = {"facecolor": "black", "alpha": 0.6, "pad": 1.0, "edgecolor": "none"}
    place: Callable[..., object] = axes.text
    place(sum(ends) / 2, 0.9 * height, text, color="white", ha="center", va="bottom", bbox=box)
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
