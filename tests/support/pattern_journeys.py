"""What a visitor does and sees in the browser on a pattern's page, and what the database then holds."""

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal

from langchain_core.messages import HumanMessage, SystemMessage
from playwright.sync_api import Locator, Page, expect

from graphs.catalogue import find
from graphs.human import approval_gate, approval_gate_demo
from tests.support.browser_verbs import answered, becomes, click, idle, keyed, visit
from tests.support.forked_servers import ForkedServer
from tests.support.project import ROOT
from tests.support.servers import LabServer

OWN = {"LAB_WORKSPACES": "own"}
"""Each browser of a shared server sees its own threads only."""

LONG = "Say that " + " ".join(f"point {number} is settled," for number in range(1, 13)) + " and thank them all"
"""A request whose draft has 71 words."""

MAIL = {"recipient": "anna@example.org", "request": LONG}


@contextmanager
def running_lab(data: Path, env: Mapping[str, str]) -> Iterator[LabServer]:
    """Start a server that the tests of a module share, and end it with a check that nothing is left behind."""
    server = ForkedServer(ROOT / "app.py", data, env)
    try:
        server.wait_until_healthy()
        yield server
        server.stop()
    finally:
        if server.running:
            server.kill()
    server.assert_gone()


def draft(request: str) -> str:
    """Return the whole answer of the offline model to a request for a mail."""
    answer = approval_gate_demo.PATTERN.script([SystemMessage(approval_gate.DRAFT), HumanMessage(request)])
    assert isinstance(answer, str)
    return answer


def type_in(page: Page, slug: str, values: Mapping[str, str]) -> None:
    """Type values into the form of a pattern's first example."""
    for name, value in values.items():
        keyed(page, f"{slug}_0_{name}").get_by_role("textbox").first.fill(value)


def run(page: Page, server: LabServer, slug: str, values: Mapping[str, str] | None = None) -> None:
    """Open a pattern's page, types values into its form and press Run, without waiting for anything."""
    visit(page, f"{server.url}/{slug}")
    type_in(page, slug, values or {})
    click(page, f"{slug}_run", settle=False)


def open_input(page: Page) -> None:
    """Open the input, which is folded to a line once it runs."""
    _fold_input(page, "open")


@contextmanager
def input_open(page: Page) -> Iterator[None]:
    """Open the input for the block, where the pattern folds it."""
    folded = keyed(page, "run_bar").locator("details:not([open])").count()
    if folded:
        open_input(page)
    yield
    if folded:
        _fold_input(page, "closed")


def _fold_input(page: Page, to: Literal["open", "closed"]) -> None:
    fold = keyed(page, "run_bar").locator("details")
    fold.locator("summary").click()
    # While it moves its button does too: a press that goes down on it comes up beside it, and is none.
    moves = "one => [one.open ? 'open' : 'closed', one.getAnimations({subtree: true}).length]"
    becomes(page, lambda: fold.evaluate(moves), [to, 0])


def choose(page: Page, key: str, label: str) -> None:
    """Choose one of the options that stand side by side."""
    keyed(page, key).get_by_role("radio", name=label, exact=True).click()


def choose_real_model(page: Page) -> None:
    """Choose the real model and wait until the page knows it."""
    with answered(page):
        choose(page, "model", "gpt-4o-mini (real)")


def choose_example(page: Page, slug: str, number: int) -> None:
    """Choose an example by its number and wait until the form holds it."""
    choose(page, f"{slug}_example", find(slug).examples[number].label)
    expect(page.locator(f"[class*='st-key-{slug}_{number}_']").first).to_be_visible()
    idle(page)


def stands(page: Page, lane: str, badge: str, seconds: float = 30) -> None:
    """Wait until the lane, named as pattern and lane key, has this badge."""
    found = keyed(page, f"lane_{lane}").locator(".stMarkdownBadge").first
    expect(found).to_have_text(re.compile(rf"\w+ {re.escape(badge)}$"), timeout=seconds * 1000)


def said(page: Page, lane: str) -> Locator:
    """Return the texts of the models in a lane; a long one is drawn in several."""
    spoken = keyed(page, f"stream_{lane}").get_by_label("Chat message from assistant")
    return spoken.get_by_test_id("stText")


def streams(page: Page, lane: str, more_than: int = 20) -> None:
    """Wait until a model has said so many characters in this lane."""
    page.wait_for_function(
        """([css, length]) => [...document.querySelectorAll(css)].some(found => found.innerText.length > length)""",
        arg=[f".st-key-stream_{lane} [aria-label='Chat message from assistant'] [data-testid=stText]", more_than],
    )


def step_names(page: Page, lane: str) -> Locator:
    """Return the names of a lane's steps, as often as each one is drawn."""
    return keyed(page, f"stream_{lane}").locator("summary code")


def thread_of(page: Page) -> str:
    """Return the thread that the address names."""
    named = re.compile(r"[?&]thread=([0-9a-f-]{36})")
    expect(page).to_have_url(named)
    found = named.search(page.url)
    assert found, f"The address {page.url} names no thread any more."
    return found[1]


def rows(server: LabServer, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Read the server's database."""
    with closing(sqlite3.connect(f"file:{server.data / 'lab.sqlite'}?mode=ro", uri=True)) as connection:
        return connection.execute(statement, values).fetchall()


def rows_of(server: LabServer, columns: str, table: str, thread_id: str) -> list[tuple[Any, ...]]:
    """Read what a table has of all threads of the workspace that has this thread, in the order of writing."""
    workspace = "(SELECT workspace FROM lab_threads WHERE thread_id = ?)"
    threads = f"(SELECT thread_id FROM lab_threads WHERE workspace = {workspace})"
    return rows(server, f"SELECT {columns} FROM {table} WHERE thread_id IN {threads} ORDER BY number", thread_id)


def threads_beside(server: LabServer, thread_id: str) -> list[str]:
    """Return the lanes of all threads of the workspace that has this thread."""
    found = rows(
        server,
        "SELECT lane FROM lab_threads WHERE workspace = (SELECT workspace FROM lab_threads WHERE thread_id = ?)",
        thread_id,
    )
    return sorted(lane for (lane,) in found)
