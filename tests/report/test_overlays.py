from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from ctc_submit.data.labels import write_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.errors import DataError
from ctc_submit.report.colours import palette
from ctc_submit.report.overlay_settings import OverlaySettings
from ctc_submit.report.overlays import contours, overlay, write_overlays
from tests.scenes import drawn, two_touching

RAMP = np.tile(np.arange(8, dtype=np.uint8), (5, 1))


def as_drawing(mask: np.ndarray) -> str:
    return "\n".join("".join(".#"[int(pixel)] for pixel in row) for row in mask)


def sequence_in(folder: Path, count: int = 3, shape: tuple[int, ...] = (5, 8)) -> Sequence:
    rng = np.random.default_rng(0)
    (folder / "01").mkdir(parents=True)
    (folder / "01_RES").mkdir()
    for time in range(count):
        frame = rng.integers(0, 200, shape, dtype=np.uint8)
        tifffile.imwrite(folder / "01" / f"t{time:03d}.tif", frame, photometric="minisblack")
        labels = np.resize(two_touching(), shape)
        write_labels(folder / "01_RES" / f"mask{time:03d}.tif", labels)
    return Sequence.at(folder / "01")


def test_contours_lie_inside_the_cells() -> None:
    labels = drawn(".......\n.11111.\n.11111.\n.11111.\n.......")
    assert as_drawing(contours(labels, 1)) == (".......\n.#####.\n.#...#.\n.#####.\n.......")
    assert as_drawing(contours(labels, 2)) == (".......\n.#####.\n.#####.\n.#####.\n.......")
    assert not contours(labels, 0).any()


def test_touching_cells_have_a_contour_between_them() -> None:
    edge = contours(drawn("111222\n111222\n111222"), 1)
    assert as_drawing(edge) == "..##..\n..##..\n..##.."


def test_the_edge_of_the_frame_is_no_contour() -> None:
    assert not contours(np.full((4, 4), 7, np.uint16), 1).any()


def test_cells_take_the_colour_of_their_label_and_background_stays_grey() -> None:
    picture = overlay(RAMP, two_touching(), settings=OverlaySettings(contour=1, fill=0.5))
    assert picture.shape == (5, 8, 3) and picture.dtype == np.uint8
    assert (picture[1, 1] == palette(2)[1]).all() and (picture[1, 4] == palette(2)[2]).all()
    grey = picture[two_touching() == 0]
    assert (grey == grey[:, :1]).all() and len(np.unique(grey)) > 3
    filled = picture[2, 2].astype(float)
    bare = overlay(RAMP, np.zeros_like(two_touching()))[2, 2].astype(float)
    assert np.allclose(filled, 0.5 * bare + 0.5 * palette(1)[1], atol=1)


def test_without_fill_and_contour_the_frame_is_bare() -> None:
    bare = overlay(RAMP, two_touching(), settings=OverlaySettings(contour=0, fill=0))
    assert (bare == overlay(RAMP, np.zeros_like(two_touching()))).all()


def test_truth_is_white_on_top() -> None:
    truth = np.roll(two_touching(), 1, axis=0)
    picture = overlay(RAMP, two_touching(), truth=truth, settings=OverlaySettings(contour=1))
    assert (picture[contours(truth, 1)] == 255).all()


def test_the_bare_frame_beside() -> None:
    picture = overlay(RAMP, two_touching(), settings=OverlaySettings(raw=True))
    assert picture.shape == (5, 16, 3)
    assert (picture[:, :8] == overlay(RAMP, np.zeros_like(two_touching()))).all()


def test_the_truth_beside_has_its_own_colours_and_no_contours_on_the_result() -> None:
    truth = two_touching()[:, ::-1]
    settings = OverlaySettings(beside=True, raw=True)
    picture = overlay(RAMP, two_touching(), truth=truth, settings=settings)
    bare, result, beside = np.split(picture, 3, axis=1)
    assert (bare == overlay(RAMP, np.zeros_like(truth))).all()
    assert (result == overlay(RAMP, two_touching())).all()
    assert (beside == overlay(RAMP, truth)).all()
    without = overlay(RAMP, two_touching(), settings=settings)
    assert without.shape == picture.shape and (without[:, 16:] == bare).all()


