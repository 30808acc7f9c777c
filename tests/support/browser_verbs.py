"""Verbs for tests in a real browser: what a person does on a page, found by the key of the widget."""

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Locator, Page, expect
from playwright.sync_api import TimeoutError as TimedOut

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


COUNT_RUNS = """
window.scriptRuns = {asked: 0, answered: 0, open: false, byHash: 0}
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given)
    if (!this.url.includes('/_stcore/stream')) return
    const runs = window.scriptRuns
    let covered = 0
    this.addEventListener('message', event => {
      const {data} = event
      if (window.deaf) event.stopImmediatePropagation()
      for (const [number, value] of fields(new Uint8Array(data))) {
        if (number === 4) [covered, runs.open] = [runs.asked, true]
        if (number === 6 && value === 2) runs.open = true
        if (number === 11) runs.byHash++
        if (number === 6 && value !== 2) [runs.answered, runs.open] = [covered, false]
      }
    })
  }
  send(data) {
    const asks = this.url.includes('/_stcore/stream') && fields(data).some(([number]) => number === 11)
    if (asks) window.scriptRuns.asked++
    super.send(data)
  }
}
function fields(bytes) {
  const found = []
  let at = 0
  const varint = () => {
    let value = 0, factor = 1
    for (;;) {
      value += (bytes[at] & 127) * factor
      if (bytes[at++] < 128) return value
      factor *= 128
    }
  }
  while (at < bytes.length) {
    const tag = varint(), value = varint()
    if (tag % 8 === 2) at += value
    found.push([Math.floor(tag / 8), value])
  }
  return found
}
"""
"""Counts what a page asks of its server and what was answered, and lets a page that a test calls deaf hear nothing of
it, as one that the network has left behind. It's told by the fields of Streamlit's messages: a request to run
the script (11), a run that began (4), one that ended (6, where 2 says that it begins anew at once), and an element
that is told by its hash alone (11 again, the other way)."""

STEP = """css => {
  const here = document.activeElement
  if (here.matches(css)) return 'wanted'
  // In a table Tab goes from cell to cell, and the focus is on its canvas all the while.
  if (here.tagName === 'CANVAS' && window.cellsMet++ < 1000) return 'another'
  if (window.metByTab.has(here)) { window.metByTab = new WeakSet(); return 'round' }
  window.metByTab.add(here)
  return 'another'
}"""


RESTS = """before => {
  const state = document.querySelector('[data-testid=stApp]')?.getAttribute('data-test-script-state')
  if (state === 'compilationError') return state
  const {asked, answered, open} = window.scriptRuns
  const whole = !document.querySelector('[data-testid=stSkeleton]')
  return state === 'notRunning' && asked > Math.max(before, 0) && answered === asked && !open && whole && state
}"""
"""Read and judged in one go: between two looks the script may have started again. An element whose code the browser
hasn't loaded yet is drawn as a grey bar of another height, and what is below it moves once more."""

DRAWN = """() => new Promise(done => requestIdleCallback(() => requestAnimationFrame(() => done()), {timeout: 2000}))"""
"""The server's last message may be here some frames before what it says is drawn: the browser is left to finish."""


def count_runs(context: BrowserContext) -> BrowserContext:
    """Make a context's pages count their script's runs, by which `idle` and `answered` know when one has ended."""
    context.add_init_script(COUNT_RUNS)
    return context


