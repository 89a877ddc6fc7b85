"""Whatever the label maps are, what is written is valid."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctc_submit.data.labels import write_labels
from ctc_submit.pixels.field import keep_inside
from ctc_submit.track.settings import TrackConfig
from ctc_submit.track.tracker import track_result
from tests.track.films import rows, tracked
from tests.track.valid import faults, faults_of


@st.composite
def sequences(draw: st.DrawFn) -> list[np.ndarray]:
    """Random label maps: noise, blocks, blobs that wander; empty and crowded frames; 2D and 3D."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = tuple(draw(st.lists(st.integers(2, 14), min_size=2, max_size=3)))
    frames = draw(st.integers(1, 8))
    labels = draw(st.sampled_from([1, 2, 5, 30, 65_535]))
    density = draw(st.floats(0, 1))
    grain = draw(st.sampled_from([1, 2, 4]))
    wander = draw(st.booleans())
    maps, last = [], None
    for _ in range(frames):
        noise = rng.integers(1, labels, shape, endpoint=True) * (rng.random(shape) < density)
        for axis in range(len(shape)):
            noise = np.repeat(noise, grain, axis)[tuple(slice(size) for size in shape)]
        if wander and last is not None and rng.random() < 0.8:
            noise = np.roll(last, rng.integers(-2, 3, len(shape)), tuple(range(len(shape))))
            noise[rng.random(shape) < 0.1] = 0
        if rng.random() < 0.1:
            noise = np.zeros(shape, int)
        last = noise
        maps.append(noise.astype(np.uint16))
    return maps


configs = st.builds(
    TrackConfig,
    gate=st.floats(0, 20),
    gap=st.integers(0, 5),
    gap_cost=st.floats(0, 3),
    absence=st.integers(0, 12),
    midpoint=st.floats(0, 2),
    apart=st.floats(0, 1),
    divisions=st.booleans(),
    repair=st.booleans(),
)


@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(sequences(), configs, st.integers(0, 6))
def test_random_label_maps_give_valid_tracks(
    maps: list[np.ndarray], config: TrackConfig, border: int
) -> None:
    if 2 * border >= min(maps[0].shape[-2:]):
        border = 0
    out, tracks = tracked(maps, config, border=border)
    assert not faults(out, rows(tracks))
    for before, after in zip(maps, out, strict=True):
        # a cell outside the field of interest is dropped, and closed gaps may fill its place
        kept = keep_inside(before, border)
        assert ((after > 0) >= (kept > 0)).all(), "a cell was lost"
        pairs = np.unique(np.stack([kept[kept > 0], after[kept > 0]]), axis=1)
        assert len(np.unique(pairs[0])) == pairs.shape[1], "a cell was torn"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(maps=sequences(), config=configs)
def test_random_folders_give_valid_folders(maps: list[np.ndarray], config: TrackConfig) -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "01_RES"
        folder.mkdir()
        for time, labels in enumerate(maps):
            write_labels(folder / f"mask{time:03d}.tif", labels)
        done = track_result(folder, config)
        assert not faults_of(folder)
        assert done.frames == len(maps)
        assert sorted(p.name for p in Path(made).iterdir()) == ["01_RES"]
