"""A double click and four quick clicks in a real browser do a thing once, and a press made on purpose works at once."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser_verbs import idle, keyed, visit
from tests.support.pattern_journeys import OWN, choose_example, open_input, rows, running_lab, stands, thread_of
from tests.support.servers import LabServer
from tests.support.visitors import comes_with, finished_thread, workspace_beside

DYNAMIC, PIPELINE = "expense-approval_dynamic", "linear-pipeline_pipeline"
ALREADY = "answered already"


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    with running_lab(tmp_path_factory.mktemp("presses"), {**OWN, "LAB_PACE": request.param}) as running:
        yield running


BURST = """async (button, gaps) => {
  button.scrollIntoView({block: 'center', behavior: 'instant'})
  const {x, y, width, height} = button.getBoundingClientRect()
  let at = performance.now()
  let first = null
  for (const gap of [0, ...gaps]) {
    await new Promise(done => setTimeout(done, gap))
    const click = new MouseEvent('click', {bubbles: true, cancelable: true, composed: true})
    // On a busy machine timers are late; to the page the clicks come as quickly as they were meant to.
    Object.defineProperty(click, 'timeStamp', {value: at += gap})
    const met = first ? document.elementFromPoint(x + width / 2, y + height / 2)?.closest('button') : button
    met?.dispatchEvent(click)
    first ??= button
  }
}"""


def holds_back(page: Page) -> None:
    """Wait until the page has what holds second clicks back, which comes a little after its first drawing."""
    page.wait_for_function("window.labPresses")


def double(page: Page, key: str) -> None:
    """Double click a button with the mouse."""
    holds_back(page)
    keyed(page, key).get_by_role("button").first.dblclick()


def four(page: Page, key: str) -> None:
    """Click where a button is and three times more, 30 to 100 ms apart, wherever the page has gone meanwhile."""
    holds_back(page)
    # From within the page, in one go: a click of a test's mouse waits for the page and comes later than it was meant
    # to, and what was measured before the page had come to rest is no longer where the button is.
    keyed(page, key).get_by_role("button").first.evaluate(BURST, [30, 60, 100])


def on_purpose(page: Page, key: str) -> None:
    """Press a button once more as somebody does who means it, which takes longer than a double click."""
    page.wait_for_function("performance.now() > window.labPresses.until")
    keyed(page, key).get_by_role("button").click()


Press = Callable[[Page, str], None]
AT_ONCE, AS_READ = "0", "30"
"""Words a second of the offline model, where 0 is as quick as it can: what is pressed is over before a hand is back."""
WAYS = pytest.mark.parametrize(
    ("server", "press"),
    [(AT_ONCE, double), (AT_ONCE, four), (AS_READ, double)],
    indirect=["server"],
    ids=["at-once-double", "at-once-four", "as-read-double"],
    # One server for all tests of a pace.
    scope="module",
)


def count(server: LabServer, table: str, thread: str) -> int:
    (found,) = rows(server, f"SELECT count(*) FROM {table} WHERE thread_id = ?", thread)
    return int(found[0])


def sessions(server: LabServer, slug: str) -> list[int]:
    """Return how many threads each run of a pattern has made."""
    found = rows(server, "SELECT count(*) FROM lab_threads WHERE pattern = ? GROUP BY session", slug)
    return [number for (number,) in found]


def forks(server: LabServer, thread: str) -> int:
    """Count the branches that were made by going back."""
    said = "json_extract(CAST(metadata AS TEXT), '$.source') IN ('fork', 'update')"
    return len(rows(server, f"SELECT 1 FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = '' AND {said}", thread))


def finished(server: LabServer, page: Page, number: int) -> list[str]:
    """Make the page's visitor so many finished threads."""
    with workspace_beside(server) as (workspace, cookie):
        threads = [finished_thread(workspace) for _ in range(number)]
    comes_with(page, server, cookie)
    return threads


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
    idle(page)
    open_input(page)
    on_purpose(page, "linear-pipeline_run")
    expect(page).not_to_have_url(re.compile(first))
    stands(page, PIPELINE, "Finished")
    assert sessions(server, "linear-pipeline")[before:] == [1, 1]


@WAYS
def test_an_answer_is_sent_once_and_nobody_is_scolded_for_the_second_click(
    press: Press, server: LabServer, page: Page
) -> None:
    visit(page, f"{server.url}/expense-approval?person=Maya")
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
    (thread,) = finished(server, page, 1)
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
    thread, _ = finished(server, page, 2)
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


@pytest.mark.parametrize("server", [AT_ONCE, AS_READ], indirect=True, scope="module")
def test_a_second_click_that_reaches_the_server_leads_to_what_the_first_one_began(
    server: LabServer, page: Page
) -> None:
    # As in a page that is so new that it doesn't hold second clicks back yet.
    young = page.context.new_page()
    young.add_init_script("window.labPresses = {}")
    for _ in range(4):
        before = len(sessions(server, "linear-pipeline"))
        visit(young, f"{server.url}/linear-pipeline")
        keyed(young, "linear-pipeline_run").get_by_role("button").first.evaluate(BURST, [0])
        stands(young, PIPELINE, "Finished")
        idle(young)
        assert sessions(server, "linear-pipeline")[before:] == [1]
        thread_of(young)
