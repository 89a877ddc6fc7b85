"""The page in a real browser: what a reader does with mouse and keys, and what is then seen."""

import json
import shutil
from importlib.resources import files
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from ctc_submit.data.labels import read_labels, write_labels
from ctc_submit.report.colours import palette
from ctc_submit.report.curves import Curves, read_curves
from ctc_submit.report.page import write_report
from ctc_submit.report.report_settings import ReportSettings
from ctc_submit.report.subject import describe
from tests.report.conftest import Reader
from tests.report.drawn_results import FRAMES, draw_sequence

INSIDE_1, INSIDE_2 = (12, 14), (62, 46)
"""Columns and rows well inside cells 1 and 2 of frame 0."""


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of two results, the second one without tracks and with thinner cells."""
    folder = tmp_path_factory.mktemp("report of # results")
    sequence = draw_sequence(folder)
    other = shutil.copytree(sequence.result, folder / "01_RES-GT")
    (other / "res_track.txt").unlink()
    for path in other.glob("*.tif"):
        labels = read_labels(path)
        labels[:12] = 0
        write_labels(path, labels)
    (folder / "01_RES.run.json").write_text(json.dumps({"device": "cpu", "phases": {"load": 1}}))
    subject = describe([sequence.result, other], sequence, frames_needed=True)
    rates: list[float | None] = [5e-5, 2.3e-4, 1e-5]
    columns: dict[str, list[float | None]] = {
        "epoch": [1, 2, 3],
        "total": [9, 3, 1],
        "seg": [None, 0.5, 0.7],
    }
    curves = [Curves("mine", columns | {"learning_rate": rates})]
    list(write_report(subject, folder / "page.html", ReportSettings(), curves))
    return folder / "page.html"


@pytest.fixture
def opened(reader: Reader, page: Path) -> Reader:
    reader.open(page)
    return reader


def is_grey(colour: tuple[int, int, int]) -> bool:
    return max(colour) - min(colour) < 4


def test_the_first_frame_is_there_at_once(opened: Reader) -> None:
    assert opened.page.locator("#views canvas").count() == 2
    assert "Frame 0 of 0 to 5. 01_RES: 2 cells, SEG 0.9" in opened.text("#status")
    assert not is_grey(opened.pixel(*INSIDE_1))
    assert opened.pixel(*INSIDE_1) != opened.pixel(*INSIDE_2)
    assert is_grey(opened.pixel(44, 30))


def test_the_slider_goes_through_the_frames(opened: Reader) -> None:
    slider = opened.page.get_by_role("slider", name="Frame", exact=True)
    slider.fill("4")
    opened.shows(4)
    assert "Frame 4 " in opened.text("#status") and "1 missed" in opened.text("#status")
    assert opened.text("#frame-name") == "t004"
    slider.press("ArrowRight")
    opened.shows(5)
    slider.press("Home")
    opened.shows(0)
    assert slider.get_attribute("aria-valuetext") == "frame 0"


def test_buttons_and_keys_go_through_the_frames(opened: Reader) -> None:
    keyboard = opened.page.keyboard
    opened.page.get_by_role("button", name="Next frame").click()
    opened.shows(1)
    keyboard.press("ArrowRight")
    opened.shows(2)
    keyboard.press("ArrowLeft")
    opened.shows(1)
    opened.page.locator("#views canvas").first.focus()
    keyboard.press("End")
    opened.shows(FRAMES - 1)
    keyboard.press("ArrowRight")
    keyboard.press("PageUp")
    opened.shows(0)


def test_what_each_mode_shows(opened: Reader) -> None:
    def shows(mode: str) -> tuple[int, int, int]:
        opened.page.get_by_role("radio", name=mode).check(force=True)
        opened.drawn()
        return opened.pixel(*INSIDE_2)

    assert is_grey(shows("Raw"))
    assert not is_grey(shows("Overlay"))
    assert is_grey(shows("Outlines"))
    assert opened.pixel(50, 46) == tuple(palette(2)[2])
    assert not is_grey(shows("Truth"))
    assert is_grey(shows("Difference"))
    red, green, blue = opened.pixel(12, 23)  # of the truth only
    assert red > green > blue
    assert "in the truth only" in opened.text("#legend")


def test_modes_and_ticks_by_single_keys(opened: Reader) -> None:
    keyboard, page = opened.page.keyboard, opened.page
    for key, mode in zip(
        "12345", ("raw", "overlay", "outlines", "truth", "difference"), strict=True
    ):
        keyboard.press(key)
        assert page.locator(f"input[value={mode}]").is_checked()
    keyboard.press("t")
    keyboard.press("l")
    assert page.locator("#truth-line").is_checked() and page.locator("#names").is_checked()
    opened.drawn()
    assert opened.pixel(6, 14) == (255, 255, 255)
    page.get_by_text("Keys", exact=True).click()
    page.get_by_text("Single keys work").click()
    keyboard.press("1")
    assert page.locator("input[value=difference]").is_checked()


def test_keys_beside_a_control_that_has_keys_of_its_own(opened: Reader) -> None:
    opened.page.get_by_role("radio", name="Outlines").check(force=True)
    opened.page.keyboard.press("t")
    assert opened.page.locator("#truth-line").is_checked()
    opened.page.keyboard.press("ArrowRight")  # a choice among modes
    assert opened.page.locator("input[value=truth]").is_checked()
    assert opened.text("#frame-name") == "t000"
    opened.page.mouse.click(*opened.place(*INSIDE_1))  # which is of the truth, so no track
    assert opened.page.locator("#track").input_value() == ""
    opened.page.locator("#frame").focus()
    opened.page.keyboard.press("ArrowRight")
    opened.shows(1)
    opened.page.keyboard.press("5")
    assert opened.page.locator("input[value=difference]").is_checked()


def test_keys_that_are_typed_into_a_field_stay_there(opened: Reader) -> None:
    field = opened.page.get_by_label("Track", exact=True)
    field.click()
    opened.page.keyboard.type("3")
    assert opened.page.locator("input[value=overlay]").is_checked()
    field.press("Enter")
    opened.shows(3)  # where track 3 begins
    assert "track 3: frames 3 to 5, from track 1" in opened.text(".view >> nth=0")
    opened.page.keyboard.press("Escape")
    assert field.input_value() == ""


def test_fill_outline_and_brightness(opened: Reader) -> None:
    before = opened.pixel(*INSIDE_1)
    opened.page.get_by_label("Fill", exact=True).fill("100")
    opened.drawn()
    assert opened.pixel(*INSIDE_1) == tuple(palette(1)[1])
    opened.page.get_by_label("Fill", exact=True).fill("0")
    opened.page.get_by_label("Outline", exact=True).fill("0")
    opened.drawn()
    assert is_grey(opened.pixel(*INSIDE_1)) and is_grey(opened.pixel(6, 14))
    opened.page.get_by_label("Brightness", exact=True).fill("25")
    opened.drawn()
    assert max(opened.pixel(*INSIDE_1)) < max(before) / 2
    assert "25 %" in opened.text("#viewer")


def test_a_click_in_the_plot_leads_to_its_frame(opened: Reader) -> None:
    plot = opened.page.locator("#plot > svg")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    opened.page.mouse.click(box["x"] + 52 + (box["width"] - 66) * 3 / 5, box["y"] + 60)
    opened.shows(3)
    opened.page.mouse.move(box["x"] + box["width"] - 20, box["y"] + 50)
    opened.page.mouse.down()
    opened.shows(5)
    opened.page.mouse.up()
    opened.page.locator("#plot").press("ArrowLeft")
    opened.shows(4)
    assert "frame 4" in (opened.page.locator("#plot").get_attribute("aria-valuetext") or "")
    assert opened.page.locator("#plot").get_attribute("aria-valuenow") == "4"


def test_another_measure_in_the_plot(opened: Reader) -> None:
    opened.page.get_by_label("Plot", exact=True).select_option("FN")
    assert "objects missed [objects per frame]" in opened.text("#plot")
    opened.page.get_by_role("button", name="Plot EA").click()
    assert "links missing [links per frame]" in opened.text("#plot")
    names = opened.text("#plot .key")
    assert "01_RES" in names and "01_RES-GT" not in names  # which has no tracks to judge


def ticks(reader: Reader, chart: str) -> list[str]:
    """What stands at the left of a chart, from below."""
    return reader.page.locator(chart).locator("svg text[text-anchor=end]").all_text_contents()


def test_scales_do_not_go_beyond_what_can_be(
    reader: Reader, opened: Reader, tmp_path: Path
) -> None:
    """SEG ends at 1, even where nothing else is there; counts are whole and begin at 0."""
    opened.page.get_by_label("Plot", exact=True).select_option("FN")
    assert ticks(opened, "#plot") == ["0", "1"]
    sequence = draw_sequence(tmp_path)
    for path in (sequence.gold / "SEG").glob("*.tif"):
        shutil.copy(path, sequence.result / path.name.replace("man_seg", "mask"))
    shutil.copy(sequence.gold / "TRA" / "man_track.txt", sequence.result / "res_track.txt")
    subject = describe([sequence.result], sequence, frames_needed=True)
    list(write_report(subject, tmp_path / "page.html", ReportSettings()))
    reader.open(tmp_path / "page.html")
    assert ticks(reader, "#plot")[-1] == "1" and float(ticks(reader, "#plot")[0]) > 0.5
    for measure, expected in (("FN", ["0", "1"]), ("cells", ["0", "1", "2", "3"])):
        reader.page.get_by_label("Plot", exact=True).select_option(measure)
        assert ticks(reader, "#plot") == expected


def test_zoom_and_pan(opened: Reader) -> None:
    page = opened.page

    def zoom() -> str:
        return opened.text("#zoom")

    whole = opened.pixel(37, 44)
    page.get_by_role("button", name="Zoom in").click()
    assert zoom() == "150 %"
    page.keyboard.press("+")
    page.keyboard.press("+")
    assert zoom() == "338 %"
    page.keyboard.press("0")
    assert zoom() == "100 %"
    x, y = opened.place(*INSIDE_2)
    page.mouse.move(x, y)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -600)
    page.keyboard.up("Control")
    opened.drawn()
    assert zoom() == "195 %"
    page.keyboard.press("+")
    page.keyboard.press("+")
    opened.drawn()
    red, _, blue = opened.pixel(37, 44)  # well inside cell 2, which is blue
    assert zoom() == "438 %" and blue > red
    page.mouse.down()
    page.mouse.move(x + 3000, y + 3000, steps=4)
    page.mouse.up()
    opened.drawn()
    red, _, blue = opened.pixel(37, 44)  # the upper left corner of the frame, where cell 1 is
    assert red > blue and is_grey(opened.pixel(10, 10))
    assert page.get_by_label("Track", exact=True).input_value() == ""  # a drag is no click
    for _ in range(30):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("-")
    assert zoom() != "100 %"
    page.get_by_role("button", name="Fit").click()
    opened.drawn()
    assert zoom() == "100 %" and opened.pixel(37, 44) == whole


def test_results_move_together(opened: Reader) -> None:
    assert opened.pixel(8, 9, view=0) != opened.pixel(8, 9, view=1)  # cut off in the second
    assert opened.pixel(*INSIDE_2, view=0) == opened.pixel(*INSIDE_2, view=1)
    x, y = opened.place(*INSIDE_2)
    opened.page.mouse.dblclick(x, y)
    opened.drawn()
    assert opened.text("#zoom") == "200 %"
    assert opened.pixel(40, 30, view=0) == opened.pixel(40, 30, view=1)


def test_a_click_on_a_cell_follows_its_track(opened: Reader) -> None:
    x, y = opened.place(*INSIDE_1)
    opened.page.mouse.move(x, y)
    told = opened.text(".view >> nth=0")
    assert "x 12, y 14 · label 1 · answers for 1 of the truth, J 0.875" in told
    opened.page.mouse.click(x, y)
    assert opened.page.get_by_label("Track", exact=True).input_value() == "1"
    selected = opened.page.locator("[role=option][aria-selected=true]")
    assert selected.get_attribute("aria-label") == "track 1, frames 0 to 2"
    opened.page.mouse.click(*opened.place(44, 30))
    assert opened.page.get_by_label("Track", exact=True).input_value() == ""


def test_the_gallery_leads_to_the_object(opened: Reader) -> None:
    pictures = opened.page.locator("#gallery button")
    assert "t004 · object 2" in pictures.first.inner_text()
    assert "no match" in pictures.first.inner_text()
    pictures.first.scroll_into_view_if_needed()
    opened.page.wait_for_selector("#gallery canvas[width='51']")
    pictures.first.press("Enter")
    opened.shows(4)
    assert int(opened.text("#zoom").split()[0]) > 100
    assert opened.page.locator("#truth-line").is_checked()


def test_pictures_are_painted_before_they_are_seen(opened: Reader) -> None:
    """So a print has them, which does not wait."""
    pictures = opened.page.locator("#gallery canvas")
    expect(opened.page.locator("#gallery canvas[width]")).to_have_count(pictures.count())
    assert opened.page.evaluate("scrollY") == 0


def test_a_print_has_no_controls_and_all_tracks(opened: Reader) -> None:
    opened.page.emulate_media(media="print")
    assert not opened.page.get_by_role("button", name="Play").is_visible()
    assert opened.page.locator("#views canvas").first.is_visible()
    style = "getComputedStyle(document.querySelector('.list')).overflow"
    assert opened.page.evaluate(style) == "visible"


def test_a_label_lies_on_its_cell(reader: Reader, tmp_path: Path) -> None:
    """Even where the centre of its pixels does not, as in a ring."""
    sequence = draw_sequence(tmp_path)
    ring = np.zeros((60, 80), np.uint16)
    ring[4:56, 4:76] = 1
    ring[14:46, 14:66] = 0
    write_labels(sequence.result / "mask000.tif", ring)
    subject = describe([sequence.result], sequence, frames_needed=True)
    list(write_report(subject, tmp_path / "page.html", ReportSettings()))
    reader.open(tmp_path / "page.html")
    found: list[np.ndarray] = []
    for key in ("l", "l"):
        reader.page.keyboard.press(key)
        reader.drawn()
        colours = reader.page.evaluate(
            "(() => { const c = document.querySelector('#views canvas');"
            " return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data] })()"
        )
        found.append(np.array(colours, np.uint8))
    with_text, bare = found
    canvas = reader.page.evaluate(
        "(({ width, height }) => [height, width])(document.querySelector('#views canvas'))"
    )
    changed = (with_text != bare).reshape(*canvas, 4).any(axis=2)
    scale = canvas[0] / 60
    row, column = np.argwhere(changed).mean(axis=0)
    assert ring[int(row / scale), int((column - (canvas[1] - 80 * scale) / 2) / scale)] == 1


def test_the_lineage_by_mouse_and_keys(opened: Reader) -> None:
    tracks = opened.page.get_by_role("listbox", name="Tracks of 01_RES")
    options = tracks.get_by_role("option")
    assert [o.get_attribute("aria-label") for o in options.all()] == [
        "track 3, frames 3 to 5, from track 1",
        "track 1, frames 0 to 2",
        "track 4, frames 3 to 5, from track 1",
        "track 5, frames 5 to 5, from track 2",
        "track 2, frames 0 to 3",
    ]
    tracks.focus()
    opened.page.keyboard.press("ArrowDown")
    assert tracks.get_attribute("aria-activedescendant") == "track-0-3"
    opened.page.keyboard.press("Enter")
    opened.shows(3)
    opened.page.keyboard.press("End")
    opened.page.keyboard.press("ArrowUp")
    assert tracks.get_attribute("aria-activedescendant") == "track-0-5"
    options.nth(4).locator("text").click()
    opened.shows(0)
    assert "segmentation only" in opened.text("main")


def test_every_frame_as_a_table(opened: Reader) -> None:
    opened.page.get_by_text("Every frame as a table").click()
    rows = opened.page.locator("#frame-table tbody tr")
    expect(rows).to_have_count(FRAMES)
    expect(rows.nth(4)).to_be_visible()
    assert rows.nth(4).inner_text().split()[:2] == ["4", "2"]
    rows.nth(4).get_by_role("button", name="Show frame 4").click()
    opened.shows(4)


def test_play_and_pause(opened: Reader) -> None:
    opened.page.get_by_label("Speed", exact=True).select_option("20")
    first = opened.text("#frame-name")
    opened.page.get_by_role("button", name="Play").click()
    expect(opened.page.locator("#frame-name")).not_to_have_text(first)
    opened.page.get_by_role("button", name="Pause").click()
    still = opened.text("#frame-name")
    opened.page.wait_for_timeout(200)
    assert opened.text("#frame-name") == still


def test_light_and_dark(browser: Browser, page: Path) -> None:
    def card(scheme: str, choice: str) -> str:
        context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
        reader = Reader(context.new_page())
        reader.open(page)
        reader.page.get_by_label("Colours", exact=True).select_option(choice)
        found: str = reader.page.evaluate(
            "getComputedStyle(document.querySelector('section')).backgroundColor"
        )
        context.close()
        return found

    light, dark = card("light", ""), card("dark", "")
    assert light == "rgb(255, 255, 255)" and dark == "rgb(27, 32, 39)"
    assert card("light", "dark") == dark and card("dark", "light") == light


@pytest.mark.parametrize("width", [320, 390, 700, 1200, 1900])
def test_nothing_is_cut_off(opened: Reader, width: int) -> None:
    opened.page.set_viewport_size({"width": width, "height": 800})
    opened.page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    opened.drawn()
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
    outside = opened.page.evaluate(
        """[...document.querySelectorAll("svg text")].filter((text) => {
          const [inner, outer] = [text, text.closest("svg")].map((e) => e.getBoundingClientRect());
          return inner.left < outer.left - 1 || inner.right > outer.right + 1
            || inner.top < outer.top - 1 || inner.bottom > outer.bottom + 1;
        }).map((text) => text.textContent)"""
    )
    assert outside == []


def test_every_control_has_a_name_and_shows_its_focus(opened: Reader) -> None:
    nameless = opened.page.evaluate(
        """[...document.querySelectorAll("input, select, button, canvas[tabindex], [tabindex='0']")]
          .filter((e) => !e.labels?.length && !(e.tagName === "BUTTON" && e.innerText.trim())
            && !e.getAttribute("aria-label") && !e.getAttribute("aria-labelledby"))
          .map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert nameless == []
    for _ in range(4):
        opened.page.keyboard.press("Tab")
        width = opened.page.evaluate(
            """(() => { const e = document.activeElement; const seen = e.nextElementSibling;
              return [e, ...(e.name === "mode" ? [seen] : [])]
                .map((x) => getComputedStyle(x).outlineWidth).join(); })()"""
        )
        assert "3px" in width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier(
    browser: Browser, page: Path, scheme: Literal["light", "dark"]
) -> None:
    """The rules of axe-core, which hold a page against the WCAG."""
    rules = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
    context = browser.new_context(color_scheme=scheme, bypass_csp=True)
    reader = Reader(context.new_page())
    reader.open(page)
    reader.page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    reader.page.evaluate(rules)
    found = reader.page.evaluate("axe.run()")
    context.close()
    assert len(found["passes"]) > 40
    broken = [
        (each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]
    ]
    assert broken == []