@dataclass(slots=True)
class Watch:
    """What the pages of a test asked for and complained about."""

    outside: list[str] = field(default_factory=list)
    """Requests to anything but this machine; all of them failed."""
    console: list[str] = field(default_factory=list)
    """Errors that pages or the browser wrote to the console."""
    errors: list[str] = field(default_factory=list)
    """Exceptions in a page that nobody caught."""

    @contextmanager
    def over(self, context: BrowserContext) -> Iterator[None]:
        """Watch all pages of a context for the block."""

        def ask(asked: Any) -> None:
            self._ask(asked.url)

        listeners: dict[Any, Callable[[Any], None]] = {
            "request": ask,
            "page": lambda page: page.on("websocket", ask),
            # A method of an object with slots is none that playwright can listen with.
            "console": lambda message: self._hear(message),
            "weberror": lambda error: self.errors.append(str(error.error)),
        }
        for event, listener in listeners.items():
            context.on(event, listener)
        there = context.pages
        for page in there:
            page.on("websocket", ask)
        yield
        for page in there:
            page.remove_listener("websocket", ask)
        for event, listener in listeners.items():
            context.remove_listener(event, listener)

    def _ask(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in INSIDE and parts.hostname not in LOOPBACK:
            self.outside.append(url)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.console.append(message.text)


def idle(page: Page, seconds: float = 30) -> None:
    """Wait until all that the page asked its server for is drawn; fail at once where the script can't be compiled."""
    _settled(page, -1, seconds)


@contextmanager
def answered(page: Page, seconds: float = 30) -> Iterator[None]:
    """Wait after what is done in the block until the script has run for it; fail where it asks the server nothing."""
    before = page.evaluate("window.scriptRuns.asked")
    yield
    _settled(page, before, seconds)


def _settled(page: Page, before: int, seconds: float) -> None:
    try:
        state = page.wait_for_function(RESTS, arg=before, timeout=seconds * 1000).json_value()
    except TimedOut:
        runs = page.evaluate("window.scriptRuns")
        message = f"After {seconds} s the page still waits for its server, or has asked it nothing: {before=}, {runs}."
        raise AssertionError(f"{message} It shows: {page.inner_text('.stMain')}") from None
    assert state == "notRunning", f"The page's script can't be compiled: {page.inner_text('.stMain')}"
    drawn(page)


def drawn(page: Page) -> None:
    """Wait until the browser has drawn all that it knows."""
    page.evaluate(DRAWN)


def becomes(page: Page, look: Callable[[], Any], wanted: Any, seconds: float = 15) -> None:
    """Look again and again until it sees what's wanted; fail with what it saw last."""
    seen = awaited(page, look, wanted, seconds)
    assert seen == wanted, f"It should be {wanted!r} and is {seen!r}."


def awaited(page: Page, look: Callable[[], Any], wanted: Any, seconds: float = 15) -> Any:
    """Look again and again until it sees what's wanted, or for so long; return what it saw last."""
    deadline = time.monotonic() + seconds
    while (seen := look()) != wanted and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    return seen


def visit(page: Page, url: str) -> None:
    """Open an address and wait until its page is drawn."""
    page.goto(url)
    idle(page)


def keyed(page: Page, key: str) -> Locator:
    """Return the element that was drawn with this key."""
    return page.locator(f".st-key-{re.sub(r'[^a-zA-Z0-9_-]', '-', key)}")


def click(page: Page, key: str, settle: bool = True) -> None:
    """Press the button of this key; with `settle`, wait until the script has run for it."""
    with answered(page) if settle else nullcontext():
        keyed(page, key).get_by_role("button").first.click()


def fill(page: Page, key: str, value: str) -> None:
    """Type into the text field of this key, leave it, and wait until the page is at rest."""
    box = keyed(page, key).get_by_role("textbox").first
    box.fill(value)
    box.blur()
    idle(page)


def tab_to(page: Page, css: str, key: str = "Tab", seconds: float = 30) -> None:
    """Press Tab or Shift+Tab until the focus is on an element of that kind; fail where it comes round without one."""
    idle(page)
    page.evaluate("window.metByTab = new WeakSet(), window.cellsMet = 0")
    deadline = time.monotonic() + seconds
    # A page that draws itself anew drops the focus, and the walk begins again: on a busy machine more than once.
    while time.monotonic() < deadline:
        while (met := page.evaluate(STEP, css)) == "another":
            page.keyboard.press(key)
        if met == "wanted":
            return
    raise AssertionError(f"Tab comes round and round without reaching {css}.")


def _canvas(page: Page, key: str) -> Locator:
    # Streamlit draws a table on a canvas; a hidden table inside it holds the cells in view.
    canvas = keyed(page, key).locator("canvas[data-testid=data-grid-canvas]")
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    return canvas


def cell(page: Page, key: str, row: int, column: int) -> Locator:
    """Return a cell in view; both count from 0, and a selectable table's first column is its row marker."""
    return _canvas(page, key).locator(f"[data-testid=glide-cell-{column}-{row}]")


def expect_row(page: Page, key: str, row: int, selected: bool = True, seconds: float = 15) -> None:
    """Wait until the row is marked, or isn't."""
    line = _canvas(page, key).locator(f"tr[aria-rowindex='{row + 2}']")
    expect(line).to_have_attribute("aria-selected", str(selected).lower(), timeout=seconds * 1000)


def select_row(page: Page, key: str, row: int, selected: bool = True) -> None:
    """Mark or unmarks a row of a table by pressing its marker, and wait until the script has run for it."""
    expect_row(page, key, row, not selected)
    with answered(page):
        for _ in range(4):
            press_in_row(page, key, row, 15)
            # A press is over when it returns: one that the table was too young to take won't be taken later.
            with suppress(AssertionError):
                expect_row(page, key, row, selected)
                break
        else:
            raise AssertionError(f"Row {row} of the table '{key}' can't be pressed.")


def press_in_row(page: Page, key: str, row: int, across: int) -> None:
    """Press in a row of a table, so many pixels from its left edge."""
    box = _canvas(page, key).bounding_box()
    assert box, f"The table '{key}' isn't in view."
    page.mouse.click(box["x"] + across, box["y"] + 35 + 35 * row + 17)


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


COLOURS = ("color-contrast", "link-in-text-block")
"""The rules of axe's category of colours that it runs; what all others judge is the same in every theme."""


def axe(page: Page, allowed: Sequence[Allowed] = ALLOWED, rules: Sequence[str] = ()) -> list[str]:
    """Return what axe finds against WCAG A and AA and its best practices, one line an element, beyond what's allowed.

    Some `rules` alone take less than all.
    """
    with unrolled(page):
        return judged(page, allowed, rules)


def judged(
    page: Page, allowed: Sequence[Allowed] = ALLOWED, rules: Sequence[str] = (), *, passing_over: Sequence[str] = ()
) -> list[str]:
    """Return what axe finds on a page that is unrolled, but for what it's to pass over, as CSS selectors."""
    options: dict[str, Any] = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    violations = page.evaluate(
        "([context, options]) => axe.run(context, options).then(found => found.violations)",
        [{"exclude": [[css] for css in passing_over]}, options],
    )
    findings = []
    for violation in violations:
        shelters = [item.within for item in allowed if item.rule == violation["id"]]
        for node in violation["nodes"]:
            target = node["target"][-1]
            if not _lies_within(page, target, shelters):
                summary = " ".join(node["failureSummary"].split())
                findings.append(f"{violation['id']} ({violation['impact']}) {json.dumps(target)}: {summary}")
    return findings


AT_REST = """() => {
  const height = Math.max(...['.stMain', '[data-testid=stSidebarContent]'].map(
    css => document.querySelector(css)?.scrollHeight ?? 0))
  window.heights = [...(window.heights ?? []).slice(-9), height]
  return window.heights.length === 10 && window.heights.every(one => one === height) && Math.max(height, 1)
}"""
"""The height of what scrolls, once it has been the same for ten frames."""


@contextmanager
def unrolled(page: Page) -> Iterator[None]:
    """Make the window as high as the page for the block, as axe passes over what is scrolled out of sight."""
    before = page.viewport_size
    assert before, "A page without a viewport can't be checked."
    room = before["height"]
    # The lanes of a pattern's page are as high as the window, and would grow with it.
    stays = page.add_style_tag(content=f".st-key-screen {{ height: {room - 40}px !important }}")
    while (height := page.wait_for_function(AT_REST, polling="raf").json_value()) > room:
        room = height + 20
        page.set_viewport_size({"width": before["width"], "height": room})
        page.wait_for_function("room => innerHeight === room", arg=room)
    yield
    stays.evaluate("style => style.remove()")
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
