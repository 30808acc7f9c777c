"""The inbox in a real browser: from its count in the menu to the answers and back, by keyboard alone."""

from playwright.sync_api import Page, expect

from tests.support.browser_verbs import answered, idle, keyed, tab_to, visit
from tests.support.pattern_journeys import rows_of, stands, thread_of
from tests.support.servers import LabServer

LANE = "escalation_agent"
COUNT = ".st-key-inbox_count [role=status]"
CARD = f".st-key-lane_card_inbox_{LANE}"


def send_as_suggested(page: Page) -> None:
    """Choose to send what the agent suggests, on the card beside the list."""
    tab_to(page, f"{CARD} [role=radio]")
    page.keyboard.press("Space")
    tab_to(page, f"{CARD} [class*='_send'] button")
    page.keyboard.press("Enter")
    expect(keyed(page, "inbox_thread")).to_contain_text("Finished")


def test_from_the_count_in_the_menu_to_two_answers_and_back_by_keyboard_alone(server: LabServer, page: Page) -> None:
    elsewhere = page.context.new_page()
    visit(elsewhere, f"{server.url}/branching")
    expect(elsewhere.locator(COUNT)).to_be_hidden()
    for waiting in ("1", "2"):
        visit(page, f"{server.url}/escalation")
        keyed(page, "escalation_run").get_by_role("button").press("Enter")
        stands(page, LANE, "Waiting for an answer")
        expect(page.locator(COUNT)).to_have_text(waiting)
        expect(elsewhere.locator(COUNT)).to_have_text(waiting)
    thread = thread_of(page)

    visit(page, f"{server.url}/threads")
    tab_to(page, ".st-key-inbox_link a")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Inbox", exact=True)).to_be_visible()
    idle(page)
    send_as_suggested(page)
    expect(elsewhere.locator(COUNT)).to_have_text("1")
    with answered(page):
        page.keyboard.press("Alt+ArrowDown")
    expect(keyed(page, "inbox_thread")).to_contain_text("Waiting for an answer")
    send_as_suggested(page)
    expect(elsewhere.locator(COUNT)).to_be_hidden()
    assert len(rows_of(server, "person", "lab_decisions", thread)) == 2

    tab_to(page, ".st-key-inbox_thread a")
    page.keyboard.press("Enter")
    stands(page, LANE, "Finished")
    page.go_back()
    expect(page.get_by_role("heading", name="Inbox", exact=True)).to_be_visible()
