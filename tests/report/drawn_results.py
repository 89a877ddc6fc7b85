"""A drawn sequence with truth and a result that is wrong in known places."""

from pathlib import Path

import numpy as np
import tifffile

from ctc_submit.data.labels import write_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.data.tracks import Track, write_tracks

FRAMES = 6
SHAPE = (60, 80)
TRACKS = [Track(1, 0, 2, 0), Track(2, 0, 5, 0), Track(3, 3, 5, 1), Track(4, 3, 5, 1)]
MISSED = (4, 2)
"""Time and label of the one object that the result lacks."""


def labels_at(time: int) -> np.ndarray:
    """Cell 1 divides into 3 and 4 after frame 2; cell 2 stays."""
    labels = np.zeros(SHAPE, np.uint16)
    labels[36:56, 50:74] = 2
    if time < 3:
        labels[8:24, 6:36] = 1
    else:
        labels[8:24, 6:20] = 3
        labels[8:24, 24:38] = 4
    return labels


def answer_at(time: int) -> np.ndarray:
    """Each cell is two rows short; the missed one is not there at all."""
    labels = labels_at(time)
    labels[22:24] = 0
    if time == MISSED[0]:
        labels[labels == MISSED[1]] = 0
    return labels


def draw_sequence(folder: Path, depth: int = 0) -> Sequence:
    """Write frames, gold truth and a result ``01_RES``; as volumes where a depth is given."""

    def shaped(image: np.ndarray) -> np.ndarray:
        return np.stack([image] * depth) if depth else image

    rng = np.random.default_rng(0)
    for part in ("01", "01_GT/SEG", "01_GT/TRA", "01_RES"):
        (folder / part).mkdir(parents=True)
    for time in range(FRAMES):
        truth = labels_at(time)
        frame = rng.integers(40, 60, SHAPE) + 100 * (truth > 0)
        path = folder / "01" / f"t{time:03d}.tif"
        tifffile.imwrite(path, shaped(frame.astype(np.uint8)), photometric="minisblack")
        write_labels(folder / "01_GT" / "SEG" / f"man_seg{time:03d}.tif", shaped(truth))
        write_labels(folder / "01_GT" / "TRA" / f"man_track{time:03d}.tif", shaped(truth))
        write_labels(folder / "01_RES" / f"mask{time:03d}.tif", shaped(answer_at(time)))
    write_tracks(folder / "01_GT" / "TRA" / "man_track.txt", TRACKS)
    rows = [*TRACKS[:1], Track(2, 0, 3, 0), *TRACKS[2:], Track(5, 5, 5, 2)]
    last = answer_at(5)
    last[last == 2] = 5
    write_labels(folder / "01_RES" / "mask005.tif", shaped(last))
    write_tracks(folder / "01_RES" / "res_track.txt", rows)
    return Sequence.at(folder / "01")
