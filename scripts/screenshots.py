"""Takes the pictures of the README: starts the lab on a database of its own, drives a browser and writes to docs/."""

import io
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.support.browser_verbs import FLAGS, click, count_runs, keyed
from tests.support.project import ROOT
from tests.support.servers import LabServer

DOCS = ROOT / "docs"
WIDTH = 1440
LIMIT = 300_000
"""Bytes that a picture may have, so that the README loads fast."""
PACE = "8"
"""Words a second: slow enough for a picture in the middle of an answer."""
CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@contextmanager
def serving(pace: str) -> Iterator[str]:
    """Start the lab and return its address; what it stored is deleted after the block."""
    with tempfile.TemporaryDirectory() as data:
        server = LabServer(ROOT / "app.py", Path(data), {"LAB_PACE": pace})
        try:
            server.wait_until_healthy()
            yield server.url
        finally:
            server.stop()


@contextmanager
def opened(browser: Browser, height: int) -> Iterator[Page]:
    """Return an empty page of that height."""
    context = count_runs(browser.new_context(viewport={"width": WIDTH, "height": height}, service_workers="block"))
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def running(page: Page, address: str) -> bytes:
    """Both lanes of a pattern in the middle of their answers: one worker on the left, three on the right."""
    page.goto(f"{address}/parallel")
    settle(page)
    click(page, "parallel_run", settle=False)
    right = keyed(page, "stream_parallel_fan-out").get_by_test_id("stChatMessage")
    # The first message is the input; then each worker has one of its own.
    right.nth(3).wait_for()
    page.wait_for_timeout(1200)
    page.locator(".stMain").evaluate("main => main.scrollTo(0, 56)")
    return page.screenshot()


def checkpoints(page: Page, address: str) -> bytes:
    """Return a finished run that was sent back once, replayed and answered again, in the explorer."""
    page.goto(f"{address}/approval-gate?embed_options=dark_theme")
    settle(page)
    press(page, page.get_by_text("Changed twice, then approved"))
    press(page, keyed(page, "approval-gate_run").get_by_role("button"))
    for wish in ("More grateful, please", "Make it shorter", ""):
        answer(page, wish)
    press(page, page.get_by_role("radio", name="Interrupt and resume"))
    for name in ("A shorter mail", "Sent as it was"):
        question = page.locator("svg.ct .it[data-id]").filter(has=page.locator("[d^='M-2.5-2.2']")).first
        press(page, question)
        press(page, page.get_by_role("tab", name="Replay"))
        page.get_by_role("textbox", name="Name of the branch").fill(name)
        press(page, page.get_by_text("Do it again, for real"))
        press(page, page.get_by_role("button", name="Replay from here"))
        page.get_by_role("button", name="Send answer").wait_for()
        settle(page)
        answer(page, "" if name.startswith("Sent") else "Make it shorter")
    page.goto(f"{page.url.split('/approval-gate')[0]}/explorer?embed_options=dark_theme")
    settle(page)
    press(page, page.locator("svg.ct .it[data-id]").nth(3))
    page.mouse.move(WIDTH - 5, 5)
    settle(page)
    return page.screenshot()


def answer(page: Page, wish: str) -> None:
    """Ask for a change on the card that waits, or approves where there is nothing to wish for."""
    send = page.get_by_role("button", name="Send answer")
    send.wait_for()
    settle(page)
    card = page.locator("[class*='_questions']").filter(has=send)
    press(page, card.get_by_role("radio", name="Change" if wish else "Approve"))
    if wish:
        card.get_by_label("Changes to make").fill(wish)
    press(page, send)


def press(page: Page, place: Locator) -> None:
    """Press and wait until the page has taken it and is drawn again."""
    place.click()
    settle(page)


def settle(page: Page) -> None:
    """Wait until the page's script has been at rest for half a second."""
    page.evaluate("() => { delete window.restSince }")
    page.wait_for_function(
        """() => {
            const app = document.querySelector('[data-testid=stApp]');
            const rests = app?.getAttribute('data-test-script-state') === 'notRunning';
            window.restSince = rests ? (window.restSince ?? performance.now()) : undefined;
            return rests && performance.now() - window.restSince > 500;
        }"""
    )


def write(name: str, picture: bytes) -> None:
    """Save a picture with a palette, which suits flat areas and text; raises ValueError where it's too large."""
    image = Image.open(io.BytesIO(picture)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    path = DOCS / name
    image.save(path, optimize=True)
    size = path.stat().st_size
    if size > LIMIT:
        raise ValueError(f"{path.name} has {size} bytes; at most {LIMIT} are wanted. Make the picture smaller.")
    print(f"docs/{name}: {image.width} x {image.height}, {size // 1000} kB")


def main() -> None:
    """Take both pictures."""
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        sys.exit("Chromium isn't installed here. On Debian and Ubuntu: apt-get install chromium")
    DOCS.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=list(FLAGS))
        with serving(PACE) as address, opened(browser, 900) as page:
            write("running.png", running(page, address))
        with serving("30") as address, opened(browser, 1180) as page:
            write("checkpoints.png", checkpoints(page, address))
        browser.close()


if __name__ == "__main__":
    main()
