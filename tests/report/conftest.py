"""Someone who reads the page in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page


class Reader:
    """Someone who opens a page and looks at what it shows."""

    def __init__(self, page: Page) -> None:
        """Watch a page for errors and for anything that it loads."""
        self.page = page
        self.complaints: list[str] = []
        self.loaded: list[str] = []
        page.on("console", lambda message: self.note(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.loaded.append(request.url))

    def note(self, complaint: str) -> None:
        """Keep a message of the console, but not that these tests read pixels."""
        if "willReadFrequently" not in complaint:
            self.complaints.append(complaint)

    def open(self, path: Path) -> None:
        """Open a file and wait until its first frame is drawn."""
        self.page.goto(path.absolute().as_uri())
        self.shows(0)

    def shows(self, time: int) -> None:
        """Wait until a frame is drawn."""
        self.page.wait_for_selector(f'html[data-shown="{time}"]', timeout=15_000)
        self.drawn()

    def drawn(self) -> None:
        """Wait until what was asked for is on the screen."""
        self.page.evaluate("new Promise((d) => requestAnimationFrame(() => setTimeout(d)))")

    def pixel(self, x: int, y: int, view: int = 0) -> tuple[int, int, int]:
        """Return the colour that an image shows at a pixel of the frame, which fits the image."""
        red, green, blue, _ = self.page.evaluate(
            """([view, x, y]) => {
              const canvas = document.querySelectorAll("#views canvas")[view];
              const scale = canvas.height / 60;
              const left = (canvas.width - 80 * scale) / 2;
              const at = [left + (x + 0.5) * scale, (y + 0.5) * scale].map(Math.round);
              return [...canvas.getContext("2d").getImageData(...at, 1, 1).data];
            }""",
            [view, x, y],
        )
        return red, green, blue

    def place(self, x: int, y: int, view: int = 0) -> tuple[float, float]:
        """Return where on the screen a pixel of the frame lies, which fits the image."""
        box = self.page.locator("#views canvas").nth(view).bounding_box()
        assert box is not None
        scale = box["height"] / 60
        left = box["x"] + (box["width"] - 80 * scale) / 2
        return left + (x + 0.5) * scale, box["y"] + (y + 0.5) * scale

    def text(self, selector: str) -> str:
        """Return the text of an element."""
        return self.page.locator(selector).inner_text()


@pytest.fixture
def reader(browser: Browser) -> Iterator[Reader]:
    """A reader who, at the end, has seen no complaint and nothing from the network."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    context.set_default_timeout(15_000)
    someone = Reader(context.new_page())
    yield someone
    context.close()
    assert someone.complaints == []
    assert all(url.startswith(("file:", "data:", "blob:")) for url in someone.loaded)
