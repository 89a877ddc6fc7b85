import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.ndimage import label

from ctc_submit.data.instances import paint
from ctc_submit.data.labels import read_labels
from ctc_submit.methods.maskrcnn.config import MaskRCNNConfig
from ctc_submit.methods.method import CellSizes, Method
from ctc_submit.methods.mulux.config import MuLuxConfig
from ctc_submit.methods.mulux.decode import decode, ellipse
from ctc_submit.methods.mulux.loss import balanced_cross_entropy, weighted_mse
from ctc_submit.methods.mulux.mulux import MuLux
from ctc_submit.methods.mulux.targets import markers, proximity_weights, smoothed
from tests.methods.oracle import drawn_frame, learn, seg, tensors
from tests.scenes import disc

SMALL = MuLuxConfig(width=4, depth=2, opening=1)


def oracle(labels: np.ndarray, config: MuLuxConfig) -> np.ndarray:
    """Decode the targets themselves."""
    marked, mask = (m.astype(np.float32) for m in MuLux.targets(labels, config)["maps"])
    return paint(decode(marked, mask, config), (labels.shape[0], labels.shape[1]))


def test_markers_are_inside_and_apart() -> None:
    _, labels = drawn_frame()
    marked = markers(labels, 70)
    assert not (marked & (labels == 0)).any()
    pieces, number = label(marked, np.ones((3, 3)))
    assert number == 5
    assert all(np.unique(labels[pieces == k]).size == 1 for k in range(1, 6))
    share = marked.sum() / (labels > 0).sum()
    assert 0.4 < share < 0.65
    assert markers(labels, 90).sum() > marked.sum() > markers(labels, 40).sum()


def test_markers_do_not_lean_on_the_frames_edge_and_ignore_small_pieces() -> None:
    labels = np.zeros((30, 30), np.int32)
    labels[:14, :14] = 1
    labels[25:28, 25:28] = 1
    labels[20:, :5] = -1
    marked = markers(labels, 70)
    assert not marked[0].any()
    assert not marked[:, 0].any()
    assert marked[7, 7]
    assert not marked[20:].any()


def test_a_cell_with_a_waist_has_one_marker_and_a_cell_in_its_bay_another() -> None:
    labels = np.zeros((60, 60), np.int32)
    labels[disc(labels.shape, (15, 15), 12)] = labels[disc(labels.shape, (15, 45), 8)] = 1
    labels[14:17, 15:45] = 1
    pieces, number = label(markers(labels, 70))
    assert (number, pieces[15, 15], pieces[15, 45]) == (1, 1, 0)
    bent = np.full((40, 40), 2, np.int32)
    bent[:22, 18:] = 0
    bent[3:19, 21:37] = 1
    marked = markers(bent, 70)
    assert marked[11, 29] and marked[30, 10]


def test_the_mask_is_smoothed_like_the_markers() -> None:
    labels = np.zeros((30, 30), np.int32)
    labels[5:20, 5:20], labels[25, 25] = 1, 2
    _, mask = MuLux.targets(labels, SMALL)["maps"]
    np.testing.assert_array_equal(mask, smoothed(labels > 0))
    assert not mask[25, 25]


def test_each_loss_has_its_own_map(monkeypatch: pytest.MonkeyPatch) -> None:
    _, labels = drawn_frame()
    method = MuLux.of(SMALL)
    target = tensors(method, labels)
    logits = 40 * (target["maps"].float()[None] - 0.5)
    for answer, wrong in ((logits, []), (logits.flip(1), ["markers", "mask"])):
        monkeypatch.setattr(method, "net", lambda _, answer=answer: answer)
        terms = method.losses(torch.zeros(1, 1, 96, 96), [target])
        assert [name for name, term in terms.items() if term > 1e-3] == wrong


def test_median_of_a_mask() -> None:
    mask = np.zeros((9, 9), bool)
    mask[4, 4] = True
    assert not smoothed(mask).any()
    assert smoothed(~mask).all()


def test_weights_by_hand() -> None:
    labels = np.zeros((1, 60), np.int32)
    labels[0, :10], labels[0, 40:] = 1, 2
    labels[0, 55:] = -1
    weights = proximity_weights(labels)[0]
    assert weights[3] == weights[9] == weights[11] == 10
    assert weights[24] == pytest.approx(1 + 0.075 * (5**2 + 4**2))
    assert (weights[55:] == 0).all()
    wide = np.repeat([[1, 0]], 60, axis=1)
    assert (proximity_weights(wide)[0, :60] == 10).all(), "0 in the cell, however deep"
    assert (proximity_weights(np.zeros((3, 3), int)) == 1).all()


