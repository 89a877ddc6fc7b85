"""Every rule, broken alone; and results that break none."""

import json
import re
import shutil
import time
import tracemalloc
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctc_submit.cli.main import main
from ctc_submit.data.labels import read_labels, write_labels
from ctc_submit.errors import DataError
from ctc_submit.pack import rules
from ctc_submit.pack.check import Report, check_all, check_result
from ctc_submit.pack.mask_file import read_mask_file
from ctc_submit.pack.reference import Reference
from ctc_submit.pack.rules import encoding, names
from ctc_submit.pack.rules.signal import contrast_of
from ctc_submit.pack.tree import find_results, result_files
from ctc_submit.score.mask import open_mask
from tests.hand_made_tiff import DEFLATE, LZW, PACKBITS, Leaf, tiff
from tests.pack.result_scenes import (
    FRAMES,
    GOOD,
    SCENES,
    Scene,
    change,
    faultless,
    label_map,
    lines,
    read,
)

PAIRED = {"empty", "nothing-found", "result-folder", "digits", "track-file"}
"""Rules with a test of their own below."""


def found(report: Report) -> list[str]:
    return sorted({problem.rule for problem in report.problems})


@pytest.mark.parametrize("slices", [0, 3, 5])
def test_a_faultless_result_has_no_finding(tmp_path: Path, slices: int) -> None:
    report = check_result(faultless(tmp_path, slices=slices), benchmark="CTB")
    assert (report.problems, report.notes, report.masks) == ((), (), FRAMES)


@pytest.mark.parametrize("scene", SCENES, ids=lambda s: f"{s.rule}-{s.name}".replace(" ", "_"))
def test_a_scene_breaks_only_its_rule(tmp_path: Path, scene: Scene) -> None:
    result = faultless(tmp_path, slices=scene.slices)
    scene.breaks(result)
    report = check_result(result, benchmark="CTB")
    assert found(report) == [scene.rule]
    assert {problem.warning for problem in report.problems} == {scene.warning}
    for problem in report.problems:
        assert problem.path.is_relative_to(result)
        assert "\n" not in problem.line


def test_every_rule_has_a_scene() -> None:
    folder = Path(rules.__file__).parent
    code = "".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    code += (folder.parent / "check.py").read_text("utf-8")
    named = set(re.findall(r'Problem\(\s*[\w.\[\]() /]+,\s*"([a-z-]+)"', code))
    assert len(named) > 20
    assert named == {scene.rule for scene in SCENES} | PAIRED


@pytest.mark.parametrize(
    ("compression", "predictor"),
    [
        (None, False),
        ("lzw", False),
        ("lzw", True),
        ("zlib", True),
        (32946, False),
        ("packbits", False),
    ],
)
@pytest.mark.parametrize("kind", [{}, {"bigtiff": True}, {"byteorder": ">"}, {"rowsperstrip": 7}])
def test_encodings_that_the_evaluator_reads_pass(
    tmp_path: Path, compression: str | int | None, predictor: bool, kind: dict[str, Any]
) -> None:
    result = faultless(tmp_path)
    options: dict[str, Any] = {"compression": compression, "predictor": predictor, **kind}
    labels = read(result, 1)
    tifffile.imwrite(result / "mask001.tif", labels, photometric="minisblack", **options)
    assert check_result(result, benchmark="CTB").problems == ()


def hand_made(labels: np.ndarray) -> dict[str, bytes]:
    """Files that no writer of ours makes, and that the evaluator's library reads."""
    whole = tiff(Leaf(labels))
    return {
        "the last strip filled up": tiff(Leaf(labels, DEFLATE, rows=32, pad=True)),
        "the last strip filled up, PackBits": tiff(Leaf(labels, PACKBITS, rows=32, pad=True)),
        "the last strip filled up, LZW": tiff(Leaf(labels, LZW, rows=32, pad=True)),
        "no compression said": tiff(Leaf(labels, tags={259: None})),
        "no sample format said": tiff(Leaf(labels, tags={339: None, 277: None})),
        "no strip lengths said": tiff(Leaf(labels, tags={279: None})),
        "one strip by default": tiff(Leaf(labels, tags={278: None})),
        "depth said": tiff(Leaf(labels, tags={32997: 3})),
        "one plane": tiff(Leaf(labels, tags={284: 1})),
        "directories in a ring": tiff(Leaf(labels), ring=True),
        "nothing after the directory": whole[:-4],
        "something after the end": whole + b"something",
    }


