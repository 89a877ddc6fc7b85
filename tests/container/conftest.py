"""The engine and the image to start from, or the reason why there are none."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

BASE = os.environ.get("CTC_TEST_BASE", "ctc-test-base")


@pytest.fixture(scope="session")
def client() -> Iterator[Any]:
    """A client of the engine; the tests skip where none answers or the base image is missing.

    The image is named in ``CTC_TEST_BASE``; it needs Python with venv, and nothing else.
    """
    docker = pytest.importorskip("docker")
    try:
        found = docker.from_env()
        found.ping()
    except docker.errors.DockerException as error:
        pytest.skip(f"no container engine answers ({' '.join(str(error).split())[:80]})")
    try:
        found.images.get(BASE)
    except docker.errors.ImageNotFound:
        pytest.skip(f"no image {BASE} with Python to start from; name one in CTC_TEST_BASE")
    yield found
    found.close()


@pytest.fixture(scope="session")
def base() -> str:
    """Name of the image to start from."""
    return BASE
