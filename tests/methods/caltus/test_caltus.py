import math
import time
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage.morphology import closing

from ctc_submit.data.instances import paint
from ctc_submit.data.labels import read_labels
from ctc_submit.methods.caltus.caltus import CaltUs
from ctc_submit.methods.caltus.config import CaltUsConfig
from ctc_submit.methods.caltus.decode import decode, grown, most_probable
from ctc_submit.methods.caltus.loss import cross_entropy, j_regularisation
from ctc_submit.methods.caltus.targets import classes_of, disc
from ctc_submit.methods.maskrcnn.config import MaskRCNNConfig
from ctc_submit.methods.method import CellSizes, Method
from tests.methods.oracle import drawn_frame, learn, seg, tensors
from tests.scenes import drawn

SMALL = CaltUsConfig(width=4, depth=2)


def oracle(labels: np.ndarray, config: CaltUsConfig = SMALL) -> np.ndarray:
    """Decode the target itself."""
    classes = classes_of(labels, touching=config.touching, gap=config.gap)
    answer = np.stack([classes == k for k in range(4)]).astype(np.float32)
    return paint(decode(answer, config), (labels.shape[0], labels.shape[1]))


def squares(apart: int) -> np.ndarray:
    """Two squares side by side, so many pixels apart."""
    labels = np.zeros((60, 80), np.int32)
    labels[20:40, 10:30], labels[20:40, 30 + apart : 50 + apart] = 1, 2
    return labels


def some(shape: tuple[int, ...] = (2, 4, 5, 6)) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(shape, generator=generator, dtype=torch.float64)
    classes = torch.randint(0, 4, (shape[0], *shape[2:]), generator=generator)
    return logits, classes, torch.ones(classes.shape)


def test_touching_squares_have_a_band_of_four() -> None:
    classes = classes_of(squares(0), touching=1, gap=7)
    np.testing.assert_array_equal(classes[30, 27:33], [1, 2, 2, 2, 2, 1])
    assert classes[19, 29] == 2
    assert classes_of(squares(0), touching=0, gap=7)[30, 27:33].tolist() == [1, 1, 2, 2, 1, 1]


def test_gaps_are_as_wide_as_the_closing() -> None:
    assert classes_of(squares(14), touching=1, gap=7)[30, 37] == 3
    assert not (classes_of(squares(15), touching=1, gap=7) == 3).any()
    assert not (classes_of(squares(14), touching=1, gap=0) == 3).any()


def test_a_gap_has_eight_pixels_and_ends_at_the_frame_s_edge() -> None:
    """A closing by the smallest disc leaves both ends of a slit open."""
    for height, gaps in ((9, 0), (10, 8)):
        labels = np.zeros((20, 20), np.int32)
        labels[3 : 3 + height, 2:8], labels[3 : 3 + height, 9:15] = 1, 2
        assert (classes_of(labels, touching=1, gap=1) == 3).sum() == gaps
    labels[:] = np.roll(labels, -3, axis=0)
    column = classes_of(labels, touching=1, gap=1)[:10, 8]
    assert column.tolist() == [0, *[3] * 8, 0]


def test_a_slanting_slit_is_one_gap() -> None:
    rows, columns = np.indices((14, 14))
    labels = np.sign(columns - rows) % 3  # 1 above the diagonal, 2 below, 0 on it
    classes = classes_of(np.pad(labels, 3), touching=0, gap=1)
    assert (classes == 3).sum() >= 8


def test_the_closing_is_scikit_images() -> None:
    _, labels = drawn_frame()
    classes = classes_of(labels, touching=1, gap=7)
    filled = np.pad((classes == 1) | (classes == 2), 20)
    expected = closing(filled, disc(7))[20:-20, 20:-20]
    difference = ((classes > 0) != expected).sum()
    assert difference < 8  # gaps that are too small to count


def test_classes_without_cells() -> None:
    assert not classes_of(np.zeros((9, 9), np.int32), touching=1, gap=7).any()
    assert (classes_of(np.full((9, 9), 4), touching=1, gap=7) == 1).all()
    assert not classes_of(np.full((9, 9), -1), touching=1, gap=7).any()


def test_j_term_of_perfect_undecided_and_wrong_answers() -> None:
    logits, classes, known = some()
    perfect = 60 * torch.nn.functional.one_hot(classes, 4).movedim(-1, 1).double()
    assert j_regularisation(perfect, classes, known).item() == pytest.approx(0, abs=1e-6)
    undecided = j_regularisation(torch.zeros_like(logits), classes, known)
    assert undecided.item() == pytest.approx(12 * math.log(2), rel=1e-6)
    wrong = j_regularisation(perfect.roll(1, 1), classes, known)
    assert torch.isfinite(wrong)
    assert wrong > undecided


def test_j_term_against_its_formula() -> None:
    logits, classes, known = some()
    probabilities = logits.softmax(1)
    expected = 0.0
    for i, k in permutations(range(4), 2):
        true = probabilities[:, i][classes == i].mean()
        false = probabilities[:, i][classes == k].mean()
        expected -= math.log(0.5 + 0.5 * (true - false).item() + 1e-8)
    assert j_regularisation(logits, classes, known).item() == pytest.approx(expected)


