"""The browser's own ways between views: back, a second tab, and which thread is open first."""

from playwright.sync_api import Page, expect

from tests.support.browser_verbs import idle, keyed, visit
from tests.support.pattern_journeys import choose_example, open_input, rows, stands, thread_of
from tests.support.servers import LabServer
from ui.lanes import SECONDS

PIPELINE, DYNAMIC = "linear-pipeline_pipeline", "expense-approval_dynamic"


def press_run(page: Page, slug: str) -> None:
    keyed(page, f"{slug}_run").get_by_role("button").click()


def test_an_idle_page_looks_more_often_than_every_two_seconds() -> None:
    assert SECONDS < 2


def test_back_leads_from_each_view_to_the_one_before_with_its_own_thread(server: LabServer, page: Page) -> None:
    visit(page, f"{server.url}/linear-pipeline")
    press_run(page, "linear-pipeline")
    stands(page, PIPELINE, "Finished")
    first = page.url
    keyed(page, "menu").get_by_role("link", name="Branching").click()
    expect(page.get_by_role("heading", name="Branching", exact=True)).to_be_visible()
    idle(page)
    other = page.url
    keyed(page, "menu").get_by_role("link", name="Linear pipeline").click()
    stands(page, PIPELINE, "Finished")
    idle(page)
    assert page.url == first
    open_input(page)
    press_run(page, "linear-pipeline")
    expect(page).not_to_have_url(first)
    stands(page, PIPELINE, "Finished")
    idle(page)
    page.go_back()
    expect(page).to_have_url(first)
    stands(page, PIPELINE, "Finished")
    idle(page)
    page.go_back()
    expect(page).to_have_url(other)
    expect(page.get_by_role("heading", name="Branching", exact=True)).to_be_visible()
    idle(page)
    expect(page.get_by_text("is of the pattern")).to_have_count(0)
    page.go_back()
    expect(page).to_have_url(first)
    stands(page, PIPELINE, "Finished")


def test_an_idle_tab_learns_by_itself_what_another_did_and_keeps_what_is_typed(server: LabServer, page: Page) -> None:
    visit(page, f"{server.url}/expense-approval?person=Maya")
    choose_example(page, "expense-approval", 1)
    press_run(page, "expense-approval")
    stands(page, DYNAMIC, "Waiting for an answer")
    idle(page)
    idle_tab = page.context.new_page()
    visit(idle_tab, page.url)
    stands(idle_tab, DYNAMIC, "Waiting for an answer")
    open_input(idle_tab)
    note = keyed(idle_tab, "expense-approval_0_description").get_by_role("textbox")
    note.fill("Half a sent")
    lane = keyed(page, f"lane_{DYNAMIC}")
    lane.get_by_role("radio", name="Approved").click()
    lane.get_by_role("button", name="Send answer").click()
    stands(page, DYNAMIC, "Finished")
    stands(idle_tab, DYNAMIC, "Finished")
    expect(note).to_have_value("Half a sent")
    expect(note).to_be_focused()
    idle(idle_tab)
    # And what is gone by now is said to be, instead of shown as if it were there.
    thread = thread_of(idle_tab)
    visit(page, f"{server.url}/threads")
    keyed(page, f"actions_{thread}").get_by_role("button").click()
    page.get_by_role("menuitem", name="Delete").click()
    keyed(page, "delete_do").get_by_role("button").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(idle_tab.get_by_text("There is no thread")).to_be_visible()


def test_the_list_of_threads_learns_of_a_new_one_by_itself(server: LabServer, page: Page) -> None:
    visit(page, f"{server.url}/linear-pipeline")
    press_run(page, "linear-pipeline")
    stands(page, PIPELINE, "Finished")
    listed = page.context.new_page()
    visit(listed, f"{server.url}/threads")
    keyed(listed, "threads_text").get_by_role("textbox").fill("half a tit")
    visit(page, f"{server.url}/linear-pipeline")
    press_run(page, "linear-pipeline")
    stands(page, PIPELINE, "Finished")
    expect(keyed(listed, f"row_{thread_of(page)}")).to_be_visible()
    expect(keyed(listed, "threads_text").get_by_role("textbox")).to_have_value("half a tit")


def test_the_lane_and_the_thread_that_have_a_history_are_open_first(server: LabServer, page: Page) -> None:
    visit(page, f"{server.url}/conversation-memory")
    press_run(page, "conversation-memory")
    expect(page.locator("svg.ct").first).to_be_visible()
    lanes = dict(rows(server, "SELECT thread_id, lane FROM lab_threads WHERE pattern = 'conversation-memory'"))
    visit(page, f"{server.url}/explorer")
    expect(page.locator("svg.ct").first).to_be_visible()
    assert lanes[thread_of(page)] == "remembers"