def test_labels_are_written_on_the_cells_of_result_and_truth() -> None:
    frame, labels = np.zeros((40, 60), np.uint8), np.zeros((40, 60), np.uint16)
    labels[5:35, 5:55] = 8
    settings = OverlaySettings(labels=True, beside=True, contour=0, fill=0)
    picture = overlay(frame, labels, truth=np.roll(labels, 4, axis=1), settings=settings)
    left, right = (np.argwhere(half.max(axis=2) > 128) for half in np.split(picture, 2, axis=1))
    assert len(left) > 10 and np.abs(left.mean(axis=0) - (19.5, 29.5)).max() < 1.5
    assert (right - left == (0, 4)).all()


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int32, np.float32])
@pytest.mark.parametrize("shape", [(1, 1), (7, 3), (4, 7, 3)])
def test_any_frame_can_be_drawn(kind: Any, shape: tuple[int, ...]) -> None:
    frame = np.arange(np.prod(shape)).reshape(shape).astype(kind)
    for labels in (np.zeros(shape, np.uint16), np.full(shape, 65_535, np.uint16)):
        picture = overlay(frame, labels, truth=labels)
        assert picture.shape == (*shape[-2:], 3) and picture.dtype == np.uint8


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="labels are"):
        overlay(RAMP, two_touching()[1:])
    with pytest.raises(ValueError, match="truth are"):
        overlay(RAMP, two_touching(), truth=two_touching()[1:])


@pytest.mark.parametrize(
    ("name", "value"),
    [("contour", -1), ("contour", 101), ("fill", 1.1), ("every", 0), ("speed", 0), ("speed", 51)],
)
def test_settings_that_cannot_be_drawn(name: str, value: Any) -> None:
    with pytest.raises(DataError, match=f"--{name} is {value}; expected "):
        OverlaySettings(**{name: value})


def test_one_picture_a_frame_in_time_order(tmp_path: Path) -> None:
    sequence = sequence_in(tmp_path, 12)
    written = list(write_overlays(tmp_path / "01_RES", sequence, tmp_path / "deep" / "out"))
    assert [path.name for path in written] == [f"t{time:03d}.png" for time in range(12)]
    frame = tifffile.imread(sequence.frames[5])
    with Image.open(written[5]) as picture:
        assert (np.array(picture) == overlay(frame, two_touching())).all()
    again = list(write_overlays(tmp_path / "01_RES", sequence, tmp_path / "deep" / "out"))
    assert again == written and len(list((tmp_path / "deep" / "out").iterdir())) == 12


def test_every_third_frame(tmp_path: Path) -> None:
    sequence = sequence_in(tmp_path, 7)
    settings = OverlaySettings(every=3)
    written = list(write_overlays(tmp_path / "01_RES", sequence, tmp_path, settings=settings))
    assert [path.stem for path in written] == ["t000", "t003", "t006"]


def test_truth_is_drawn_where_there_is_one(tmp_path: Path) -> None:
    sequence = sequence_in(tmp_path)
    (sequence.gold / "SEG").mkdir(parents=True)
    write_labels(sequence.gold / "SEG" / "man_seg001.tif", np.roll(two_touching(), 1, axis=0))
    result, out = tmp_path / "01_RES", tmp_path / "out"
    plain = [path.read_bytes() for path in write_overlays(result, sequence, out)]
    with_truth = [p.read_bytes() for p in write_overlays(result, sequence, out, truth="GT")]
    assert [a == b for a, b in zip(plain, with_truth, strict=True)] == [True, False, True]
    with pytest.raises(DataError, match="the sequence has no ST segmentation"):
        next(write_overlays(result, sequence, out, truth="ST"))


