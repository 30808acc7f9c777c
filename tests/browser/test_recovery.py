"""What is left in a real browser after a crash, behind a link, and where two tabs act at once."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.support.browser_verbs import answered, becomes, click, expect_row, fill, idle, keyed, select_row, visit
from tests.support.fixtures_servers import StartLab
from tests.support.pattern_journeys import (
    choose,
    choose_example,
    rows,
    run,
    said,
    stands,
    step_names,
    streams,
    thread_of,
)
from tests.support.servers import LabServer

PIPELINE, DYNAMIC = "linear-pipeline_pipeline", "expense-approval_dynamic"
TEXT = " ".join(f"word{number}" for number in range(1, 61))


def approve(page: Page, lane: str, settle: bool = True) -> None:
    card = keyed(page, f"lane_card_{lane}")
    card.get_by_role("radio", name="Approved").click()
    card.get_by_role("button", name="Send answer").click()
    if settle:
        stands(page, lane, "Finished")
        idle(page)


def conference_ticket(page: Page, server: LabServer) -> None:
    """Ask for 500 €, which waits for a manager in both lanes."""
    visit(page, f"{server.url}/expense-approval?person=Maya")
    choose_example(page, "expense-approval", 1)
    click(page, "expense-approval_run")
    stands(page, DYNAMIC, "Waiting for an answer")


def ledger(server: LabServer, session_of: str) -> list[int]:
    """Return the sums that were booked for a thread and those started with it."""
    found = rows(
        server,
        "SELECT cents FROM lab_ledger WHERE thread_id IN (SELECT thread_id FROM lab_threads WHERE session = "
        "(SELECT session FROM lab_threads WHERE thread_id = ?))",
        session_of,
    )
    return [cents for (cents,) in found]


def checkpoints(server: LabServer, thread_id: str) -> int:
    ((count,),) = rows(server, "SELECT count(*) FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = ''", thread_id)
    return int(count)


def test_a_run_whose_server_was_killed_is_found_again_and_ends_with_no_step_run_twice(
    lab_server: StartLab, page: Page
) -> None:
    # So slow that the run doesn't end by itself before it's killed.
    first = lab_server({"LAB_PACE": "5"})
    run(page, first, "linear-pipeline", {"text": TEXT})
    streams(page, PIPELINE)
    first.kill()
    thread = thread_of(page)
    again = lab_server({"LAB_PACE": "0"}, data=first.data)
    visit(page, f"{again.url}/threads")
    row = keyed(page, f"row_{thread}")
    expect(row).to_contain_text("Can go on")
    row.get_by_role("link").first.click()
    stands(page, PIPELINE, "Its process was killed")
    idle(page)
    expect(keyed(page, f"lane_{PIPELINE}").get_by_role("alert")).to_contain_text("Resume")
    click(page, f"{PIPELINE}_again")
    stands(page, PIPELINE, "Finished")
    expect(step_names(page, PIPELINE)).to_have_text(["clean", "summarise", "headline"])
    # The input, the entry, and one for each of the three nodes.
    assert checkpoints(again, thread) == 5


def test_a_question_outlives_a_killed_server_and_is_answered_once(lab_server: StartLab, page: Page) -> None:
    first = lab_server()
    conference_ticket(page, first)
    address = page.url.removeprefix(first.url)
    first.kill()
    again = lab_server(data=first.data)
    visit(page, again.url + address)
    approve(page, DYNAMIC)
    assert ledger(again, thread_of(page)) == [500_00]


def test_a_link_shows_the_same_lane_tab_and_checkpoint_in_another_browser_of_the_workspace(
    server: LabServer, page: Page, new_context: Callable[..., BrowserContext]
) -> None:
    conference_ticket(page, server)
    choose(page, "expense-approval_lane", "Ask above the limit")
    page.wait_for_url("**lane=dynamic*")
    idle(page)
    key = table_key(page)
    select_row(page, key, 1)
    shown = page.get_by_text("After step 0").first
    expect(shown).to_be_visible()
    elsewhere = new_context(storage_state=page.context.storage_state()).new_page()
    visit(elsewhere, page.url)
    stands(elsewhere, DYNAMIC, "Waiting for an answer")
    lane = keyed(elsewhere, "expense-approval_lane").get_by_role("radio", name="Ask above the limit")
    expect(lane).to_be_checked()
    expect_row(elsewhere, key, 1)
    expect(elsewhere.get_by_text("After step 0").first).to_be_visible()


def table_key(page: Page) -> str:
    """Return the key of the table of checkpoints on show."""
    classes: str = page.locator("[class*='st-key-rows_']").first.get_attribute("class") or ""
    return next(name.removeprefix("st-key-") for name in classes.split() if name.startswith("st-key-rows_"))


def test_a_link_opens_the_tab_that_it_names(
    server: LabServer, page: Page, new_context: Callable[..., BrowserContext]
) -> None:
    conference_ticket(page, server)
    page.get_by_role("tab", name="Events").click()
    page.wait_for_url("**tab=Events*")
    elsewhere = new_context(storage_state=page.context.storage_state()).new_page()
    visit(elsewhere, page.url)
    expect(elsewhere.get_by_role("tab", name="Events")).to_have_attribute("aria-selected", "true")


def test_two_tabs_that_answer_at_once_cause_one_effect_and_one_message(server: LabServer, page: Page) -> None:
    conference_ticket(page, server)
    other = page.context.new_page()
    visit(other, page.url)
    for tab in (page, other):
        with answered(tab):
            keyed(tab, f"lane_card_{DYNAMIC}").get_by_role("radio", name="Approved").click()
    # A tab that hears of the other's answer takes its own card away, which may be before it's pressed.
    for tab in (page, other):
        tab.evaluate("window.deaf = true")
    for tab in (page, other):
        send = keyed(tab, f"lane_{DYNAMIC}").get_by_role("button", name="Send answer")
        send.evaluate("button => { button.click(); window.deaf = false }")
    for tab in (page, other):
        stands(tab, DYNAMIC, "Finished")
        idle(tab)
    assert ledger(server, thread_of(page)) == [500_00]
    refused = "This question has been answered already"
    becomes(page, lambda: sorted(tab.get_by_text(refused).count() for tab in (page, other)), [0, 1])


def test_an_answer_in_a_tab_that_is_behind_is_refused_with_the_reason(server: LabServer, page: Page) -> None:
    conference_ticket(page, server)
    behind = page.context.new_page()
    visit(behind, page.url)
    card = keyed(behind, f"lane_card_{DYNAMIC}")
    with answered(behind):
        card.get_by_role("radio", name="Approved").click()
    # A tab hears within two seconds what another one did, if it hears anything.
    behind.evaluate("window.deaf = true")
    approve(page, DYNAMIC)
    card.get_by_role("button", name="Send answer").evaluate("button => { button.click(); window.deaf = false }")
    expect(behind.get_by_text("This question has been answered already")).to_be_visible()
    assert ledger(server, thread_of(page)) == [500_00]


def test_a_conversation_is_known_again_after_a_reload(server: LabServer, page: Page) -> None:
    run(page, server, "conversation-memory")
    stands(page, "conversation-memory_remembers", "Finished")
    page.reload()
    idle(page)
    fill(page, "conversation-memory_0_0_message", "What is my name?")
    click(page, "conversation-memory_run")
    expect(said(page, "conversation-memory_remembers").last).to_have_text("Your name is Alice.")
