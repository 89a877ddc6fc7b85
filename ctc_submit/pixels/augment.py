"""Random changes of a training image and its label map, together and repeatable.

Everything that moves pixels (crop, flips, quarter turns, scale, rotation, elastic displacement) is
drawn first and done in one step (`ctc_submit.pixels.warp`); then come the changes of grey values,
in the order of a microscope: contrast, gamma, blur, noise.
"""

from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from ctc_submit.pixels.warp import Pair, Warp, apply, smooth_shift


def _chance(what: str) -> Any:
    return field(default=0.0, metadata={"help": f"probability of {what}", "unit": "0 to 1"})


def _most(default: float, help: str, unit: str) -> Any:
    return field(default=default, metadata={"help": help, "unit": unit})


@dataclass(frozen=True)
class AugmentSettings:
    """Which changes to make, how often and how far; by default none (the identity).

    Raises:
        ValueError: If a probability is not in [0, 1], or a range is negative or folds the image.
    """

    flip_horizontal: float = _chance("a left-right flip")
    flip_vertical: float = _chance("an up-down flip")
    quarter_turn: float = _chance("a turn by 90, 180 or 270 degrees")
    scale: float = _chance("a change of scale")
    scale_most: float = _most(
        0.25, "largest enlargement; 0.25 is from 1/1.25 to 1.25", "factor - 1"
    )
    rotation: float = _chance("a rotation by any angle")
    rotation_most: float = _most(180.0, "largest angle to either side", "degrees")
    elastic: float = _chance("a smooth elastic displacement")
    elastic_most: float = _most(4.0, "largest elastic displacement along an axis", "pixels")
    elastic_spacing: float = _most(64.0, "distance of the displacement's knots", "pixels")
    contrast: float = _chance("a change of contrast and brightness")
    contrast_most: float = _most(
        0.3, "largest change of contrast, and half of brightness", "factor"
    )
    gamma: float = _chance("a change of gamma")
    gamma_most: float = _most(0.5, "largest gamma; 0.5 is from 1/1.5 to 1.5", "exponent - 1")
    blur: float = _chance("a Gaussian blur")
    blur_most: float = _most(1.5, "largest standard deviation of the blur", "pixels")
    noise: float = _chance("Gaussian noise")
    noise_most: float = _most(0.08, "largest standard deviation of the noise", "grey range")

    def __post_init__(self) -> None:
        """Check the ranges."""
        for setting in fields(self):
            value = getattr(self, setting.name)
            chance = setting.metadata["unit"] == "0 to 1"
            if not 0 <= value <= (1 if chance else np.inf):
                expected = "from 0 to 1" if chance else "at least 0"
                raise ValueError(f"{setting.name} must be {expected}, not {value}")
        if 4 * self.elastic_most > self.elastic_spacing:
            raise ValueError(
                f"elastic_most {self.elastic_most} must be at most a quarter of elastic_spacing "
                f"{self.elastic_spacing}; more would fold the image"
            )


PAPER = AugmentSettings(flip_horizontal=0.5)
"""What Lin & Norouzi 2021 used."""

LIGHT = AugmentSettings(flip_horizontal=0.5, flip_vertical=0.5, quarter_turn=0.75)
"""The eight orientations alone: no grey value is changed, so a short training gets sharper."""

OBLIQUE = AugmentSettings(
    scale=0.3,
    scale_most=0.12,
    rotation=0.3,
    rotation_most=10.0,
    contrast=0.3,
    contrast_most=0.2,
    gamma=0.2,
    gamma_most=0.2,
)
"""No flips, no turns: under oblique light (differential interference contrast) every cell has its
bright side on the same side, and a network may rely on it."""

RECOMMENDED = AugmentSettings(
    flip_horizontal=0.5,
    flip_vertical=0.5,
    quarter_turn=0.75,
    scale=0.5,
    contrast=0.3,
    gamma=0.3,
    blur=0.15,
    noise=0.15,
)
"""Flips and quarter turns reach all eight orientations alike; the rest is light."""

STRONG = replace(
    RECOMMENDED,
    rotation=0.3,
    rotation_most=15.0,
    elastic=0.4,
    elastic_most=5.0,
    contrast=0.5,
    gamma=0.5,
    gamma_most=0.4,
)
"""More of everything, for long trainings that are to do well on videos not seen."""