@pytest.mark.parametrize("name", hand_made(label_map(1)))
def test_files_that_the_evaluator_reads_pass(tmp_path: Path, name: str) -> None:
    result = faultless(tmp_path)
    (result / "mask001.tif").write_bytes(hand_made(read(result, 1))[name])
    np.testing.assert_array_equal(read_mask_file(result / "mask001.tif").labels, label_map(1))
    assert check_result(result, benchmark="CTB").problems == ()


@pytest.mark.parametrize(
    ("rule", "options"),
    [
        ("strips", {"tile": (16, 16)}),
        ("compression", {"compression": "zstd"}),
        ("pixel-type", {"dtype": np.uint8}),
    ],
)
def test_one_slice_that_is_stored_otherwise_is_a_fault(
    tmp_path: Path, rule: str, options: dict[str, Any]
) -> None:
    result = faultless(tmp_path, slices=3)
    volume = read(result, 1)
    with tifffile.TiffWriter(result / "mask001.tif") as file:
        for number, labels in enumerate(volume):
            how = {"dtype": np.uint16} | (options if number == 1 else {})
            pixels = labels.astype(how.pop("dtype"))
            file.write(pixels, photometric="minisblack", metadata=None, contiguous=False, **how)
    assert found(check_result(result, benchmark="CTB")) == [rule]


def test_pixels_that_nobody_can_read_are_one_fault(tmp_path: Path) -> None:
    result = faultless(tmp_path)
    (result / "mask002.tif").write_bytes(tiff(Leaf(read(result), tags={259: 50000})))
    assert found(check_result(result, benchmark="CTB")) == ["compression"]
    values = np.full((80, 96), np.inf, np.float32)
    tifffile.imwrite(result / "mask002.tif", values, photometric="minisblack")
    assert "pixel-type" in found(check_result(result, benchmark="CSB"))
    (result / "mask002.tif").unlink()
    (result / "mask002.tif").mkdir()
    assert found(check_result(result, benchmark="CTB")) == ["unreadable"]


@pytest.mark.parametrize("form", [{"imagej": True}, {"ome": True}])
def test_forms_that_the_evaluator_reads_pass(tmp_path: Path, form: dict[str, Any]) -> None:
    result = faultless(tmp_path, slices=3)
    labels = read(result, 1)
    axes = {"axes": "ZYX"}
    tifffile.imwrite(
        result / "mask001.tif", labels, photometric="minisblack", metadata=axes, **form
    )
    assert check_result(result, benchmark="CTB").problems == ()


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_track_files_that_the_evaluator_reads_pass(tmp_path: Path, ending: str) -> None:
    result = faultless(tmp_path)
    rows = ["4\t0\t3\t0", "1  0  1  0", *GOOD[1:3]]
    (result / "res_track.txt").write_bytes(ending.join(rows).encode())
    assert check_result(result, benchmark="CTB").problems == ()


def test_a_line_that_the_evaluator_leaves_out_is_no_parent(tmp_path: Path) -> None:
    result = faultless(tmp_path)
    lines(result, GOOD[0], "2 2 3 9", *GOOD[2:], "9 1 0 0")
    report = check_result(result, benchmark="CTB")
    assert [problem.rule for problem in report.faults] == ["parent-known"]
    lines(result, *GOOD, "9 1 0 4")
    assert check_result(result, benchmark="CTB").faults == ()


@pytest.mark.parametrize("slices", [0, 3])
def test_pieces_that_touch_at_a_corner_are_one(tmp_path: Path, slices: int) -> None:
    result = faultless(tmp_path, slices=slices)
    labels = read(result, 2)
    *_, rows, columns = np.nonzero(labels == 4)
    labels[..., rows.max() + 1, columns.max() + 1] = 4
    write_labels(result / "mask002.tif", labels)
    assert check_result(result, benchmark="CTB").problems == ()


