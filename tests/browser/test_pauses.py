"""Values written at a pause in a real browser."""

from playwright.sync_api import Page, expect

from tests.support.browser_verbs import idle, keyed, visit
from tests.support.pattern_journeys import stands
from tests.support.servers import LabServer


def test_what_is_typed_is_written_by_the_button_that_is_pressed_straight_from_the_field(
    server: LabServer, page: Page
) -> None:
    visit(page, f"{server.url}/expense-approval")
    keyed(page, "expense-approval_run").get_by_role("button").click()
    stands(page, "expense-approval_static", "Paused")
    idle(page)
    note = page.locator("[class*='st-key-expense-approval_static_'][class*='_note_set']").get_by_role("textbox").first
    note.fill("Straight from the field")
    keyed(page, "expense-approval_static_continue").get_by_role("button").click()
    stands(page, "expense-approval_static", "Finished")
    expect(keyed(page, "stream_expense-approval_static")).to_contain_text("Straight from the field")
