"""Tells clients a thread's events over a WebSocket: all past the number that a client names, then each as it comes.

A client that was cut off names the last number that it got, and goes on from there. With that event's time it's sure to
go on in the same log: a server that was killed may have lost what it told last, and given its numbers to other events.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from api.small_messages import SmallMessages
from api.visitor import visited_workspace
from lab.errors import LabError, UnknownThread
from lab.events import Event, events_as_json
from lab.workspace import Workspace

LOG = logging.getLogger(__name__)

PATH = "/api/threads/{thread_id}/events"
SECONDS = 0.1
"""Between two looks at a thread; all its clients share them."""
CLIENTS = 200
"""Clients a second that the looks at a thread may serve, so that many of them don't slow its run."""
SOCKETS = 100
"""Clients that a workspace may have at once, over all its threads."""
MOST = 2000
"""Events of one message."""
DIGITS = 16
"""Of a number from outside, from which on it's none of ours."""
REFUSED = 1008
"""Code of a close where a client may not read, or no longer."""
UNASKED = 1003
"""Code of a close where a client says something, for there's nothing that it could say."""
LATER = 1013
"""Code of a close where a client may come again, with its last number."""
BROKEN = 1011
"""Code of a close after an error of ours."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """Events that follow one another, as the text of a message."""

    after: int
    last: int
    first: tuple[int, float] = (0, 0)
    """The number and the time of its first event."""
    text: str = ""


class _Feed:
    """A thread's newest events, looked for and written as a message once for all clients that have come as far."""

    def __init__(self, workspace: Workspace, thread_id: str) -> None:
        self._workspace = workspace
        self._thread_id = thread_id
        self._newest = _Batch(0, 0)
        self._news = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self.clients = 0
        self.gone = False
        """True once the workspace has no such thread, or never had."""
        self.broken = False
        """True once nobody looks for news any more, for an error that nobody expected."""

    def join(self) -> None:
        """Count a client; with the first one the looks begin."""
        self.clients += 1
        if self.clients == 1:
            self._looking = asyncio.create_task(self._look())
            self._looking.add_done_callback(self._ended)

    def leave(self) -> None:
        """Count a client less; with the last one the looks end."""
        self.clients -= 1
        if not self.clients and self._looking is not None:
            self._looking.cancel()

    async def begin(self, after: int, at: float | None) -> int:
        """Return the number from which a client goes on: that which it names, or 0 where the log has no such event.

        Raises `LabError` where nobody can say just now.
        """
        known = await self._read(max(0, after - 1))
        if known is not None and not self._newest.last:
            self._newest = _Batch(known.last, known.last)
        # What was told last before the server was killed may have been saved by nobody.
        if known is None:
            return 0
        number, time = known.first
        # Pieces that were joined meanwhile have the number and the time of their last one.
        return 0 if at is not None and number == after and time != at else after

    async def _look(self) -> None:
        """Look for news and wake up whoever waits for them."""
        while not self.gone:
            await asyncio.sleep(max(SECONDS, self.clients / CLIENTS))
            try:
                batch = await self._read(self._newest.last)
            except LabError as error:
                LOG.warning("The events of thread %s can't be read. %s", self._thread_id, error)
                continue
            if batch is not None:
                self._newest = batch
                self._tell()

    def _ended(self, looking: asyncio.Task[None]) -> None:
        """Let all clients go where the looks ended by an error, so that they come again to a feed that looks."""
        if not looking.cancelled() and (error := looking.exception()) is not None:
            LOG.error("Nobody looks for the events of thread %s any more.", self._thread_id, exc_info=error)
            self.broken = True
            self._tell()

    async def past(self, number: int) -> _Batch | None:
        """Return events past that number as soon as there are any; None once the thread is gone, or nobody looks.

        Raises `LabError` where they can't be read just now.
        """
        while not (self.gone or self.broken):
            news, newest = self._news, self._newest
            if newest.after == number < newest.last:
                return newest
            # Who has all that was looked for waits; anybody else may be far behind, or a little ahead.
            if number != newest.last or not number:
                batch = await self._read(number)
                if batch is not None:
                    return batch
            await news.wait()
        return None

    def _tell(self) -> None:
        """Wake up all who wait for news."""
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def _read(self, number: int) -> _Batch | None:
        """Return what is there past that number; None where there is nothing."""
        try:
            return await run_in_threadpool(self._batch, number)
        except UnknownThread:
            self.gone = True
            self._tell()
        return None

    def _batch(self, number: int) -> _Batch | None:
        events: Sequence[Event] = self._workspace.events(self._thread_id, number)[:MOST]
        if not events:
            return None
        return _Batch(
            number,
            events[-1].no,
            (events[0].no, events[0].at),
            f'{{"after":{number},"events":{events_as_json(events)}}}',
        )


