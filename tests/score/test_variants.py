"""One fault or oddity each, on planes, volumes, slices and four digits."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from ctc_submit.data.labels import write_labels
from ctc_submit.score.measure import TOOLS, Answer, measure
from tests.scenes import drawn

TRACKS = "1 0 1 0\n2 0 2 0\n3 2 2 1\n4 2 2 1\n"
FRAMES = [
    drawn("11..22\n11..22\n......"),
    drawn("11..22\n11..22\n......"),
    drawn("33..22\n......\n44...."),
]


@dataclass(frozen=True)
class Base:
    """How a sound sequence is written."""

    digits: int = 3
    pages: int = 1
    slices: bool = False

    def number(self, time: int) -> str:
        return f"{time:0{self.digits}d}"

    def write(self, folder: Path) -> None:
        for part in ("01_GT/SEG", "01_GT/TRA", "01_RES"):
            (folder / part).mkdir(parents=True)
        for time, plane in enumerate(FRAMES):
            labels = plane if self.pages == 1 else np.stack([plane] * self.pages)
            write_labels(folder / f"01_GT/TRA/man_track{self.number(time)}.tif", labels)
            write_labels(folder / f"01_RES/mask{self.number(time)}.tif", labels)
            if self.slices:
                name = f"man_seg_{self.number(time)}_{self.pages - 1:03d}.tif"
                write_labels(folder / "01_GT/SEG" / name, plane)
            else:
                write_labels(folder / f"01_GT/SEG/man_seg{self.number(time)}.tif", labels)
        (folder / "01_GT/TRA/man_track.txt").write_text(TRACKS)
        (folder / "01_RES/res_track.txt").write_text(TRACKS)


BASES = {
    "plane": Base(),
    "four digits": Base(digits=4),
    "volume": Base(pages=3),
    "slices": Base(pages=4, slices=True),
    "slices, four digits": Base(digits=4, pages=2, slices=True),
}


@pytest.fixture(params=BASES)
def base(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Base:
    monkeypatch.chdir(tmp_path)
    found = BASES[request.param]
    found.write(Path("D"))
    return found


def answers(base: Base, *, digits: str | None = None) -> dict[str, Answer]:
    given = str(base.digits) if digits is None else digits
    return {tool: measure(tool, "D", "01", given) for tool in TOOLS}


def says(base: Base, text: str, tools: tuple[str, ...] = TOOLS, code: int = 255) -> None:
    """These tools say this and nothing else; the others score as if nothing were amiss."""
    for tool, answer in answers(base).items():
        if tool in tools:
            assert answer == Answer(code, text.replace("{number}", base.number(1)))
        else:
            assert (answer.code, answer.output) == (0, f"{tool} measure: 1.000000\n")
            assert answer.log


def mask(base: Base, time: int = 1) -> Path:
    return Path("D/01_RES") / f"mask{base.number(time)}.tif"


def rewrite(base: Base, dtype: str = "u2", **how: Any) -> None:
    labels = tifffile.imread(mask(base)).astype(dtype)
    tifffile.imwrite(mask(base), labels, **({"photometric": "minisblack"} | how))


def test_nothing_amiss(base: Base) -> None:
    says(base, "", ())


CANNOT = "The image 'D/01_RES/mask{number}.tif' cannot be opened!\n"
I3D = "i3d::IOException: "


@pytest.mark.parametrize(
    ("dtype", "line"),
    [
        ("u1", "Unsupported image type (GRAY8)\n"),
        ("u4", "Unsupported image type (float)\n"),
        ("f4", "Unsupported image type (float)\n"),
        ("i2", f"{I3D}I3D::TIFFReader: unsupported sample format.\n"),
    ],
)
def test_other_pixels(base: Base, dtype: str, line: str) -> None:
    rewrite(base, dtype)
    says(base, line + CANNOT)


def test_no_mask_and_no_tiff(base: Base) -> None:
    name = f"D/01_RES/mask{base.number(1)}.tif"
    for content in (b"", b"no picture"):
        mask(base).write_bytes(content)
        says(base, f"{I3D}TIFF: Unable to open {name}.\n{CANNOT}")
    mask(base).unlink()
    says(base, f"{I3D}I3D::ImageReader: file '{name}' not found or cannot be read.\n{CANNOT}")


@pytest.mark.parametrize(
    "how",
    [
        {"compression": "lzw", "predictor": 2},
        {"compression": "packbits"},
        {"byteorder": ">", "bigtiff": True},
        {"rowsperstrip": 1},
    ],
)
def test_packings_that_are_read(base: Base, how: dict[str, Any]) -> None:
    rewrite(base, **how)
    says(base, "", ())


@pytest.mark.parametrize("how", [{"tile": (16, 16)}, {"compression": "zstd"}])
def test_packings_that_read_as_empty(base: Base, how: dict[str, Any]) -> None:
    """Exit 0 and a frame without objects, in which TRA misses the declared tracks."""
    rewrite(base, **how)
    seg, det, tra = answers(base).values()
    assert (seg.code, seg.output) == (0, "SEG measure: 0.714286\n")
    assert (det.code, det.output) == (0, "DET measure: 0.714286\n")
    assert tra.code == 255
    assert tra.output == "The computed track with label 1 is not consistent with the image data!\n"


def test_another_size(base: Base) -> None:
    labels = tifffile.imread(mask(base))
    write_labels(mask(base), labels[..., :-1])
    seg = f"man_seg_{base.number(1)}_{base.pages - 1:03d}" if base.slices else "man_seg{number}"
    for tool, name in (("SEG", f"SEG/{seg}"), ("DET", "TRA/man_track{number}")):
        truth = f"D/01_GT/{name}.tif".replace("{number}", base.number(1))
        text = f"Incompatible image size! (gt='{truth}', res='{mask(base)}')\n"
        assert (answers(base)[tool].code, answers(base)[tool].output) == (255, text)


def test_a_slice_beyond_the_stack(base: Base) -> None:
    name = f"man_seg_{base.number(2)}_{base.pages:03d}.tif"
    write_labels(Path("D/01_GT/SEG") / name, FRAMES[2])
    text = f"There is no slice with z={base.pages} in the image '{mask(base, 2)}'!\n"
    says(base, text, ("SEG",))


Change = Callable[[str], str]
WRONG = "The track file 'D/01_RES/res_track.txt' is in incorrect format! "
TRACK = "The computed track with label "


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda t: t + "\n", f"{WRONG}(Line=5)\n"),
        (lambda t: "\n" + t, f"{WRONG}(Line=1)\n"),
        (lambda t: t.replace("2 0 2 0\n", "2 0 2 0 \n"), f"{WRONG}(Line=2)\n"),
        (lambda t: t.replace("2 0 2 0\n", "2 0 2 0\t\n"), f"{WRONG}(Line=2)\n"),
        (lambda t: t.replace("\n", "\r\n\r\n", 1), f"{WRONG}(Line=2)\n"),
        (lambda t: t + "70000 0 0 0\n", f"{WRONG}(Line=5)\n"),
        (lambda t: t + "2 0 2 0\n", f"{WRONG}(Duplicite id=2)\n"),
        (lambda t: t.replace("2 0 2 0", "2 0 2"), f"{WRONG}(Line=2)\n"),
        (lambda t: t.replace("2 0 2 0", "2 0 2 2"), "Invalid parent connection for the computed "
         "track with label 2!\n"),
        (lambda t: t.replace("3 2 2 1", "3 2 2 2"), "Invalid parent connection for the computed "
         "track with label 3!\n"),
        (lambda t: t.replace("2 0 2 0", "2 0 1 0"), f"{TRACK}2 is not consistent with the image "
         "data!\n"),
        (lambda t: t.replace("1 0 1 0", "1 0 2 0"), f"{TRACK}1 is not consistent with the image "
         "data!\n"),
        (lambda t: t.replace("4 2 2 1\n", ""), f"{TRACK}4 is not consistent with the image "
         "data!\n"),
        (lambda t: "", f"{TRACK}1 is not consistent with the image data!\n"),
        (lambda t: "0 0 0 0\n" + t, f"{TRACK}0 is not consistent with the image data!\n"),
    ],
)  # fmt: skip
def test_track_files_that_are_refused(base: Base, change: Change, line: str) -> None:
    path = Path("D/01_RES/res_track.txt")
    path.write_bytes(change(TRACKS).encode())
    says(base, line, ("TRA",))


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.replace("\n", "\r\n"),
        lambda t: t.replace(" ", "\t"),
        lambda t: t.replace(" ", "   "),
        lambda t: t.rstrip("\n"),
        lambda t: "".join(reversed(t.splitlines(keepends=True))),
        lambda t: t.replace("2 0 2 0", "2 0 9 0"),
        lambda t: t + "9 3 5 0\n",
    ],
)
def test_track_files_that_are_read(base: Base, change: Change) -> None:
    """Line ends, blanks, children before parents, and what lies beyond the last frame."""
    Path("D/01_RES/res_track.txt").write_bytes(change(TRACKS).encode())
    says(base, "", ())


@pytest.mark.parametrize("parent", ["-1", "9"])
def test_a_parent_without_a_row_aborts(base: Base, parent: str) -> None:
    Path("D/01_RES/res_track.txt").write_text(TRACKS.replace("3 2 2 1", f"3 2 2 {parent}"))
    says(base, "", ("TRA",), 3)


def test_the_truth_s_own_faults(base: Base) -> None:
    path = Path("D/01_GT/TRA/man_track.txt")
    path.write_text(TRACKS.replace("4 2 2 1\n", ""))
    text = "The reference track with label 4 is not consistent with the image data!\n"
    says(base, text, ("TRA",))
    path.write_text(TRACKS.replace("1 0 1 0\n", ""))
    text = "Non-existing parent track with label 1 for the reference track with label 3!\n"
    says(base, text, ("TRA",))
    path.unlink()
    says(base, f"The track file '{path}' cannot be opened!\n", ("TRA",))


def test_digits(base: Base) -> None:
    least = "The number of digits used for encoding temporal positions must be at least 3! "
    for given, number in (("2", 2), ("-4", -4), ("three", 0), ("", 0)):
        for answer in answers(base, digits=given).values():
            assert (answer.code, answer.output) == (255, f"{least}(num_digits={number})\n")
    nothing = ["No ground truth object found!", "No reference marker found!"]
    nothing.append("No reference image found!")
    for answer, line in zip(answers(base, digits="5").values(), nothing, strict=True):
        assert (answer.code, answer.output) == (255, f"{line}\n")


def test_names_that_are_passed_over(base: Base) -> None:
    for name in ("man_seg00000001.tif", "man_seg000 (1).tif", "man_seg_000.tif", "man_seg.tif"):
        (Path("D/01_GT/SEG") / name).write_bytes(b"no picture")
    (Path("D/01_GT/TRA") / "man_track000_copy.tif").write_bytes(b"no picture")
    write_labels(Path("D/01_RES") / f"mask{base.number(7)}.tif", FRAMES[0])
    says(base, "", ())
