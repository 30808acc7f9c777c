"""A double click and four quick clicks in a real browser do a thing once, and a press made on purpose works at once."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import idle, keyed, visit
from tests.journeys import choose_example, rows, running_lab, stands, thread_of
from tests.servers import LabServer

DYNAMIC, PIPELINE = "expense-approval_dynamic", "linear-pipeline_pipeline"
ALREADY = "answered already"


@pytest.fixture(scope="module", params=["0", "30"], ids=lambda pace: f"pace-{pace}")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    with running_lab(tmp_path_factory.mktemp("presses"), {"LAB_PACE": request.param}) as running:
        yield running


BURST = """async ([x, y, gaps]) => {
  let at = performance.now()
  for (const gap of [0, ...gaps]) {
    await new Promise(done => setTimeout(done, gap))
    const click = new MouseEvent('click', {bubbles: true, cancelable: true, composed: true})
    // On a busy machine timers are late; to the page the clicks come as quickly as they were meant to.
    Object.defineProperty(click, 'timeStamp', {value: at += gap})
    document.elementFromPoint(x, y)?.closest('button')?.dispatchEvent(click)
  }
}"""


def double(page: Page, key: str) -> None:
    """Double clicks a button with the mouse."""
    keyed(page, key).get_by_role("button").first.dblclick()


def four(page: Page, key: str) -> None:
    """Clicks where a button is and three times more, 30 to 100 ms apart, wherever the page has gone meanwhile."""
    # From within the page: each click of the mouse of a test waits for the page, and comes later than it was meant to.
    button = keyed(page, key).get_by_role("button").first
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box
    page.evaluate(BURST, [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, [30, 60, 100]])


Press = Callable[[Page, str], None]
WAYS = pytest.mark.parametrize("press", [double, four])


def count(server: LabServer, table: str, thread: str) -> int:
    (found,) = rows(server, f"SELECT count(*) FROM {table} WHERE thread_id = ?", thread)
    return int(found[0])


def sessions(server: LabServer, slug: str) -> list[int]:
    """Gives how many threads each run of a pattern has made."""
    found = rows(server, "SELECT count(*) FROM lab_threads WHERE pattern = ? GROUP BY session", slug)
    return [number for (number,) in found]


def forks(server: LabServer, thread: str) -> int:
    """Counts the branches that were made by going back."""
    said = "json_extract(CAST(metadata AS TEXT), '$.source') IN ('fork', 'update')"
    return len(rows(server, f"SELECT 1 FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = '' AND {said}", thread))


@WAYS
def test_run_starts_one_thread_a_lane_and_a_second_press_on_purpose_another(
    press: Press, server: LabServer, page: Page
) -> None:
    before = len(sessions(server, "linear-pipeline"))
    visit(page, f"{server.url}/linear-pipeline")
    press(page, "linear-pipeline_run")
    stands(page, PIPELINE, "Finished")
    assert sessions(server, "linear-pipeline")[before:] == [1]
    first = thread_of(page)
    keyed(page, "linear-pipeline_run").get_by_role("button").click()
    expect(page).not_to_have_url(re.compile(first))
    stands(page, PIPELINE, "Finished")
    assert sessions(server, "linear-pipeline")[before:] == [1, 1]


@WAYS
def test_an_answer_is_sent_once_and_nobody_is_scolded_for_the_second_click(
    press: Press, server: LabServer, page: Page
) -> None:
    visit(page, f"{server.url}/expense-approval")
    choose_example(page, "expense-approval", 1)
    press(page, "expense-approval_run")
    stands(page, DYNAMIC, "Waiting for an answer")
    idle(page)
    lane = keyed(page, f"lane_{DYNAMIC}")
    lane.get_by_role("radio", name="Approved").click()
    key = lane.locator("[class*='_send']").first.get_attribute("class") or ""
    press(page, next(name.removeprefix("st-key-") for name in key.split() if name.endswith("_send")))
    stands(page, DYNAMIC, "Finished")
    idle(page)
    expect(page.get_by_text(ALREADY)).to_have_count(0)
    ((thread,),) = rows(
        server,
        "SELECT thread_id FROM lab_threads WHERE lane = 'dynamic' AND session = "
        "(SELECT session FROM lab_threads WHERE thread_id = ?)",
        thread_of(page),
    )
    assert count(server, "lab_ledger", thread) == 1


@WAYS
@pytest.mark.parametrize(("view", "key"), [("Replay", "replay_"), ("Edit and fork", "fork_run_")])
def test_going_back_makes_one_branch(view: str, key: str, press: Press, server: LabServer, page: Page) -> None:
    visit(page, f"{server.url}/linear-pipeline")
    keyed(page, "linear-pipeline_run").get_by_role("button").click()
    stands(page, PIPELINE, "Finished")
    thread = thread_of(page)
    saved = rows(server, "SELECT checkpoint_id FROM checkpoints WHERE thread_id = ? ORDER BY checkpoint_id", thread)
    visit(page, f"{server.url}/explorer?thread={thread}&checkpoint={saved[1][0]}&view={view}")
    if view == "Edit and fork":
        field = page.locator("[class*='st-key-edit_'][class*='_text_set']").get_by_role("textbox").first
        field.fill("Another text to clean.")
        field.press("Tab")
        expect(page.get_by_text("Runs next:")).to_be_visible()
        idle(page)
    press(page, f"{key}{thread}")
    expect(page.locator(".ct-name")).to_have_count(2)
    idle(page)
    assert forks(server, thread) == 1
    expect(page.get_by_test_id("stAlertContentWarning")).to_have_count(0)


@WAYS
def test_deleting_a_thread_deletes_that_one_alone(press: Press, server: LabServer, page: Page) -> None:
    visit(page, f"{server.url}/linear-pipeline")
    for _ in range(2):
        before = page.url
        keyed(page, "linear-pipeline_run").get_by_role("button").click()
        expect(page).not_to_have_url(before)
        stands(page, PIPELINE, "Finished")
    thread = thread_of(page)
    left = [found for (found,) in rows(server, "SELECT thread_id FROM lab_threads") if found != thread]
    visit(page, f"{server.url}/threads")
    keyed(page, f"actions_{thread}").get_by_role("button").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(keyed(page, "delete_do")).to_be_visible()
    idle(page)
    press(page, "delete_do")
    expect(page.get_by_role("dialog")).to_have_count(0)
    idle(page)
    assert sorted(found for (found,) in rows(server, "SELECT thread_id FROM lab_threads")) == sorted(left)
    expect(page.get_by_text("Deleted")).to_have_count(1)
