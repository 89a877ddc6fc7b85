"""Colours of the page, light and dark: can what is written be read?"""

import re
from importlib.resources import files

import pytest

STYLE = (files("ctc_submit.report") / "assets" / "page.css").read_text("utf-8")
COLOURS = {
    name: {"light": light, "dark": dark}
    for name, light, dark in re.findall(r"--([\w-]+): light-dark\(#(\w{6}), #(\w{6})\);", STYLE)
}


def luminance(colour: str) -> float:
    """Relative luminance after WCAG 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str, scheme: str) -> float:
    darker, lighter = sorted(luminance(COLOURS[name][scheme]) for name in (first, second))
    return (lighter + 0.05) / (darker + 0.05)


def test_every_colour_is_said_for_light_and_dark() -> None:
    assert len(COLOURS) == len(re.findall(r"^  --", STYLE, re.MULTILINE)) >= 15
    used = set(re.findall(r"var\(--([\w-]+)\)", STYLE))
    assert used <= set(COLOURS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("text", ["text", "soft", "accent"])
def test_text_stands_out(scheme: str, text: str) -> None:
    for ground in ("page", "card"):
        assert contrast(text, ground, scheme) >= 4.5
    assert contrast("text", "note", scheme) >= 4.5
    assert contrast("accent-text", "accent", scheme) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("line", [f"s{number}" for number in range(6)])
def test_lines_of_plots_stand_out(scheme: str, line: str) -> None:
    assert contrast(line, "card", scheme) >= 3
