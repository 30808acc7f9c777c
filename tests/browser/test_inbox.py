"""The inbox in a real browser: from its count in the menu to the answers and back, by keyboard alone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser_verbs import answered, becomes, idle, keyed, tab_to, visit
from tests.support.pattern_journeys import choose_example, rows, running_lab, stands
from tests.support.servers import LabServer

COUNT = ".st-key-inbox_count [role=status]"
CARD = ".st-key-lane_card_inbox_approval-gate_interrupt"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    with running_lab(tmp_path_factory.mktemp("inbox"), {"LAB_PACE": "0"}) as running:
        yield running


def run_again(page: Page, server: LabServer, times: int) -> None:
    """Run the mail's first example so many times, which waits in both lanes each time."""
    for _ in range(times):
        visit(page, f"{server.url}/approval-gate")
        keyed(page, "approval-gate_run").get_by_role("button").press("Enter")
        stands(page, "approval-gate_interrupt", "Waiting for an answer")
        stands(page, "approval-gate_static", "Paused")


def go_to(page: Page, question: str) -> None:
    """Go on in the list until this question is the chosen one, which its card then asks."""
    becomes(page, lambda: is_chosen(page, question), True, 60)
    expect(page.locator(CARD)).to_contain_text(question)


def is_chosen(page: Page, question: str) -> bool:
    """Go on in the list unless this question is the chosen one."""
    chosen = keyed(page, "inbox_question").locator("label:has(input:checked)")
    if question in " ".join(chosen.all_inner_texts()):
        return True
    with answered(page):
        page.keyboard.press("Alt+ArrowDown")
    return False


def test_from_the_count_in_the_menu_to_two_answers_and_back_by_keyboard_alone(server: LabServer, page: Page) -> None:
    elsewhere = page.context.new_page()
    visit(elsewhere, f"{server.url}/branching")
    expect(elsewhere.locator(COUNT)).to_be_hidden()
    visit(page, f"{server.url}/approval-gate")
    choose_example(page, "approval-gate", 0)
    run_again(page, server, 2)
    expect(page.locator(COUNT)).to_have_text("4")
    expect(elsewhere.locator(COUNT)).to_have_text("4", timeout=3000)

    visit(page, f"{server.url}/threads")
    tab_to(page, ".st-key-inbox_link a")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Inbox", exact=True)).to_be_visible()
    idle(page)
    for left in (3, 2):
        go_to(page, "Send this mail")
        tab_to(page, f"{CARD} [role=radio]")
        page.keyboard.press("Space")
        tab_to(page, f"{CARD} [class*='_send'] button")
        page.keyboard.press("Enter")
        expect(page.locator(COUNT)).to_have_text(str(left))
        expect(elsewhere.locator(COUNT)).to_have_text(str(left), timeout=3000)
        expect(keyed(page, "inbox_thread")).to_contain_text("Finished")
    assert rows(server, "SELECT count(*) FROM lab_outbox") == [(2,)]

    tab_to(page, ".st-key-inbox_thread a")
    page.keyboard.press("Enter")
    stands(page, "approval-gate_interrupt", "Finished")
    page.go_back()
    expect(page.get_by_role("heading", name="Inbox", exact=True)).to_be_visible()
