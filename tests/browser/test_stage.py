"""The stage in a real browser: all that runs is on the screen, and level in every lane."""

from playwright.sync_api import Page, expect

from graphs.agents.collaborative_demo import PATTERN
from graphs.streaming.stream_modes import MODES
from tests.support.browser_verbs import becomes, click, drawn, idle, keyed, visit
from tests.support.servers import LabServer
from tests.support.stage import LEGIBLE

ITEMS = "xpath=./*/*/*"
"""What stands in a stream's box."""

BADLY_LABELLED = (
    "nodes => { const legible = "
    + LEGIBLE
    + """
return nodes.filter(node => {
  const box = node.querySelector('.box').getBoundingClientRect()
  return [...node.querySelectorAll(':scope > text')].some(text => {
    const {left, right, top, bottom} = text.getBoundingClientRect()
    // A line is higher than its letters.
    return !legible(text) || left < box.left || right > box.right || top < box.top - 2 || bottom > box.bottom + 2
  })
}).map(node => node.getAttribute('aria-label'))
}"""
)
"""Nodes whose label is too small to read, not drawn, or wider or higher than their box."""


def test_a_graph_opens_large_by_a_key_with_its_states_and_gives_the_focus_back(page: Page, server: LabServer) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    visit(page, f"{server.url}/hierarchical")
    click(page, "hierarchical_run", settle=False)
    opener = page.get_by_role("button", name="Show the graph of Three teams large")
    opener.press("Enter")
    large = page.get_by_role("dialog", name="Graph of Three teams")
    expect(large.locator("text", has_text="orchestrate")).to_be_visible()
    expect(large.locator("[data-n=report] .badge.done")).to_be_visible(timeout=30_000)
    page.keyboard.press("Escape")
    expect(large).to_have_count(0)
    expect(opener).to_be_focused()


def test_the_labels_of_a_small_graph_can_be_read_and_stand_in_their_boxes(page: Page, server: LabServer) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    visit(page, f"{server.url}/hierarchical")
    click(page, "hierarchical_run")
    graph = keyed(page, "graph_hierarchical_teams")
    becomes(page, lambda: graph.locator(".lg-picture .nd").evaluate_all(BADLY_LABELLED), [])
    expect(graph.locator("text", has_text="orchestrate")).to_be_visible()


def test_a_graph_too_small_for_its_labels_is_drawn_without_them(page: Page, server: LabServer) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    visit(page, f"{server.url}/hierarchical")
    text = keyed(page, "graph_hierarchical_teams").locator("text", has_text="orchestrate")
    expect(text).to_be_hidden()
    page.set_viewport_size({"width": 1280, "height": 1400})
    expect(text).to_be_visible()


def test_messages_follow_their_end(page: Page, server: LabServer) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    visit(page, f"{server.url}/hierarchical")
    click(page, "hierarchical_run")
    items = keyed(page, "stream_hierarchical_teams").locator(ITEMS)
    expect(items.last).to_be_in_viewport()
    expect(items.first).not_to_be_in_viewport()


def test_messages_are_at_their_end_also_in_a_smaller_window_unless_the_reader_went_up(
    page: Page, server: LabServer
) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    visit(page, f"{server.url}/hierarchical")
    click(page, "hierarchical_run")
    stream = keyed(page, "stream_hierarchical_teams")
    items = stream.locator(ITEMS)
    expect(items.last).to_be_in_viewport()
    page.set_viewport_size({"width": 1280, "height": 620})
    expect(items.last).to_be_in_viewport()
    expect(items.first).not_to_be_in_viewport()
    stream.hover()
    # A turn of the wheel that comes before the smaller window is laid out is lost.
    drawn(page)
    page.mouse.wheel(0, -10_000)
    expect(items.first).to_be_in_viewport()
    page.set_viewport_size({"width": 1280, "height": 700})
    expect(items.first).to_be_in_viewport()
    expect(items.last).not_to_be_in_viewport()


def test_messages_stay_at_their_end_while_they_come_and_the_window_changes_its_size(
    page: Page, server: LabServer
) -> None:
    visit(page, f"{server.url}/hierarchical")
    click(page, "hierarchical_run", settle=False)
    for width, height in ((1280, 620), (1440, 900), (800, 900), (1440, 900)) * 3:
        page.set_viewport_size({"width": width, "height": height})
    idle(page)
    expect(keyed(page, "stream_hierarchical_teams").locator(ITEMS).last).to_be_in_viewport(ratio=1)


def test_the_names_of_agents_stay_in_view_while_their_columns_are_scrolled(page: Page, server: LabServer) -> None:
    page.set_viewport_size({"width": 1280, "height": 620})
    visit(page, f"{server.url}/collaborative")
    click(page, "collaborative_run")
    stream = keyed(page, "stream_collaborative_discussion")
    expect(stream.get_by_role("img").first).not_to_be_in_viewport()
    for agent in PATTERN.lane("discussion").agents:
        expect(stream.locator("strong", has_text=agent)).to_be_in_viewport(ratio=1)


def test_a_projector_shows_the_columns_of_all_stream_modes(page: Page, server: LabServer) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    visit(page, f"{server.url}/stream-modes")
    for mode in ("tasks", "checkpoints", "debug"):
        page.get_by_role("button", name=mode, exact=True).click()
    for mode in MODES:
        expect(keyed(page, f"mode_{mode}")).to_be_in_viewport(ratio=1)
