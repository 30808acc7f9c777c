"""Time travel in a real browser, by mouse and by keyboard, and the link that shows it again after a restart."""

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.test_recovery import table_key
from tests.support.browser_verbs import answered, becomes, click, expect_row, idle, keyed, select_row, visit
from tests.support.fixtures_servers import StartLab
from tests.support.pattern_journeys import choose_example, rows, stands, thread_of
from tests.support.servers import LabServer

DYNAMIC = "expense-approval_dynamic"


def checkpoints(server: LabServer, thread: str) -> list[str]:
    """Return the ids of a thread's checkpoints in the order of writing."""
    asked = "SELECT checkpoint_id FROM checkpoints WHERE thread_id = ? ORDER BY checkpoint_id"
    return [ident for (ident,) in rows(server, asked, thread)]


def shown(page: Page, step: int) -> None:
    """Wait until the state after that step is on show."""
    expect(page.get_by_text(f"After step {step}").first).to_be_visible()
    idle(page)


def open_tab(page: Page, name: str) -> None:
    with answered(page):
        page.get_by_role("tab", name=name, exact=True).click()


def set_number(page: Page, name: str, value: str) -> None:
    field = page.locator(f"[class*='st-key-edit_'][class*='_{name}_set']").get_by_role("textbox").first
    with answered(page):
        field.fill(value)
        field.press("Tab")


def test_back_to_an_early_row_by_mouse_and_by_keyboard_a_fork_a_diff_and_a_link_that_outlives_the_server(
    lab_server: StartLab, page: Page, new_context: Callable[..., BrowserContext]
) -> None:
    first = lab_server({"LAB_PACE": "0"})
    visit(page, f"{first.url}/expense-approval")
    choose_example(page, "expense-approval", 1)
    click(page, "expense-approval_run")
    stands(page, DYNAMIC, "Waiting for an answer")
    idle(page)
    thread = rows(first, "SELECT thread_id FROM lab_threads WHERE lane = 'dynamic'")[0][0]
    visit(page, f"{first.url}/explorer?thread={thread}")

    # By mouse in the table, then by keyboard in the tree.
    select_row(page, table_key(page), 1)
    shown(page, 0)
    root, early = checkpoints(first, thread)[:2]
    page.locator(f"svg.ct .it[data-id='{early}']").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**checkpoint={root}*")
    shown(page, -1)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**checkpoint={early}*")
    shown(page, 0)
    expect_row(page, table_key(page), 1)

    # And the slider by its arrow keys.
    handle = page.get_by_test_id("stMain").get_by_role("slider").first
    handle.focus()
    page.keyboard.press("ArrowRight")
    shown(page, 1)
    page.keyboard.press("ArrowLeft")
    shown(page, 0)

    # Two fields, forked and run on.
    open_tab(page, "Edit and fork")
    set_number(page, "amount", "50")
    what = page.locator("[class*='st-key-edit_'][class*='_description_set']").get_by_role("textbox").first
    with answered(page):
        what.fill("Train ticket")
        what.press("Tab")
    name = keyed(page, f"label_{thread}").get_by_role("textbox")
    with answered(page):
        name.fill("by train")
        name.press("Tab")
    expect(page.get_by_text("Runs next:")).to_be_visible()
    click(page, f"fork_run_{thread}")
    expect(page.locator(".ct-name", has_text="by train")).to_be_visible()
    expect(page.locator(".ct-name")).to_have_count(2)

    # Both branches side by side, then the two ends as a pair.
    open_tab(page, "Compare branches")
    expect(page.get_by_text("What came of them")).to_be_visible()
    expect(page.locator(".diff-key", has_text="description")).to_contain_text("Train")
    open_tab(page, "Diff")
    click(page, f"pin_{thread}")
    main_end = checkpoints(first, thread)[2]
    page.locator(f"svg.ct .it[data-id='{main_end}']").click()
    page.wait_for_url(f"**checkpoint={main_end}*")
    idle(page)
    expect(page.locator(".diff-key", has_text="amount")).to_be_visible()
    parts = ("thread=", "checkpoint=", "against=", "view=Diff")
    becomes(page, lambda: [part for part in parts if part not in page.url], [])
    address = page.url.removeprefix(first.url)

    # The same pair in another browser of the workspace, from another server process.
    first.stop()
    again = lab_server({"LAB_PACE": "0"}, data=first.data)
    elsewhere = new_context(storage_state=page.context.storage_state()).new_page()
    visit(elsewhere, again.url + address)
    expect(elsewhere.locator(".diff-key", has_text="amount")).to_be_visible()
    expect(elsewhere.locator(".diff-key", has_text="description")).to_contain_text("Train")
    expect(elsewhere).to_have_url(re.compile(main_end))
    assert thread_of(elsewhere) == thread
