from pathlib import Path

import pytest

from ctc_submit.data.problem import Problem, tell


def problem(name: str) -> Problem:
    return Problem(Path("01_RES") / name, "stray-file", "masks", "a file", "remove it")


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("sign", ["\n", "\r", "\x1b", "\u2028", "\x85"])
def test_a_finding_is_one_line_whatever_the_file_is_called(sign: str, count: int) -> None:
    found = tell(problem(f"{number}{sign}b.tif") for number in range(count))
    assert len(found) == (count if count <= 3 else 1)
    for line in found:
        assert len(line.splitlines()) == 1 and sign not in line
        assert repr(sign)[1:-1] in line


def test_other_signs_stay() -> None:
    assert tell([problem("Zelle ü 細胞.tif")])[0].startswith(
        "01_RES/Zelle ü 細胞.tif: [stray-file]"
    )
