"""What a mask may hold."""

from collections.abc import Callable, Iterator

import numpy as np
from skimage.measure import label as components_of

from ctc_submit.data.problem import Problem
from ctc_submit.pack.mask_file import MaskFile
from ctc_submit.pack.reference import Reference
from ctc_submit.pixels.field import is_empty, labels_outside

LISTED = 5


def size(mask: MaskFile, reference: Reference) -> Iterator[Problem]:
    """A mask is as large as its raw frame (anything else: an error)."""
    if reference.shape is None or any(page.samples != 1 for page in mask.pages):
        return
    if mask.shape != reference.shape:
        expected = f"{_by(reference.shape)} pixels"
        mend = "resize it to the raw frame, nearest neighbour"
        yield Problem(mask.path, "size", expected, _by(mask.shape), mend)


def empty(mask: MaskFile, reference: Reference) -> Iterator[Problem]:
    """A mask without cells is allowed, but seldom meant."""
    del reference
    if mask.present is not None and not mask.present.size:
        mend = "fine if the frame shows no cell"
        yield Problem(mask.path, "empty", "cells", "none", mend, warning=True)


def pieces(mask: MaskFile, reference: Reference) -> Iterator[Problem]:
    """A label in several pieces is one object to the evaluator, but seldom meant."""
    del reference
    if mask.labels is None or mask.present is None or any(p.samples != 1 for p in mask.pages):
        return
    components, number = components_of(
        mask.labels, background=0, return_num=True, connectivity=mask.labels.ndim
    )
    if number == len(mask.present):
        return
    corners = np.unique(components, return_index=True)[1]
    of_component = mask.labels.ravel()[corners]
    labels, counts = np.unique(of_component[of_component > 0], return_counts=True)
    split = [f"{label} ({count})" for label, count in zip(labels, counts, strict=True) if count > 1]
    mend = "keep the largest piece, or give each its own label"
    found = f"labels with several: {_listed(split)}"
    yield Problem(mask.path, "pieces", "one connected piece a label", found, mend, warning=True)


def field_of_interest(mask: MaskFile, reference: Reference) -> Iterator[Problem]:
    """An object has a pixel inside the frame minus the border E (section on the field)."""
    border = reference.border
    if not border or mask.labels is None or is_empty(mask.labels.shape, border):
        return
    outside = labels_outside(mask.labels, border)
    if outside.size:
        expected = f"objects that reach into the frame minus {border} pixels a side"
        found = f"labels outside: {_listed([*map(str, outside)])}"
        mend = f"remove them (ctc-submit run and track do, with --border {border})"
        yield Problem(mask.path, "field-of-interest", expected, found, mend)


RULES: tuple[Callable[[MaskFile, Reference], Iterator[Problem]], ...] = (
    size,
    empty,
    pieces,
    field_of_interest,
)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more


def _by(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
