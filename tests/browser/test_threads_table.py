"""The table of threads in a real browser: rows are selected by keys, deleted together, and one opens by its button."""

import re

from playwright.sync_api import Page, expect

from pages.threads import FEW
from tests.support.browser_verbs import axe, cell, click, expect_row, idle, keyed, press_in_row, tab_to, visit
from tests.support.fixtures_servers import StartLab
from tests.support.servers import LabServer
from tests.support.visitors import comes_with, finished_thread, workspace_beside

TABLE = "threads_rows"


def prepared(server: LabServer, page: Page) -> list[str]:
    """Make the page's visitor more threads than have frames, and return their ids, the last used first."""
    with workspace_beside(server) as (workspace, cookie):
        first = finished_thread(workspace)
        for number in range(FEW + 2):
            workspace.threads.copy(first, f"Copy {number}")
        ids = [thread.thread_id for thread in workspace.threads.newest()]
    comes_with(page, server, cookie)
    return ids


def test_rows_are_selected_by_keys_deleted_together_and_opened(lab_server: StartLab, page: Page) -> None:
    server = lab_server({"LAB_WORKSPACES": "own"})
    ids = prepared(server, page)
    visit(page, f"{server.url}/threads")
    tab_to(page, f".st-key-{TABLE} canvas")
    page.keyboard.press("Shift+Space")
    expect_row(page, TABLE, 0)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+Space")
    expect(page.get_by_text("2 threads selected")).to_be_visible()
    expect_row(page, TABLE, 1)
    idle(page)
    assert axe(page) == []

    # Forward, Tab goes through all cells of the table first.
    tab_to(page, ".st-key-threads_delete button", "Shift+Tab")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(ids[0][:8])).to_be_visible()
    expect(dialog.get_by_text(ids[1][:8])).to_be_visible()
    idle(page)
    assert axe(page) == []
    click(page, "delete_do")
    expect(page.get_by_text("Deleted 2 threads")).to_be_visible()
    expect(keyed(page, "threads_selection").get_by_text("Select rows to do this")).to_be_visible()
    expect_row(page, TABLE, 0, selected=False)

    expect(cell(page, TABLE, 0, 3)).to_have_text(f"Copy {FEW - 1}")
    press_in_row(page, TABLE, 0, 60)
    expect(page).to_have_url(re.compile(f"/linear-pipeline.*thread={ids[2]}"))
