"""Addresses that no page has: a browser that asks for one gets the gallery, and nothing else is touched."""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from app import NestedAddresses

BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"


def ask(path: str, accept: str = BROWSER, method: str = "GET") -> tuple[int, str | None]:
    """Return the status of the answer and where it leads."""
    sent: list[Message] = []

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("a page")(scope, receive, send)

    async def collect(message: Message) -> None:
        sent.append(message)

    async def nothing() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(b"accept", accept.encode()), (b"host", b"127.0.0.1")],
        "query_string": b"",
    }
    answered: Callable[..., Awaitable[None]] = NestedAddresses(page)
    anyio.run(answered, scope, nothing, collect)
    headers = dict(sent[0]["headers"])
    return sent[0]["status"], headers[b"location"].decode() if b"location" in headers else None


@pytest.mark.parametrize("path", ["/foo/bar", "/foo/bar/", "/time-travel/more", "/a/b/c/d"])
def test_a_browser_at_an_unknown_nested_address_is_led_to_the_gallery(path: str) -> None:
    assert ask(path) == (307, "/")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/time-travel",
        "/nope",
        "/time-travel/",
        "/static/js/x.js",
        "/_stcore/health",
        "/auth/login",
        "/oauth2callback",
    ],
)
def test_every_other_address_is_left_to_streamlit(path: str) -> None:
    assert ask(path) == (200, None)


def test_what_is_no_page_view_is_not_redirected() -> None:
    assert ask("/foo/bar", accept="*/*") == (200, None)
    assert ask("/foo/bar", method="POST") == (200, None)


def test_a_base_path_is_no_part_of_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamlit.get_option", {"server.baseUrlPath": "some/lab"}.__getitem__)
    assert ask("/some/lab/time-travel") == (200, None)
    assert ask("/some/lab/foo/bar") == (307, "/some/lab/")
