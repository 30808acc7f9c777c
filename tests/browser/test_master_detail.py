"""The table of checkpoints and what is selected in it, in a real browser: side by side, and walked by keys."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from graphs.catalogue import find
from lab.lab import Lab
from lab.workspace_cookie import LOCAL
from tests.support.browser_verbs import becomes, idle, keyed, tab_to, visit
from tests.support.labs import quiet
from tests.support.pattern_journeys import running_lab
from tests.support.servers import LabServer

SELECTED = "tr[aria-selected=true]"
ROW = 35
"""Pixels of a row, and of the table's head; some less on a low window."""
IN_TABLE = "document.activeElement.closest('canvas') !== null"
BESIDE = """() => {
  const [table, detail] = ['[class*=st-key-steps_]', '.st-key-views'].map(
    css => document.querySelector(css).getBoundingClientRect())
  return detail.left >= table.right ? 'right' : detail.top >= table.bottom ? 'below' : 'over'
}"""
"""Where the detail stands, seen from the table."""
SIDEWAYS = "() => { const main = document.querySelector('.stMain'); return main.scrollWidth - main.clientWidth }"


@dataclass(frozen=True)
class Here:
    """A server, a thread of 21 checkpoints on five branches and two pages, and one with subgraphs."""

    server: LabServer
    branched: str
    nested: str


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    data: Path = tmp_path_factory.mktemp("detail")
    lab = Lab(quiet(str(data / "lab.sqlite")))
    visitor = lab.workspace(LOCAL)
    branched = visitor.start("linear-pipeline", "pipeline", {"text": "One. Two. Three."}).thread_id
    assert visitor.wait(branched)
    early = visitor.history.page(branched).rows[1].checkpoint_id
    for _ in range(4):
        visitor.travel.replay(branched, early)
        assert visitor.wait(branched)
    nested = visitor.start("hierarchical", "teams", find("hierarchical").examples[0].input).thread_id
    assert visitor.wait(nested)
    lab.close()
    with running_lab(data, {}) as server:
        yield Here(server, branched, nested)


def table(page: Page) -> Locator:
    return page.locator("[class*='st-key-steps_'] canvas[data-testid=data-grid-canvas]")


def open_history(page: Page, here: Here, thread: str, width: int, height: int) -> None:
    """Open the explorer in a window of this size, and wait until the table takes presses."""
    page.set_viewport_size({"width": width, "height": height})
    visit(page, f"{here.server.url}/explorer?thread={thread}")
    expect(table(page).locator(SELECTED)).to_have_count(1)


def press_row(page: Page, row: int) -> None:
    """Press a row in the middle, as one does who wants to see what it holds."""
    selected = table(page).locator(SELECTED)
    table(page).scroll_into_view_if_needed()
    # Each in another cell: a press that a table just drawn has marked, and told nobody of, is none when it's repeated.
    for across in (200, 60, 120, 220):
        # Something of Streamlit's lies over the canvas and hands the press on.
        table(page).click(position={"x": across, "y": ROW * (row + 1) + 8}, force=True)
        with suppress(AssertionError):
            expect(selected).to_have_attribute("aria-rowindex", str(row + 2), timeout=8000)
            return
    raise AssertionError(f"Row {row} can't be pressed.")


def shown(page: Page, title: str | re.Pattern[str], row: int) -> None:
    """Wait until this checkpoint is on show, its row is the selected one, and the table has the focus."""
    expect(keyed(page, "about_place")).to_contain_text(title)
    expect(table(page).locator(SELECTED)).to_have_attribute("aria-rowindex", str(row + 2))
    becomes(page, lambda: page.evaluate(IN_TABLE), True)


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1280, 720)])
def test_a_selected_row_and_its_state_are_in_the_window_together(
    here: Here, page: Page, width: int, height: int
) -> None:
    open_history(page, here, here.branched, width, height)
    becomes(page, lambda: page.evaluate(BESIDE), "right")
    head, state = keyed(page, "about_place"), keyed(page, "reading")
    state.scroll_into_view_if_needed()
    press_row(page, 2)
    expect(head).to_contain_text("After step 2: summarise runs next")
    for part in (table(page), head, state, state.get_by_text("processed"), page.get_by_role("tab", name="Replay")):
        # All of it, but for the part of a pixel by which an edge may be rounded away.
        expect(part).to_be_in_viewport(ratio=0.99)


def test_in_a_narrow_window_the_state_stands_below_the_table_and_nothing_scrolls_sideways(
    here: Here, page: Page
) -> None:
    open_history(page, here, here.branched, 800, 900)
    becomes(page, lambda: page.evaluate(BESIDE), "below")
    becomes(page, lambda: page.evaluate(SIDEWAYS), 0)


def test_arrow_keys_walk_the_rows_over_the_edge_of_the_page_and_the_detail_follows(here: Here, page: Page) -> None:
    open_history(page, here, here.branched, 1440, 900)
    press_row(page, 1)
    shown(page, "After step 1: clean runs next", 1)
    page.keyboard.press("ArrowDown")
    shown(page, "After step 2: summarise runs next", 2)
    # Over the upper edge to the last row of the page before, and on from there.
    for _ in range(4):
        page.keyboard.press("ArrowUp")
    shown(page, "After step 2: summarise runs next", 10)
    page.keyboard.press("ArrowDown")
    shown(page, "After step 3: headline runs next", 11)
    page.keyboard.press("ArrowDown")
    shown(page, "After step 4: the end", 0)
    page.keyboard.press("End")
    shown(page, "After step 4: the end", 8)
    # There is nothing further down, and nothing takes the selection away.
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowUp")
    shown(page, "After step 3: headline runs next", 7)
    expect(page.locator("[data-testid=stDataFrameResizable]:focus-within")).to_have_css("outline-style", "solid")


def test_the_steps_of_subgraphs_are_reached_by_keys_alone(here: Here, page: Page) -> None:
    open_history(page, here, here.nested, 1440, 900)
    tab_to(page, "[class*='st-key-steps_'] canvas")
    page.keyboard.press("ArrowUp")
    shown(page, "After step 2: report runs next", 18)
    page.keyboard.press("ArrowUp")
    # Of teams at work side by side, the one that saved first stands first.
    shown(page, re.compile(r"In (design|development|testing), after step 3: the end"), 17)
    expect(keyed(page, "about_place")).to_contain_text("hand_in ran")
    expect(keyed(page, "about_place")).to_have_attribute("aria-live", "polite")
    page.keyboard.press("Home")
    shown(page, "After step -1: the input comes next", 0)
    idle(page)
