"""LNK and exact divisions, given the truth's own masks, side by side with laptrack and byotrack.

python benchmarks/track_linking.py ../shared/data [--drop 0.05] [--seeds 5] [--peers]

All linkers get the same shuffled masks and write through the same writer, which fills closed gaps.
laptrack's cutoffs are tuned on each sequence's own truth without deletions: the best of a grid.
"""

import argparse
import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.track_peers import by_byotrack, by_laptrack
from benchmarks.track_scenes import SCENES, Scene, load, shuffled, write_truth
from ctc_submit.data.datasets import DATASETS
from ctc_submit.data.labels import write_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.data.tracks import write_tracks
from ctc_submit.score.judge import score
from ctc_submit.track.lineage import Links
from ctc_submit.track.movie import Movie, movie_of
from ctc_submit.track.relabel import Relabeller
from ctc_submit.track.settings import TrackConfig
from ctc_submit.track.tracker import link_movie, scale_of

CUTOFFS = (1.0, 2.0, 4.0)
SPLITS = (0.0, 1.5, 2.5)
Linker = Callable[[Movie, list[np.ndarray]], Links]


def ours(movie: Movie, _masks: list[np.ndarray]) -> Links:
    """Link with the defaults."""
    return link_movie(movie, TrackConfig())


def laptrack_with(cutoff: float, split: float) -> Linker:
    """Return laptrack with these cutoffs, in radii."""
    return lambda movie, _masks: by_laptrack(movie, cutoff=cutoff, split=split)


def judged(truth: Sequence, masks: list[np.ndarray], linker: Linker) -> dict[str, float]:
    """Link, write, and judge one film."""
    dataset = DATASETS[truth.dataset]
    movie = movie_of(masks, scale_of(dataset, masks[0].shape))
    relabeller = Relabeller(movie, linker(movie, masks))
    with tempfile.TemporaryDirectory() as made:
        result = Path(made)
        for time, labels in enumerate(relabeller.label_maps(masks)):
            write_labels(result / f"mask{time:03d}.tif", labels)
        write_tracks(result / "res_track.txt", relabeller.tracks)
        record = score(truth, result=result, workers=1)
    names = ("LNK", "BC(0)", "TRA", "CT")
    values = {name: record.scores[name] for name in names}
    return {name: float("nan") if v is None else float(v) for name, v in values.items()}


def tuned_laptrack(truth: Sequence, masks: list[np.ndarray]) -> tuple[str, Linker]:
    """Return the grid's best laptrack for this very film, by LNK and then divisions."""
    best: tuple[tuple[float, float], str, Linker] | None = None
    for cutoff, split in itertools.product(CUTOFFS, SPLITS):
        found = judged(truth, masks, laptrack_with(cutoff, split))
        key = (found["LNK"], np.nan_to_num(found["BC(0)"]))
        if best is None or key > best[0]:
            best = (key, f"laptrack {cutoff:g}r/{split:g}r", laptrack_with(cutoff, split))
    assert best is not None
    return best[1], best[2]


def rows_of(
    data: Path, scene: Scene, linkers: dict[str, Linker], options: argparse.Namespace
) -> None:
    """Print a line for each linker."""
    masks, markers = load(data, scene)
    with tempfile.TemporaryDirectory() as made:
        truth = write_truth(data, scene, markers, Path(made))
        if options.peers:
            name, linker = tuned_laptrack(truth, shuffled(masks, 0, 0))
            linkers = linkers | {name: linker, "byotrack": lambda m, k: by_byotrack(m, k)}
        for name, linker in linkers.items():
            whole = judged(truth, shuffled(masks, 0, 0), linker)
            films = [shuffled(masks, options.drop, seed + 1) for seed in range(options.seeds)]
            found = [judged(truth, film, linker) for film in films]
            mean = {k: float(np.mean([f[k] for f in found])) for k in whole} if found else {}
            print(
                f"{scene.dataset} {scene.number} | {name} | "
                + " ".join(f"{k} {v:.4f}" for k, v in whole.items())
                + " | "
                + " ".join(f"{k} {v:.4f}" for k, v in mean.items()),
                flush=True,
            )


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path, help="folder of the real data sets")
    parser.add_argument("--drop", type=float, default=0.05, help="share of cells deleted")
    parser.add_argument("--seeds", type=int, default=5, help="random deletions")
    parser.add_argument("--peers", action="store_true", help="also laptrack and byotrack")
    options = parser.parse_args()
    print(f"sequence | linker | all cells | {options.drop:.0%} deleted, mean of {options.seeds}")
    for scene in SCENES:
        rows_of(options.data, scene, {"ctc-submit": ours}, options)


if __name__ == "__main__":
    main()
