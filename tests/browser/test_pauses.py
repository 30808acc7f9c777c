"""Values written at a pause in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser_verbs import idle, keyed, visit
from tests.support.pattern_journeys import running_lab, stands
from tests.support.servers import LabServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    with running_lab(tmp_path_factory.mktemp("pauses"), {"LAB_PACE": "0"}) as running:
        yield running


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
