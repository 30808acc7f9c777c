"""The second client of a run in a real browser: cut off in the middle, brought back, and nothing is missing."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from graphs.streaming.live_clients_demo import PATTERN
from tests.support.browser_verbs import becomes, click, visit
from tests.support.pattern_journeys import choose_example, rows, running_lab, said, stands
from tests.support.servers import LabServer

LANE = "live-clients_run"
SINGLE = 1
SLOW = "8"
"""Words a second: a busy machine needs seconds to cut a client off, and the run must still be going on then."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    with running_lab(tmp_path_factory.mktemp("clients"), {"LAB_PACE": SLOW}) as running:
        yield running


def received_all(page: Page, server: LabServer) -> None:
    """Wait until the client has every event that is saved, each once."""
    ((last,),) = rows(server, "SELECT max(last) FROM lab_events")
    expect(page.locator(".sc-count")).to_have_text(f"Last event No. {last} · received {last} · missing 0 · twice 0")


def test_a_client_that_is_cut_off_in_the_middle_and_comes_back_has_missed_nothing_nor_after_a_reload(
    page: Page, server: LabServer
) -> None:
    visit(page, f"{server.url}/{PATTERN.slug}")
    choose_example(page, PATTERN.slug, SINGLE)
    click(page, f"{PATTERN.slug}_run", settle=False)
    client = page.get_by_role("region", name="Second client")
    expect(client.get_by_role("status")).to_have_text("Connected")
    expect(client.get_by_role("list")).to_contain_text("begins with what")
    client.get_by_role("button", name="Cut off").click()
    expect(client.get_by_role("status")).to_have_text("Cut off")
    stands(page, LANE, "Finished")
    expect(client.get_by_role("list")).not_to_contain_text("The run has ended")

    client.get_by_role("button", name="Bring back").click()
    expect(client.get_by_role("list")).to_contain_text("The run has ended: finished")
    expect(client.locator(".mark")).to_contain_text(["Cut off after No.", "Back: "])
    received_all(page, server)
    # What it was told before it was away and after it stands in two places.
    parts = client.locator("li:not(.mark) .what")
    becomes(page, lambda: said(page, LANE).inner_text() in "".join(parts.all_inner_texts()), True)

    page.reload()
    received_all(page, server)
    click(page, f"{PATTERN.slug}_new")
    expect(client).to_have_count(0)
