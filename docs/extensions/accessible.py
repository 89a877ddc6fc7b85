"""What the theme leaves out for keyboards and screen readers, put into the finished pages."""

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

MENDED = {
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer">': '<aside class="toc-drawer" aria-label="On this page">',
    '<aside class="toc-drawer no-toc">': '<aside class="toc-drawer no-toc" aria-hidden="true">',
    '<div id="search-results"></div>': '<h1>Search</h1><div id="search-results" class="all"></div>',
    '<div class="highlight"><pre>': '<div class="highlight"><pre tabindex="0">',
    '<div class="table-wrapper': '<div tabindex="0" role="group" aria-label="Table" '
    'class="table-wrapper',
}
"""A page needs a heading, and a heading its level; landmarks of one kind need names; and what
scrolls on narrow screens, code and wide tables, must be within reach of the keyboard."""


def mend(app: Sphinx, exception: Exception | None) -> None:
    """Go through all pages once they are written; a page that was mended before stays as it is."""
    if exception is not None or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = mended = page.read_text("utf-8")
        for given, better in MENDED.items():
            mended = mended.replace(given, better)
        if mended != text:
            page.write_text(mended, "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Ask to be called at the end."""
    app.connect("build-finished", mend)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