def test_a_parent_may_be_there_for_one_frame(tmp_path: Path) -> None:
    result = faultless(tmp_path)
    change(result, 0, lambda labels: labels.__iadd__((4 * (labels == 1)).astype(np.uint16)))
    lines(result, "5 0 0 0", "1 1 1 5", *GOOD[1:])
    assert check_result(result, benchmark="CTB").problems == ()


def test_an_empty_frame_is_a_warning(tmp_path: Path) -> None:
    result = faultless(tmp_path)
    change(result, 3, lambda labels: labels.fill(0))
    lines(result, "1 0 1 0", "2 2 2 1", "3 2 2 1", "4 0 2 0")
    report = check_result(result, benchmark="CTB")
    assert found(report) == ["empty"]
    assert report.faults == ()


def test_nothing_found_in_frames_that_show_cells_is_a_warning(tmp_path: Path) -> None:
    result = faultless(tmp_path)
    for time_index in range(FRAMES):
        change(result, time_index, lambda labels: labels.fill(0))
    lines(result)
    report = check_result(result, benchmark="CTB")
    assert found(report) == ["empty", "nothing-found"]
    assert report.faults == ()
    frames = result.parent / "01"
    noise = np.random.default_rng(0)
    for path in frames.iterdir():
        tifffile.imwrite(path, noise.normal(100, 3, (80, 96)).astype(np.uint8))
    assert found(check_result(result)) == ["empty"]
    tifffile.imwrite(frames / "t003.tif", 10 * label_map(3).astype(np.uint8))
    assert found(check_result(result)) == ["empty", "nothing-found"], "the last frame shows some"


def test_contrast_tells_noise_from_cells() -> None:
    noise = np.random.default_rng(1).normal(100, 5, (200, 200))
    cells = noise.copy()
    cells[50:80, 50:80] += 60
    assert contrast_of(noise) == pytest.approx(6.2, abs=0.5)
    assert contrast_of(cells) > 12
    assert contrast_of(np.full((5, 5), 7, np.uint16)) == 0
    assert contrast_of(np.zeros((1, 1))) == 0
    assert contrast_of(np.repeat([[0, 4]], 50, axis=1)) == 8, "noise is half a grey level at least"


def test_a_missing_folder_is_a_fault(tmp_path: Path) -> None:
    assert found(check_result(tmp_path / "01_RES")) == ["result-folder"]


def test_a_file_in_place_of_a_folder_is_said(tmp_path: Path) -> None:
    mask = faultless(tmp_path) / "mask000.tif"
    [problem] = check_result(mask).problems
    assert (problem.rule, problem.found) == ("result-folder", "a file")


@pytest.mark.parametrize("raw", [True, False])
def test_a_border_that_leaves_nothing_is_noted(tmp_path: Path, raw: bool) -> None:
    result = faultless(tmp_path)
    if not raw:
        shutil.rmtree(result.parent / "01")
    height, width = read_labels(result / "mask000.tif").shape
    widest = (min(height, width) - 1) // 2
    told = f"field of interest: a border of {widest + 1} pixels leaves nothing of {height}×{width}"
    report = check_result(result, border=widest + 1)
    assert told in report.notes and "field-of-interest" not in found(report)
    assert told not in check_result(result, border=widest).notes


def test_a_folder_without_results_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "SW").mkdir()
    (tmp_path / "TEAM-results.zip").write_bytes(b"")
    [report] = check_all([tmp_path])
    [problem] = report.problems
    assert (problem.rule, problem.found, problem.warning) == ("result-folder", "neither", False)
    write_labels(tmp_path / "MASK000.TIF", label_map(0))
    assert "mask-name" in found(check_all([tmp_path])[0])


