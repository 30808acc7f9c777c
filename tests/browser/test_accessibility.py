"""Whether everybody can use the pages: WCAG by axe in both themes, and the keyboard alone."""

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser_verbs import click, idle, tab_to, unrolled, visit
from tests.support.pattern_journeys import choose_example, run, said, stands
from tests.support.servers import LabServer
from tests.support.themes import DARK, findings, in_theme
from tests.support.visitors import comes_with, finished_thread, workspace_beside
from ui.history import VIEWS

PIPELINE = "linear-pipeline_pipeline"


def test_what_a_page_is_made_of_is_the_same_in_both_themes(server: LabServer, page: Page) -> None:
    run(page, server, "linear-pipeline")
    stands(page, PIPELINE, "Finished")
    idle(page)
    # A component of our own may still show what the drawing before gave it.
    expect(page.get_by_role("button", name="Step 3, finished")).to_have_count(1)
    with unrolled(page):
        assert in_theme(page, "light") == []
        light = page.locator("body").aria_snapshot()
        assert in_theme(page, "dark") == []
        expect(page.locator("body")).to_match_aria_snapshot(light)


@pytest.fixture
def page(page: Page) -> Page:
    """Provide a page so high that hardly anything is scrolled out of sight, where axe wouldn't look."""
    page.set_viewport_size({"width": 1440, "height": 3000})
    return page


@pytest.mark.parametrize("path", ["", "threads", "explorer", "inbox", "decisions", "traps", "parallel"])
def test_a_page_without_threads_is_accessible(path: str, server: LabServer, page: Page) -> None:
    visit(page, f"{server.url}/{path}")
    assert findings(page) == []


def test_the_list_of_threads_is_accessible(server: LabServer, page: Page) -> None:
    run(page, server, "expense-approval")
    stands(page, "expense-approval_dynamic", "Finished")
    visit(page, f"{server.url}/threads")
    expect(page.locator("[class*='st-key-row_']")).to_have_count(2)
    assert findings(page) == []


@pytest.fixture(scope="module")
def forked(server: LabServer) -> tuple[str, str]:
    """Provide a thread with two branches and the cookie of its visitor."""
    with workspace_beside(server) as (workspace, cookie):
        thread_id = finished_thread(workspace)
        workspace.travel.replay(thread_id, workspace.history.page(thread_id).rows[1].checkpoint_id)
        assert workspace.wait(thread_id)
    return thread_id, cookie


@pytest.fixture
def thread(forked: tuple[str, str], server: LabServer, page: Page) -> str:
    """Provide the thread with two branches, which is the page's visitor's own."""
    comes_with(page, server, forked[1])
    return forked[0]


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_of_a_thread_with_branches_is_accessible_in_the_explorer(
    view: str, server: LabServer, thread: str, page: Page
) -> None:
    visit(page, f"{server.url}/explorer?thread={thread}&view={view.replace(' ', '+')}")
    expect(page.get_by_role("tab", name=view, exact=True)).to_have_attribute("aria-selected", "true")
    assert findings(page) == []


@pytest.mark.parametrize("action", ["Rename", "Copy", "Export", "Prune branches", "Delete", "Import"])
@pytest.mark.usefixtures("thread")
def test_what_is_done_with_a_thread_is_accessible(action: str, server: LabServer, page: Page) -> None:
    visit(page, f"{server.url}/threads")
    if action == "Import":
        click(page, "threads_import")
    else:
        page.locator("[class*='st-key-actions_'] button").first.click()
        page.get_by_role("menuitem", name=action).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    idle(page)
    assert findings(page) == []


@pytest.mark.parametrize("tab", ["Timeline", "Events", "Code"])
def test_a_tab_is_accessible(tab: str, server: LabServer, page: Page) -> None:
    run(page, server, "parallel")
    stands(page, "parallel_fan-out", "Finished")
    stands(page, "parallel_sequential", "Finished")
    page.get_by_role("tab", name=tab).click()
    expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
    idle(page)
    assert findings(page) == []


def test_a_failed_lane_is_accessible(server: LabServer, page: Page) -> None:
    visit(page, f"{server.url}/linear-pipeline")
    choose_example(page, "linear-pipeline", 2)
    click(page, "linear-pipeline_run")
    stands(page, PIPELINE, "Failed")
    assert findings(page) == []


def test_a_dark_theme_can_be_asked_for_by_address(server: LabServer, page: Page) -> None:
    visit(page, f"{server.url}/linear-pipeline?embed_options=dark_theme")
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", DARK)


def test_a_run_is_started_by_keyboard_alone(server: LabServer, page: Page) -> None:
    visit(page, f"{server.url}/linear-pipeline")
    tab_to(page, ".st-key-linear-pipeline_run button")
    page.keyboard.press("Enter")
    stands(page, PIPELINE, "Finished")
    expect(said(page, PIPELINE).first).to_be_visible()


def test_a_node_of_the_diagram_says_its_name_and_is_no_button_that_does_nothing(server: LabServer, page: Page) -> None:
    visit(page, f"{server.url}/linear-pipeline")
    node = page.locator(".nd[data-n=clean]")
    expect(node).to_have_role("img")
    expect(node).to_have_accessible_name("clean")
    expect(page.locator(".lg [tabindex], .lg [role=button]")).to_have_count(0)


def test_a_question_is_answered_by_keyboard_alone(server: LabServer, page: Page) -> None:
    visit(page, f"{server.url}/expense-approval?person=Maya")
    choose_example(page, "expense-approval", 1)
    click(page, "expense-approval_run")
    stands(page, "expense-approval_dynamic", "Waiting for an answer")
    card = ".st-key-lane_card_expense-approval_dynamic"
    tab_to(page, f"{card} [role=radio]")
    page.keyboard.press("Space")
    tab_to(page, f"{card} [class*='_send'] button")
    page.keyboard.press("Enter")
    stands(page, "expense-approval_dynamic", "Finished")
