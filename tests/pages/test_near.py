"""Who sits at the lab's own machine: the application marks it, and nobody else can."""

import asyncio
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from app import Admission
from lab.lab import Lab
from lab.workspace_cookie import NEAR, Visitors

KINDS = pytest.mark.parametrize("kind", ["http", "websocket"])


def mark(kind: str, client: str | None, **headers: str) -> str | None:
    """Return the mark with which a request reaches the pages."""
    reached: list[Scope] = []

    async def page(scope: Scope, _: Receive, __: Send) -> None:
        reached.append(scope)

    async def nothing() -> Message:
        return {"type": f"{kind}.disconnect"}

    async def drop(_: Message) -> None:
        return None

    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope: Any = {
        "type": kind,
        "scheme": "http",
        "path": "/",
        "query_string": b"",
        "headers": given,
        "client": None if client is None else (client, 5),
    }
    asyncio.run(Admission(page)(scope, nothing, drop))
    found = [value.decode() for name, value in reached[0]["headers"] if name.lower() == NEAR.encode()]
    assert len(found) < 2
    assert scope["headers"] == given
    return found[0] if found else None


@KINDS
def test_a_browser_of_this_machine_is_marked(pages_lab: Lab, kind: str) -> None:
    visitors = Visitors(pages_lab.secret, "own")
    for client, host in (("127.0.0.1", "localhost:8501"), ("::1", "[::1]:8501"), ("127.0.0.1", "127.0.0.1")):
        assert visitors.is_near(mark(kind, client, host=host))
        assert visitors.is_near(mark(kind, client, host=host, origin=f"http://{host}"))


@KINDS
@pytest.mark.parametrize(
    ("client", "headers"),
    [
        ("192.0.2.7", {"host": "localhost"}),
        ("127.0.0.1", {"host": "lab.example.org"}),
        ("127.0.0.1", {"host": "localhost", "x_forwarded_for": "192.0.2.7"}),
        ("127.0.0.1", {"host": "localhost", "origin": "https://lab.example.org"}),
        ("127.0.0.1", {}),
        (None, {"host": "localhost"}),
    ],
    ids=str,
)
def test_nobody_else_is_marked_even_with_a_mark_of_their_own(
    pages_lab: Lab, kind: str, client: str | None, headers: dict[str, str]
) -> None:
    real = Visitors(pages_lab.secret, "own").near_mark()
    assert mark(kind, client, **headers) is None
    assert mark(kind, client, **headers, x_lab_near=real) is None
    assert mark(kind, client, **headers, X_Lab_Near=real) is None


def test_a_mark_is_neither_made_up_nor_another_lab_s(pages_lab: Lab) -> None:
    visitors = Visitors(pages_lab.secret, "own")
    cookie = str(visitors.admit(None, near=True))
    for made_up in (None, "", "near", cookie, Visitors("another", "own").near_mark()):
        assert not visitors.is_near(made_up)