def test_raw_frames_are_no_masks_with_other_names(tmp_path: Path) -> None:
    frames = tmp_path / "01"
    frames.mkdir()
    for index in range(2):
        write_labels(frames / f"t{index:03d}.tif", label_map(0))
    [report] = check_all([frames])
    [problem] = report.problems
    assert (problem.rule, problem.found) == ("result-folder", "the raw frames")
    assert str(tmp_path / "01_RES") in problem.mend
    frames.rename(tmp_path / "out")
    assert "mask-name" in found(check_result(tmp_path / "out"))
    (tmp_path / "out").rename(frames)
    write_labels(frames / "mask000.tif", label_map(0))
    assert "result-folder" not in found(check_result(frames))


def test_an_empty_folder_misses_its_masks(tmp_path: Path) -> None:
    (tmp_path / "01_RES").mkdir()
    assert found(check_result(tmp_path / "01_RES")) == ["mask-missing"]


def test_two_digits_are_a_fault(tmp_path: Path) -> None:
    result = tmp_path / "out"
    result.mkdir()
    for index in range(2):
        write_labels(result / f"mask{index:02d}.tif", label_map(index))
    assert found(check_result(result)) == ["digits"]


@pytest.mark.parametrize("name", ["20231128.tif", "mask20231128.tif"])
def test_a_date_in_the_place_of_a_number_is_one_fault(tmp_path: Path, name: str) -> None:
    result = faultless(tmp_path)
    shutil.rmtree(result.with_name("01"))
    for path in result.glob("mask*"):
        path.rename(result / name)
    unknown = Reference()
    [problem] = islice(names.mask_missing(names.list_folder(result, unknown), unknown), 2)
    assert (problem.path, problem.found) == (result / name, "number 20231128, masks: 1")
    assert "mask-missing" in found(check_result(result))


def test_digits_of_another_script_are_a_fault(tmp_path: Path) -> None:
    result = faultless(tmp_path)
    (result / "mask001.tif").rename(result / "mask00\u0661.tif")
    assert "mask-missing" in found(check_result(result))


@pytest.mark.parametrize("benchmark", ["CTB", "CLB"])
def test_tracking_wants_a_track_file(tmp_path: Path, benchmark: str) -> None:
    result = faultless(tmp_path)
    (result / "res_track.txt").unlink()
    assert found(check_result(result, benchmark=benchmark)) == ["track-file"]
    for without in (None, "CSB"):
        report = check_result(result, benchmark=without)
        assert report.problems == ()
        assert any("res_track.txt" in note for note in report.notes)


def test_segmentation_does_not_look_at_tracks(tmp_path: Path) -> None:
    result = faultless(tmp_path)
    lines(result, "nonsense")
    assert check_result(result, benchmark="CSB").problems == ()


def test_an_unknown_benchmark_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="CSB, CTB, CLB"):
        check_result(tmp_path, benchmark="XYZ")


def test_without_raw_frames_it_says_what_it_could_not_check(tmp_path: Path) -> None:
    result = faultless(tmp_path)
    alone = result.rename(tmp_path / "alone")
    report = check_result(alone)
    assert report.problems == ()
    assert [note.split(":")[0] for note in report.notes] == [
        "field of interest",
        "number and size of the masks",
    ]
    (alone / "mask001.tif").unlink()
    assert found(check_result(alone)) == ["mask-missing"]


def test_the_raw_frames_and_the_border_can_be_given(tmp_path: Path) -> None:
    result = faultless(tmp_path)
    alone = result.rename(tmp_path / "alone")
    raw = tmp_path / "Fluo-N2DL-HeLa" / "01"
    report = check_result(alone, sequence=raw)
    assert (report.problems, report.notes) == ((), ())
    assert found(check_result(alone, sequence=raw, border=36)) == ["field-of-interest"]
    assert check_result(alone, sequence=raw, border=0).problems == ()
    with pytest.raises(DataError, match="no such folder"):
        check_result(alone, sequence=tmp_path / "nowhere")


