"""Fixtures shared by all tests."""

from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("shared machine", deadline=None)
hypothesis.settings.load_profile("shared machine")

REAL = Path(__file__).parent.parent.parent / "shared" / "data"


@pytest.fixture
def real_data() -> Path:
    """The folder with the challenge's real sequences; the test skips where it is absent."""
    if not REAL.is_dir():
        pytest.skip(f"no real sequences at {REAL}")
    return REAL
