"""A run in a container beside the same run outside."""

import platform
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner

from ctc_submit.cli.main import main


def ctc(*words: object) -> None:
    """Run a command of the package, which must succeed."""
    done = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output


def demand_our_python(client: Any, base: str) -> None:
    """Skip where the packages of this interpreter are for another Python than the image has."""
    minor = ".".join(platform.python_version_tuple()[:2])
    said = client.containers.run(base, ["python3", "--version"], remove=True, network_mode="none")
    if f"Python {minor}." not in said.decode():
        pytest.skip(f"the image {base} has {said.decode().strip()}, the packages are for {minor}")


def assert_same_result(outside: Path, inside: Path, frames: int) -> None:
    """Hold two results against each other: masks pixel by pixel, tracks byte by byte."""
    masks = sorted(path.name for path in outside.glob("*.tif"))
    assert masks == sorted(path.name for path in inside.glob("*.tif"))
    assert len(masks) == frames
    for name in masks:
        np.testing.assert_array_equal(
            tifffile.imread(inside / name), tifffile.imread(outside / name)
        )
    tracks = "res_track.txt"
    assert (inside / tracks).read_bytes() == (outside / tracks).read_bytes()
