import numpy as np
import pytest
import torch
from torchvision.models.detection._utils import BalancedPositiveNegativeSampler

from ctc_submit.methods.maskrcnn.sampling import ANCHORS, REGIONS, Quota, cast_lots, drawn

CPU = torch.device("cpu")
FEW = Quota(6, 2)


def classes(cells: int, background: int, neither: int = 0) -> torch.Tensor:
    parts = [torch.ones(cells), torch.zeros(background), -torch.ones(neither)]
    return torch.cat(parts)[torch.randperm(cells + background + neither)]


def lots(number: int, seed: int = 0) -> torch.Tensor:
    return cast_lots(torch.tensor(seed), anchors=number, cells=0, device=CPU).anchors


@pytest.mark.parametrize("quota", [FEW, ANCHORS, REGIONS])
@pytest.mark.parametrize(
    ("cells", "background", "neither"),
    [(500, 900, 50), (3, 900, 0), (500, 2, 0), (1, 1, 1), (0, 400, 9), (400, 0, 9), (0, 0, 7)],
)
def test_as_many_are_drawn_as_by_torchvision(
    quota: Quota, cells: int, background: int, neither: int
) -> None:
    given = classes(cells, background, neither)
    taken = drawn(given, lots(len(given)), quota)
    theirs = BalancedPositiveNegativeSampler(quota.most, quota.cells / quota.most)([given])
    (positive,), (negative,) = theirs
    assert (taken & (given > 0)).sum() == positive.sum()
    assert (taken & (given == 0)).sum() == negative.sum()
    assert not (taken & (given < 0)).any()


def test_without_candidates_none_is_drawn() -> None:
    assert drawn(torch.zeros(0), torch.zeros(0), FEW).shape == (0,)


def test_every_candidate_is_drawn_as_often_as_any_other() -> None:
    given = torch.tensor([1.0] * 5 + [0.0] * 8)
    times = sum(drawn(given, lots(13, seed), FEW).float() for seed in range(4000))
    assert isinstance(times, torch.Tensor)
    shares = (times / 4000).numpy()
    np.testing.assert_allclose(shares[:5], 2 / 5, atol=0.03)
    np.testing.assert_allclose(shares[5:], 4 / 8, atol=0.03)


def test_lots_follow_the_seed_alone() -> None:
    torch.manual_seed(1)
    once = cast_lots(torch.tensor(7), anchors=20, cells=3, device=CPU)
    before = torch.get_rng_state()
    again = cast_lots(torch.tensor(7), anchors=20, cells=3, device=CPU)
    assert torch.equal(before, torch.get_rng_state()), "torch's own generator stays untouched"
    other = cast_lots(torch.tensor(8), anchors=20, cells=3, device=CPU)
    assert torch.equal(once.anchors, again.anchors) and torch.equal(once.regions, again.regions)
    assert not torch.equal(once.anchors, other.anchors)
    assert not torch.equal(once.anchors, once.regions[:20]), "regions have numbers of their own"
    assert (len(once.anchors), len(once.regions)) == (20, 23)


def test_without_a_seed_lots_follow_torch_s() -> None:
    torch.manual_seed(5)
    first, second = (cast_lots(None, anchors=9, cells=0, device=CPU) for _ in range(2))
    torch.manual_seed(5)
    assert torch.equal(first.anchors, cast_lots(None, anchors=9, cells=0, device=CPU).anchors)
    assert not torch.equal(first.anchors, second.anchors)


def test_regions_in_another_order_are_drawn_alike() -> None:
    own = cast_lots(torch.tensor(3), anchors=50, cells=2, device=CPU)
    origins = torch.randperm(50, generator=torch.Generator().manual_seed(0))[:30]
    given = torch.cat([(origins % 4 == 0).float(), torch.ones(2)])
    taken = drawn(given, own.of_regions(origins), FEW)
    swapped = origins.flip(0)
    turned = torch.cat([given[:30].flip(0), given[30:]])
    again = drawn(turned, own.of_regions(swapped), FEW)
    assert set(origins[taken[:30]].tolist()) == set(swapped[again[:30]].tolist())
    assert torch.equal(taken[30:], again[30:])
