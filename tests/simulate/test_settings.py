from typing import Any

import pytest

from ctc_submit.errors import DataError
from ctc_submit.simulate.settings import SimulationSettings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("look", "brightfield"),
        ("frames", 0),
        ("height", 0),
        ("width", -3),
        ("cells", -1),
        ("cells", 10_001),
        ("cover", 0.0),
        ("cover", 1.1),
        ("cycle", 3.0),
        ("cycle", float("inf")),
        ("speed", -0.1),
        ("noise", float("nan")),
        ("contrast", 11.0),
    ],
)
def test_values_out_of_range_are_named(name: str, value: Any) -> None:
    with pytest.raises(DataError, match=f"--{name} is {value}; expected "):
        SimulationSettings(**{name: value})


def test_cells_too_small_to_draw() -> None:
    with pytest.raises(DataError, match="300 cells on 64×64 pixels are smaller than"):
        SimulationSettings(height=64, width=64, cells=300)


def test_radius_follows_from_cover() -> None:
    assert SimulationSettings(height=100, width=100, cells=1, cover=0.5).radius == pytest.approx(
        39.894, abs=1e-3
    )
