"""A plan put right in a table in a real browser, by keyboard alone."""

from playwright.sync_api import Page, expect

from tests.support.browser_verbs import drawn, keyed, tab_to, visit
from tests.support.pattern_journeys import stands
from tests.support.servers import LabServer

LANE = "task-executor_executor"


def test_a_plan_is_numbered_anew_in_its_table_and_run_by_keyboard_alone(server: LabServer, page: Page) -> None:
    visit(page, f"{server.url}/task-executor")
    tab_to(page, ".st-key-task-executor_run button")
    page.keyboard.press("Enter")
    stands(page, LANE, "Waiting for an answer")
    table = f".st-key-lane_card_{LANE} canvas[data-testid=data-grid-canvas]"
    orders = page.locator(f"{table} td[aria-colindex='1']")
    expect(orders).to_have_text(["1", "2", "3", "4"])

    # The table takes the focus with its first cell chosen.
    tab_to(page, table)
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(orders.nth(3)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    number = page.locator("#portal input")
    expect(number).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("0")
    expect(number).to_have_value("0")
    # The cell's editor takes what was typed at its next drawing, which people's fingers leave it the time for.
    drawn(page)
    page.keyboard.press("Enter")
    expect(orders).to_have_text(["1", "2", "3", "0"])
    tab_to(page, f".st-key-lane_card_{LANE} [class*='_send'] button")
    page.keyboard.press("Enter")

    stands(page, LANE, "Finished")
    expect(keyed(page, f"lane_card_{LANE}")).to_contain_text("4 steps run: in another order")
    expect(keyed(page, f"stream_{LANE}")).to_contain_text("28 words")
