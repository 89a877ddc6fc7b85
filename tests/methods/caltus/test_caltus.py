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
    ],
)
def test_the_rules_of_the_most_probable_class(
    probabilities: tuple[float, ...], expected: int
) -> None:
    assert most_probable(np.array(probabilities).reshape(4, 1, 1))[0, 0] == expected


def test_cells_grow_evenly_into_touching_only() -> None:
    labels = grown(drawn("..........\n.11222211.\n..........\n....22...."))
    np.testing.assert_array_equal(labels, drawn("..........\n.11112222.\n..........\n.........."))


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
