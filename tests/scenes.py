"""Scenes that one can draw: label maps from text, shared by all tests."""

import numpy as np


def drawn(picture: str) -> np.ndarray:
    """Turn a drawing into a uint16 YX label map: ``.`` is 0, 1-9 and a-z are labels 1 to 35."""
    rows = [line.replace(" ", "") for line in picture.strip().splitlines()]
    return np.array([[0 if c == "." else int(c, 36) for c in row] for row in rows], np.uint16)


def disc(shape: tuple[int, int], centre: tuple[float, float], radius: float) -> np.ndarray:
    """Return a bool YX mask of a filled circle."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    inside: np.ndarray = (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 <= radius**2
    return inside


def two_touching() -> np.ndarray:
    """Two squares that share a border."""
    return drawn("........\n.111222.\n.111222.\n.111222.\n........")
