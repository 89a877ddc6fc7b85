from pathlib import Path

import numpy as np
import pytest

from ctc_submit.data.instances import paint
from ctc_submit.data.labels import read_labels
from ctc_submit.methods.method import CellSizes
from ctc_submit.methods.unet.config import UNetConfig, fit_area
from ctc_submit.methods.unet.decode import decode, give_back
from ctc_submit.methods.unet.targets import separated
from tests.methods.oracle import seg
from tests.scenes import disc, drawn, two_touching


def oracle(labels: np.ndarray, config: UNetConfig) -> np.ndarray:
    """Decode the target itself."""
    answer = separated(labels, config.gap).astype(np.float32)
    return paint(decode(answer, config), (labels.shape[0], labels.shape[1]))


def test_a_line_is_cut_between_cells_only() -> None:
    expected = drawn("........\n.11..11.\n.11..11.\n.11..11.\n........").astype(bool)
    np.testing.assert_array_equal(separated(two_touching(), 1), expected)
    np.testing.assert_array_equal(separated(two_touching(), 0), two_touching() > 0)


def test_cells_that_touch_by_a_corner_or_have_a_gap_of_one() -> None:
    labels = drawn("11...\n11...\n..22.\n..22.\n3....")
    expected = drawn("11...\n1....\n...2.\n..22.\n3....") > 0
    np.testing.assert_array_equal(separated(labels, 1), expected)
    np.testing.assert_array_equal(separated(drawn("11.22"), 1), drawn("11.22") > 0)


def test_unknown_is_no_cell() -> None:
    labels = two_touching().astype(np.int32)
    labels[labels == 2] = -1
    np.testing.assert_array_equal(separated(labels, 1), labels == 1)


def test_the_cut_line_is_given_back_and_free_edges_stay() -> None:
    found = oracle(two_touching(), UNetConfig())
    truth = two_touching()
    np.testing.assert_array_equal(found > 0, truth > 0)
    assert seg(truth, found) == 1
    alone = disc((30, 30), (15, 15), 8).astype(np.int32)
    np.testing.assert_array_equal(give_back(alone, 1), alone)


@pytest.mark.parametrize(("gap", "least"), [(1, 0.97), (2, 0.92)])
def test_oracle_on_a_crowd(gap: int, least: float) -> None:
    rng = np.random.default_rng(3)
    labels = np.zeros((200, 200), np.uint16)
    for number, centre in enumerate(rng.uniform(12, 188, (60, 2)), start=1):
        new = disc((200, 200), (centre[0], centre[1]), 13)
        if (labels[new] == 0).mean() > 0.6:
            labels[new & (labels == 0)] = number
    assert seg(labels, oracle(labels, UNetConfig(gap=gap))) > least


def test_scores_sort_and_small_pieces_go() -> None:
    probabilities = np.zeros((12, 12), np.float32)
    probabilities[1:4, 1:4] = 0.6
    probabilities[6:10, 6:10] = 0.9
    probabilities[1, 10] = 1
    found = decode(probabilities, UNetConfig(least_area=2))
    assert [round(one.score, 3) for one in found] == [0.9, 0.6]
    assert [one.corner for one in found] == [(6, 6), (1, 1)]
    assert [one.mask.shape for one in found] == [(4, 4), (3, 3)]
    assert len(decode(probabilities, UNetConfig(threshold=0.7))) == 2
    assert decode(np.zeros((5, 5), np.float32), UNetConfig()) == []


def test_the_thresholds_themselves_are_enough() -> None:
    probabilities = drawn("11...\n11...\n..1..\n.....").astype(np.float32) / 2
    found = decode(probabilities, UNetConfig(gap=0))
    assert [one.mask.sum() for one in found] == [4, 1], "corners do not connect"
    assert len(decode(probabilities, UNetConfig(gap=0, least_area=4))) == 1
    assert len(decode(probabilities, UNetConfig(gap=0, least_area=5))) == 0


def test_small_pieces_go_before_the_line_is_given_back() -> None:
    probabilities = (drawn("111..2\n111..2\n111...") > 0).astype(np.float32)
    (found,) = decode(probabilities, UNetConfig(least_area=3))
    assert found.mask.shape == (3, 3)
    assert len(decode(probabilities, UNetConfig(least_area=2))) == 2


def test_holes_are_filled_but_another_cell_is_none() -> None:
    ring = disc((40, 40), (20, 20), 15) & ~disc((40, 40), (20, 20), 9)
    inner = disc((40, 40), (20, 20), 5)
    found = decode((ring | inner).astype(np.float32), UNetConfig(gap=0))
    assert len(found) == 2
    labels = paint(found, (40, 40))
    assert seg(inner.astype(int), labels) == 1
    assert labels.astype(bool).sum() == disc((40, 40), (20, 20), 15).sum()
    (hollow,) = decode(ring.astype(np.float32), UNetConfig(fill_holes=False))
    assert hollow.mask.sum() == ring.sum()


def test_the_least_area_follows_the_cells() -> None:
    sizes = CellSizes(np.array([10.0, 20, 30]), np.array([10.0, 20, 30]), 3)
    assert fit_area(UNetConfig(), sizes).least_area == round(0.1 * 400 * np.pi / 4)
    none = CellSizes(np.zeros(0), np.zeros(0), 0)
    assert fit_area(UNetConfig(least_area=7), none).least_area == 7
    assert fit_area(UNetConfig(least_area=3), sizes).least_area == 3  # as it was chosen


def test_oracle_on_real_cells(real_data: Path) -> None:
    for dataset, least in (("DIC-C2DH-HeLa", 0.98), ("PhC-C2DH-U373", 0.99)):
        paths = sorted((real_data / dataset / "01_ST" / "SEG").glob("*.tif"))[::25]
        assert paths
        truths = [read_labels(path) for path in paths]
        scores = [seg(truth, oracle(truth, UNetConfig())) for truth in truths]
        assert np.mean(scores) > least, dataset
