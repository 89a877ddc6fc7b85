"""Several orientations of an image, averaged, in the methods that answer every pixel."""

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
import torch

from ctc_submit.methods.caltus.caltus import CaltUs
from ctc_submit.methods.caltus.config import CaltUsConfig
from ctc_submit.methods.mulux.config import MuLuxConfig
from ctc_submit.methods.mulux.mulux import MuLux
from ctc_submit.methods.unet.config import UNetConfig
from ctc_submit.methods.unet.unet import UNet

IMAGE = torch.rand((1, 1, 40, 56), generator=torch.Generator().manual_seed(0))
METHODS: list[type[UNet | MuLux | CaltUs]] = [UNet, MuLux, CaltUs]
CONFIGS = (
    UNetConfig(width=4, depth=2),
    MuLuxConfig(width=4, depth=2),
    CaltUsConfig(width=4, depth=2),
)


def looking(kind: type[UNet | MuLux | CaltUs], views: Literal[1, 2, 4]) -> UNet | MuLux | CaltUs:
    config = replace(CONFIGS[METHODS.index(kind)], views=views)
    torch.manual_seed(1)
    method = kind.of(config)
    method.net.eval()
    return method


@pytest.mark.parametrize("kind", METHODS)
def test_two_views_are_the_mean_of_an_image_and_its_mirror(
    kind: type[UNet | MuLux | CaltUs],
) -> None:
    once = looking(kind, 1)
    mirrored = np.flip(once.answer(IMAGE.flip(-1)), -1)
    expected = (once.answer(IMAGE) + mirrored) / 2
    found = looking(kind, 2).answer(IMAGE)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.abs(found - once.answer(IMAGE)).max() > 1e-4
    assert found.dtype == np.float32 and found.shape == once.answer(IMAGE).shape


@pytest.mark.parametrize("kind", METHODS)
@pytest.mark.parametrize("axes", [(-1,), (-2,), (-2, -1)])
def test_with_four_views_a_turned_image_has_the_turned_answer(
    kind: type[UNet | MuLux | CaltUs], axes: tuple[int, ...]
) -> None:
    method = looking(kind, 4)
    turned = method.answer(IMAGE.flip(axes))
    np.testing.assert_allclose(turned, np.flip(method.answer(IMAGE), axes), atol=1e-6)


def test_one_view_is_what_the_network_says() -> None:
    method = looking(UNet, 1)
    with torch.inference_mode():
        assert np.array_equal(method.answer(IMAGE), method.probabilities(IMAGE))


@pytest.mark.parametrize("kind", METHODS)
def test_a_network_of_coarser_answers_answers_for_every_pixel(
    kind: type[UNet | MuLux | CaltUs],
) -> None:
    method = kind.of(replace(CONFIGS[METHODS.index(kind)], stride=2))
    method.net.eval()
    labels = np.zeros((40, 56), np.int32)
    labels[5:20, 8:30] = 1
    config: Any = method.config
    target = {k: torch.from_numpy(v) for k, v in method.targets(labels, config).items()}
    method.net.train()
    losses = method.losses(IMAGE, [target])
    assert all(torch.isfinite(term) for term in losses.values())
    method.net.eval()
    assert method.answer(IMAGE).shape[-2:] == (40, 56)
