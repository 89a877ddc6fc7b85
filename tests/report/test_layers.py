"""Layers of the viewer: names, laziness, and where cells are."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from ctc_submit.data.labels import read_labels, write_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.data.tracks import Track, write_tracks
from ctc_submit.errors import DataError
from ctc_submit.report.layers import centroids, grey_limits, layers_of, scale_of
from tests.scenes import drawn

pytest.importorskip("dask")

FRAMES = ("1122\n1122\n....", "11..\n11.2\n....", "33..\n....\n...4")


@pytest.fixture
def result(tmp_path: Path) -> Path:
    """Label 1 stays and divides into 3 and 4, 2 leaves; silver truth of the middle frame only."""
    folder = tmp_path / "Sim" / "01"
    for name in ("01", "01_RES", "01_ST/SEG"):
        (folder.parent / name).mkdir(parents=True)
    for time, picture in enumerate(FRAMES):
        grey = np.full((3, 4), 10 + time, np.uint8)
        tifffile.imwrite(folder / f"t{time:03d}.tif", grey, photometric="minisblack")
        write_labels(folder.parent / "01_RES" / f"mask{time:03d}.tif", drawn(picture))
    write_labels(folder.parent / "01_ST" / "SEG" / "man_seg001.tif", drawn(FRAMES[1]))
    tracks = [Track(1, 0, 1, 0), Track(2, 0, 1, 0), Track(3, 2, 2, 1), Track(4, 2, 2, 1)]
    write_tracks(folder.parent / "01_RES" / "res_track.txt", tracks)
    return folder.parent / "01_RES"


def sequence(result: Path) -> Sequence:
    return Sequence.at(result.with_name("01"))


def test_names_and_shapes(result: Path) -> None:
    layers = layers_of(result, sequence(result), truth="ST")
    assert [layer.name for layer in layers] == [
        "01 frames",
        "01_RES cells",
        "01_ST cells",
        "01_RES tracks",
    ]
    assert [layer.role for layer in layers] == ["frames", "result", "truth", "result"]
    assert [layer.data.shape for layer in layers[:3]] == [(3, 3, 4)] * 3
    assert [layer.data.dtype for layer in layers[:3]] == [np.uint8, np.uint16, np.uint16]
    for time, picture in enumerate(FRAMES):
        assert np.array_equal(layers[1].data[time].compute(), drawn(picture))
        assert layers[0].data[time].compute().max() == 10 + time
    truth = layers[2].data.compute()
    assert not truth[0].any() and truth[1].any() and not truth[2].any()


def test_black_and_white_are_the_frame_s(result: Path) -> None:
    assert layers_of(result, sequence(result))[0].limits == (10, 11)
    assert grey_limits(np.linspace(0, 0.2, 1001)) == pytest.approx((0.0002, 0.1998))
    black, white = grey_limits(np.full((3, 4), 1e30))
    assert black < white


def test_files_are_read_when_they_are_looked_at(result: Path) -> None:
    layers = layers_of(result, sequence(result), tracks=False)
    (result / "mask002.tif").unlink()
    assert layers[1].data[1].compute().any()
    with pytest.raises(DataError, match="mask002"):
        layers[1].data[2].compute()


def test_tracks_go_through_centroids_and_know_their_mothers(result: Path) -> None:
    tracks = layers_of(result, sequence(result))[-1]
    assert tracks.kind == "tracks" and tracks.graph == {3: [1], 4: [1]}
    assert tracks.data.tolist() == [
        [1, 0, 0.5, 0.5],
        [1, 1, 0.5, 0.5],
        [2, 0, 0.5, 2.5],
        [2, 1, 1, 3],
        [3, 2, 0, 0.5],
        [4, 2, 2, 3],
    ]


def test_centroids_of_volumes_and_of_nothing(tmp_path: Path) -> None:
    volume = np.zeros((3, 4, 5), np.uint16)
    volume[1:3, 1, 2:4] = 7
    write_labels(tmp_path / "mask000.tif", volume)
    write_labels(tmp_path / "mask001.tif", np.zeros_like(volume))
    found = centroids({time: tmp_path / f"mask{time:03d}.tif" for time in (0, 1)})
    assert found.tolist() == [[7, 0, 1.5, 1, 2.5]]
    assert not centroids({1: tmp_path / "mask001.tif"}).size


def test_a_mask_too_few_and_one_of_another_size(result: Path) -> None:
    write_labels(result / "mask001.tif", read_labels(result / "mask001.tif")[:2])
    layer = layers_of(result, sequence(result), tracks=False)[1]
    with pytest.raises(DataError, match="is 2×4 pixels, its frame is 3×4"):
        layer.data[1].compute()
    (result / "mask002.tif").unlink()
    with pytest.raises(DataError, match=r"has 2 masks, .* has 3 frames"):
        layers_of(result, sequence(result))


def test_the_size_of_a_pixel_follows_the_data_set() -> None:
    known = Sequence("DIC-C2DH-HeLa", "01", Path("01"))
    assert scale_of(known, 3) == (1, 0.19, 0.19)
    assert scale_of(Sequence("Fluo-N3DH-CE", "01", Path("01")), 4) == (1, 1, 0.09, 0.09)
    assert scale_of(known, 4) == (1, 1, 1, 1)
    assert scale_of(Sequence("mine", "01", Path("01")), 3) == (1, 1, 1)