def test_raw_frames_that_name_each_other_are_single_frames(tmp_path: Path) -> None:
    """A series in several OME-TIFF files: each one's header tells of all."""
    result = faultless(tmp_path)
    frames = sorted((result.parent / "01").iterdir())
    header = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="96" '
        'SizeY="80" SizeZ="1" SizeC="1" SizeT="4">'
        + "".join(
            f'<TiffData FirstT="{time}"><UUID FileName="{path.name}">urn:uuid:{time}</UUID>'
            "</TiffData>"
            for time, path in enumerate(frames)
        )
        + "</Pixels></Image></OME>"
    )
    for path in frames:
        tifffile.imwrite(path, tifffile.imread(path), description=header, metadata=None)
    assert found(check_result(result)) == []


@pytest.mark.parametrize("axes", [(1, 3, 1), (3, 1, 1)])
def test_axes_of_one_in_a_header_do_not_count(tmp_path: Path, axes: tuple[int, ...]) -> None:
    result = faultless(tmp_path, slices=3)
    for path in (result.parent / "01").iterdir():
        volume = tifffile.imread(path)
        shape = (*axes, *volume.shape[1:])
        tifffile.imwrite(path, volume.reshape(shape), photometric="minisblack")
    assert found(check_result(result)) == []


def test_gold_truth_stands_in_for_raw_frames(tmp_path: Path) -> None:
    result = faultless(tmp_path)
    raw, truth = result.parent / "01", result.parent / "01_GT" / "TRA"
    truth.mkdir(parents=True)
    for path in sorted(raw.iterdir()):
        path.rename(truth / path.name.replace("t", "man_track", 1))
    raw.rmdir()
    assert check_result(result, benchmark="CTB").problems == ()
    write_labels(result / "mask004.tif", np.full((80, 96), 77, np.uint16))
    report = check_result(result, benchmark="CTB")
    assert found(report) == ["mask-too-many"]
    assert report.faults == ()
    (result / "mask003.tif").unlink()
    assert found(check_result(result, benchmark="CTB")) == ["mask-missing", "mask-too-many"]


def test_raw_frames_that_are_not_whole_are_noted(tmp_path: Path) -> None:
    result = faultless(tmp_path)
    (result.parent / "01" / "t001.tif").unlink()
    report = check_result(result, benchmark="CTB")
    assert report.problems == ()
    assert any("t001.tif: missing" in note for note in report.notes)
    with pytest.raises(DataError, match=r"t001\.tif: missing"):
        check_result(result, sequence=result.parent / "01")


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    result = faultless(tmp_path)
    (result / "mask000.tif").unlink()
    tifffile.imwrite(result / "mask001.tif", read(result, 1).astype(np.uint8))
    lines(result, *GOOD[:3], "4 0 3 8", "")
    report = check_result(result, benchmark="CTB")
    assert found(report) == ["mask-missing", "parent-known", "pixel-type", "track-line"]


def test_a_mask_file_says_how_it_is_stored(tmp_path: Path) -> None:
    path = tmp_path / "mask000.tif"
    write_labels(path, np.stack([label_map(0)] * 3))
    mask = read_mask_file(path)
    assert len(mask.pages) == 3
    page = mask.pages[0]
    assert (page.height, page.width, page.bits, page.sample_format) == (80, 96, 16, 1)
    assert (page.samples, page.compression, page.tiled, page.photometric) == (1, 8, False, 1)
    assert mask.shape == (3, 80, 96)
    np.testing.assert_array_equal(mask.labels, tifffile.imread(path))