def test_losses_by_hand() -> None:
    logits = torch.tensor([0.0, np.log(3)], dtype=torch.float64)
    target = torch.tensor([0.0, 1.0])
    weights = torch.tensor([1.0, 3.0])
    expected = (1 * 0.25 + 3 * (1 / 4) ** 2) / 4
    assert weighted_mse(logits, target, weights).item() == pytest.approx(expected)
    halves = (-np.log(0.5) - np.log(0.75)) / 2
    loss = balanced_cross_entropy(logits, target, weights).item()
    assert loss == pytest.approx(halves, rel=1e-6)
    for cells in (1, 50, 99):
        many = (torch.arange(100) < cells).double()
        undecided = balanced_cross_entropy(torch.zeros(100, dtype=torch.float64), many)
        assert undecided.item() == pytest.approx(np.log(2), rel=1e-6)
    assert torch.autograd.gradcheck(
        lambda x: weighted_mse(x, target, weights) + balanced_cross_entropy(x, target, weights),
        (logits.clone().requires_grad_(),),
    )


def test_ellipses() -> None:
    assert ellipse(1).tolist() == [[True]]
    assert ellipse(2).all()
    assert ellipse(3).sum() == 9
    assert ellipse(8).shape == (8, 8)
    assert not ellipse(8)[0, 0]


def test_a_mask_without_a_marker_vanishes_and_two_markers_share_one() -> None:
    cell = np.zeros((20, 60), np.float32)
    cell[4:16, 2:40] = np.minimum(1, 0.6 + 0.02 * np.abs(np.arange(2, 40) - 20))
    cell[4:16, 45:55] = 0.9
    marker = np.zeros_like(cell)
    marker[8:12, 6:12] = marker[8:12, 30:36] = 0.9
    labels = paint(decode(marker, cell, SMALL), (20, 60))
    assert labels.max() == 2
    assert not labels[:, 42:].any()
    assert (labels[4:16, 2:40] > 0).all()
    assert labels[10, 18] != labels[10, 23]
    assert decode(np.zeros_like(cell), cell, SMALL) == []


def test_thresholds_are_least_values_and_a_marker_belongs_to_the_mask() -> None:
    config = replace(SMALL, marker_threshold=0.75, mask_threshold=0.75)
    cell, marker = np.zeros((12, 50), np.float32), np.zeros((12, 50), np.float32)
    cell[2:10, 2:10], marker[4:8, 4:8] = 0.75, 0.75
    cell[2:10, 20:30], marker[4:8, 23:27] = 0.625, 0.75  # the marker alone
    cell[2:10, 38:46], marker[4:8, 40:44] = 0.75, 0.625  # no marker
    first, second = decode(marker, cell, config)
    assert (first.corner, first.mask.sum(), first.score) == ((2, 2), 64, 0.75)
    assert (second.corner, second.mask.sum(), second.score) == ((4, 23), 16, 0.625)


def test_holes_of_markers_are_filled_before_specks_are_opened_away() -> None:
    cell, marker = np.ones((20, 30), np.float32), np.zeros((20, 30), np.float32)
    marker[5:12, 5:12] = 1
    marker[6:11, 6:11] = 0
    marker[15, 25] = 1
    (found,) = decode(marker, cell, replace(SMALL, opening=5))
    assert found.mask.all()
    assert len(decode(marker, cell, SMALL)) == 2


def test_markers_that_touch_at_a_corner_are_one() -> None:
    cell, marker = np.ones((12, 12), np.float32), np.zeros((12, 12), np.float32)
    marker[2:6, 2:6] = marker[6:10, 6:10] = 1
    assert len(decode(marker, cell, SMALL)) == 1


@pytest.mark.parametrize("valley", [8, 14])
def test_cells_meet_where_the_mask_is_least_likely(valley: int) -> None:
    columns = np.arange(21)
    slope = np.where(
        columns < valley, valley - columns, (columns - valley) * valley / (20 - valley)
    )
    cell = np.tile(0.3 + 0.6 * slope / valley, (5, 1)).astype(np.float32)
    marker = np.zeros_like(cell)
    marker[:, 0] = marker[:, 20] = 1
    labels = paint(decode(marker, cell, replace(SMALL, mask_threshold=0.25)), cell.shape)
    assert abs(int((labels == labels[2, 0]).sum(1)[2]) - valley) <= 1


