from dataclasses import fields, replace

import numpy as np
import pytest
from scipy.ndimage import find_objects, maximum_filter, minimum_filter

from ctc_submit.pixels.augment import (
    OBLIQUE,
    PAPER,
    RECOMMENDED,
    STRONG,
    AugmentSettings,
    augment,
    change_greys,
)
from tests.scenes import disc

CHANCES = [f.name for f in fields(AugmentSettings) if f.metadata["unit"] == "0 to 1"]
EVERYTHING = AugmentSettings(**dict.fromkeys(CHANCES, 1.0))
GEOMETRY = replace(EVERYTHING, contrast=0, gamma=0, blur=0, noise=0)


def scene(shape: tuple[int, int] = (120, 90)) -> tuple[np.ndarray, np.ndarray]:
    """Image that shows its own labels: cell k has the grey value k / 10; some cells touch."""
    labels = np.zeros(shape, np.int32)
    for label, centre in enumerate([(30, 30), (30, 49), (70, 40), (89, 40), (60, 75)], start=1):
        labels[disc(shape, centre, 10) & (labels == 0)] = label
    return (labels / 10).astype(np.float32), labels


def test_all_off_is_the_identity_on_a_copy() -> None:
    image, labels = scene()
    rng = np.random.default_rng(0)
    new, cells = augment(image, labels, settings=AugmentSettings(), rng=rng)
    np.testing.assert_array_equal(new, image)
    np.testing.assert_array_equal(cells, labels)
    assert not np.shares_memory(new, image)
    assert not np.shares_memory(cells, labels)


@pytest.mark.parametrize("crop", [None, 64, 200])
@pytest.mark.parametrize("kind", [np.int32, np.uint16])
def test_shape_type_and_seed(crop: int | None, kind: type) -> None:
    image, labels = scene()
    once, again, other = (
        augment(
            image,
            labels.astype(kind),
            settings=EVERYTHING,
            rng=np.random.default_rng(seed),
            crop=crop,
        )
        for seed in (5, 5, 6)
    )
    assert once[0].shape == once[1].shape == ((crop, crop) if crop else (120, 90))
    assert once[0].dtype == np.float32
    assert once[1].dtype == np.dtype(kind)
    np.testing.assert_array_equal(once[0], again[0])
    np.testing.assert_array_equal(once[1], again[1])
    assert (once[0] != other[0]).any()


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("crop", [None, 80])
def test_image_and_labels_move_together(seed: int, crop: int | None) -> None:
    """Away from edges, the grey value still names the cell; no other label appears."""
    image, labels = scene()
    rng = np.random.default_rng(seed)
    new, cells = augment(image, labels, settings=GEOMETRY, rng=rng, crop=crop)
    assert set(np.unique(cells)) <= {-1, *range(6)}
    same = maximum_filter(cells, 5) == minimum_filter(cells, 5)
    same[:2] = same[-2:] = same[:, :2] = same[:, -2:] = False
    known = same & (cells >= 0)
    np.testing.assert_allclose(new[known], cells[known] / 10, atol=1e-5)
    assert known.sum() > 1000


@pytest.mark.parametrize("seed", range(8))
def test_touching_cells_do_not_merge_and_keep_their_size(seed: int) -> None:
    image, labels = scene((128, 128))
    settings = replace(GEOMETRY, scale=0)
    _, cells = augment(image, labels, settings=settings, rng=np.random.default_rng(seed), crop=400)
    before, after = np.bincount(labels.ravel())[1:], np.bincount(cells[cells >= 0])[1:]
    np.testing.assert_allclose(after, before, rtol=0.25)
    for box in find_objects(np.maximum(cells, 0)):
        height, width = (side.stop - side.start for side in box)
        assert 15 <= height <= 28
        assert 15 <= width <= 28


def test_outside_is_unknown_in_signed_labels_and_background_in_unsigned() -> None:
    image, labels = scene()
    off = AugmentSettings()
    rng = np.random.default_rng(0)
    new, cells = augment(image, labels, settings=off, rng=rng, crop=130)
    assert (cells >= 0).sum() == labels.size
    np.testing.assert_array_equal(cells[5:125, 20:110], labels)
    assert (new[cells < 0] == np.median(image)).all()
    _, unsigned = augment(image, labels.astype(np.uint16), settings=off, rng=rng, crop=130)
    np.testing.assert_array_equal(unsigned, np.maximum(cells, 0))


def test_what_comes_from_outside_is_as_bright_as_the_frame_mostly_is() -> None:
    image, labels = scene()
    rng = np.random.default_rng(0)
    new, cells = augment(image + 0.25, labels, settings=AugmentSettings(), rng=rng, crop=130)
    assert (new[cells < 0] == 0.25).all()


