"""The theme's contrast, light and dark: WCAG AA asks 4.5:1 of text and 3:1 of what a control is recognised by."""

import tomllib
from typing import Any

import pytest

from tests.support.project import ROOT

CONFIG: dict[str, Any] = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
CAPTION = 0.6
"""Streamlit draws a caption in the text colour at this opacity."""

Rgb = tuple[float, float, float]


def rgb(colour: str) -> Rgb:
    """Return the three parts of `#rrggbb`, each from 0 to 1."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def over(front: Rgb, back: Rgb, opacity: float) -> Rgb:
    """Return the colour that is seen where `front` lies on `back`."""
    red, green, blue = (f * opacity + b * (1 - opacity) for f, b in zip(front, back, strict=True))
    return red, green, blue


def luminance(colour: Rgb) -> float:
    """Return WCAG's relative luminance."""
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Rgb, other: Rgb) -> float:
    """Return WCAG's contrast ratio, from 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_measure_itself_gives_wcags_own_values() -> None:
    assert contrast(rgb("#000000"), rgb("#ffffff")) == pytest.approx(21)
    assert contrast(rgb("#777777"), rgb("#ffffff")) == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("back", ["backgroundColor", "secondaryBackgroundColor", "codeBackgroundColor"])
@pytest.mark.parametrize("front", ["textColor", "linkColor", "codeTextColor"])
def test_text_is_legible_on_each_background(mode: str, front: str, back: str) -> None:
    theme = CONFIG["theme"][mode]
    assert contrast(rgb(theme[front]), rgb(theme[back])) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("back", ["backgroundColor", "secondaryBackgroundColor"])
def test_a_caption_is_legible_on_each_background(mode: str, back: str) -> None:
    theme = CONFIG["theme"][mode]
    seen = over(rgb(theme["textColor"]), rgb(theme[back]), CAPTION)
    assert contrast(seen, rgb(theme[back])) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_white_text_is_legible_on_a_primary_button(mode: str) -> None:
    assert contrast(rgb(CONFIG["theme"][mode]["primaryColor"]), rgb("#ffffff")) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("back", ["backgroundColor", "secondaryBackgroundColor"])
def test_the_accent_is_told_from_each_background(mode: str, back: str) -> None:
    theme = CONFIG["theme"][mode]
    assert contrast(rgb(theme["primaryColor"]), rgb(theme[back])) >= 3


def test_nothing_is_asked_of_the_network() -> None:
    fonts = [CONFIG["theme"][name] for name in ("font", "codeFont")]
    assert not [font for font in fonts if ":" in font or "/" in font], "A font with an address would be fetched."
    assert "fontFaces" not in CONFIG["theme"]
    assert CONFIG["browser"]["gatherUsageStats"] is False
    assert CONFIG["client"]["showErrorLinks"] is False


def test_what_others_scroll_under_has_the_background_of_the_page() -> None:
    light, dark = (CONFIG["theme"][mode]["backgroundColor"] for mode in ("light", "dark"))
    style = (ROOT / "ui" / "common" / "style.css").read_text()

    assert f"--page: light-dark({light}, {dark});" in style
    # The name by which components know it is empty on the page around them.
    assert "--st-" not in style