def test_a_tree_is_checked_whole(tmp_path: Path) -> None:
    result = faultless(tmp_path)
    assert found(check_all([tmp_path])[0]) == ["both-sequences"]
    for name in ("01", "01_RES"):
        folder = result.parent / name.replace("01", "02")
        folder.mkdir()
        for path in (result.parent / name).iterdir():
            (folder / path.name).write_bytes(path.read_bytes())
    names, first, second = check_all([tmp_path])
    assert [report.problems for report in (names, first, second)] == [(), (), ()]
    assert (first.result.name, second.result.name) == ("01_RES", "02_RES")
    (tmp_path / "SW").mkdir()
    (tmp_path / "SW" / "Fluo-N2DL-HeLa-01.sh").write_text("")
    [problem] = check_all([tmp_path])[0].problems
    assert (problem.rule, problem.path.name) == ("script-missing", "Fluo-N2DL-HeLa-02.sh")
    (tmp_path / "SW" / "Fluo-N2DL-HeLa-02.sh").write_text("")
    shutil.copytree(second.result, result.parent / "CSB" / "02_RES")
    assert "script-missing" not in found(check_all([tmp_path])[0])
    (tmp_path / "SW" / "CSB").mkdir()
    scripts = tmp_path / "SW" / "Fluo-N2DL-HeLa-02.sh"
    scripts.rename(scripts.parent / "CSB" / scripts.name)
    [problem] = [p for p in check_all([tmp_path])[0].problems if p.rule == "script-missing"]
    assert problem.path == scripts


def test_a_tree_is_one_whatever_lies_in_it_and_it_is_called(tmp_path: Path) -> None:
    tree = tmp_path / "TEAM_RES"
    tree.mkdir()
    result = faultless(tree)
    (tree / "overview.tif").write_bytes(b"")
    assert [report.result for report in check_all([tree])] == [tree, result]
    shutil.copytree(result, result / "02_RES")  # a copy within a result makes it no tree
    assert [report.result for report in check_all([result])] == [result]


def test_masks_with_the_digits_of_the_frames_are_handed_in(tmp_path: Path) -> None:
    result = faultless(tmp_path)
    masks = [path.name for path in result_files(result, tracks=False)]
    for name in masks:
        shutil.copyfile(result / name, result / f"mask0{name[4:]}")
    assert [path.name for path in result_files(result, tracks=False)] == masks
    for frame in result.with_name("01").iterdir():
        frame.rename(frame.with_name(f"t0{frame.name[1:]}"))
    assert check_result(result).faults == ()
    assert [path.name for path in result_files(result, tracks=False)] == [
        f"mask0{name[4:]}" for name in masks
    ]


def test_masks_with_the_digits_of_most_are_handed_in_without_frames(tmp_path: Path) -> None:
    result = faultless(tmp_path, dataset="Sim")
    shutil.rmtree(result.with_name("01"))
    for time_index in range(1, FRAMES):
        path = result / f"mask{time_index:03d}.tif"
        path.rename(result / f"mask{time_index:04d}.tif")
    (result / "SEG_log.txt").write_text("")
    masks = [f"mask000{time_index}.tif" for time_index in range(1, FRAMES)]
    assert [path.name for path in result_files(result)] == [*masks, "res_track.txt"]
    assert [path.name for path in result_files(result, tracks=False)] == masks


def test_names_in_a_tree_are_exact(tmp_path: Path) -> None:
    result = faultless(tmp_path, dataset="fluo-n2dl-hela")
    result.rename(result.parent / "01_RES-gold")
    report = check_all([tmp_path])[0]
    assert found(report) == ["both-sequences", "configuration", "dataset-name"]
    assert {p.rule for p in report.faults} == {"configuration", "dataset-name"}


def test_results_whose_names_nobody_finds_are_faults(tmp_path: Path) -> None:
    result = faultless(tmp_path)
    for name in ("01_res", "01-RES", "01RES", "01_RES_GT", "01_Res-GT"):
        result = result.rename(result.with_name(name))
        [report] = check_all([tmp_path])
        assert [(p.rule, p.found, p.warning) for p in report.problems] == [
            ("result-name", name, False)
        ]
    result.rename(result.with_name("03_RES"))
    assert found(check_all([tmp_path])[0]) == ["result-name"]
    assert found(check_all([result.parent])[0]) == ["result-name"]


def test_a_configuration_of_a_data_set_without_silver_truth_is_a_warning(tmp_path: Path) -> None:
    result = faultless(tmp_path, dataset="Fluo-C2DL-Huh7")
    result.rename(result.with_name("01_RES-GT"))
    report = check_all([tmp_path])[0]
    assert found(report) == ["both-sequences", "configuration"]
    assert report.faults == ()