@pytest.mark.parametrize("name", ["scale", "rotation", "elastic", "contrast", "gamma", "blur"])
def test_a_change_of_at_most_nothing_changes_nothing(name: str) -> None:
    image, labels = scene((90, 90))
    settings = AugmentSettings(**{name: 1.0, f"{name}_most": 0.0})
    for seed in range(3):
        rng = np.random.default_rng(seed)
        new, cells = augment(image, labels, settings=settings, rng=rng)
        np.testing.assert_allclose(new, image, atol=1e-5)
        np.testing.assert_array_equal(cells, labels)


def test_a_scaled_crop_lies_in_a_frame_that_is_large_enough() -> None:
    labels = np.ones((64, 72), np.int32)
    settings = AugmentSettings(scale=1)
    for seed in range(60):
        rng = np.random.default_rng(seed)
        _, cells = augment(labels.astype("f4"), labels, settings=settings, rng=rng, crop=48)
        assert (cells == 1).all()


def test_a_frame_smaller_than_a_scaled_crop_is_centred_in_it() -> None:
    labels = np.ones((20, 24), np.int32)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        settings = AugmentSettings(scale=1)
        _, cells = augment(labels.astype("f4"), labels, settings=settings, rng=rng, crop=60)
        middle = [known.mean() for known in np.nonzero(cells == 1)]
        assert middle == pytest.approx([29.5, 29.5], abs=0.6)


def test_elastic_displacement_differs_between_the_axes() -> None:
    rows, columns = np.indices((128, 128), np.float32)
    labels = np.zeros((128, 128), np.int32)
    shifts = {}
    for spacing in (24.0, 64.0):
        settings = AugmentSettings(elastic=1, elastic_spacing=spacing)
        for name, ramp in (("down", rows), ("across", columns)):
            rng = np.random.default_rng(2)
            moved, _ = augment(ramp, labels, settings=settings, rng=rng)
            shifts[name, spacing] = (moved - ramp)[16:-16, 16:-16]
    for shift in shifts.values():
        assert 1 < np.abs(shift).max() <= 4 + 1e-3
    assert np.abs(shifts["down", 64] - shifts["across", 64]).max() > 1
    rough = [np.abs(np.diff(shifts["down", spacing])).max() for spacing in (24.0, 64.0)]
    assert rough[0] > 1.5 * rough[1]


def test_unknown_regions_stay_unknown() -> None:
    image, labels = scene()
    labels[labels == 3] = -1
    rng = np.random.default_rng(0)
    _, cells = augment(image, labels, settings=replace(PAPER, quarter_turn=1), rng=rng)
    assert (cells == -1).sum() == (labels == -1).sum()


def test_crops_reach_every_corner() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(30, dtype=np.int32).reshape(5, 6)
    image = labels.astype(np.float32)
    corners = {
        int(augment(image, labels, settings=AugmentSettings(), rng=rng, crop=4)[1][0, 0])
        for _ in range(80)
    }
    assert corners == {0, 1, 2, 6, 7, 8}


def test_flips_and_turns_reach_all_eight_orientations_alike() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(4, dtype=np.int32).reshape(2, 2)
    image = labels.astype(np.float32)
    settings = replace(AugmentSettings(), flip_horizontal=0.5, flip_vertical=0.5, quarter_turn=0.75)
    found: dict[bytes, int] = {}
    for _ in range(1600):
        cells = augment(image, labels, settings=settings, rng=rng)[1].tobytes()
        found[cells] = found.get(cells, 0) + 1
    assert len(found) == 8
    assert all(140 < times < 260 for times in found.values())


def test_a_quarter_turn_is_by_90_180_or_270_degrees() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(4, dtype=np.int32).reshape(2, 2)
    settings = AugmentSettings(quarter_turn=1)
    found = {
        augment(labels.astype("f4"), labels, settings=settings, rng=rng)[1].tobytes()
        for _ in range(60)
    }
    assert found == {np.rot90(labels, k).tobytes() for k in (1, 2, 3)}


def test_the_papers_flip_is_left_right_half_of_the_time() -> None:
    image, labels = scene()
    rng = np.random.default_rng(0)
    flipped = 0
    for _ in range(200):
        new, cells = augment(image, labels, settings=PAPER, rng=rng)
        mirror = np.array_equal(cells, labels[:, ::-1])
        assert np.array_equal(new, image[:, ::-1] if mirror else image)
        flipped += mirror
    assert 75 < flipped < 125


