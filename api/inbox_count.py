"""Tells every open page by a WebSocket how many questions wait in its visitor's inbox, as soon as that changes."""

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass, field

from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.small_messages import SmallMessages
from api.visitor import visited_workspace
from lab.errors import LabError
from lab.workspace import Workspace

LOG = logging.getLogger(__name__)

PATH = "/api/inbox"
SECONDS = 0.5
"""Between two looks; all pages of a workspace share them."""


@dataclass(slots=True)
class _Look:
    """The last count of a workspace, and when it was taken."""

    count: int | None = None
    at: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    readers: int = 0


_looks: dict[str, _Look] = {}
"""By workspace, while a page of it is open."""


async def tell_inbox_count(socket: WebSocket) -> None:
    """Send the count now and after each change, until the page is left or the server ends."""
    workspace = visited_workspace(socket)
    if workspace is None:
        await socket.close(1008)
        return
    await socket.accept()
    look = _looks.setdefault(workspace.name, _Look())
    look.readers += 1
    try:
        await _tell(socket, workspace, look)
    except WebSocketDisconnect:
        return
    finally:
        look.readers -= 1
        if not look.readers:
            _looks.pop(workspace.name, None)


async def _tell(socket: WebSocket, workspace: Workspace, look: _Look) -> None:
    told: int | None = None
    while True:
        count = await _count(workspace, look)
        if count is not None and count != told:
            await socket.send_json({"waiting": count})
            told = count
        # A page says nothing; what comes is that it was left.
        with suppress(TimeoutError):
            await asyncio.wait_for(socket.receive_text(), SECONDS)


async def _count(workspace: Workspace, look: _Look) -> int | None:
    """Return how many questions wait; what it was where the storage can't say just now."""
    async with look.lock:
        if time.monotonic() - look.at >= SECONDS:
            try:
                look.count = await run_in_threadpool(workspace.inbox.count)
            except LabError as error:
                LOG.warning("How many questions wait can't be read. %s", error)
            look.at = time.monotonic()
        return look.count


def inbox_count_route(base: str) -> WebSocketRoute:
    """Return the route of the socket, below the path at which the application stands, such as `/lab`, or nothing."""
    return WebSocketRoute(f"{base}{PATH}", tell_inbox_count, middleware=[Middleware(SmallMessages)])