_feeds: dict[tuple[str, str], _Feed] = {}
"""By workspace and thread, while a client reads it."""
_clients = Counter[str]()
"""By workspace, while it has any."""


@contextmanager
def _shared(workspace: Workspace, thread_id: str) -> Iterator[_Feed]:
    """Share the feed of a thread with its other clients for the block."""
    key = workspace.name, thread_id
    feed = _feeds.get(key)
    if feed is None or feed.broken:
        feed = _feeds[key] = _Feed(workspace, thread_id)
    feed.join()
    try:
        yield feed
    finally:
        feed.leave()
        if not feed.clients and _feeds.get(key) is feed:
            del _feeds[key]


@contextmanager
def _counted(workspace: Workspace) -> Iterator[bool]:
    """Count a client of a workspace for the block, which learns whether it's one too many."""
    many = _clients[workspace.name] >= SOCKETS
    _clients[workspace.name] += not many
    try:
        yield many
    finally:
        _clients[workspace.name] -= not many
        if not _clients[workspace.name]:
            del _clients[workspace.name]


async def tell_events(socket: WebSocket) -> None:
    """Send events of the visitor's own thread until the client leaves, the thread is deleted or the server ends."""
    workspace, after = visited_workspace(socket), _number(socket.query_params.get("after", "0"))
    at = _time(socket.query_params.get("at", ""))
    if workspace is None or after is None:
        await socket.close(REFUSED)
        return
    with _counted(workspace) as many, suppress(WebSocketDisconnect):
        if many:
            await socket.accept()
            await socket.close(LATER, f"At most {SOCKETS} clients of a workspace are served at once.")
        else:
            await _serve(socket, workspace, after, at)


async def _serve(socket: WebSocket, workspace: Workspace, after: int, at: float | None) -> None:
    with _shared(workspace, socket.path_params["thread_id"]) as feed:
        try:
            number = await feed.begin(after, at)
        except LabError as error:
            await socket.accept()
            await _put_off(socket, error)
            return
        if feed.gone:
            await socket.close(REFUSED)
            return
        await socket.accept()
        async with asyncio.TaskGroup() as tasks:
            telling = tasks.create_task(_tell(socket, feed, number))
            says = (await socket.receive())["type"] != "websocket.disconnect"
            telling.cancel()
        if says and socket.application_state is WebSocketState.CONNECTED:
            await socket.close(UNASKED, "A client has nothing to say here.")


def _number(text: str) -> int | None:
    """Return the number of an event, None where the text is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < DIGITS else None


def _time(text: str) -> float | None:
    """Return the time of an event, None where the text is none."""
    try:
        return float(text)
    except ValueError:
        return None


async def _tell(socket: WebSocket, feed: _Feed, number: int) -> None:
    """Send the events past a number, as they come."""
    with suppress(WebSocketDisconnect):
        try:
            while (batch := await feed.past(number)) is not None:
                await socket.send_text(batch.text)
                number = batch.last
        except LabError as error:
            await _put_off(socket, error)
        else:
            if feed.broken:
                await socket.close(BROKEN, "The server failed to look for events.")
            else:
                await socket.close(REFUSED, "The thread was deleted.")


async def _put_off(socket: WebSocket, error: LabError) -> None:
    """End the socket of a client that is to come again, for where it stands can't be read just now."""
    LOG.warning("A client of a thread's events can't be served. %s", error)
    await socket.close(LATER, "The events can't be read just now.")


def thread_events_route(base: str) -> WebSocketRoute:
    """Return the route of the sockets, below the path at which the application stands, such as `/lab`, or nothing."""
    return WebSocketRoute(f"{base}{PATH}", tell_events, middleware=[Middleware(SmallMessages)])
