"""The stage in a real browser: all that runs is on the screen, and level in every lane."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from graphs.catalogue import CATALOGUE
from graphs.pattern import Pattern
from tests.support.browser_verbs import becomes, click, count_runs, idle, keyed, visit
from tests.support.pattern_journeys import choose_example, running_lab
from tests.support.servers import LabServer
from tests.support.stage import comes_next, out_of_place, sideways

STOPPING = [pattern for pattern in CATALOGUE if any(example.steps for example in pattern.examples)]
SCREENS = [(1440, 900, "light"), (1280, 720, "dark")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    with running_lab(tmp_path_factory.mktemp("stage"), {"LAB_PACE": "0", "LAB_PLAY_SECONDS": "60"}) as running:
        yield running


@pytest.fixture(params=SCREENS, ids=lambda screen: f"{screen[0]}-{screen[2]}", scope="module")
def screen(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    width, height, theme = request.param
    context = count_runs(
        browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce")
    )
    yield context.new_page()
    context.close()


def longest(pattern: Pattern) -> int:
    """Return the number of the pattern's example with the most steps for a person."""
    counts = [sum(map(len, example.steps.values())) for example in pattern.examples]
    return counts.index(max(counts))


@pytest.mark.parametrize("pattern", CATALOGUE, ids=lambda pattern: pattern.slug)
def test_all_that_runs_is_on_the_screen_from_the_start_to_the_first_answer(
    pattern: Pattern, screen: Page, server: LabServer
) -> None:
    visit(screen, f"{server.url}/{pattern.slug}")
    choose_example(screen, pattern.slug, longest(pattern))
    click(screen, f"{pattern.slug}_run", settle=False)
    screen.wait_for_url("**thread=*")
    becomes(screen, lambda: out_of_place(screen), [])
    idle(screen, 60)
    becomes(screen, lambda: out_of_place(screen), [])


@pytest.mark.timeout(240)  # Some of them start and kill processes.
@pytest.mark.parametrize("pattern", STOPPING, ids=lambda pattern: pattern.slug)
def test_all_that_runs_is_on_a_projector_s_screen_at_each_stop_until_the_end(
    pattern: Pattern, page: Page, server: LabServer
) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    visit(page, f"{server.url}/{pattern.slug}")
    choose_example(page, pattern.slug, longest(pattern))
    click(page, f"{pattern.slug}_play", settle=False)
    assert comes_next(page) == "step"
    click(page, f"{pattern.slug}_play_pause")
    while comes_next(page) == "step":
        becomes(page, lambda: out_of_place(page), [])
        click(page, f"{pattern.slug}_play_next")
    becomes(page, lambda: out_of_place(page), [])


@pytest.mark.parametrize("slug", ["hierarchical", "parallel", "time-travel", "validated-recovery"])
def test_a_narrow_window_shows_a_run_without_scrolling_sideways(slug: str, page: Page, server: LabServer) -> None:
    page.set_viewport_size({"width": 800, "height": 900})
    visit(page, f"{server.url}/{slug}")
    click(page, f"{slug}_run")
    becomes(page, lambda: sideways(page), [])


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
