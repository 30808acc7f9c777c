"""Takes the pictures of the README: starts the lab on a database of its own, drives a browser and writes to docs/."""

import io
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.browser import FLAGS, click, idle, keyed, select_row, visit
from tests.servers import LabServer

DOCS = ROOT / "docs"
WIDTH = 1440
LIMIT = 300_000
"""Bytes that a picture may have, so that the README loads fast."""
PACE = "8"
"""Words a second: slow enough for a picture in the middle of an answer."""
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@contextmanager
def serving(pace: str) -> Iterator[str]:
    """Starts the lab and gives its address; what it stored is deleted after the block."""
    with tempfile.TemporaryDirectory() as data:
        server = LabServer(ROOT / "app.py", Path(data), {"LAB_PACE": pace})
        try:
            server.wait_until_healthy()
            yield server.url
        finally:
            server.stop()


@contextmanager
def opened(browser: Browser, height: int) -> Iterator[Page]:
    """Gives an empty page of that height."""
    context = browser.new_context(viewport={"width": WIDTH, "height": height}, service_workers="block")
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def running(page: Page, address: str) -> bytes:
    """Both lanes of a pattern in the middle of their answers."""
    visit(page, f"{address}/parallel")
    click(page, "parallel_run", settle=False)
    # The row is at its second worker while the three side by side are nearly done.
    page.wait_for_timeout(4500)
    return page.screenshot()


def checkpoints(page: Page, address: str) -> bytes:
    """A finished run with its checkpoints and the state in one of them."""
    visit(page, f"{address}/parallel?embed_options=dark_theme")
    click(page, "parallel_run")
    return page.screenshot(full_page=True)


def write(name: str, picture: bytes) -> None:
    """Saves a picture with a palette, which suits flat areas and text; raises ValueError where it's too large."""
    image = Image.open(io.BytesIO(picture)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    path = DOCS / name
    image.save(path, optimize=True)
    size = path.stat().st_size
    if size > LIMIT:
        raise ValueError(f"{path.name} has {size} bytes; at most {LIMIT} are wanted. Make the picture smaller.")
    print(f"docs/{name}: {image.width} x {image.height}, {size // 1000} kB")


def main() -> None:
    """Takes both pictures."""
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        sys.exit("Chromium isn't installed here. On Debian and Ubuntu: apt-get install chromium")
    DOCS.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=list(FLAGS))
        with serving(PACE) as address, opened(browser, 1100) as page:
            write("running.png", running(page, address))
        with serving("0") as address, opened(browser, 1000) as page:
            write("checkpoints.png", checkpoints(page, address))
        browser.close()


if __name__ == "__main__":
    main()
