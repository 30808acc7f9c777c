"""The stage in a real browser: all that runs is on the screen, and level in every lane."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from graphs.catalogue import CATALOGUE
from graphs.pattern import Pattern, Wait
from tests.support.browser_verbs import becomes, click, keyed, visit
from tests.support.pattern_journeys import choose_example, running_lab
from tests.support.servers import LabServer
from tests.support.stage import comes_next, cut_texts, out_of_place, overlapping, sideways

SCREENS = [(width, height, theme) for theme in ("light", "dark") for width, height in ((1440, 900), (1280, 720))]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    with running_lab(tmp_path_factory.mktemp("stage"), {"LAB_PACE": "0", "LAB_PLAY_SECONDS": "60"}) as running:
        yield running


def show_on(page: Page, width: int, height: int, theme: Any) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=theme)


def holds_on(page: Page, screens: Sequence[tuple[int, int, str]]) -> None:
    for size_and_theme in screens:
        show_on(page, *size_and_theme)
        becomes(page, lambda: out_of_place(page), [])
        becomes(page, lambda: cut_texts(page), [])


def longest(pattern: Pattern) -> int:
    """Return the number of the pattern's example with the most steps for a person, and none that only time does."""
    counts = [
        0
        if any(isinstance(step, Wait) for steps in example.steps.values() for step in steps)
        else sum(map(len, example.steps.values()))
        for example in pattern.examples
    ]
    return counts.index(max(counts))


def holds_in_a_narrow_window(page: Page) -> None:
    show_on(page, 800, 900, "light")
    becomes(page, lambda: sideways(page), [])
    becomes(page, lambda: overlapping(page), [])
    becomes(page, lambda: cut_texts(page), [])


@pytest.mark.timeout(240)  # Some of them start and kill processes.
@pytest.mark.parametrize("pattern", CATALOGUE, ids=lambda pattern: pattern.slug)
def test_all_that_runs_is_on_the_screen_from_the_start_and_at_each_stop_until_the_end(
    pattern: Pattern, page: Page, server: LabServer
) -> None:
    show_on(page, *SCREENS[-1])
    visit(page, f"{server.url}/{pattern.slug}")
    choose_example(page, pattern.slug, longest(pattern))
    click(page, f"{pattern.slug}_play", settle=False)
    page.wait_for_url("**thread=*")
    becomes(page, lambda: out_of_place(page), [])
    # What is drawn moves the buttons above it no more once all lanes stand.
    if comes_next(page) == "step":
        becomes(page, lambda: out_of_place(page), [])
        click(page, f"{pattern.slug}_play_pause")
        expect(page.get_by_role("status").filter(has_text="Paused")).to_be_visible()
    holds_in_a_narrow_window(page)
    while comes_next(page) == "step":
        # A theme has other colours, and the same places.
        holds_on(page, SCREENS[:2])
        # What was read first may have been the drawing before it, in which the last step was still to be done.
        if comes_next(page) == "step":
            click(page, f"{pattern.slug}_play_next")
    holds_on(page, SCREENS)


def test_a_graph_opens_large_by_a_key_with_its_states_and_gives_the_focus_back(page: Page, server: LabServer) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    visit(page, f"{server.url}/hierarchical")
    click(page, "hierarchical_run", settle=False)
    opener = page.get_by_role("button", name="Show the graph of Three teams large")
    expect(keyed(page, "graph_hierarchical_teams").locator("text", has_text="orchestrate")).to_be_hidden()
    opener.press("Enter")
    large = page.get_by_role("dialog", name="Graph of Three teams")
    expect(large.locator("text", has_text="orchestrate")).to_be_visible()
    expect(large.locator("[data-n=report] .badge.done")).to_be_visible(timeout=30_000)
    page.keyboard.press("Escape")
    expect(large).to_have_count(0)
    expect(opener).to_be_focused()


def test_messages_follow_their_end(page: Page, server: LabServer) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    visit(page, f"{server.url}/hierarchical")
    click(page, "hierarchical_run")
    items = keyed(page, "stream_hierarchical_teams").locator("xpath=./*")
    expect(items.last).to_be_in_viewport()
    expect(items.first).not_to_be_in_viewport()


def test_messages_are_at_their_end_also_in_a_smaller_window_unless_the_reader_went_up(
    page: Page, server: LabServer
) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    visit(page, f"{server.url}/hierarchical")
    click(page, "hierarchical_run")
    stream = keyed(page, "stream_hierarchical_teams")
    items = stream.locator("xpath=./*")
    expect(items.last).to_be_in_viewport()
    page.set_viewport_size({"width": 1280, "height": 620})
    expect(items.last).to_be_in_viewport()
    expect(items.first).not_to_be_in_viewport()
    stream.hover()
    page.mouse.wheel(0, -10_000)
    expect(items.first).to_be_in_viewport()
    page.set_viewport_size({"width": 1280, "height": 700})
    expect(items.first).to_be_in_viewport()
    expect(items.last).not_to_be_in_viewport()