def test_training_curves(opened: Reader) -> None:
    section = opened.page.locator("#training")
    assert section.get_by_role("heading", name="mine").is_visible()
    titles = [text.split("\n")[0] for text in section.locator(".chart").all_inner_texts()]
    assert titles == [
        "loss, its terms and their total [no unit, logarithmic]",
        "on held-out frames: mean Jaccard index, from 0 to 1",
        "learning rate [per step]",
    ]
    assert ticks(opened, "#training .chart >> nth=0") == ["1", "2", "5"]
    assert ticks(opened, "#training .chart >> nth=2") == [
        *("0", "5e-5", "1e-4", "1.5e-4", "2e-4", "2.5e-4")
    ]
    picture = section.get_by_role("img").first
    assert "total: from 1 to 9" in (picture.get_attribute("aria-label") or "")


def test_training_curves_with_gaps(reader: Reader, tmp_path: Path) -> None:
    """Values that are missing, and losses that a logarithmic axis cannot show."""
    sequence = draw_sequence(tmp_path)
    subject = describe([sequence.result], sequence, frames_needed=True)
    (tmp_path / "curves.csv").write_text(
        "epoch,total,seg,matched,learning_rate\n1,0,,nan,1e-4\n2,nan,0.5,nan,1e-4\n3,0,0.6,0.7,inf\n"
    )
    curves = [read_curves(tmp_path)]
    list(write_report(subject, tmp_path / "page.html", ReportSettings(), curves))
    reader.open(tmp_path / "page.html")
    titles = reader.page.locator("#training .chart").all_inner_texts()
    assert [text.split("\n")[0] for text in titles] == [
        "on held-out frames: mean Jaccard index, from 0 to 1",
        "learning rate [per step]",
    ]


