"""The application: the pages of `ui/main.py` in one ASGI process with the lab, which it opens and closes."""

import gc
import importlib
import logging
import os
import sys
import threading
import warnings
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.inbox_count import inbox_count_route
from api.thread_events import thread_events_route
from lab.errors import LabError
from lab.lab import close_lab, open_lab
from lab.workspace_cookie import COOKIE, NEAR, Visitors, is_loopback
from ui.common import base_path

LOG = logging.getLogger(__name__)

GOODBYE = 0.5
"""Seconds that the server has for its own end where a node doesn't end."""
WARM = (
    "pandas",
    "pages.pattern",
    "pages.gallery",
    "pages.threads",
    "streamlit.elements.arrow",
    "streamlit.delta_generator",
)
"""What the first page would otherwise import while its visitor waits."""


SERVED = frozenset({"_stcore", "auth", "media", "component", "static"})
"""First parts of nested addresses that Streamlit itself answers; every page's address has one part."""


class NestedAddresses:
    """Sends a browser from an unknown nested address to the gallery, where Streamlit would draw a blank page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirect a browser that asks for such an address and pass everything else on."""
        base = base_path()
        if scope["type"] == "http" and _is_lost(HTTPConnection(scope), base):
            await RedirectResponse(f"{base}/", 307, {"Cache-Control": "no-store"})(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _is_lost(request: HTTPConnection, base: str) -> bool:
    """Return whether a page is asked for at an address that no page has."""
    path = request.scope["path"]
    parts = path.removeprefix(base).strip("/").split("/") if path.startswith(f"{base}/") else []
    asks = request.scope["method"] == "GET" and "text/html" in request.headers.get("accept", "")
    return asks and len(parts) > 1 and parts[0] not in SERVED


class Admission:
    """Gives each browser a workspace by a signed cookie that no script can read, and marks those of this machine."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the cookie to its answer where one is due."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        lab = open_lab()
        visitors = Visitors(lab.secret, lab.settings.workspaces)
        near = _is_near(request)
        scope = {**scope, "headers": _marked(scope["headers"], visitors.near_mark() if near else None)}
        # A page's script hears of the request that opened its socket, and a socket's answer takes no cookie.
        cookie = visitors.admit(request.cookies.get(COOKIE), near=near) if scope["type"] == "http" else None

        async def answer(message: Message) -> None:
            if cookie is not None and message["type"] == "http.response.start":
                MutableHeaders(scope=message).append(
                    "set-cookie", _header(cookie, secure=request.url.scheme == "https")
                )
            await send(message)

        await self._app(scope, receive, answer)


def _marked(headers: Iterable[tuple[bytes, bytes]], mark: str | None) -> list[tuple[bytes, bytes]]:
    """Return a request's headers with our mark, or none, in place of any that it came with."""
    name = NEAR.encode()
    return [*(header for header in headers if header[0].lower() != name), *([(name, mark.encode())] if mark else [])]


def _is_near(request: HTTPConnection) -> bool:
    """Return whether a request came from this machine itself and through no proxy."""
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    # A proxy on this machine that forwards nothing else still leaves where the page came from.
    origin = urlsplit(request.headers.get("origin", "")).hostname or host
    forwarded = any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-real-ip"))
    named_near = is_loopback(host) and is_loopback(origin)
    return request.client is not None and is_loopback(request.client.host) and named_near and not forwarded


def _header(value: str, *, secure: bool) -> str:
    cookie: SimpleCookie = SimpleCookie()
    cookie[COOKIE] = value
    attributes = {"path": "/", "httponly": True, "samesite": "Lax", "max-age": 365 * 24 * 3600, "secure": secure}
    for name, given in attributes.items():
        cookie[COOKIE][name] = given
    return cookie[COOKIE].OutputString()


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[dict[str, Any]]:
    """Open the lab before the first page and close it after the last."""
    try:
        lab = open_lab()
        lab.announce(lab.settings.address or "")
    except LabError as error:
        sys.stderr.write(f"\nThe lab can't start. {error}\n")
        sys.stderr.flush()
        # The server would print its own way here, and some of them serve pages without a lab.
        os._exit(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in WARM:
            importlib.import_module(name)
    # What is imported by now stays for good; without this every collection would walk all of it.
    gc.collect()
    gc.freeze()
    yield {}
    left = close_lab()
    if left:
        LOG.warning(
            "%d run(s) didn't end in time: a node is still at work. The server ends without them; their threads stand "
            "at their last checkpoints, and the node runs again from its top once somebody continues.",
            left,
        )
        # At its end Python waits for every thread of a pool, however long its node takes.
        last = threading.Timer(GOODBYE, os._exit, (0,))
        last.daemon = True
        last.start()


app = st.App(
    "ui/main.py",
    lifespan=lifespan,
    routes=[inbox_count_route(base_path()), thread_events_route(base_path())],
    middleware=[Middleware(NestedAddresses), Middleware(Admission)],
)
