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


@pytest.mark.parametrize("root", [".", "submissions/a", "/submissions/a"])
def test_many_of_one_kind_are_named_by_what_tells_them_apart(root: str) -> None:
    sets = ("-dash", "BF-C2DL-HSC", "DIC-C2DH-HeLa", "PhC-C2DH-U373", "Sim")
    first, *_ = (Path(root) / name / "02_RES" for name in sets)
    [line] = tell(
        Problem(Path(root) / name / "02_RES", "both-sequences", "both", "one", "run the other")
        for name in sets
    )
    assert line.startswith(f"{first}: [both-sequences]")
    others = "BF-C2DL-HSC/02_RES, DIC-C2DH-HeLa/02_RES, PhC-C2DH-U373/02_RES, …"
    assert line.endswith(f"(4 more in {others})")


def test_many_in_one_folder_are_named_by_their_files() -> None:
    [line] = tell(problem(f"{number}.tif") for number in range(4))
    assert line.endswith("(3 more in 1.tif, 2.tif, 3.tif)")


def test_paths_without_a_folder_in_common_are_whole() -> None:
    paths = ("/a/01_RES", "b/01_RES", "c/01_RES", "/d/01_RES")
    [line] = tell(Problem(Path(path), "rule", "one", "other", "mend it") for path in paths)
    assert line.endswith("(3 more in b/01_RES, c/01_RES, /d/01_RES)")
