"""What long steps, cells missed and divisions cost, by hand; and who comes back from outside."""

import math
import time

import numpy as np
import pytest

from ctc_submit.track.cells import Cells, cells_of
from ctc_submit.track.cycles import shortest_cycle, without_early_divisions
from ctc_submit.track.lineage import Links
from ctc_submit.track.linking import link_frames, step_costs
from ctc_submit.track.manner import Manner
from ctc_submit.track.movie import Movie, movie_of
from ctc_submit.track.orphans import Orphans
from ctc_submit.track.runs import overlaps_of, runs_of
from ctc_submit.track.settings import Scale, TrackConfig
from tests.track.films import film, measured, rows, tracked

Block = tuple[int, int, int]
"""First column, columns, label; all blocks lie in rows 10 to 13."""


def blocks(*frames: list[Block], border: int = 0) -> Movie:
    """A movie of blocks on a ground that does not drift."""
    scale, cells, cut = Scale((1.0, 1.0), None, border), [], []
    for frame in frames:
        labels = np.zeros((24, 32), np.uint16)
        for column, width, label in frame:
            labels[10:14, column : column + width] = label
        cut.append(runs_of(labels))
        cells.append(cells_of(labels, cut[-1], scale))
    return Movie(cells, list(map(overlaps_of, cut, cut[1:])), np.zeros((len(frames), 2)), scale)


def manner(movie: Movie, across: float = 0.0, **known: float) -> Manner:
    return Manner(np.tile([0.0, across], (len(movie.frames), 1)), **known)


@pytest.mark.parametrize("reverse", [False, True])
def test_a_step_costs_distance_size_and_overlap(reverse: bool) -> None:
    """A cell of 16 pixels becomes one of 32, four pixels on, 8 pixels of it shared."""
    frames = [[(10, 4, 1)], [(12, 8, 1)]]
    movie = blocks(*frames[:: -1 if reverse else 1])
    known = {"scatter": 2.0, "growth": math.log(2) / 1.5, "telling": 0.8}
    one, two = np.array([0]), np.array([1])
    costs, far, share = step_costs(
        movie, one, two, reach=10, overlap=0.5, manner=manner(movie, **known)
    )
    assert (far.item(), share.item()) == (4, 0.5)
    assert costs.item() == pytest.approx(((4**2 + 3**2) / 10**2 + 0.4 * 0.5) / 1.4)
    known["growth"] = 0.01  # beyond three standard deviations it is all the same
    costs, _, _ = step_costs(movie, one, two, reach=10, overlap=0.5, manner=manner(movie, **known))
    assert costs.item() == pytest.approx(((4**2 + 6**2) / 10**2 + 0.4 * 0.5) / 1.4)


def test_an_expected_step_leaves_less_to_overlap() -> None:
    movie = blocks([(10, 4, 1)], [(12, 8, 1)])
    _, far, share = step_costs(
        movie, np.array([0]), np.array([1]), reach=10, overlap=1, manner=manner(movie, 2.0)
    )
    assert far.item() == 2
    assert share.item() == pytest.approx(0.5 * (1 - 2 / math.sqrt(16 / math.pi)))


def test_a_cell_missed_costs_distance_size_and_a_long_wait() -> None:
    """After four frames, expected one pixel on in each, a cell turns up ten pixels away."""
    movie = blocks([(10, 4, 1)], [], [], [], [(18, 8, 1)])
    settings = TrackConfig(gap_cost=0.8, gap_growth=0.3)
    orphans = Orphans(movie, settings, 6.0, manner(movie, 1.0))
    (cost,) = orphans.missed_costs(np.array([0]), np.array([1]))
    assert cost == pytest.approx(0.8 * (10 - 4) / (6 * 2) * (1 + math.log(2)) + 0.3)


def test_a_division_costs_place_and_sizes() -> None:
    """A mother of 32 pixels; daughters of 16 where she was and of 24, a third of it on her."""
    movie = blocks([(10, 8, 1)], [(10, 4, 1), (16, 6, 2)], border=6)
    settings = TrackConfig(midpoint=1.1, apart=0.7, unequal=0.4, unshrunk=0.2, inside=0.5)
    orphans = Orphans(movie, settings, 10.0, manner(movie, 0.5, scatter=1.0, telling=0.6))
    (cost,) = orphans.division_costs(np.array([0]), np.array([1]), np.array([2]))
    astray = (15 - 0.5 - 13.5) / math.hypot(math.sqrt(32 / math.pi), 2)
    worth = 1.1 * astray + 0.7 * 0.6 / 3 + 0.4 * math.log(24 / 16) + 0.2 * math.log(16 / 32)
    deep = ((11.5 - 6) / math.sqrt(24 / math.pi) - 1) / 2
    assert 0 < deep < 1
    assert cost == pytest.approx(worth / (1 + 0.5 * deep))


