"""A few hundred damaged inputs: no traceback, no hang, no wrong score."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.score_fuzz import Bench


@pytest.mark.parametrize("seed", range(2))
def test_damaged_inputs_are_answered(seed: int, tmp_path: Path) -> None:
    bench = Bench(tmp_path, np.random.default_rng(seed))
    for _ in range(60):
        bench.try_one()
    assert bench.tried == 60
    assert bench.scored > 0
    assert bench.refused > 0
