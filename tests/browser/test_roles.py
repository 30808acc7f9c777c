"""A request goes through a chain of three roles in a real browser, by keyboard alone, as another person each time."""

from playwright.sync_api import Page, expect

from tests.support.browser_verbs import answered, keyed, tab_to, visit
from tests.support.pattern_journeys import rows_of, stands, thread_of
from tests.support.servers import LabServer

LANE = "role-approval_chain"
CARD = f".st-key-lane_card_{LANE}"


def act_by_the_card(page: Page) -> None:
    """Act as the first person whom the card offers."""
    tab_to(page, f"{CARD} [class*='_as_0'] button")
    with answered(page):
        page.keyboard.press("Enter")


def act_by_the_sidebar(page: Page, name: str) -> None:
    """Choose a person in the sidebar."""
    tab_to(page, ".st-key-person input")
    page.keyboard.type(name)
    with answered(page):
        page.keyboard.press("Enter")


def approve(page: Page) -> None:
    tab_to(page, f"{CARD} [class*='_decision'] [role=radio]")
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    tab_to(page, f"{CARD} [class*='_send'] button")
    with answered(page):
        page.keyboard.press("Enter")


def test_a_request_goes_through_three_roles_each_by_another_person(server: LabServer, page: Page) -> None:
    visit(page, f"{server.url}/role-approval")
    keyed(page, "role-approval_run").get_by_role("button").press("Enter")
    stands(page, LANE, "Waiting for an answer")
    card = page.locator(CARD)
    expect(card).to_contain_text("it's for the role 'support', and Robin has 'requester'")
    act_by_the_card(page)
    expect(keyed(page, "acting")).to_contain_text("support")
    approve(page)
    expect(card).to_contain_text("'support' has had its turn")
    act_by_the_card(page)
    approve(page)
    expect(card).to_contain_text("it's the turn of the role 'manager'")
    act_by_the_sidebar(page, "Maya")
    # The address has the person, who stays the same over a reload.
    page.reload()
    expect(keyed(page, "acting")).to_contain_text("Team manager")
    approve(page)

    stands(page, LANE, "Finished")
    decided = rows_of(server, "person, role", "lab_decisions", thread_of(page))
    assert decided == [("Sam", "support"), ("Tess", "technical"), ("Maya", "manager")]
    assert len(rows_of(server, "body", "lab_outbox", thread_of(page))) == 1
