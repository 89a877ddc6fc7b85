import numpy as np
import pytest

from ctc_submit.report.colours import palette

# Viénot, Brettel and Mollon 1999: what a dichromat sees, linear RGB to linear RGB.
DICHROMATS = {
    "protan": [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
    "deutan": [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
}


def distances(colours: np.ndarray) -> np.ndarray:
    pairs = np.triu_indices(len(colours), 1)
    apart: np.ndarray = np.linalg.norm(colours[pairs[0]] - colours[pairs[1]], axis=1)
    return apart


def test_background_is_black_and_labels_are_not() -> None:
    colours = palette(300)
    assert colours.shape == (301, 3) and colours.dtype == np.uint8
    assert (colours[0] == 0).all() and (colours[1:].max(axis=1) > 60).all()


def test_21_labels_in_a_row_differ_wherever_one_starts() -> None:
    colours = palette(100).astype(float)
    for start in range(1, 60):
        assert distances(colours[start : start + 21]).min() > 25


@pytest.mark.parametrize("eye", DICHROMATS)
def test_seven_labels_in_a_row_differ_for_colour_blind_eyes(eye: str) -> None:
    linear = (palette(7)[1:] / 255.0) ** 2.2
    seen = np.clip(linear @ np.array(DICHROMATS[eye]).T, 0, 1) ** (1 / 2.2)
    assert distances(255 * seen).min() > 25


def test_a_label_keeps_its_colour() -> None:
    assert (palette(5)[3] == palette(60_000)[3]).all()
    assert len(palette(0)) == 1
