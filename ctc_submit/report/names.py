"""The labels of cells, written on a picture."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SMALLEST = 12
"""Least height of the text, in pixels; large pictures have larger text."""


def places(labels: np.ndarray) -> dict[int, tuple[int, int]]:
    """Return where the text of each cell goes: row and column of its centroid.

    A centroid that lies outside of its cell, as in a crescent, gives way to the cell's pixel that
    is nearest to it.

    Args:
        labels: Integer label map, YX, 0 background.
    """
    rows, columns = np.nonzero(labels)
    values = labels[rows, columns]
    areas = np.bincount(values)
    known = np.flatnonzero(areas)
    found = {}
    sums = [np.bincount(values, weights=each) for each in (rows, columns)]
    for label in known.tolist():
        row, column = (float(each[label] / areas[label]) for each in sums)
        if labels[round(row), round(column)] != label:
            mine = np.flatnonzero(values == label)
            far = (rows[mine] - row) ** 2 + (columns[mine] - column) ** 2
            row, column = (int(each[mine[far.argmin()]]) for each in (rows, columns))
        found[label] = (round(row), round(column))
    return found


def write_names(picture: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Write its label on every cell: white, with a black rim to be read on any ground.

    Text that would leave the picture is moved into it.

    Args:
        picture: uint8 YXC, red green blue.
        labels: Label map of the same height and width.

    Returns:
        A new picture of the same shape.
    """
    image = Image.fromarray(picture)
    size = max(SMALLEST, round(min(labels.shape) / 36))
    pen, font, rim = ImageDraw.Draw(image), ImageFont.load_default(size), size // 6
    for label, (row, column) in places(labels).items():
        box = pen.textbbox((column, row), str(label), font=font, anchor="mm", stroke_width=rim)
        right = max(0, -box[0]) - max(0, box[2] - image.width)
        down = max(0, -box[1]) - max(0, box[3] - image.height)
        place = (column + right, row + down)
        pen.text(place, str(label), "white", font, "mm", stroke_width=rim, stroke_fill="black")
    return np.array(image)
