"""Each pattern's page in a real browser: accessible, and all that runs is on the screen, level in every lane.

One visit plays an example and writes down all that's wrong; each test reads what it is about.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, expect

from graphs.catalogue import CATALOGUE
from graphs.pattern import Pattern, Wait
from tests.support.browser_verbs import awaited, click, idle, visit
from tests.support.pattern_journeys import choose_example, input_open, running_lab
from tests.support.servers import LabServer
from tests.support.stage import comes_next, cut_texts, out_of_place, overlapping, sideways
from tests.support.themes import Theme, findings

SCREENS = ((1440, 900), (1280, 720))
MENU = "[data-testid=stSidebar]"
"""The same beside every pattern; `test_accessibility` looks at it."""
EACH_PATTERN = pytest.mark.parametrize(
    "pattern",
    CATALOGUE,
    ids=lambda pattern: pattern.slug,
    # The tests of a pattern follow each other, and the visit with them.
    scope="module",
)


@dataclass
class Visited:
    """What was wrong on a pattern's page, from before its run to the end of the longest example."""

    barriers: list[str] = field(default_factory=list)
    """What axe found."""
    misplaced: list[str] = field(default_factory=list)
    """What wasn't in its place on the screen."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    env = {"LAB_PACE": "0", "LAB_PLAY_SECONDS": "60", "LAB_WORKSPACES": "own"}
    with running_lab(tmp_path_factory.mktemp("patterns"), env) as running:
        yield running


@pytest.fixture(scope="module")
def visits() -> dict[str, Visited]:
    """Provide the visits that were made, by pattern."""
    return {}


@pytest.fixture
def visited(pattern: Pattern, visits: dict[str, Visited], server: LabServer, page: Page) -> Visited:
    """Visit a pattern's page, unless it was visited already."""
    if pattern.slug not in visits:
        visits[pattern.slug] = visited_now(pattern, server, page)
    return visits[pattern.slug]


def visited_now(pattern: Pattern, server: LabServer, page: Page) -> Visited:
    """Play the longest example with a stop at each step.

    Axe judges the page at the first stop with the input unfolded, so that each part of it is there once: it takes the
    most of a visit. Lanes in which nothing has run yet are the same in all patterns, and `test_accessibility`'s.
    """
    seen = Visited()
    # A theme has other colours, and the same places: the start is in the dark one, the rest in the light one.
    show_on(page, 1280, 720, "dark")
    visit(page, f"{server.url}/{pattern.slug}")
    choose_example(page, pattern.slug, longest(pattern))
    click(page, f"{pattern.slug}_play", settle=False)
    page.wait_for_url("**thread=*")
    seen.misplaced += in_place(page, "at the start")
    # What is drawn moves the buttons above it no more once all lanes stand.
    if comes_next(page) == "step":
        seen.misplaced += in_place(page, "at the first stop")
        click(page, f"{pattern.slug}_play_pause")
        expect(page.get_by_role("status").filter(has_text="Paused")).to_be_visible()
    seen.misplaced += in_a_narrow_window(page)
    with input_open(page):
        seen.barriers += all_findings(page, "dark")
    while comes_next(page) == "step":
        seen.misplaced += on_screens(page)
        # What was read first may have been the drawing before it, in which the last step was still to be done.
        if comes_next(page) == "step":
            click(page, f"{pattern.slug}_play_next")
    seen.misplaced += on_screens(page)
    return seen


def all_findings(page: Page, first: Theme) -> list[str]:
    """Return what axe finds in both themes, in a window so high that hardly anything of a lane is out of sight."""
    page.set_viewport_size({"width": 1440, "height": 3000})
    idle(page)
    return findings(page, first, passing_over=[MENU])


def show_on(page: Page, width: int, height: int, theme: Theme) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=theme)


def in_place(page: Page, when: str) -> list[str]:
    return [f"{when}: {wrong}" for wrong in awaited(page, lambda: out_of_place(page), [])]


def on_screens(page: Page) -> list[str]:
    wrong: list[str] = []
    for width, height in SCREENS:
        show_on(page, width, height, "light")
        when = f"on {width}x{height}"
        wrong += in_place(page, when)
        wrong += [f"{when}: cut: {text}" for text in awaited(page, lambda: cut_texts(page), [])]
    return wrong


def in_a_narrow_window(page: Page) -> list[str]:
    show_on(page, 800, 900, "dark")
    return [
        *(f"in a narrow window, too wide: {part}" for part in awaited(page, lambda: sideways(page), [])),
        *(f"in a narrow window, one over the other: {pair}" for pair in awaited(page, lambda: overlapping(page), [])),
        *(f"in a narrow window, cut: {text}" for text in awaited(page, lambda: cut_texts(page), [])),
    ]


def longest(pattern: Pattern) -> int:
    """Return the number of the pattern's example with the most steps for a person, and none that only time does."""
    counts = [
        0
        if any(isinstance(step, Wait) for steps in example.steps.values() for step in steps)
        else sum(map(len, example.steps.values()))
        for example in pattern.examples
    ]
    return counts.index(max(counts))


@pytest.mark.timeout(240)  # Some of them start and kill processes.
@EACH_PATTERN
def test_a_pattern_is_accessible_with_its_input_and_with_what_runs(visited: Visited) -> None:
    assert visited.barriers == []


@pytest.mark.timeout(240)
@EACH_PATTERN
def test_all_that_runs_is_on_the_screen_from_the_start_and_at_each_stop_until_the_end(visited: Visited) -> None:
    assert visited.misplaced == []
