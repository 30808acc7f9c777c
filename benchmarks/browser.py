"""The pages in a real browser: what a rerun costs the server, how soon words come, and how soon the first page."""

import asyncio
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.cpu import cpu_seconds
from benchmarks.measure import Figure, Round, against
from benchmarks.protocol import open_page, visitor
from lab.events import Tokens
from lab.lab import Lab
from lab.settings import Settings
from lab.workspace_cookie import LOCAL
from tests.support.browser_verbs import FLAGS, answered, click, count_runs, idle, keyed, visit
from tests.support.project import ROOT
from tests.support.servers import LabServer

APP = ROOT / "app.py"
HELLO = ROOT / "benchmarks" / "hello.py"
STEPS = 20
CLICKS = 10
PACE = 30.0
"""Words a second, as visitors have it by default."""
ASKING = "approval-gate"
ONE_COLUMN = (182.0, 3849.0)
"""Elements, and pixels at 1440 x 900, of the same page where all of it stands one below the other."""
CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HEIGHT = "() => document.querySelector('.stMain').scrollHeight"
FIRST_WORD = """() => {
    const said = [...document.querySelectorAll('[data-testid=stChatMessage]')].find(
        message => message.innerText.includes('summarise') && message.querySelector('[data-testid=stText]')?.innerText);
    if (said && !window.came) window.came = performance.now();
    return said !== undefined;
}"""


def figures() -> Iterator[Figure]:
    """Measure the pages; nothing where there is no Chromium."""
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        print("No Chromium here: the figures of the pages are left out.")
        return
    with sync_playwright() as playwright, TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        data = Path(folder)
        thread_id, asking_id = finished_thread(data), asking_thread(data)
        server, hello = LabServer(APP, data, {"LAB_PACE": str(PACE)}), LabServer(HELLO, data / "hello", {})
        try:
            server.wait_until_healthy()
            hello.wait_until_healthy()
            context = count_runs(browser.new_context())
            page, empty = context.new_page(), context.new_page()
            visit(page, f"{server.url}/conversation-memory?thread={thread_id}")
            visit(empty, hello.url)
            yield against(
                "page_rerun_cpu",
                "ms",
                reruns(page, pace_changed, server.pid),
                reruns(empty, other_chosen, hello.pid),
                rounds=7,
            )
            address = f"{ASKING}?thread={asking_id}"
            visit(page, f"{server.url}/{address}")
            page.set_viewport_size({"width": 1440, "height": 900})
            idle(page)
            for name, unit, value, before in zip(
                ("page_elements", "page_height"),
                ("elements", "px"),
                (count_elements(server.url, address), page.evaluate(HEIGHT)),
                ONE_COLUMN,
                strict=True,
            ):
                yield Figure(name, value, unit, before, "the same page in one column")
            visit(page, f"{server.url}/linear-pipeline")
            with TemporaryDirectory() as other:
                lab = Lab(Settings(_env_file=None, database=str(Path(other) / "lab.sqlite"), pace=PACE))
                yield against("first_token", "ms", words_on_page(page), words_of_engine(lab), rounds=9)
                lab.close()
        finally:
            server.stop()
            hello.stop()
        yield against("cold_start", "ms", start(browser, APP, data), start(browser, HELLO, data / "hello"), rounds=5)
        browser.close()


def finished_thread(data: Path) -> str:
    """Leave a finished thread of many steps in the database that the server will open."""
    data.mkdir(exist_ok=True)
    lab = Lab(Settings(_env_file=None, database=str(data / "lab.sqlite"), pace=0))
    workspace = lab.workspace(LOCAL)
    thread_id = workspace.start("conversation-memory", "remembers", {"message": "My name is Ada."}).thread_id
    for _ in range(STEPS - 1):
        workspace.wait(thread_id)
        workspace.turn(thread_id, {"message": "What's my name?"})
    workspace.wait(thread_id)
    lab.close()
    return thread_id


def asking_thread(data: Path) -> str:
    """Leave threads side by side in it whose lanes wait for a person."""
    lab = Lab(Settings(_env_file=None, database=str(data / "lab.sqlite"), pace=0))
    workspace, pattern, session = lab.workspace(LOCAL), lab.graphs.pattern(ASKING), lab.new_session()
    given = pattern.examples[0].input
    threads = [workspace.start(ASKING, lane.key, given, session=session).thread_id for lane in pattern.lanes]
    for thread_id in threads:
        workspace.wait(thread_id)
    lab.close()
    return threads[0]


def count_elements(url: str, address: str) -> int:
    """Count the elements and containers that the server draws of a page."""

    async def count() -> int:
        name, _, query = address.partition("?")
        page = await open_page(url, name, query, visitor(url))
        await page.until(lambda page: page.drawn, time.monotonic() + 30)
        page.close()
        return len(page.elements)

    # Playwright's own loop runs in this thread.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, count()).result()


def pace_changed(page: Page, number: int) -> None:
    """Move the slider of the offline model's pace to and fro, by which nothing else of the page changes."""
    keyed(page, "pace").get_by_role("slider").press("ArrowLeft" if number % 2 else "ArrowRight")


def other_chosen(page: Page, number: int) -> None:
    """Choose the other of two options."""
    keyed(page, "choose").get_by_role("radio").nth((number + 1) % 2).click()


def reruns(page: Page, change: Callable[[Page, int], None], pid: int) -> Round:
    """Make a round of changes that draw the page anew; return the server's CPU time for one."""

    def go() -> float:
        before = cpu_seconds(pid)
        for number in range(CLICKS):
            with answered(page):
                change(page, number)
        return (cpu_seconds(pid) - before) / CLICKS * 1000

    return go


def words_on_page(page: Page) -> Round:
    """Make a round from the click on Run to the first word of the model in the page."""

    def go() -> float:
        page.evaluate("() => { window.came = window.asked = undefined; }")
        page.evaluate("() => addEventListener('click', () => { window.asked ??= performance.now(); }, true)")
        keyed(page, "linear-pipeline_run").get_by_role("button").first.click()
        page.wait_for_function(FIRST_WORD, polling="raf")
        took: float = page.evaluate("() => window.came - window.asked")
        # Not stopped: on a slow machine the run may be over before the press.
        keyed(page, "linear-pipeline_stop").locator("button:disabled").wait_for()
        idle(page)
        click(page, "linear-pipeline_new")
        return took

    return go


def words_of_engine(lab: Lab) -> Round:
    """Make a round from the same start to the model's first word in the log."""
    workspace = lab.workspace("bench")
    given = lab.graphs.pattern("linear-pipeline").examples[0].input

    def go() -> float:
        began = time.perf_counter()
        thread_id = workspace.start("linear-pipeline", "pipeline", given).thread_id
        seen = 0
        while True:
            news = workspace.events(thread_id, seen, 5)
            if any(isinstance(event, Tokens) for event in news):
                break
            seen = news[-1].no
        took = time.perf_counter() - began
        workspace.stop(thread_id)
        workspace.wait(thread_id)
        return took * 1000

    return go


def start(browser: Browser, script: Path, data: Path) -> Round:
    """Make a round from the launch of a server to the first heading of its page."""

    def go() -> float:
        began = time.perf_counter()
        server = LabServer(script, data, {})
        try:
            server.wait_until_healthy()
            page = browser.new_page()
            page.goto(server.url)
            page.get_by_test_id("stHeading").first.wait_for()
            took = time.perf_counter() - began
            page.close()
        finally:
            server.stop()
        return took * 1000

    return go
