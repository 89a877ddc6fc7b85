"""LNK and exact divisions, given the truth's own masks with shuffled labels.

    python -m benchmarks.track_linking ../shared/data [--drop 0.05] [--seeds 5] [--only 3D]

One line for each real and each simulated sequence: with all cells, and with a share of them deleted
at random (mean of the seeds). The last column is what the truth's own links reach with all cells,
gaps of up to five frames drawn in.
"""

import argparse
import tempfile
from collections.abc import Callable, Container, Iterator
from pathlib import Path

import numpy as np

from benchmarks.track_populations import SIMULATED
from benchmarks.track_scenes import Film, real_films, shuffled, write_truth
from benchmarks.track_simulated import draw
from ctc_submit.data.labels import write_labels
from ctc_submit.data.tracks import write_tracks
from ctc_submit.score.judge import score
from ctc_submit.track.lineage import Links
from ctc_submit.track.movie import Movie, movie_of
from ctc_submit.track.relabel import Relabeller
from ctc_submit.track.settings import TrackConfig
from ctc_submit.track.tracker import link_movie

NAMES = ("LNK", "BC(0)", "TRA", "CT")
LONGEST = 5
"""Frames that the truth's own links bridge."""

Linker = Callable[[Movie, list[np.ndarray]], Links]


def ours(movie: Movie, _masks: list[np.ndarray]) -> Links:
    """Link with the defaults."""
    return link_movie(movie, TrackConfig())


def films(data: Path, only: str = "", without: Container[str] = ()) -> Iterator[Film]:
    """Yield the real and the simulated sequences whose names hold a text, but for some."""
    for film in real_films(data):
        if only.lower() in film.name.lower() and film.name not in without:
            yield film
    for name in SIMULATED:
        if only.lower() in name.lower() and name not in without:
            yield draw(name)


def judged(film: Film, masks: list[np.ndarray], linker: Linker) -> dict[str, float]:
    """Link, write, and judge.

    Args:
        film: The truth.
        masks: What is linked.
        linker: From tables and masks to links.
    """
    movie = movie_of(masks, film.scale)
    relabeller = Relabeller(movie, linker(movie, masks))
    with tempfile.TemporaryDirectory() as made:
        result = Path(made) / "result"
        result.mkdir()
        for time, labels in enumerate(relabeller.label_maps(masks)):
            write_labels(result / f"mask{time:03d}.tif", labels)
        write_tracks(result / "res_track.txt", relabeller.tracks)
        record = score(write_truth(film, Path(made)), result=result, workers=1)
    values = {name: record.scores[name] for name in NAMES}
    return {name: float("nan") if v is None else float(v) for name, v in values.items()}


def mean_of(found: list[dict[str, float]]) -> dict[str, float]:
    """Return the mean of each measure."""
    return {name: float(np.mean([each[name] for each in found])) for name in NAMES if found}


def true_links(film: Film) -> Linker:
    """Return a linker that knows the truth: its masks carry the labels of the tracks."""

    def linker(movie: Movie, _masks: list[np.ndarray]) -> Links:
        follows, parents = (np.full(len(movie.frames), -1) for _ in range(2))
        seen = {t.label: np.flatnonzero(movie.labels == t.label) for t in film.tracks}
        for track in film.tracks:
            mine, mother = seen[track.label], seen.get(track.parent, np.zeros(0, int))
            near = np.diff(movie.frames[mine]) <= LONGEST + 1
            follows[mine[:-1][near]] = mine[1:][near]
            if len(mine) and len(mother) and movie.frames[mother[-1]] < movie.frames[mine[0]]:
                parents[mine[0]] = mother[-1]
        return Links(follows, parents)

    return linker


def said(values: dict[str, float]) -> str:
    """Return measures as text."""
    return " ".join(f"{name} {value:.4f}" for name, value in values.items())


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path, help="folder of the real data sets")
    parser.add_argument("--drop", type=float, default=0.05, help="share of cells deleted")
    parser.add_argument("--seeds", type=int, default=5, help="random deletions")
    parser.add_argument("--only", default="", help="sequences whose names hold this")
    options = parser.parse_args()
    dropping = f"{options.drop:.0%} deleted, mean of {options.seeds}"
    print(f"sequence | all cells | {dropping} | the truth's own links")
    for film in films(options.data, options.only):
        whole = judged(film, shuffled(film.masks, 0, 0), ours)
        seeds = range(1, options.seeds + 1)
        dropped = [judged(film, shuffled(film.masks, options.drop, seed), ours) for seed in seeds]
        true = judged(film, film.masks, true_links(film))
        print(f"{film.name} | {said(whole)} | {said(mean_of(dropped))} | {said(true)}", flush=True)


if __name__ == "__main__":
    main()
