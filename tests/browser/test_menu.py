"""The menu in a real browser: how much room it takes, and how it's used by keyboard."""

import re

from playwright.sync_api import Page, expect

from graphs.catalogue import CATALOGUE
from graphs.search import search
from tests.support.browser_verbs import answered, becomes, idle, keyed, tab_to, visit
from tests.support.servers import LabServer

FITS = """() => {
  const content = document.querySelector('[data-testid=stSidebarContent]')
  return content.scrollHeight <= content.clientHeight
}"""

STANDS = "() => document.querySelector('[data-testid=stSidebar]').getAnimations().length === 0"


def test_the_closed_menu_with_the_settings_fits_a_window_of_720_px_and_is_240_px_wide(
    server: LabServer, page: Page
) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    visit(page, server.url)
    becomes(page, lambda: page.evaluate(FITS), True)
    expect(page.get_by_test_id("stSidebar")).to_have_css("width", "240px")


def test_in_a_narrow_window_the_menu_starts_folded_and_stays_open_for_whoever_opens_it(
    server: LabServer, page: Page
) -> None:
    page.set_viewport_size({"width": 800, "height": 900})
    visit(page, server.url)
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar).to_have_attribute("data-collapsed", "true")
    # While the sidebar folds the button moves along with it, and a press may begin on it and end beside it.
    page.wait_for_function(STANDS)
    page.get_by_test_id("stExpandSidebarButton").click()
    expect(sidebar).to_have_attribute("data-collapsed", "false")
    with answered(page):
        keyed(page, "menu").get_by_role("link", name="Threads").click()
    expect(page.get_by_role("heading", name="Threads")).to_be_visible()
    expect(sidebar).to_have_attribute("data-collapsed", "false")


def test_what_a_narrow_window_folded_is_open_in_a_wide_one(server: LabServer, page: Page) -> None:
    page.set_viewport_size({"width": 800, "height": 900})
    visit(page, server.url)
    expect(page.get_by_test_id("stSidebar")).to_have_attribute("data-collapsed", "true")
    page.set_viewport_size({"width": 1280, "height": 720})
    page.reload()
    idle(page)
    expect(page.get_by_test_id("stSidebar")).to_have_attribute("data-collapsed", "false")


def has_a_ring(page: Page) -> None:
    expect(page.locator(":focus")).to_have_css("outline-style", "solid")
    expect(page.locator(":focus")).to_have_css("outline-width", "3px")


def test_a_pattern_is_reached_by_keyboard_alone_with_a_ring_around_what_has_the_focus(
    server: LabServer, page: Page
) -> None:
    visit(page, server.url)
    tab_to(page, ".st-key-menu summary")
    has_a_ring(page)
    with answered(page):
        page.keyboard.press("Enter")
    expect(keyed(page, "menu").get_by_role("link", name=CATALOGUE[0].title)).to_be_visible()
    page.keyboard.press("Tab")
    has_a_ring(page)
    with answered(page):
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=CATALOGUE[0].title, exact=True)).to_be_visible()


def test_a_search_answers_while_it_is_typed(server: LabServer, page: Page) -> None:
    visit(page, server.url)
    keyed(page, "menu").get_by_role("searchbox").press_sequentially("RetryPolicy")
    # The words of a link follow its icon's name.
    titles = ["Gallery", "Threads", "Explorer", "Inbox", "Decisions", "Traps"]
    found = {pattern.slug for pattern in search("RetryPolicy")}
    titles += [pattern.title for pattern in CATALOGUE if pattern.slug in found]
    links = [re.compile(f"{title}$") for title in titles]
    expect(keyed(page, "menu").get_by_role("link")).to_have_text(links)