@pytest.mark.parametrize("name", ["RES_TRACK.TXT", "res_tracks.txt", "man_track.txt", "restrack"])
def test_a_track_file_of_another_name_is_a_fault(tmp_path: Path, name: str) -> None:
    result = faultless(tmp_path)
    (result / "res_track.txt").rename(result / name)
    for benchmark in (None, "CTB"):
        [problem] = check_result(result, benchmark=benchmark).problems
        assert (problem.rule, problem.found, problem.warning) == ("track-file", name, False)
    [problem] = check_result(result, benchmark="CSB").problems
    assert (problem.rule, problem.found, problem.warning) == ("stray", name, True)
    lines(result)
    assert "stray" in found(check_result(result, benchmark="CTB"))


def test_a_table_of_tracks_is_a_stray_file(tmp_path: Path) -> None:
    result = faultless(tmp_path)
    (result / "res_track.txt").rename(result / "tracks.csv")
    assert found(check_result(result)) == ["stray"]


def test_a_result_in_csb_needs_no_tracks(tmp_path: Path) -> None:
    result = faultless(tmp_path, dataset="Fluo-N3DL-DRO", slices=3)
    inner = result.parent / "CSB"
    inner.mkdir()
    result.rename(inner / "01_RES")
    (inner / "01_RES" / "res_track.txt").unlink()
    names, report = check_all([tmp_path], benchmark="CTB")
    assert found(names) == ["both-sequences"]
    assert report.problems == ()
    (inner / "01_RES" / "mask003.tif").unlink()
    assert found(check_all([tmp_path])[1]) == ["mask-missing"]


def test_command_tells_each_fault_in_a_line(tmp_path: Path) -> None:
    result = faultless(tmp_path)
    for index in range(FRAMES):
        tifffile.imwrite(result / f"mask{index:03d}.tif", read(result, index), tile=(16, 16))
    record = tmp_path / "found.json"
    done = CliRunner().invoke(main, ["check", str(result), "--json", str(record)])
    assert done.exit_code == 5
    assert done.stdout.splitlines() == [
        f"{result}/mask000.tif: [strips] expected pixels in strips, found tiles; write it without "
        "tiles: the evaluator reads an empty image (3 more in mask001.tif, mask002.tif, "
        "mask003.tif)",
        f"{result}: 4 masks, 4 faults, 0 warnings",
    ]
    assert done.stderr == "ctc-submit: 4 faults found; mend and check again\n"
    whole = json.loads(record.read_text())
    assert whole["passes"] is False
    assert len(whole["results"][0]["problems"]) == 4
    assert set(whole["results"][0]["problems"][0]) == {
        "path",
        "rule",
        "expected",
        "found",
        "mend",
        "warning",
    }


def test_command_passes_with_warnings_unless_strict(tmp_path: Path) -> None:
    result = faultless(tmp_path)
    (result / "SEG_log.txt").write_text("")
    assert CliRunner().invoke(main, ["check", str(result)]).exit_code == 0
    assert CliRunner().invoke(main, ["check", str(result), "--strict"]).exit_code == 5


def test_command_wants_one_result_with_a_sequence(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["check", "a", "b", "--sequence", "c"])
    assert done.exit_code == 2


def test_memory_does_not_grow_with_the_number_of_frames(tmp_path: Path) -> None:
    result = tmp_path / "out"
    result.mkdir()
    labels = np.zeros((400, 400), np.uint16)
    labels[100:200, 100:200] = 1

    def peak(first: int, last: int) -> float:
        for index in range(first, last):
            write_labels(result / f"mask{index:03d}.tif", labels)
        tracemalloc.start()
        check_result(result, workers=1)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top / labels.nbytes

    few = peak(0, 8)
    assert peak(8, 40) < few + 2


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_damaged_mask_is_read_as_the_evaluator_does_or_found_out(
    tmp_path: Path, data: st.DataObject
) -> None:
    path = tmp_path / "mask000.tif"
    volume = np.stack([label_map(0)] * 2)
    compression = data.draw(st.sampled_from([1, LZW, DEFLATE, PACKBITS]))
    content = bytearray(tiff(*(Leaf(plane, compression, rows=30) for plane in volume)))
    end = len(content) - 1
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, end))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        mask = read_mask_file(path)
    except DataError:
        return
    if not any(problem for rule in encoding.RULES for problem in rule(mask)):
        assert mask.labels is not None
        np.testing.assert_array_equal(
            mask.labels.reshape(-1), open_mask(path, "x").labels().reshape(-1)
        )


