"""What axe finds on a page in the light theme and in the dark one."""

from collections.abc import Sequence
from typing import Literal

from playwright.sync_api import Page, expect

from tests.support.browser_verbs import COLOURS, judged, unrolled

Theme = Literal["light", "dark"]
LIGHT, DARK = "rgb(255, 255, 255)", "rgb(20, 23, 22)"
STEADY = """scheme => {
  const colours = [...document.querySelectorAll('.stApp *')].map(element => {
    const {color, backgroundColor} = getComputedStyle(element)
    return color + backgroundColor
  }).join()
  const seen = (window.coloursSeen ??= {})
  seen[scheme] = [...(seen[scheme] ?? []).slice(-2), colours]
  return seen[scheme].length === 3 && seen[scheme].every(one => one === colours)
}"""
"""True once no part of the page has changed its colours in three looks: a table takes a theme over after the page."""
BETWEEN_LOOKS = 80
"""Milliseconds; a look reads every element, which in each frame would take most of the processor."""


def findings(page: Page, first: Theme = "light", *, passing_over: Sequence[str] = ()) -> list[str]:
    """Return what axe finds in the first theme, and then of the colours in the other one, where all else is the same.

    A page needs time to take a theme over: who leaves it in one begins with that one.
    """
    second: Theme = "dark" if first == "light" else "light"
    # One window for both: a theme has other colours, and the same sizes.
    with unrolled(page):
        return [
            *in_theme(page, first, passing_over=passing_over),
            *in_theme(page, second, COLOURS, passing_over=passing_over),
        ]


def in_theme(page: Page, scheme: Theme, rules: Sequence[str] = (), *, passing_over: Sequence[str] = ()) -> list[str]:
    """Return what axe finds in this theme on a page that is unrolled."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", {"light": LIGHT, "dark": DARK}[scheme])
    page.wait_for_function(STEADY, arg=scheme, polling=BETWEEN_LOOKS)
    return [f"{scheme}: {finding}" for finding in judged(page, rules=rules, passing_over=passing_over)]
