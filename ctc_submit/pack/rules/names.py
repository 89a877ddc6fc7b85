"""What lies in a result folder, and how it is named."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ctc_submit.data.folders import reading
from ctc_submit.data.problem import Problem
from ctc_submit.pack.reference import Reference

TRACKS = "res_track.txt"

MOST_MISSING = 10_000
"""Where nothing tells how many frames there are, more missing masks than this are said in one."""

_MASK = re.compile(r"mask([0-9]+)\.tif")
_NEARLY = re.compile(
    r"(?:masks?|m|res(?:ult)?|seg|labels?|t)?[ _-]*([0-9]{1,9})(?![0-9])[^.]*\.tiff?", re.IGNORECASE
)
_NEARLY_TRACKS = re.compile(r"(?:res|result|man)?[ _-]*tracks?[ 0-9()]*(?:\.txt)*", re.IGNORECASE)
_LOG = re.compile(r"[A-Za-z]+_log\.txt")


@dataclass(frozen=True)
class Listing:
    """The files of a result folder.

    Attributes:
        folder: The result folder.
        names: Names of all that lies in it, sorted.
        masks: Time index to mask, in time order.
        misnamed: The same for files that were meant as masks: they have the number of a mask that
            is not there, and a name that the evaluator does not open.
        digits: Digits of the time index that names must have.
    """

    folder: Path
    names: tuple[str, ...]
    masks: dict[int, Path]
    misnamed: dict[int, Path]
    digits: int

    @property
    def tracks(self) -> Path | None:
        """The track file, None where there is none."""
        return self.folder / TRACKS if TRACKS in self.names else None

    @property
    def nearly_tracks(self) -> Path | None:
        """A file that was meant as the track file, where there is none."""
        nearly = (name for name in self.names if _NEARLY_TRACKS.fullmatch(name))
        return self.folder / name if self.tracks is None and (name := next(nearly, "")) else None

    @property
    def meant(self) -> dict[int, Path]:
        """Time index to mask, misnamed ones included, in time order."""
        return dict(sorted((self.misnamed | self.masks).items()))


def list_folder(folder: Path, reference: Reference) -> Listing:
    """List a result folder; of the masks, those with the right number of digits count.

    Raises:
        DataError: If it may not be read.
    """
    with reading(folder):
        names = tuple(sorted(path.name for path in folder.iterdir()))
    widths = Counter(len(match[1]) for match in map(_MASK.fullmatch, names) if match)
    width = reference.digits or max(widths, key=lambda digits: (widths[digits], digits), default=3)
    masks: dict[int, Path] = {}
    misnamed: dict[int, Path] = {}
    for name in names:
        exact, nearly = _MASK.fullmatch(name), _NEARLY.fullmatch(name)
        if exact and len(exact[1]) == width:
            masks[int(exact[1])] = folder / name
        elif nearly:
            misnamed.setdefault(int(nearly[1]), folder / name)
    misnamed = {time: path for time, path in misnamed.items() if time not in masks}
    return Listing(folder, names, dict(sorted(masks.items())), misnamed, width)


def mask_names(listing: Listing, reference: Reference) -> Iterator[Problem]:
    """Masks are called ``maskNNN.tif``, lower case, with the digits of the raw frames."""
    del reference
    expected = f"mask{0:0{listing.digits}d}.tif and so on, {listing.digits} digits"
    for path in listing.misnamed.values():
        mend = "rename it; the evaluator opens files by their exact name"
        yield Problem(path, "mask-name", expected, path.name, mend)


def digits(listing: Listing, reference: Reference) -> Iterator[Problem]:
    """The time index has at least three digits (fewer: an error)."""
    del reference
    if listing.digits < 3:
        mend = "rename the masks"
        found = f"{listing.digits}"
        yield Problem(listing.folder, "digits", "three digits or more", found, mend)


def mask_missing(listing: Listing, reference: Reference) -> Iterator[Problem]:
    """Every raw frame has a mask (a missing one: the sequence cannot be scored)."""
    meant = listing.meant
    wanted = reference.frames or range(max(meant, default=0) + 1)
    if not reference.frames and len(wanted) - len(meant) > MOST_MISSING:
        last = max(meant)  # a date, more likely than a frame
        found, mend = f"number {last}, masks: {len(meant)}", "give masks the frames' numbers"
        yield Problem(meant[last], "mask-missing", "numbers from 0 on, without gaps", found, mend)
        return
    for time in wanted:
        if time not in meant:
            path = listing.folder / f"mask{time:0{listing.digits}d}.tif"
            expected = f"one mask for each of the {len(wanted)} {reference.what}"
            mend = "write it, without cells if there are none"
            yield Problem(path, "mask-missing", expected, "no such file", mend)


def mask_too_many(listing: Listing, reference: Reference) -> Iterator[Problem]:
    """No mask stands for a frame that does not exist (the evaluator never opens it)."""
    if not reference.frames:
        return
    last = max(reference.frames)
    for time, path in listing.masks.items():
        if time > last:
            expected = f"masks for {reference.what} 0 to {last}"
            mend = "delete it"
            warning = not reference.raw
            found = f"one for frame {time}"
            yield Problem(path, "mask-too-many", expected, found, mend, warning)


def stray(listing: Listing, reference: Reference) -> Iterator[Problem]:
    """Nothing else lies in the folder; the evaluator passes over it, an upload carries it along."""
    del reference
    masks = {path.name for path in listing.meant.values()}
    tracks = listing.nearly_tracks.name if listing.nearly_tracks else TRACKS
    for name in listing.names:
        if name in masks or name in {TRACKS, tracks} or _LOG.fullmatch(name):
            continue
        expected = f"masks and {TRACKS} only"
        yield Problem(listing.folder / name, "stray", expected, name, "delete it", warning=True)


def logs(listing: Listing, reference: Reference) -> Iterator[Problem]:
    """The evaluator's logs are to be deleted before the upload."""
    del reference
    for name in listing.names:
        if _LOG.fullmatch(name):
            expected = f"masks and {TRACKS} only"
            mend = "delete the evaluator's log before the upload"
            yield Problem(listing.folder / name, "log", expected, name, mend, warning=True)


RULES: tuple[Callable[[Listing, Reference], Iterator[Problem]], ...] = (
    digits,
    mask_names,
    mask_missing,
    mask_too_many,
    stray,
    logs,
)
