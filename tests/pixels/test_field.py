from typing import Any

import numpy as np
import pytest

from ctc_submit.pixels.field import keep_inside, labels_in, labels_outside
from tests.scenes import drawn

SCENE = """
1.....2
1..3...
.......
...44..
.......
5.....6
5.....6
"""


def test_only_objects_without_a_pixel_inside_are_outside() -> None:
    assert labels_outside(drawn(SCENE), 1).tolist() == [1, 2, 5, 6]
    assert labels_outside(drawn(SCENE), 0).tolist() == []
    assert labels_outside(drawn(SCENE), 3).tolist() == [1, 2, 3, 5, 6]


def test_the_strip_is_as_wide_on_every_side() -> None:
    scene = drawn("""
        .........
        ...1.....
        ....2....
        .34...56.
        ....7....
        ...8.....
        .........
    """)
    assert labels_outside(scene, 2).tolist() == [1, 3, 6, 8]


def test_objects_that_cross_the_line_stay_whole() -> None:
    scene = drawn("11...\n.1...\n.....\n.....\n2....")
    np.testing.assert_array_equal(keep_inside(scene, 1) == 1, scene == 1)
    assert 2 not in keep_inside(scene, 1)


def test_z_is_never_cropped() -> None:
    volume = np.stack([drawn("...\n.1.\n..."), drawn("...\n...\n..."), drawn("2..\n...\n...")])
    assert labels_outside(volume, 1).tolist() == [2]
    assert labels_outside(volume[:1], 1).tolist() == []


@pytest.mark.parametrize("border", [-1, 4, 50])
def test_a_border_that_leaves_nothing_is_a_mistake(border: int) -> None:
    with pytest.raises(ValueError, match="leaves nothing"):
        labels_outside(drawn(SCENE), border)


def test_a_border_of_half_a_frame_leaves_nothing() -> None:
    with pytest.raises(ValueError, match="leaves nothing"):
        labels_outside(drawn("1.....\n......\n......\n......"), 2)


@pytest.mark.parametrize("dtype", [np.uint16, np.int64])
def test_labels_are_listed_without_background(dtype: type[np.integer[Any]]) -> None:
    labels = drawn("..1\n4.4\n...").astype(dtype)
    assert labels_in(labels).tolist() == [1, 4]
    assert labels_in(np.full((2, 2), 65535, dtype)).tolist() == [65535]
    assert labels_in(np.zeros((2, 2), dtype)).tolist() == []
