"""The socket of a thread's events on a real server: by the cookie of a page, until the server ends."""

import http.client
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

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


def opened(server: LabServer, thread_id: str) -> ClientConnection:
    """Open the page for its cookie, and with it the socket."""
    place = urlsplit(server.url)
    page = http.client.HTTPConnection(str(place.hostname), place.port, timeout=30)
    page.request("GET", "/")
    cookie = str(page.getresponse().getheader("set-cookie")).partition(";")[0]
    page.close()
    address = f"ws://{place.netloc}{PATH.format(thread_id=thread_id)}"
    return connect(address, additional_headers={"Cookie": cookie})


def test_a_client_is_served_beside_the_pages_and_closed_cleanly_when_the_server_stops(
    lab_server: StartLab, thread_id: str
) -> None:
    server = lab_server()
    with opened(server, thread_id) as socket:
        events = orjson.loads(socket.recv(timeout=30))["events"]
        server.stop(5)
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=30)

    assert events[0]["event"] == "RunStarted"
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
    assert "Traceback" not in server.log()
    assert "ERROR" not in server.log()
