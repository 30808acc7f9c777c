"""Clients of the HTTP and WebSocket routes: those that a page has let in."""

from starlette.testclient import TestClient

from lab.lab import Lab
from lab.workspace import Workspace
from lab.workspace_cookie import COOKIE, Visitors


def admitted(lab: Lab, client: TestClient) -> Workspace:
    """Give the client a workspace, by the cookie that a page would have set."""
    visitors = Visitors(lab.secret, "own")
    cookie = visitors.admit(None, near=False)
    client.cookies.set(COOKIE, str(cookie))
    return lab.workspace(str(visitors.read(cookie)))
