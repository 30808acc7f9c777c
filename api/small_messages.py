"""Limits what a client of a socket may say, where a route has little to hear; other sockets take what Streamlit takes.

The server knows one limit for all its sockets, and that of the pages is 200 MB. What an application hears is a whole
message, read and put together: a limit of its own would come after the memory is taken.
"""

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

LONGEST = 4096
"""Bytes of a message that a client may send; with a longer one its socket is closed by 1009 (*Message Too Big*)."""


class SmallMessages:
    """Gives a socket a limit of its own before it's accepted, so that no byte of a longer message is kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Set the limit of the connection and pass it on."""
        # Nothing but the connection itself has the limit, and what it gives to be read from is a method of it.
        server = getattr(receive, "__self__", None)
        if isinstance(server, WebSocketsSansIOProtocol):
            server.conn.max_message_size = LONGEST
        await self._app(scope, receive, send)