def test_absent_classes_and_unknown_pixels_do_not_count() -> None:
    logits, classes, known = some()
    only = classes.clamp_max(1).requires_grad_(False)
    logits.requires_grad_()
    loss = j_regularisation(logits, only, known) + cross_entropy(logits, only, known)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert torch.isfinite(gradient).all()
    undecided = j_regularisation(torch.zeros_like(logits), only, known)
    assert undecided.item() == pytest.approx(2 * math.log(2), rel=1e-6)
    known[0] = 0
    for loss_of in (j_regularisation, cross_entropy):
        once = loss_of(logits, classes, known)
        changed = classes.clone()
        changed[0] = 3 - changed[0]
        torch.testing.assert_close(loss_of(logits, changed, known), once)
        assert loss_of(logits, classes, torch.zeros_like(known)).item() == 0
    assert torch.autograd.gradcheck(lambda x: j_regularisation(x, classes, known), (logits,))


def test_half_precision_is_computed_in_float32() -> None:
    logits, classes, known = some((2, 4, 64, 64))
    for loss_of in (j_regularisation, cross_entropy):
        half = logits.half()
        assert loss_of(half, classes, known).dtype == torch.float32
        expected = loss_of(half.double(), classes, known)
        torch.testing.assert_close(
            loss_of(half, classes, known).double(), expected, rtol=1e-4, atol=0
        )


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_sums_over_a_large_frame_hold_under_autocast(kind: torch.dtype) -> None:
    logits, classes, known = some((1, 4, 512, 512))  # more pixels than float16 can count
    logits = logits.float()
    for loss_of in (j_regularisation, cross_entropy):
        with torch.autocast("cpu", kind):
            found = loss_of(logits, classes, known)
        torch.testing.assert_close(found, loss_of(logits, classes, known))


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        ((0.4, 0.3, 0.1, 0.2), 0),  # background and gap together over a half
        ((0.2, 0.3, 0.3, 0.2), 0),  # together over 0.98 of either
        ((0.15, 0.25, 0.45, 0.15), 0),  # touching leads, but ground is likelier than cell
        ((0.1, 0.7, 0.15, 0.05), 2),  # cell leads, touching over 0.1
        ((0.1, 0.3, 0.55, 0.05), 2),  # touching over a half
        ((0.1, 0.8, 0.05, 0.05), 1),
        ((0.1, 0.38, 0.45, 0.07), 2),  # none of the rules: the greatest
        ((0.25, 0.3, 0.4, 0.05), 2),  # together as likely as cell, but touching is likelier
    ],
)
def test_the_rules_of_the_most_probable_class(
    probabilities: tuple[float, ...], expected: int
) -> None:
    assert most_probable(np.array(probabilities).reshape(4, 1, 1))[0, 0] == expected


def test_cells_grow_evenly_into_touching_only() -> None:
    labels = grown(drawn("..........\n.11222211.\n..........\n....22...."))
    np.testing.assert_array_equal(labels, drawn("..........\n.11112222.\n..........\n.........."))


def test_cells_begin_and_grow_over_corners() -> None:
    labels = grown(drawn("1....\n.1...\n..2..\n...2.\n....."))
    np.testing.assert_array_equal(labels, drawn("1....\n.1...\n..1..\n...1.\n....."))


def answer_of(*columns: tuple[float, float, float]) -> np.ndarray:
    """One row; p(cell), p(touching) and p(gap) of every column, the rest is background."""
    cell, touching, gap = np.array(columns, np.float32).T
    return np.stack([1 - cell - touching - gap, cell, touching, gap])[:, None]


def test_thresholds_call_touching_what_is_a_little_likely() -> None:
    sure, line, half, less = (0.49, 0, 0), (0.9, 0.05, 0), (0.48, 0, 0), (0.49, 0.04, 0)
    answer = answer_of(sure, less, line, sure, sure, half)
    labels = paint(decode(answer, CaltUsConfig(decoding="th", adaptive_area=0)), (1, 6))[0]
    assert labels[0] == labels[1] != labels[3] == labels[4]
    assert labels[2] > 0 and labels[5] == 0


def test_the_watershed_begins_at_sure_cells_and_ends_at_sure_background() -> None:
    seed, weak, valley = (0.96, 0, 0), (0.94, 0, 0), (0.5, 0.5, 0)
    edge, beyond = (0.1, 0, 0.45), (0.05, 0, 0.5)
    answer = answer_of(seed, weak, valley, weak, weak, weak, seed, edge, beyond, weak)
    labels = paint(decode(answer, CaltUsConfig(decoding="wts", adaptive_area=0)), (1, 10))[0]
    assert labels[0] == labels[1] > 0 and len(set(labels[3:8])) == 1
    assert labels[0] != labels[3] > 0
    assert labels[8:].tolist() == [0, 0]


