"""Where cells may lie that a partial segmentation leaves out."""

import numpy as np
from scipy.ndimage import distance_transform_edt, find_objects


def unannotated(labels: np.ndarray, markers: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Find the background that may belong to a cell without a mask.

    Of such a cell only a marker is known, often a dot of a few per cent of its area. It is taken to
    reach as far from its marker as any annotated cell of the frame does from its own; without an
    annotated cell, anywhere. So some true background is given up, rather than a cell called that.

    Args:
        labels: Integer YX label map of the annotated cells, 0 where nothing is annotated.
        markers: Tracking markers of the same frame and shape, one value a cell.
        missing: Values of the markers whose cells have no mask.

    Returns:
        bool YX, False on annotated cells and everywhere if no cell is missing.
    """
    if not missing.size:
        return np.zeros(labels.shape, bool)
    astray = np.isin(markers, missing)
    away = distance_transform_edt(~astray)
    near: np.ndarray = away <= reach(labels, np.where(astray, 0, markers))
    near &= labels == 0
    return near


def reach(labels: np.ndarray, markers: np.ndarray) -> float:
    """Return how far, at most, a pixel of a cell is from the marker on the cell, in pixels.

    Infinite if no cell has a marker on it.
    """
    found = [
        distance_transform_edt(~marked)[cell].max()
        for index, box in enumerate(find_objects(labels), start=1)
        if box is not None and (marked := (cell := labels[box] == index) & (markers[box] > 0)).any()
    ]
    return float(max(found, default=np.inf))
