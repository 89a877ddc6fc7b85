"""Judge thousands of damaged results and truths: no traceback, no hang, no wrong score.

Each input is a small sequence of which one or two files, images or track files, are cut, have bytes
changed, dropped or put in, or lines shuffled. The stand-in for the three executables must answer
with one of the evaluator's lines, and a score that `score` gives must equal one taken in the
plainest way from pixels that tifffile reads (libtiff where they are packed with LZW: the decoder
that tifffile takes ends the process on some damaged strips).
"""

import argparse
import logging
import re
import shutil
import tempfile
import time as clock
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import tifffile

from ctc_submit.data.labels import write_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.data.strips import LZW
from ctc_submit.data.tracks import Track, write_tracks
from ctc_submit.score.judge import score
from ctc_submit.score.measure import TOOLS, measure

LONGEST = 2.0
"""Seconds of computing that one input may take."""

DRAWN_ANEW = 50
"""Inputs after which another sequence is drawn and packed."""

ANSWER = re.compile(
    r"(The track with the label \d+ is in incorrect format!\n)*"
    r"(?:[A-Z]{3} measure: [01]\.\d{6}\n|.*(?:!|\(Line=\d+\)|\(Duplicite id=\d+\)|\))\n|)",
    re.DOTALL,
)
PACKINGS: tuple[dict[str, Any], ...] = (
    {"compression": "zlib"},
    {"compression": "lzw"},
    {},
    {"compression": "packbits"},
    {"compression": "lzw", "predictor": 2, "rowsperstrip": 5},
    {"compression": "zlib", "bigtiff": True},
    {"compression": "lzw", "byteorder": ">"},
    {"bigtiff": True, "byteorder": ">"},
)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    start = clock.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), np.random.default_rng(arguments.seed))
        for _ in range(arguments.inputs):
            bench.try_one()
    seconds = clock.perf_counter() - start
    print(f"{bench.tried} damaged inputs in {seconds:.0f} s, slowest {bench.slowest:.3f} s of CPU")
    print(f"{bench.scored} scored rightly, {bench.unchecked} of them not readable by tifffile")
    print(f"{bench.refused} refused with a reason; no traceback")


class Bench:
    """A sequence to damage, and a count of what came of it."""

    def __init__(self, folder: Path, generator: np.random.Generator) -> None:
        """Name the folders; nothing is written yet."""
        logging.getLogger("tifffile").setLevel(logging.CRITICAL)
        self._generator = generator
        self._sound, self._damaged = folder / "sound", folder / "damaged"
        self.tried = self.scored = self.refused = self.unchecked = 0
        self.slowest = 0.0

    def try_one(self) -> None:
        """Damage one copy and judge it; raises ``AssertionError`` where that goes wrong."""
        if self.tried % DRAWN_ANEW == 0:
            shutil.rmtree(self._sound, ignore_errors=True)
            _write_sound(self._sound, self._generator)
        shutil.rmtree(self._damaged, ignore_errors=True)
        shutil.copytree(self._sound, self._damaged)
        files = sorted(path for path in self._damaged.rglob("*") if path.is_file())
        for place in self._generator.integers(0, len(files), self._generator.integers(1, 3)):
            path = files[place]
            path.write_bytes(damage(path.read_bytes(), self._generator))
        start = clock.process_time()
        self._judge()
        took = clock.process_time() - start
        self.slowest = max(self.slowest, took)
        assert took < LONGEST, f"took {took} s"
        self.tried += 1

    def _judge(self) -> None:
        for tool in TOOLS:
            answer = measure(tool, str(self._damaged), "01", "3", workers=1)
            assert answer.code in {0, 3, 255}, answer
            assert ANSWER.fullmatch(answer.output), answer
            assert (answer.log is not None) == (answer.code == 0), answer
        record = score(Sequence.at(self._damaged / "01"), workers=1)
        if record.scores["SEG"] is None or record.scores["DET"] is None:
            assert record.faults
            self.refused += 1
            return
        self.scored += 1
        plain = plain_scores(self._damaged)
        if plain is None:
            self.unchecked += 1
            return
        assert abs(record.scores["SEG"] - plain[0]) < 1e-12, (record.scores, plain)
        assert abs(record.scores["DET"] - plain[1]) < 1e-12, (record.scores, plain)