def test_scores_are_of_cell_or_touching_and_holes_stay() -> None:
    answer = np.zeros((4, 9, 9), np.float32)
    answer[1, 1:8, 1:8], answer[2, 1:8, 1:8] = 0.8, 0.0625
    answer[:, 4, 4] = 0
    answer[0] = 1 - answer[1:].sum(0)
    (found,) = decode(answer, CaltUsConfig())
    assert found.score == pytest.approx(0.8625)
    assert found.mask.sum() == 48
    (whole,) = decode(answer, CaltUsConfig(fill_holes=True))
    assert whole.mask.sum() == 49


def test_oracle_on_a_drawing() -> None:
    _, labels = drawn_frame()
    for decoding in ("map", "th", "wts"):
        config = CaltUsConfig(decoding=decoding)
        assert seg(labels, oracle(labels, config)) > 0.97, decoding


@pytest.mark.parametrize(("dataset", "least"), [("DIC-C2DH-HeLa", 0.98), ("PhC-C2DH-U373", 0.99)])
def test_oracle_on_real_cells(real_data: Path, dataset: str, least: float) -> None:
    paths = sorted((real_data / dataset / "01_ST" / "SEG").glob("*.tif"))[::25]
    assert np.mean([seg(truth, oracle(truth)) for truth in map(read_labels, paths)]) > least


def test_small_cells_of_a_frame_are_dropped() -> None:
    labels = squares(14)
    labels[2:4, 2:4] = 3
    assert oracle(labels).max() == 2
    assert oracle(labels, CaltUsConfig(adaptive_area=0)).max() == 3
    assert oracle(labels, CaltUsConfig(adaptive_area=0, least_area=5)).max() == 2
    assert oracle(labels, CaltUsConfig(adaptive_area=0.9)).max() == 2, "of the mean, not the sum"


def test_it_keeps_the_contract() -> None:
    method = CaltUs.of(SMALL)
    assert isinstance(method, Method)
    fitted = CaltUs.fitted(SMALL, CellSizes(np.full(3, 20.0), np.full(3, 20.0), 3))
    assert isinstance(fitted, CaltUsConfig)
    assert fitted.least_area == 31
    with pytest.raises(TypeError, match="expected CaltUsConfig"):
        CaltUs.of(MaskRCNNConfig())
    _, labels = drawn_frame()
    terms = method.losses(torch.rand(1, 1, 96, 96), [tensors(method, labels)])
    assert list(terms) == ["cross_entropy", "youden"]
    plain = CaltUs.of(CaltUsConfig(width=4, depth=2, lambda_j=0))
    assert list(plain.losses(torch.rand(1, 1, 96, 96), [tensors(plain, labels)])) == [
        "cross_entropy"
    ]


def test_settings_of_the_target_and_the_loss_are_heeded() -> None:
    _, labels = drawn_frame()
    plain = CaltUs.targets(labels, CaltUsConfig(touching=0, gap=3))["classes"]
    np.testing.assert_array_equal(plain[0], classes_of(labels, touching=0, gap=3))
    terms = []
    for weight in (0.05, 0.5):
        torch.manual_seed(0)
        method = CaltUs.of(CaltUsConfig(width=4, depth=2, lambda_j=weight))
        image = torch.rand(1, 1, 96, 96)
        terms.append(method.losses(image, [tensors(method, labels)])["youden"].item())
    assert terms[1] == pytest.approx(10 * terms[0], rel=1e-5)


def test_unknown_regions_do_not_teach() -> None:
    _, labels = drawn_frame()
    labels[:, 60:] = -1
    method, images = CaltUs.of(SMALL), torch.rand(1, 1, 96, 96)
    target = tensors(method, labels)
    other = {**target, "classes": target["classes"].clone()}
    other["classes"][..., 60:] = 2
    once, again = (method.losses(images, [one]) for one in (target, other))
    for name, term in once.items():
        torch.testing.assert_close(again[name], term)


def test_turns_average_logits() -> None:
    method = CaltUs.of(CaltUsConfig(width=4, depth=2, turns=True))
    image = torch.rand(1, 1, 32, 24)
    with torch.no_grad():
        logits = [method.net(image.rot90(k, (2, 3))).rot90(-k, (2, 3)) for k in range(4)]
        expected = (sum(logits) / 4).softmax(1)[0]
        np.testing.assert_allclose(method.probabilities(image), expected, atol=1e-5)


def test_turns_make_the_answer_turn_with_the_image() -> None:
    method = CaltUs.of(CaltUsConfig(width=4, depth=2, turns=True))
    image = torch.rand(1, 1, 32, 24)
    with torch.no_grad():
        upright = method.probabilities(image)
        turned = method.probabilities(image.rot90(1, (2, 3)).contiguous())
    np.testing.assert_allclose(np.rot90(upright, 1, (1, 2)), turned, atol=1e-5)
    np.testing.assert_allclose(upright.sum(0), 1, rtol=1e-5)


def test_it_overfits_one_frame() -> None:
    torch.manual_seed(0)
    start = time.process_time()
    image, labels = drawn_frame()
    method = CaltUs.of(CaltUsConfig(width=8, depth=3, least_area=20))
    learn(method, image, labels, 200)
    found = paint(method.instances(torch.from_numpy(image)[None, None]), (96, 96))
    assert seg(labels, found) >= 0.95
    assert time.process_time() - start < 120