def test_volumes_are_seen_from_above(tmp_path: Path) -> None:
    sequence = sequence_in(tmp_path, shape=(3, 5, 8))
    (first, *_) = write_overlays(tmp_path / "01_RES", sequence, tmp_path)
    with Image.open(first) as picture:
        assert picture.size == (8, 5)


def test_truth_in_slices_of_a_volume(tmp_path: Path) -> None:
    sequence = sequence_in(tmp_path, shape=(3, 5, 8))
    (sequence.gold / "SEG").mkdir(parents=True)
    write_labels(sequence.gold / "SEG" / "man_seg_001_002.tif", two_touching())
    settings = OverlaySettings(fill=0, contour=1)
    drawn = write_overlays(
        tmp_path / "01_RES", sequence, tmp_path / "out", truth="GT", settings=settings
    )
    white = []
    for path in drawn:
        with Image.open(path) as picture:
            white.append((np.array(picture) == 255).all(axis=2))
    assert (white[1] & contours(two_touching(), 1)).sum() > (white[0] & white[2]).sum()


def test_missing_masks_and_other_sizes_are_named(tmp_path: Path) -> None:
    sequence = sequence_in(tmp_path)
    write_labels(tmp_path / "01_RES" / "mask001.tif", two_touching()[1:])
    with pytest.raises(DataError, match=r"mask001\.tif: is 4×8 pixels, its frame is 5×8"):
        list(write_overlays(tmp_path / "01_RES", sequence, tmp_path / "out"))
    (tmp_path / "01_RES" / "mask002.tif").unlink()
    with pytest.raises(DataError, match=r"01_RES: has no mask for t002\.tif"):
        next(write_overlays(tmp_path / "01_RES", sequence, tmp_path / "out"))
    with pytest.raises(DataError, match="no such folder"):
        next(write_overlays(tmp_path / "02_RES", sequence, tmp_path / "out"))


def test_a_failure_leaves_no_folder_of_its_own(tmp_path: Path) -> None:
    sequence, out = sequence_in(tmp_path, 12), tmp_path / "deep" / "out"
    write_labels(tmp_path / "01_RES" / "mask001.tif", two_touching()[1:])
    with pytest.raises(DataError, match=r"mask001\.tif: is 4×8 pixels"):
        list(write_overlays(tmp_path / "01_RES", sequence, out))
    assert not out.parent.exists()


def test_a_failure_leaves_a_folder_that_was_there(tmp_path: Path) -> None:
    sequence, out = sequence_in(tmp_path), tmp_path / "out"
    list(write_overlays(tmp_path / "01_RES", sequence, out))
    (out / "notes.txt").write_text("mine")
    write_labels(tmp_path / "01_RES" / "mask001.tif", two_touching()[1:])
    with pytest.raises(DataError, match=r"mask001\.tif: is 4×8 pixels"):
        list(write_overlays(tmp_path / "01_RES", sequence, out))
    names = ["notes.txt", "t000.png", "t001.png", "t002.png"]
    assert [path.name for path in sorted(out.iterdir())] == names


def test_who_takes_some_pictures_only_keeps_them(tmp_path: Path) -> None:
    sequence = sequence_in(tmp_path)
    drawn = write_overlays(tmp_path / "01_RES", sequence, tmp_path / "out")
    first = next(drawn)
    del drawn
    assert first.is_file()


def test_pictures_do_not_lie_among_masks_or_frames(tmp_path: Path) -> None:
    sequence = sequence_in(tmp_path)
    for name in ("01_RES", "01", "01/../01_RES"):
        with pytest.raises(DataError, match="holds masks or frames; name another folder"):
            next(write_overlays(tmp_path / "01_RES", sequence, tmp_path / name))
    assert not list(tmp_path.rglob("*.png"))


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    sequence = sequence_in(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="file/out: cannot be made"):
        next(write_overlays(tmp_path / "01_RES", sequence, tmp_path / "file" / "out"))
