"""The stage in a real browser: all that runs is on the screen, and level in every lane."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from graphs.catalogue import CATALOGUE
from graphs.pattern import Pattern
from tests.support.browser_verbs import becomes, click, count_runs, idle, visit
from tests.support.pattern_journeys import choose_example, running_lab
from tests.support.servers import LabServer
from tests.support.stage import out_of_place

SCREENS = [(1440, 900, "light"), (1280, 720, "dark")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    with running_lab(tmp_path_factory.mktemp("stage"), {"LAB_PACE": "0"}) as running:
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
