"""A deadline in a real browser: it's counted down, and a page that stands on it sees it pass by itself."""

from playwright.sync_api import Page, expect

from tests.support.browser_verbs import keyed
from tests.support.pattern_journeys import run, stands
from tests.support.servers import LabServer

SLUG = "approval-timeout"


def test_a_page_counts_a_deadline_down_and_sees_what_comes_of_it_without_a_press(server: LabServer, page: Page) -> None:
    run(page, server, SLUG, {"seconds": "8"})
    card = keyed(page, f"lane_card_{SLUG}_expires")
    expect(card).to_contain_text("Answer by")
    for left in (4, 2):
        expect(card).to_contain_text(f"(in {left} seconds)", timeout=15_000)
    stands(page, f"{SLUG}_expires", "Finished")

    expect(card).to_contain_text("Expired: nothing bought, and the requester was told")
    expect(keyed(page, f"stream_{SLUG}_expires")).to_contain_text("Nobody answered by the deadline")
    stands(page, f"{SLUG}_waits", "Waiting for an answer")
    expect(keyed(page, f"lane_card_{SLUG}_waits")).to_contain_text("The deadline passed at")