CASES = Path(__file__).parent.parent.parent.parent / "shared" / "conformance" / "cases"
OF_THE_TRUTH = ("gt-", "no-man-track", "two-digits", "wrong-digits")
"""Cases in which not the result is at fault, but the truth or the evaluator's arguments."""


@pytest.mark.skipif(not CASES.is_dir(), reason="no evaluator answers beside the project")
def test_passes_what_the_evaluator_accepts_and_nothing_else() -> None:
    wrong = []
    cases = [case for case in sorted(CASES.iterdir()) if not case.name.startswith(OF_THE_TRUTH)]
    for case in cases:
        answers = json.loads((case / "expected.json").read_text())["answers"]
        exits = {answer["tool"]: answer["exit"] for answer in answers}
        result = case / "case" / "01_RES"
        segmented = exits["SEGMeasure"] == exits["DETMeasure"] == 0
        if bool(check_result(result, benchmark="CSB").faults) == segmented:
            wrong.append(f"{case.name} CSB")
        if bool(check_result(result, benchmark="CTB").faults) == (exits["TRAMeasure"] == 0):
            wrong.append(f"{case.name} CTB")
    assert len(cases) > 90
    assert wrong == []


@pytest.mark.data
@pytest.mark.parametrize("sequence", ["Fluo-N2DH-SIM+/01", "PhC-C2DH-U373/02"])
def test_truth_handed_in_as_a_result_passes(real_data: Path, tmp_path: Path, sequence: str) -> None:
    truth = real_data / f"{sequence}_GT" / "TRA"
    result = tmp_path / Path(sequence).name
    result.mkdir()
    start = time.perf_counter()
    for path in truth.glob("man_track*.tif"):
        labels = np.asarray(tifffile.imread(path))
        write_labels(result / path.name.replace("man_track", "mask"), labels)
    (result / "res_track.txt").write_bytes((truth / "man_track.txt").read_bytes())
    report = check_result(result, sequence=real_data / sequence, benchmark="CTB", border=0)
    assert report.faults == ()
    assert time.perf_counter() - start < 60


def test_raw_frames_go_with_one_result(tmp_path: Path) -> None:
    result = faultless(tmp_path)
    frames = ["--sequence", str(tmp_path / "none")]
    for results in ([str(tmp_path)], [str(result), str(result)]):
        done = CliRunner().invoke(main, ["check", *results, *frames])
        assert done.exit_code == 2 and "--sequence goes with one RESULT" in done.output
    done = CliRunner().invoke(main, ["check", str(result), *frames])
    assert done.exit_code == 3 and "no such folder" in done.output


def test_a_data_set_that_cannot_be_read_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faultless(tmp_path)
    closed = {"Fluo-N2DH-GOWT1", "lost+found"}
    for name in closed:
        (tmp_path / name).mkdir()
    monkeypatch.setattr("os.access", lambda path, _: Path(path).name not in closed)
    with pytest.raises(DataError, match=r"GOWT1: cannot be read \(no permission\)"):
        find_results(tmp_path)


def test_a_mask_is_not_overwritten_by_the_record(tmp_path: Path) -> None:
    result = faultless(tmp_path)
    before = {path.name: path.read_bytes() for path in result.iterdir()}
    masks = [str(path) for path in sorted(result.glob("mask*.tif"))]  # a pattern behind --json
    done = CliRunner().invoke(main, ["check", "--json", *masks])
    assert done.exit_code == 3 and "mask000.tif: is no name for what is written" in done.stderr
    assert {path.name: path.read_bytes() for path in result.iterdir()} == before
