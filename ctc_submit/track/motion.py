"""How the cells of a sequence move, learned from its own steps."""

import numpy as np
from scipy.spatial import cKDTree

from ctc_submit.track.movie import Movie

COMPANIONS = 8
"""Neighbours whose median step is the flow around a cell."""

FEWEST = 50
"""Steps with a predecessor and a flow below which nothing is learned."""

GAIN = 0.12
"""Share of the squared steps that a prediction must explain to be used."""

MORE = 0.02
"""Share by which another prediction must explain more to take its place."""


def expected_steps(movie: Movie, follows: np.ndarray) -> np.ndarray:
    """Predict each cell's step from its own last step and from the steps of its neighbours.

    How much of either to use is fitted to the sequence itself by least squares, each weight in
    [0, 1], on steps up to the 95 % quantile; where the prediction explains little, as with cells
    that jitter on the spot, no step is expected.

    Args:
        movie: The tables.
        follows: int64 (n,), links from frame to frame, -1 for none.

    Returns:
        float64 (n, d) in units of the spacing.
    """
    nothing = np.zeros_like(movie.centres)
    source = np.flatnonzero(follows >= 0)
    if len(source) < FEWEST:
        return nothing
    steps = np.full_like(movie.centres, np.nan)
    steps[source] = movie.centres[follows[source]] - movie.centres[source]
    last = np.full_like(movie.centres, np.nan)
    last[follows[source]] = steps[source]
    flow = _flow(movie, steps)
    lengths = np.linalg.norm(steps, axis=1)
    usual = lengths <= np.nanquantile(lengths, 0.95)
    whole = usual & np.isfinite(last).all(axis=1) & np.isfinite(flow).all(axis=1)
    if np.count_nonzero(whole) < FEWEST:
        return nothing
    weights = _fit(steps[whole], last[whole], flow[whole])
    alone = np.isnan(last).any(axis=1)[:, None]
    expected: np.ndarray = weights[0] * np.nan_to_num(np.where(alone, flow, last))
    expected += weights[1] * np.nan_to_num(flow)
    return expected


def _flow(movie: Movie, steps: np.ndarray) -> np.ndarray:
    """Return the median step of each cell's nearest neighbours, itself left out."""
    flow = np.full_like(steps, np.nan)
    for time in range(len(movie.cells)):
        here = movie.of_frame(time)
        known = here[np.isfinite(steps[here]).all(axis=1)]
        count = min(COMPANIONS + 1, len(known))
        if count < COMPANIONS // 2 + 1:
            continue
        _, near = cKDTree(movie.centres[known]).query(movie.centres[here], k=count)
        partners = known[near]
        others = np.where((partners == here[:, None])[..., None], np.nan, steps[partners])
        flow[here] = np.nanmedian(others, axis=1)
    return flow


def _fit(steps: np.ndarray, last: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Return the weights of last step and flow, zeros where they explain too little."""
    best, least = np.zeros(2), GAIN
    whole = float((steps**2).sum())
    for columns in ([0], [1], [0, 1]):
        design = np.stack([last.ravel(), flow.ravel()], axis=1)
        weights = np.zeros(2)
        weights[columns] = np.linalg.lstsq(design[:, columns], steps.ravel(), rcond=None)[0]
        weights = np.clip(weights, 0, 1)
        left = float(((steps.ravel() - design @ weights) ** 2).sum())
        if whole > 0 and 1 - left / whole > least:
            best, least = weights, 1 - left / whole + MORE
    return best
