"""The sockets on a real server: by the cookie of a page, with little to hear, until the server ends."""

import http.client
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.sync.client import ClientConnection, connect

from api import inbox_count
from api.small_messages import LONGEST
from api.thread_events import PATH
from graphs.catalogue import find
from lab.lab import Lab
from lab.workspace_cookie import LOCAL
from tests.support.example_player import begun
from tests.support.fixtures_servers import StartLab
from tests.support.labs import quiet
from tests.support.servers import LabServer

CLIENTS = find("live-clients")


@pytest.fixture
def thread_id(tmp_path: Path) -> str:
    """Provide a thread in the database of the server to come."""
    (tmp_path / "data").mkdir()
    lab = Lab(quiet(str(tmp_path / "data" / "lab.sqlite")))
    made = begun(lab.workspace(LOCAL), CLIENTS.slug, "run", CLIENTS.examples[1]).thread.thread_id
    lab.close()
    return made


def opened(server: LabServer, path: str) -> ClientConnection:
    """Open the page for its cookie, and with it a socket."""
    place = urlsplit(server.url)
    page = http.client.HTTPConnection(str(place.hostname), place.port, timeout=30)
    page.request("GET", "/")
    cookie = str(page.getresponse().getheader("set-cookie")).partition(";")[0]
    page.close()
    return connect(f"ws://{place.netloc}{path}", additional_headers={"Cookie": cookie})


def test_a_client_is_served_beside_the_pages_and_closed_cleanly_when_the_server_stops(
    lab_server: StartLab, thread_id: str
) -> None:
    server = lab_server()
    with opened(server, PATH.format(thread_id=thread_id)) as socket:
        events = orjson.loads(socket.recv(timeout=30))["events"]
        server.stop(5)
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=30)

    assert events[0]["event"] == "RunStarted"
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
    assert "Traceback" not in server.log()
    assert "ERROR" not in server.log()


def read_on(socket: ClientConnection, timeout: float) -> None:
    """Read what the server sends until it closes the socket or sends nothing any more."""
    while True:
        socket.recv(timeout=timeout)


def close_code_after(socket: ClientConnection, beginning: bytes) -> int:
    """Return by which code the server closes a socket of which a client has sent the beginning of a message."""
    socket.socket.sendall(beginning)
    with pytest.raises(ConnectionClosed) as closed:
        read_on(socket, 10)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


LONG = (20_000_000).to_bytes(8) + bytes(4)
"""The length of a message, as the head of its frame tells it before anything of the message, and the frame's mask."""


def test_a_message_that_is_too_long_for_a_socket_of_ours_closes_it_at_its_announced_length_and_a_page_takes_it(
    lab_server: StartLab, thread_id: str
) -> None:
    server, part = lab_server(), (LONGEST - 1).to_bytes(2) + bytes(4) + b"x" * (LONGEST - 1)
    for path in (PATH.format(thread_id=thread_id), inbox_count.PATH):
        with opened(server, path) as socket:
            assert close_code_after(socket, b"\x81\xff" + LONG) == CloseCode.MESSAGE_TOO_BIG
        # In parts of which none is too long by itself.
        with opened(server, path) as socket:
            assert close_code_after(socket, b"\x01\xfe" + part + b"\x00\xfe" + part) == CloseCode.MESSAGE_TOO_BIG

    with opened(server, "/_stcore/stream") as page:
        page.socket.sendall(b"\x82\xff" + LONG)
        with pytest.raises(TimeoutError):
            read_on(page, 1)