@pytest.mark.parametrize("depth", [0, 3])
def test_frames_beside_the_page_are_loaded_when_looked_at(
    reader: Reader, tmp_path: Path, depth: int
) -> None:
    folder = tmp_path / "with space, # and %20"
    sequence = draw_sequence(folder, depth)
    subject = describe([sequence.result], sequence, frames_needed=True)
    page = folder / "my page.html"
    list(write_report(subject, page, ReportSettings(frames="folder")))
    reader.open(page)
    assert ("maximum along z" in reader.text("#viewer")) is (depth > 0)
    assert "a track keeps its colour" in reader.text("#legend")
    reader.page.keyboard.press("2")
    assert not is_grey(reader.pixel(*INSIDE_1))
    assert not [url for url in reader.loaded if url.endswith("t005.js")]
    reader.page.locator("#frame").fill("5")
    reader.shows(5)
    assert [url for url in reader.loaded if url.endswith("t005.js")]


def test_a_frame_that_was_lost_is_told(browser: Browser, tmp_path: Path) -> None:
    sequence = draw_sequence(tmp_path)
    subject = describe([sequence.result], sequence, frames_needed=True)
    list(write_report(subject, tmp_path / "page.html", ReportSettings(frames="folder")))
    (tmp_path / "page_files" / "t004.js").unlink()
    reader = Reader(browser.new_page())
    reader.open(tmp_path / "page.html")
    reader.page.locator("#frame").fill("4")
    reader.page.get_by_text("page_files/t004.js cannot be loaded; keep the folder").wait_for()
    reader.page.close()


