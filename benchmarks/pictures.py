"""Draw the pictures of the documentation anew, from simulated cells and the demo's model.

python -m benchmarks.pictures                       # docs/demo.png and docs/report.png
python -m benchmarks.pictures --to /tmp/pictures

``demo.png``: a frame beside what the model found in it. ``report.png``: the report page of two
results, the model's own and the same four pixels off with a cell lost in every fifth frame; needs
Chromium.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from ctc_submit.data.labels import find_masks, read_labels, write_labels
from ctc_submit.data.sequence import Sequence
from ctc_submit.pipeline import Run, RunConfig
from ctc_submit.report.overlay_settings import OverlaySettings
from ctc_submit.report.overlays import write_overlays
from ctc_submit.report.page import write_report
from ctc_submit.report.report_settings import ReportSettings
from ctc_submit.report.subject import describe
from ctc_submit.segment import device_named
from ctc_submit.simulate.dataset import write_dataset
from ctc_submit.simulate.settings import SimulationSettings

ROOT = Path(__file__).parent.parent
CELLS = SimulationSettings(
    look="dic", frames=20, height=384, width=384, cells=9, cover=0.35, cycle=25
)
SHOWN = 14
"""The frame that is seen."""


def main() -> None:
    """Write both pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=ROOT / "docs", help="folder of the pictures")
    folder = parser.parse_args().to
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        sequence = found_in(Path(scratch) / "Simulated cells")
        other = worse(sequence.result)
        look = OverlaySettings(raw=True)
        pictures = Path(scratch) / "overlay"
        drawn = list(write_overlays(sequence.result, sequence, pictures, truth="GT", settings=look))
        with Image.open(drawn[SHOWN]) as picture:
            picture.save(folder / "demo.png", optimize=True)
        page = Path(scratch) / "page.html"
        subject = describe([sequence.result, other], sequence, frames_needed=True)
        list(write_report(subject, page, ReportSettings()))
        photograph(page, folder / "report.png")


def found_in(dataset: Path) -> Sequence:
    """Simulate a sequence, and run the demo's model on it."""
    for _ in write_dataset(dataset, CELLS, seed=12):
        pass
    sequence = Sequence.at(dataset / "01")
    for _ in Run(sequence, ROOT / "models" / "demo", sequence.result, RunConfig())(
        device_named("cpu")
    ):
        pass
    return sequence


def worse(result: Path) -> Path:
    """Copy a result, each cell four pixels off, without its first cell in every fifth frame."""
    other = shutil.copytree(result, result.with_name(f"{result.name}-GT"))
    for time, path in find_masks(other).items():
        labels = np.roll(read_labels(path), 4, axis=1)
        labels[:, :4] = 0
        if time % 5 == 2:
            labels[labels == labels[labels > 0].min(initial=65_535)] = 0
        write_labels(path, labels)
    return other


def photograph(page: Path, picture: Path) -> None:
    """Open a page in Chromium, and save what a reader of the frames sees."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1180, "height": 1000}, color_scheme="light")
        tab.goto(page.as_uri())
        tab.locator("#frame").fill(str(SHOWN))
        tab.wait_for_selector(f'html[data-shown="{SHOWN}"]')
        tab.keyboard.press("t")
        tab.evaluate("document.activeElement.blur()")
        tab.wait_for_timeout(500)
        tab.locator("#viewer").screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    main()
