"""A page as its server sees it: a socket on which Streamlit's own messages go to and fro, with no browser behind."""

import asyncio
import http.client
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from benchmarks.clock import WORD
from lab.workspace_cookie import COOKIE

WIDGET = re.compile(r"^\$\$ID-[^-]+-(.+)$", re.DOTALL)


def visitor(url: str) -> str:
    """Return the workspace cookie that the server gives to a new browser; empty where it gives none."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    connection.request("GET", "/", headers={"Accept": "text/html"})
    given: SimpleCookie = SimpleCookie(connection.getresponse().getheader("set-cookie", ""))
    connection.close()
    return f"{COOKIE}={given[COOKIE].value}" if COOKIE in given else ""


@dataclass(slots=True)
class ProtocolPage:
    """One open page. `heard` is called with each message as it came, and when."""

    socket: ClientConnection
    name: str
    query: str
    heard: Callable[[bytes, float], None] | None = None
    buttons: dict[str, str] = field(default_factory=dict)
    """The ids of the buttons that were drawn, by their keys."""
    elements: dict[tuple[int, ...], str] = field(default_factory=dict)
    """The kinds of what is drawn, by their places."""
    script: str = ""
    """Which page the server took the name for."""
    words: int = 0
    """Messages with a word of the clock that have come."""
    drawn: bool = False
    """Whether the script has come to an end since it was asked for."""
    reading: asyncio.Task[None] | None = None

    @property
    def thread(self) -> str:
        """The thread that the page's address names; empty where it names none."""
        return parse_qs(self.query).get("thread", [""])[0]

    async def ask(self, *pressed: str) -> None:
        """Have the script run, with the buttons of these keys pressed."""
        self.drawn = False
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash = self.query, self.script
        # Named once only: to name it again is to come from another page.
        state.page_name = "" if self.script else self.name
        state.context_info.url = f"http://127.0.0.1/{self.name}"
        for key in pressed:
            state.widget_states.widgets.append(WidgetState(id=self.buttons[key], trigger_value=True))
        await self.socket.send(message.SerializeToString())

    async def until(self, seen: Callable[["ProtocolPage"], bool], deadline: float) -> None:
        """Wait until the page has that, or until it's so late by the monotonic clock."""
        while not seen(self) and time.monotonic() < deadline:
            await asyncio.sleep(0.02)

    def close(self) -> None:
        """Leave the page, without a word to the server."""
        self.socket.transport.abort()

    async def read(self) -> None:
        """Take in all that the server sends, until the socket is closed."""
        with suppress(ConnectionClosed):
            async for data in self.socket:
                now = time.monotonic()
                assert isinstance(data, bytes)
                if self.heard is not None:
                    self.heard(data, now)
                else:
                    self.words += WORD.search(data) is not None
                    self._take(ForwardMsg.FromString(data))

    def _take(self, message: ForwardMsg) -> None:
        match message.WhichOneof("type"):
            case "delta":
                element = message.delta.new_element
                place = tuple(message.metadata.delta_path)
                self.elements[place] = element.WhichOneof("type") or message.delta.WhichOneof("type") or ""
                if (found := WIDGET.match(element.button.id)) is not None:
                    self.buttons[found[1]] = element.button.id
            case "page_info_changed":
                self.query = message.page_info_changed.query_string
            case "new_session":
                self.elements.clear()
            case "navigation":
                self.script = message.navigation.page_script_hash
            case "script_finished":
                self.drawn = message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN


async def open_page(url: str, name: str = "", query: str = "", cookie: str = "") -> ProtocolPage:
    """Open a page and have it drawn; it's open until its socket is closed."""
    socket = await connect(
        f"{url.replace('http', 'ws', 1)}/_stcore/stream",
        subprotocols=["streamlit"],  # type: ignore[list-item]  # a new type of str
        additional_headers={"Cookie": cookie} if cookie else {},
        compression=None,
        max_size=None,
        open_timeout=60,
    )
    page = ProtocolPage(socket, name, query)
    page.reading = asyncio.create_task(page.read())
    await page.ask()
    return page
