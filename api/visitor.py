"""Whose workspace a connection reaches: its cookie says it, as on the pages."""

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from lab.lab import open_lab
from lab.workspace import Workspace
from lab.workspace_cookie import COOKIE, Visitors


def visited_workspace(connection: HTTPConnection) -> Workspace | None:
    """Return the visitor's workspace; None without its cookie, and for what another site's page asks."""
    lab = open_lab()
    origin = connection.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != connection.headers.get("host"):
        return None
    name = Visitors(lab.secret, lab.settings.workspaces).read(connection.cookies.get(COOKIE))
    return None if name is None else lab.workspace(name)
