"""Visitors of a running server whose threads were made beside it, without a page."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page

from graphs.catalogue import find
from lab.lab import Lab
from lab.workspace import Workspace
from lab.workspace_cookie import COOKIE, Visitors
from tests.support.labs import quiet
from tests.support.servers import LabServer


@contextmanager
def workspace_beside(server: LabServer) -> Iterator[tuple[Workspace, str]]:
    """Open a new visitor's workspace in the server's database for the block; give it with the visitor's cookie."""
    lab = Lab(quiet(str(server.data / "lab.sqlite")))
    visitors = Visitors(lab.secret, "own")
    cookie = str(visitors.admit(None, near=False))
    yield lab.workspace(str(visitors.read(cookie))), cookie
    lab.close()


def finished_thread(workspace: Workspace) -> str:
    """Run the linear pipeline to its end and return its thread."""
    example = find("linear-pipeline").examples[0]
    thread_id = workspace.start("linear-pipeline", "pipeline", example.input, pace=0).thread_id
    assert workspace.wait(thread_id)
    return thread_id


def comes_with(page: Page, server: LabServer, cookie: str) -> None:
    """Have the page's visitor come to the server with this cookie."""
    page.context.add_cookies([{"name": COOKIE, "value": cookie, "url": server.url, "httpOnly": True}])