def damage(data: bytes, generator: np.random.Generator) -> bytes:
    """Cut, change, drop or put in bytes, or shuffle lines."""
    content = bytearray(data)
    kind = generator.integers(0, 6)
    place = int(generator.integers(0, max(len(content), 1)))
    if kind == 0:
        return bytes(content[:place])
    if kind == 1:
        return bytes(
            content[:place] + generator.bytes(int(generator.integers(1, 9))) + content[place:]
        )
    if kind == 2:
        return bytes(content[:place] + content[place + int(generator.integers(1, 9)) :])
    if kind == 3:
        lines = bytes(content).split(b"\n")
        return b"\n".join(lines[i] for i in generator.permutation(len(lines)))
    if kind == 4:
        digits = [i for i, byte in enumerate(content) if chr(byte).isdigit()]
        for i in generator.permutation(digits)[:2]:
            content[i] = int(generator.integers(0x30, 0x3A))
        return bytes(content)
    for _ in range(int(generator.integers(1, 5))):
        if content:
            content[int(generator.integers(0, len(content)))] = int(generator.integers(0, 256))
    return bytes(content)


def plain_scores(folder: Path) -> tuple[float, float] | None:
    """Return SEG and DET by definition, None where tifffile cannot read a file."""
    jaccards: list[float] = []
    cost, objects = 0, 0
    for time in range(3):
        images = [
            _plain(folder / name)
            for name in (
                f"01_RES/mask{time:03d}.tif",
                f"01_GT/SEG/man_seg{time:03d}.tif",
                f"01_GT/TRA/man_track{time:03d}.tif",
            )
        ]
        if any(image is None or image.shape != images[0].shape for image in images):  # type: ignore[union-attr]
            return None
        mask, segmented, markers = (np.asarray(image) for image in images)
        jaccards += _matches(segmented, mask)[1]
        matches, _ = _matches(markers, mask)
        hit = [label for label in matches if label]
        labels = set(np.unique(mask).tolist()) - {0}
        cost += 10 * (len(matches) - len(hit)) + 5 * (len(hit) - len(set(hit)))
        cost += len(labels - set(hit))
        objects += len(matches)
    return sum(jaccards) / len(jaccards), 1 - min(cost, 10 * objects) / (10 * objects)


def _matches(truth: np.ndarray, mask: np.ndarray) -> tuple[list[int], list[float]]:
    matches, jaccards = [], []
    for label in set(np.unique(truth).tolist()) - {0}:
        mine = truth == label
        match, jaccard = 0, 0.0
        for other in set(np.unique(mask[mine]).tolist()) - {0}:
            common = int((mine & (mask == other)).sum())
            if 2 * common > mine.sum():
                match, jaccard = other, common / int((mine | (mask == other)).sum())
        matches.append(match)
        jaccards.append(jaccard)
    return matches, jaccards


def _plain(path: Path) -> np.ndarray | None:
    try:
        with warnings.catch_warnings(), tifffile.TiffFile(path) as tiff:
            warnings.simplefilter("ignore")
            if any(int(page.aspage().compression) == LZW for page in tiff.pages):
                return _by_libtiff(path.read_bytes(), len(tiff.pages))
            return np.stack([page.asarray() for page in tiff.pages])
    except Exception:  # noqa: BLE001 - a damaged file raises nearly anything
        return None


def _by_libtiff(data: bytes, pages: int) -> np.ndarray:
    return np.stack([imagecodecs.tiff_decode(data, index=page) for page in range(pages)])


def _write_sound(folder: Path, generator: np.random.Generator) -> None:
    maps = np.zeros((3, 12, 20), np.uint16)
    for label in range(1, 6):
        left = (label - 1) * 4
        maps[:, 2 : 2 + int(generator.integers(3, 9)), left : left + 3] = label
    tracks = [Track(label, 0, 2, 0) for label in range(1, 4)]
    tracks += [Track(4, 0, 2, 0), Track(5, 0, 2, 0)]
    writers: list[tuple[str, str, Callable[[np.ndarray], np.ndarray]]] = [
        ("01_GT/SEG", "man_seg", np.copy),
        ("01_GT/TRA", "man_track", np.copy),
        ("01_RES", "mask", lambda labels: np.roll(labels, 1, 0)),
    ]
    for part, prefix, change in writers:
        (folder / part).mkdir(parents=True)
        which = generator.permutation(len(PACKINGS))
        for time, labels in enumerate(maps):
            path = folder / part / f"{prefix}{time:03d}.tif"
            if prefix == "mask":
                packing = {"photometric": "minisblack"} | PACKINGS[which[time]]
                tifffile.imwrite(path, change(labels), **packing)
            else:
                write_labels(path, change(labels))
    write_tracks(folder / "01_GT" / "TRA" / "man_track.txt", tracks)
    write_tracks(folder / "01_RES" / "res_track.txt", tracks)


if __name__ == "__main__":
    main()