def test_what_is_surely_cell_is_divided_half_way() -> None:
    cell = np.tile(np.linspace(1, 0.9985, 40), (5, 1)).astype(np.float32)
    marker = np.zeros_like(cell)
    marker[:, 0] = marker[:, 39] = 1
    labels = paint(decode(marker, cell, SMALL), (5, 40))
    assert (labels == labels[2, 0]).sum(1).tolist() == [20] * 5


def test_small_cells_are_dropped_and_holes_filled_where_asked_for() -> None:
    cell, marker = np.zeros((20, 30), np.float32), np.zeros((20, 30), np.float32)
    cell[2:12, 2:12] = marker[3:5, 3:5] = 1
    cell[6:8, 6:8] = 0
    cell[15:18, 20:23] = marker[16, 21] = 1
    for fill_holes, area in ((True, 100), (False, 96)):
        config = replace(SMALL, least_area=10, fill_holes=fill_holes)
        (found,) = decode(marker, cell, config)
        assert found.mask.sum() == area


def test_it_keeps_the_contract() -> None:
    assert isinstance(MuLux.of(SMALL), Method)
    large = CellSizes(np.full(3, 200.0), np.full(3, 200.0), 3)
    fitted, chosen = MuLux.fitted(MuLuxConfig(), large), MuLux.fitted(SMALL, large)
    assert isinstance(fitted, MuLuxConfig) and isinstance(chosen, MuLuxConfig)
    assert (fitted.opening, fitted.least_area) == (20, 3142)
    assert (chosen.opening, chosen.least_area) == (1, 3142)  # as it was chosen
    mixed = CellSizes(np.array([100.0, 100, 900]), np.array([100.0, 100, 900]), 3)
    usual = MuLux.fitted(MuLuxConfig(), mixed)
    assert isinstance(usual, MuLuxConfig)
    assert (usual.opening, usual.least_area) == (10, 785)
    with pytest.raises(TypeError, match="expected MuLuxConfig"):
        MuLux.of(MaskRCNNConfig())


@pytest.mark.parametrize("loss", ["weighted_mse", "balanced"])
def test_unknown_and_empty_frames(loss: str) -> None:
    _, labels = drawn_frame()
    method = MuLux.of(MuLuxConfig(width=4, depth=2, loss=loss))  # type: ignore[arg-type]
    images = torch.rand(1, 1, 96, 96)
    for frame in (np.zeros_like(labels), np.full_like(labels, -1), labels):
        terms = method.losses(images, [tensors(method, frame)])
        assert list(terms) == ["markers", "mask"]
        assert all(torch.isfinite(term) for term in terms.values())
    nothing = method.losses(images, [tensors(method, np.full_like(labels, -1))])
    assert sum(term.item() for term in nothing.values()) == 0


def test_oracle_on_a_drawing() -> None:
    _, labels = drawn_frame()
    assert seg(labels, oracle(labels, SMALL)) > 0.95
    apart = np.zeros((60, 60), np.int32)
    apart[disc((60, 60), (15, 15), 10)], apart[disc((60, 60), (42, 42), 12)] = 1, 2
    assert seg(apart, oracle(apart, SMALL)) > 0.98


@pytest.mark.parametrize(("dataset", "least"), [("DIC-C2DH-HeLa", 0.93), ("PhC-C2DH-U373", 0.97)])
def test_oracle_on_real_cells(real_data: Path, dataset: str, least: float) -> None:
    """A flat mask as landscape cannot place the line between touching cells quite right."""
    paths = sorted((real_data / dataset / "01_ST" / "SEG").glob("*.tif"))[::25]
    scores = [
        seg(truth, oracle(truth, MuLuxConfig(opening=8))) for truth in map(read_labels, paths)
    ]
    assert np.mean(scores) > least


def test_it_learns_one_frame() -> None:
    """Every cell is found; the mask does not say where two that touch meet, so 0.8 has to do."""
    torch.manual_seed(0)
    start = time.process_time()
    image, labels = drawn_frame()
    method = MuLux.of(MuLuxConfig(width=8, depth=3, opening=3, least_area=20))
    learn(method, image, labels, 200)
    found = paint(method.instances(torch.from_numpy(image)[None, None]), (96, 96))
    assert found.max() == 5
    assert seg(labels, found) >= 0.8
    assert time.process_time() - start < 120
