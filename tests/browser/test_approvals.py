"""A draft sent back twice and then approved in a real browser, by keyboard alone."""

from playwright.sync_api import Page, expect

from tests.support.browser_verbs import answered, keyed, tab_to, visit
from tests.support.pattern_journeys import choose_example, rows, rows_of, stands, thread_of
from tests.support.servers import LabServer

LANE = "approval-gate_interrupt"
CARD = f".st-key-lane_card_{LANE}"
APPROVE, CHANGE = 0, 1
"""Places among the choices of a decision."""


def decide(page: Page, choice: int, feedback: str = "") -> None:
    """Choose a decision by the arrow keys, type the feedback and send both."""
    tab_to(page, f"{CARD} [class*='_decision'] [role=radio]")
    page.keyboard.press("Home")
    for _ in range(choice):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    if feedback:
        tab_to(page, f"{CARD} [class*='_feedback'] textarea")
        page.keyboard.type(feedback)
    tab_to(page, f"{CARD} [class*='_send'] button")
    with answered(page):
        page.keyboard.press("Enter")


def test_a_draft_is_sent_back_twice_with_feedback_and_then_approved(server: LabServer, page: Page) -> None:
    visit(page, f"{server.url}/approval-gate")
    # An example without an answer of its own, so that nothing is filled in.
    choose_example(page, "approval-gate", 2)
    keyed(page, "approval-gate_run").get_by_role("button").press("Enter")
    card = page.locator(CARD)
    for revisions, feedback in enumerate(("Name the new street", "Thank everybody")):
        stands(page, LANE, "Waiting for an answer")
        expect(card).to_contain_text(f"Revisions so far: {revisions}")
        decide(page, CHANGE, feedback)
    expect(card).to_contain_text("Revisions so far: 2")
    assert rows_of(server, "body", "lab_outbox", thread_of(page)) == []
    decide(page, APPROVE)

    stands(page, LANE, "Finished")
    ((thread_id, body),) = rows_of(server, "thread_id, body", "lab_outbox", thread_of(page))
    assert "Name the new street" in body
    assert "Thank you very much" in body
    decided = rows(server, "SELECT answered FROM lab_decisions WHERE thread_id = ? ORDER BY number", thread_id)
    assert ["change" in text for (text,) in decided] == [True, True, False]