def test_without_truth_tracks_frames_and_cells(reader: Reader, tmp_path: Path) -> None:
    sequence = draw_sequence(tmp_path)
    for path in sequence.result.glob("*.tif"):
        write_labels(path, np.zeros((60, 80), np.uint16))
    (sequence.result / "res_track.txt").unlink()
    shutil.rmtree(sequence.gold)
    shutil.rmtree(sequence.folder)
    subject = describe([sequence.result], sequence, frames_needed=False)
    list(write_report(subject, tmp_path / "page.html", ReportSettings()))
    reader.open(tmp_path / "page.html")
    assert reader.page.get_by_role("radio", name="Difference").is_disabled()
    assert "01_RES: 0 cells" in reader.text("#status")
    assert reader.pixel(*INSIDE_1) == (0, 0, 0)
    assert "cells in the result [cells per frame]" in reader.text("#plot")
    assert ticks(reader, "#plot") == ["0", "1"]
    assert "without tracks a cell may change its label" in reader.text("#legend")
    for key in "15tl+0":
        reader.page.keyboard.press(key)
    reader.page.mouse.click(*reader.place(*INSIDE_1))


def test_one_frame(reader: Reader, tmp_path: Path) -> None:
    sequence = draw_sequence(tmp_path)
    for path in (*sequence.folder.glob("t00[1-5].tif"), *sequence.result.glob("mask00[1-5].tif")):
        path.unlink()
    subject = describe([sequence.result], sequence, frames_needed=True)
    list(write_report(subject, tmp_path / "page.html", ReportSettings()))
    reader.open(tmp_path / "page.html")
    for key in ("ArrowRight", "p", "p"):
        reader.page.keyboard.press(key)
    assert "Frame 0 of 0 to 0" in reader.text("#status")
