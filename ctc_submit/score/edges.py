"""Edges of the result that must go or change, and edges that it lacks.

Only edges between result objects that match exactly one reference object each are looked at; an
edge of the reference whose ends have no such match counts as missing. (Matula et al. 2015.)
"""

from dataclasses import dataclass

import numpy as np

from ctc_submit.score.lineage import Lineage, labels_of, times_of, vertices
from ctc_submit.score.paired import Paired


@dataclass(frozen=True)
class EdgeErrors:
    """Edges in need of mending, as pairs of vertices, int64, shape (E, 2), in order of tracks.

    Attributes:
        redundant: Edges of the result that the reference lacks (ED).
        missing: Edges of the reference that the result lacks (EA).
        wrong: Edges of the result that are of the other kind in the reference (EC).
        edges: How many edges the reference has.
    """

    redundant: np.ndarray
    missing: np.ndarray
    wrong: np.ndarray
    edges: int


def edge_errors(reference: Lineage, result: Lineage, paired: Paired) -> EdgeErrors:
    """Compare the edges of two consistent lineages.

    Args:
        reference: Tracks of the truth; each of its vertices is in ``paired``.
        result: Tracks of the result, likewise.
        paired: Vertices of both and their matches.
    """
    theirs = reference.edges()
    redundant, wrong = _surplus(reference, result.edges(), paired)
    return EdgeErrors(redundant, theirs[~_answered(theirs, result, paired)], wrong, len(theirs))


def _surplus(
    reference: Lineage, edges: np.ndarray, paired: Paired
) -> tuple[np.ndarray, np.ndarray]:
    """Return the redundant and the wrong ones of the result's edges."""
    partner = paired.partner[np.searchsorted(paired.result, edges)]
    usable = (partner > 0).all(axis=1)
    edges, partner = edges[usable], partner[usable]
    ends = vertices(partner, times_of(edges))
    track_link, parent_link = reference.joined(ends[:, 0], ends[:, 1])
    within = labels_of(edges[:, 0]) == labels_of(edges[:, 1])
    redundant = ~(track_link | parent_link)
    wrong = np.where(within, parent_link, track_link)
    return edges[redundant], edges[wrong]


def _answered(edges: np.ndarray, result: Lineage, paired: Paired) -> np.ndarray:
    """Tell which edges of the reference the result has, of either kind; bool, shape E."""
    sole = paired.sole[np.searchsorted(paired.reference, edges)]
    usable = (sole > 0).all(axis=1)
    ends = vertices(sole[usable], times_of(edges[usable]))
    track_link, parent_link = result.joined(ends[:, 0], ends[:, 1])
    found = np.zeros(len(edges), bool)
    found[usable] = track_link | parent_link
    return found
