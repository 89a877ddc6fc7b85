"""The engine and the image to start from, or the reason why there are none."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from ctc_submit.container.engine import engine
from ctc_submit.errors import ToolError

BASE = os.environ.get("CTC_TEST_BASE", "ctc-test-base")


@pytest.fixture(scope="session")
def client() -> Iterator[Any]:
    """A client of the engine; the tests skip where none answers or the base image is missing.

    The image is named in ``CTC_TEST_BASE``; it needs Python with venv, and nothing else.
    """
    with ExitStack() as stack:
        try:
            found = stack.enter_context(engine())
        except ToolError as error:
            pytest.skip(str(error))
        tags = {tag for image in found.images.list() for tag in image.tags}
        if not tags & {BASE, f"{BASE}:latest"}:
            pytest.skip(f"no image {BASE} with Python to start from; name one in CTC_TEST_BASE")
        before = _stages(found)
        yield found
        for name in _stages(found) - before:
            found.images.remove(name, force=True)


def _stages(client: Any) -> set[str]:
    """Return the images without a name that building ours leaves: its stage with the packages."""
    unnamed = client.images.list(filters={"dangling": True})
    steps = {image.id: [step["CreatedBy"] for step in image.history()] for image in unnamed}
    return {name for name, of in steps.items() if any("/opt/packages" in step for step in of)}


@pytest.fixture(scope="session")
def base() -> str:
    """Name of the image to start from."""
    return BASE
