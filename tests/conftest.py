"""Fixtures shared by all tests."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from playwright.sync_api import Browser, Error, sync_playwright

hypothesis.settings.register_profile("shared machine", deadline=None)
hypothesis.settings.load_profile("shared machine")

NOBODY = 65534
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
REAL = Path(__file__).parent.parent.parent / "shared" / "data"


@pytest.fixture
def real_data() -> Path:
    """The folder with the challenge's real sequences; the test skips where it is absent."""
    if not REAL.is_dir():
        pytest.skip(f"no real sequences at {REAL}")
    return REAL


@pytest.fixture
def users_place() -> Iterator[Path]:
    """A folder of somebody whom permissions bind, as whom the test runs: root is bound by none."""
    place = Path(tempfile.mkdtemp())
    root = os.geteuid() == 0
    try:
        if root:
            os.chown(place, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, 0)
        yield place
    finally:
        if root:
            os.setresuid(0, 0, 0)
        subprocess.run(["chmod", "-R", "u+rwX", str(place)], check=True)
        shutil.rmtree(place)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium without a window; the tests skip where there is none."""
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        pytest.skip("no chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        try:
            opened = playwright.chromium.launch(executable_path=program, args=arguments)
        except Error as error:
            pytest.skip(f"{program} does not start: {error.message.splitlines()[0]}")
        yield opened
        opened.close()
