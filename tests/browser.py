"""Verbs for tests in a real browser: what a person does on a page, found by the key of the widget."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Locator, Page

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Whatever isn't this machine can't be found, whoever asks: page, extension or the browser itself.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE [::1]",
)
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
INSIDE = {"data", "blob", "about", "chrome-error"}
"""Schemes that never leave the browser."""


@dataclass(slots=True)
class Watch:
    """What the pages of a test asked for and complained about."""

    outside: list[str] = field(default_factory=list)
    """Requests to anything but this machine; all of them failed."""
    console: list[str] = field(default_factory=list)
    """Errors that pages or the browser wrote to the console."""
    errors: list[str] = field(default_factory=list)
    """Exceptions in a page that nobody caught."""

    def over(self, context: BrowserContext) -> None:
        """Begins to watch all pages of a context."""
        context.on("request", lambda request: self._ask(request.url))
        context.on("page", lambda page: page.on("websocket", lambda socket: self._ask(socket.url)))
        context.on("console", lambda message: self._hear(message))
        context.on("weberror", lambda error: self.errors.append(str(error.error)))

    def _ask(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in INSIDE and parts.hostname not in LOOPBACK:
            self.outside.append(url)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.console.append(message.text)


def idle(page: Page, seconds: float = 30) -> None:
    """Waits until the page's script has ended; fails at once where it can't even be compiled."""
    # Read and judged in one go: between two looks the script may have started again.
    state = page.wait_for_function(
        """() => {
             const state = document.querySelector('[data-testid=stApp]')?.getAttribute('data-test-script-state')
             return ['notRunning', 'compilationError'].includes(state) && state
           }""",
        timeout=seconds * 1000,
    ).json_value()
    assert state == "notRunning", f"The page's script can't be compiled: {page.inner_text('.stMain')}"


def visit(page: Page, url: str) -> None:
    """Opens an address and waits until its page is drawn."""
    page.goto(url)
    idle(page)


def keyed(page: Page, key: str) -> Locator:
    """Gives the element that was drawn with this key."""
    return page.locator(f".st-key-{re.sub(r'[^a-zA-Z0-9_-]', '-', key)}")


def text(page: Page, key: str) -> str:
    """Gives what is to be read in the element of this key."""
    return keyed(page, key).inner_text()


def click(page: Page, key: str, settle: bool = True) -> None:
    """Presses the button of this key; with `settle`, waits until the page is drawn again."""
    keyed(page, key).get_by_role("button").first.click()
    if settle:
        page.wait_for_timeout(100)
        idle(page)


def fill(page: Page, key: str, value: str, settle: bool = True) -> None:
    """Types into the text field of this key and leaves it."""
    box = keyed(page, key).get_by_role("textbox").first
    box.fill(value)
    box.blur()
    if settle:
        page.wait_for_timeout(100)
        idle(page)


def _canvas(page: Page, key: str) -> Locator:
    # Streamlit draws a table on a canvas; a hidden table inside it holds the cells in view.
    canvas = keyed(page, key).locator("canvas[data-testid=data-grid-canvas]")
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    return canvas


def cell(page: Page, key: str, row: int, column: int) -> str:
    """Reads a cell in view; both count from 0, and a selectable table's first column is its row marker."""
    return _canvas(page, key).locator(f"[data-testid=glide-cell-{column}-{row}]").text_content() or ""


def row_is_selected(page: Page, key: str, row: int) -> bool:
    """Says whether the row is marked."""
    line = _canvas(page, key).locator(f"tr[aria-rowindex='{row + 2}']")
    return line.get_attribute("aria-selected") == "true"


def select_row(page: Page, key: str, row: int, settle: bool = True) -> None:
    """Marks or unmarks a row of a table by pressing its marker, and waits until the table shows it."""
    before = row_is_selected(page, key, row)
    for _ in range(10):
        box = _canvas(page, key).bounding_box()
        assert box, f"The table '{key}' isn't in view."
        page.mouse.click(box["x"] + 15, box["y"] + 35 + 35 * row + 17)
        # Pressed again too soon, a row that was taken late would be given back.
        if any(_changed(page, key, row, before) for _ in range(20)):
            break
    else:
        raise AssertionError(f"Row {row} of the table '{key}' can't be selected.")
    if settle:
        idle(page)


def _changed(page: Page, key: str, row: int, before: bool) -> bool:
    page.wait_for_timeout(100)
    return row_is_selected(page, key, row) != before


@dataclass(frozen=True, slots=True)
class Allowed:
    """A finding of axe in what Streamlit itself draws, which the lab can't change."""

    rule: str
    within: str
    """CSS selector; the finding counts as Streamlit's only on elements that match it or lie inside a match."""
    reason: str


ALLOWED = (
    Allowed(
        "scrollable-region-focusable",
        "[data-testid=stVerticalBlock], [data-testid=stLayoutWrapper]",
        "st.container(height=...) scrolls but can't be focused",
    ),
    Allowed("svg-img-alt", "[data-testid=stVegaLiteChart]", "built-in charts have no title"),
    Allowed("aria-dialog-name", "[data-testid=stToast], [data-testid=stToastContainer]", "toasts have no name"),
    Allowed("presentation-role-conflict", "[data-testid=stFileUploader]", "its drop zone has no role but takes focus"),
    Allowed("empty-table-header", "[data-testid=stDataFrame], [data-testid=stTable]", "index columns have no header"),
)


def axe(page: Page, allowed: Sequence[Allowed] = ALLOWED) -> list[str]:
    """Gives what axe finds against WCAG A and AA and its best practices, one line an element, beyond what's allowed."""
    with _unrolled(page):
        response: dict[str, Any] = Axe().run(page, options={"resultTypes": ["violations"]}).response
    findings = []
    for violation in response["violations"]:
        shelters = [item.within for item in allowed if item.rule == violation["id"]]
        for node in violation["nodes"]:
            target = node["target"][-1]
            if not _lies_within(page, target, shelters):
                summary = " ".join(node["failureSummary"].split())
                findings.append(f"{violation['id']} ({violation['impact']}) {json.dumps(target)}: {summary}")
    return findings


@contextmanager
def _unrolled(page: Page) -> Iterator[None]:
    # What is scrolled out of Streamlit's main area is passed over by axe: for the while all of it is made to fit.
    before = page.viewport_size
    assert before, "A page without a viewport can't be checked."
    room = before["height"]
    for _ in range(3):
        height = page.evaluate(
            """() => Math.max(...['.stMain', '[data-testid=stSidebarContent]'].map(
                   css => document.querySelector(css)?.scrollHeight ?? 0))"""
        )
        if height <= room:
            break
        room = height + 20
        page.set_viewport_size({"width": before["width"], "height": room})
        page.wait_for_timeout(200)
    yield
    page.set_viewport_size(before)


def _lies_within(page: Page, target: str | list[str], shelters: Sequence[str]) -> bool:
    if not shelters:
        return False
    try:
        # Inside a shadow root axe gives a path; its last step is the element, and playwright looks through roots.
        element = page.locator(target if isinstance(target, str) else target[-1]).first
        return bool(element.evaluate("(element, css) => !!element.closest(css)", ", ".join(shelters)))
    except Error:
        return False
