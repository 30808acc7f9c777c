"""Tool calls reviewed in a real browser, by keyboard alone."""

from playwright.sync_api import Page, expect

from tests.support.browser_verbs import answered, keyed, tab_to, visit
from tests.support.pattern_journeys import choose_example, stands
from tests.support.servers import LabServer

LANE = "tool-review_together"


def test_one_of_two_calls_is_edited_and_the_other_one_rejected_by_keyboard_alone(server: LabServer, page: Page) -> None:
    visit(page, f"{server.url}/tool-review")
    choose_example(page, "tool-review", 4)
    keyed(page, "tool-review_run").get_by_role("button").press("Enter")
    stands(page, LANE, "Waiting for an answer")
    card = f".st-key-lane_card_{LANE}"

    tab_to(page, f"{card} [class*='_0_type'] [role=radio]")
    page.keyboard.press("ArrowRight")
    with answered(page):
        page.keyboard.press("Space")
    tab_to(page, f"{card} [class*='_0_args_euros'] input")
    page.keyboard.press("Control+a")
    with answered(page):
        page.keyboard.type("1000\n")
    tab_to(page, f"{card} [class*='_1_reject_message'] input")
    page.keyboard.press("Control+a")
    with answered(page):
        page.keyboard.type("She's away\n")
    tab_to(page, f"{card} [class*='_send'] button")
    page.keyboard.press("Enter")

    stands(page, LANE, "Finished")
    expect(keyed(page, f"lane_card_{LANE}")).to_contain_text("Paid 1,000.00 €, 1 call rejected")
    expect(keyed(page, f"stream_{LANE}")).to_contain_text("rejected, She's away")