def augment(
    image: np.ndarray,
    labels: np.ndarray,
    *,
    settings: AugmentSettings,
    rng: np.random.Generator,
    crop: int | None = None,
) -> Pair:
    """Change an image and its label map together.

    Labels keep their values and never mix (nearest pixel); a very small cell may vanish when the
    image is reduced. What comes from outside the frame is the image's median, and its label is -1
    (unknown) in a signed label map, 0 in an unsigned one.

    A crop lies anywhere in the frame; a frame smaller than it is centred in it. Without a crop the
    result has the frame's shape; then, unless the frame is square, the only turn is by 180 degrees.

    Args:
        image: float32 YX, as `ctc_submit.pixels.normalise` gives it.
        labels: Integer YX label map of the same shape, 0 background, below 0 unknown.
        settings: What to change.
        rng: Source of randomness; the same state gives the same result.
        crop: Height and width of the result in pixels; None: the frame's own.

    Returns:
        New image float32 and new labels in their own type; never views of the input.

    Raises:
        ValueError: If the shapes differ or the crop is not positive.
    """
    if image.shape != labels.shape or image.ndim != 2:
        raise ValueError(f"image {image.shape} and labels {labels.shape} must be YX of one shape")
    if crop is not None and crop < 1:
        raise ValueError(f"a crop must have at least 1 pixel, not {crop}")
    warp = _draw_warp(image.shape, settings, rng, crop)
    fill = float(np.median(image[::8, ::8]))
    outside = -1 if labels.dtype.kind == "i" else 0
    image, labels = apply(
        warp, image.astype(np.float32, copy=False), labels, fill=fill, outside=outside
    )
    return change_greys(image, settings=settings, rng=rng), labels


def change_greys(
    image: np.ndarray, *, settings: AugmentSettings, rng: np.random.Generator
) -> np.ndarray:
    """Return the image after the changes of contrast, gamma, blur and noise that were drawn.

    Args:
        image: float32 YX, 0 to 1 with outliers; not changed itself.
        settings: What to change.
        rng: Source of randomness.
    """
    if rng.random() < settings.contrast:
        factor = _factor(settings.contrast_most, rng)
        shift = rng.uniform(-0.5, 0.5) * settings.contrast_most
        mean = float(image.mean())
        image = (image - mean) * np.float32(factor) + np.float32(mean + shift)
    if rng.random() < settings.gamma:
        exponent = np.float32(_factor(settings.gamma_most, rng))
        image = np.copysign(np.abs(image) ** exponent, image)
    if rng.random() < settings.blur:
        image = gaussian_filter(image, rng.uniform(0, settings.blur_most), truncate=3)
    if rng.random() < settings.noise:
        deviation = np.float32(rng.uniform(0, settings.noise_most))
        image = image + deviation * rng.standard_normal(image.shape, np.float32)
    return image


def _draw_warp(
    frame: tuple[int, ...], settings: AugmentSettings, rng: np.random.Generator, crop: int | None
) -> Warp:
    """Draw everything that moves pixels; always the same number of draws before elastic ones."""
    shape = (crop, crop) if crop is not None else (frame[0], frame[1])
    factor = _factor(settings.scale_most, rng) if rng.random() < settings.scale else 1.0
    angle = rng.uniform(-settings.rotation_most, settings.rotation_most)
    turns = int(rng.integers(1, 4))
    warp = Warp.of(shape, _draw_centre(frame, shape, factor, rng))
    if factor != 1:
        warp = warp.then([[1 / factor, 0], [0, 1 / factor]])
    if rng.random() < settings.rotation:
        cosine, sine = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
        warp = warp.then([[cosine, -sine], [sine, cosine]])
    if rng.random() < settings.quarter_turn:
        warp = _turned(warp, turns)
    if rng.random() < settings.flip_horizontal:
        warp = warp.then([[1, 0], [0, -1]])
    if rng.random() < settings.flip_vertical:
        warp = warp.then([[-1, 0], [0, 1]])
    if rng.random() < settings.elastic:
        warp = _shifted(warp, settings, rng)
    return warp


def _draw_centre(
    frame: tuple[int, ...], shape: tuple[int, int], factor: float, rng: np.random.Generator
) -> tuple[float, float]:
    """Draw the middle of the window, on the pixel grid where nothing is scaled."""
    centre = []
    for size, wanted in zip(frame, shape, strict=True):
        place, room = rng.random(), size - wanted / factor
        if factor == 1:
            first = int(place * (room + 1)) if room > 0 else room // 2
            centre.append(first + (wanted - 1) / 2)
        else:
            centre.append((place if room > 0 else 0.5) * room + (wanted / factor - 1) / 2)
    return centre[0], centre[1]


def _turned(warp: Warp, turns: int) -> Warp:
    """Turn by quarters; by a half where a quarter would exchange height and width."""
    quarter: list[list[float]] = [[0, 1], [-1, 0]]
    if warp.shape[0] != warp.shape[1]:
        turns = 2
    for _ in range(turns):
        warp = warp.then(quarter)
    return warp


def _shifted(warp: Warp, settings: AugmentSettings, rng: np.random.Generator) -> Warp:
    shifts = [
        smooth_shift(
            warp.shape, spacing=settings.elastic_spacing, most=settings.elastic_most, rng=rng
        )
        for _ in range(2)
    ]
    return Warp(warp.shape, warp.centre, warp.matrix, *shifts)


def _factor(most: float, rng: np.random.Generator) -> float:
    """Draw a factor from 1 / (1 + most) to 1 + most, as likely above 1 as below."""
    return float(np.exp(rng.uniform(-1, 1) * np.log1p(most)))