def test_oblong_frames_without_a_crop_turn_by_halves() -> None:
    image, labels = scene()
    settings = AugmentSettings(quarter_turn=1)
    _, cells = augment(image, labels, settings=settings, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(cells, labels[::-1, ::-1])


def test_greys_change_and_cells_do_not() -> None:
    image, labels = scene()
    greys = replace(EVERYTHING, **dict.fromkeys(CHANCES[:6], 0.0))
    new, cells = augment(image, labels, settings=greys, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(cells, labels)
    assert np.abs(new - image).max() > 0.02
    assert np.isfinite(new).all()


@pytest.mark.parametrize("name", ["contrast", "gamma"])
def test_contrast_and_gamma_keep_the_order_of_greys(name: str) -> None:
    image = np.linspace(-1, 2, 64, dtype=np.float32).reshape(8, 8)
    settings = replace(AugmentSettings(), **{name: 1.0})
    for seed in range(20):
        new = change_greys(image, settings=settings, rng=np.random.default_rng(seed))
        assert (np.diff(new.ravel()) > 0).all()
        assert not np.shares_memory(new, image)


def test_contrast_and_brightness_change_as_far_as_said_and_apart() -> None:
    image = np.linspace(1, 3, 64, dtype=np.float32).reshape(8, 8)
    settings = AugmentSettings(contrast=1, contrast_most=1)
    changed = [
        change_greys(image, settings=settings, rng=np.random.default_rng(s)) for s in range(200)
    ]
    factors = np.array([new.std() / image.std() for new in changed])
    assert 0.5 <= factors.min() < 0.55 and 1.8 < factors.max() <= 2
    assert np.median(factors) == pytest.approx(1, abs=0.15)
    means = np.array([new.mean() - image.mean() for new in changed])
    assert 0.4 < np.abs(means).max() <= 0.5


def test_gamma_changes_as_far_as_said() -> None:
    image = np.full((2, 2), 0.5, np.float32)
    settings = AugmentSettings(gamma=1, gamma_most=1)
    exponents = [
        -np.log2(change_greys(image, settings=settings, rng=np.random.default_rng(s))[0, 0])
        for s in range(100)
    ]
    assert 0.499 <= min(exponents) < 0.55 and 1.8 < max(exponents) <= 2.001


def test_noise_and_blur_are_as_large_as_said() -> None:
    flat = np.full((200, 200), 0.5, np.float32)
    noisy = AugmentSettings(noise=1, noise_most=0.1)
    deviations = [
        change_greys(flat, settings=noisy, rng=np.random.default_rng(s)).std() for s in range(30)
    ]
    assert max(deviations) < 0.101
    assert max(deviations) > 0.08
    point = np.zeros((31, 31), np.float32)
    point[15, 15] = 1
    blurred = change_greys(point, settings=AugmentSettings(blur=1), rng=np.random.default_rng(1))
    assert blurred.sum() == pytest.approx(1, abs=1e-4)
    assert blurred[15, 15] < 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (3, 2)])
def test_tiny_frames(shape: tuple[int, int]) -> None:
    image = np.ones(shape, np.float32)
    for crop in (None, 1, 5):
        for seed in range(5):
            new, cells = augment(
                image,
                np.zeros(shape, np.int32),
                settings=GEOMETRY,
                rng=np.random.default_rng(seed),
                crop=crop,
            )
            assert new.shape == cells.shape == ((crop, crop) if crop else shape)
            np.testing.assert_allclose(new, 1, atol=1e-6)


def test_mistakes() -> None:
    image, labels = scene()
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="one shape"):
        augment(image[1:], labels, settings=PAPER, rng=rng)
    with pytest.raises(ValueError, match="at least 1 pixel"):
        augment(image, labels, settings=PAPER, rng=rng, crop=0)
    with pytest.raises(ValueError, match=r"flip_horizontal must be from 0 to 1, not 1\.5"):
        AugmentSettings(flip_horizontal=1.5)
    with pytest.raises(ValueError, match="noise_most must be at least 0"):
        AugmentSettings(noise_most=-1)
    with pytest.raises(ValueError, match="would fold"):
        AugmentSettings(elastic_most=20)
    with pytest.raises(ValueError, match="not nan"):
        AugmentSettings(blur=float("nan"))


def test_the_recommended_programme_leaves_no_oblique_edges() -> None:
    """Rotation and elastic displacement interpolate every frame; they stay off by default."""
    assert RECOMMENDED.rotation == RECOMMENDED.elastic == 0


def test_the_strong_programme_makes_more_of_every_change_and_loses_no_cell() -> None:
    labels = np.zeros((96, 96), np.int32)
    labels[20:50, 20:50], labels[50:80, 45:75] = 1, 2
    image = (labels > 0).astype(np.float32)
    assert all(getattr(STRONG, name) >= getattr(RECOMMENDED, name) for name in CHANCES)
    for seed in range(30):
        settings = replace(STRONG, contrast=0, gamma=0, blur=0, noise=0)
        rng = np.random.default_rng(seed)
        moved, found = augment(image, labels, settings=settings, rng=rng)
        assert {1, 2} <= set(np.unique(found))
        assert ((moved > 0.5) == (found > 0))[found >= 0].mean() > 0.99


def test_oblique_light_stays_on_its_side() -> None:
    ramp = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (64, 1))
    labels = np.zeros((64, 64), np.int32)
    for seed in range(40):
        rng = np.random.default_rng(seed)
        image, _ = augment(ramp, labels, settings=OBLIQUE, rng=rng)
        centre = image[16:48, 16:48]
        across, down = np.diff(centre, axis=1).mean(), np.diff(centre, axis=0).mean()
        assert across > 0
        assert abs(down) < 0.2 * across