@pytest.mark.parametrize(("absence", "known"), [(3, True), (2, False)])
def test_a_cell_is_known_again_after_as_long_an_absence_as_allowed(
    absence: int, known: bool
) -> None:
    leaving, other = (20, 11, 6), (40, 70, 6)
    both, one = [leaving, other], [other]
    maps = film(both, both, one, one, one, both, both)
    _, tracks = tracked(maps, TrackConfig(absence=absence), border=10)
    assert {(t.begin, t.end): t.parent > 0 for t in tracks} == {
        (0, 1): False,
        (0, 6): False,
        (5, 6): known,
    }


def test_a_cell_of_the_first_frame_may_be_missed_at_once() -> None:
    spot, other = (20, 20, 6), (40, 60, 6)
    _, tracks = tracked(film([spot, other], [other], [spot, other]))
    assert rows(tracks) == [(1, 0, 2, 0), (2, 0, 2, 0)]


@pytest.mark.parametrize(("step", "frames"), [(5.0, 3), (6.0, 2), (4.0, 3), (30.0, 2), (None, 2)])
def test_the_shortest_cycle_is_that_many_whole_frames(step: float | None, frames: int) -> None:
    movie = movie_of([np.zeros((4, 4), np.uint16)], Scale((1.0, 1.0), step))
    assert shortest_cycle(movie, TrackConfig(cycle=0.2)) == frames


def dots(*counts: int) -> Movie:
    """So many cells in each frame."""
    return measured(film(*[[(5.0 + 8 * k, 20.0, 2.0) for k in range(n)] for n in counts]))


@pytest.mark.parametrize(
    ("counts", "follows", "parents", "kept"),
    [
        # a daughter divides in the frame after her birth, or one later
        ((1, 2, 3), [1, 3, 5, -1, -1, -1], {2: 0, 4: 1}, {2: 0}),
        ((1, 2, 2, 3), [1, 3, 4, 5, 6, -1, -1, -1], {2: 0, 7: 3}, {2: 0, 7: 3}),
        # a daughter leaves and comes back
        ((1, 2, 2), [1, 3, -1, -1, -1], {2: 0, 4: 2}, {2: 0, 4: 2}),
    ],
)
def test_divisions_right_after_a_birth_are_dropped(
    counts: tuple[int, ...], follows: list[int], parents: dict[int, int], kept: dict[int, int]
) -> None:
    before = np.full(len(follows), -1)
    before[list(parents)] = list(parents.values())
    links = Links(np.array(follows), before)
    after = without_early_divisions(dots(*counts), links, TrackConfig()).parents
    assert {child: int(after[child]) for child in np.flatnonzero(after >= 0).tolist()} == kept


def test_the_look_for_a_birth_does_not_take_longer_the_more_cells_there_are() -> None:
    frames, cells = 2000, 100
    none = np.zeros(cells)
    table = Cells(none, none, np.zeros((cells, 2)), none, none > 0)
    movie = Movie([table] * frames, [], np.zeros((frames, 2)), Scale((1.0, 1.0)))
    follows = np.arange(frames * cells) + cells
    follows[-cells:] = -1
    daughters = np.arange(len(follows) - cells, len(follows), 2)
    follows[daughters - cells] = -1
    parents = np.full(len(follows), -1)
    parents[daughters] = daughters - cells + 1
    links = Links(follows, parents)
    start = time.process_time()
    after = without_early_divisions(movie, links, TrackConfig())
    assert (after.parents == parents).all()
    assert time.process_time() - start < 2


@pytest.mark.parametrize(("overlap", "linked"), [(1.0, True), (0.0, False)])
def test_overlap_makes_up_for_a_step_a_little_beyond_reach(overlap: float, linked: bool) -> None:
    """All but the end of a bar is lost, so its middle moves by 10 pixels of 8."""
    movie = blocks([(2, 28, 1)], [(22, 8, 1)])
    follows = link_frames(movie, TrackConfig(overlap=overlap), 8.0).follows
    assert (follows[0] == 1) == linked


def test_a_mother_far_from_both_daughters_has_both() -> None:
    """Beside cells that stay where they are; she goes on as neither of the two."""
    still = [(8.0 + 22 * r, 8.0 + 21 * c, 5.0) for r in range(3) for c in (0, 3)]
    mother, daughters = [(30.0, 40.0, 5.0)], [(30.0, 31.0, 3.5), (30.0, 49.0, 3.5)]
    maps = film(*[[*still, *mother]] * 5, *[[*still, *daughters]] * 3)
    _, tracks = tracked(maps)
    (mothers,) = [t for t in tracks if t.end == 4]
    assert [(t.begin, t.end) for t in tracks if t.parent == mothers.label] == [(5, 7)] * 2
    assert len(tracks) == len(still) + 3
