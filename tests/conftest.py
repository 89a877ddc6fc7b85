"""Fixtures shared by all tests."""

from pathlib import Path

import pytest

REAL = Path(__file__).parent.parent.parent / "shared" / "data"


@pytest.fixture
def real_data() -> Path:
    """The folder with the challenge's real sequences; the test skips where it is absent."""
    if not REAL.is_dir():
        pytest.skip(f"no real sequences at {REAL}")
    return REAL
