"""The socket that tells a page how many questions wait."""

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from api.inbox_count import PATH
from graphs.catalogue import find
from lab.lab import Lab
from lab.workspace import Workspace
from lab.workspace_cookie import COOKIE, LOCAL
from tests.support.api_clients import admitted
from tests.support.example_player import begun, ended

GATE = find("approval-gate")


def ask(workspace: Workspace) -> str:
    """Start a thread that asks a question."""
    return begun(workspace, GATE.slug, "interrupt", GATE.examples[0]).thread.thread_id


def approve(workspace: Workspace, thread_id: str) -> None:
    (question,) = workspace.history.pending(thread_id)
    head = workspace.history.tree(thread_id).head
    workspace.resume(thread_id, {question.id: {"decision": "approve"}}, str(head))
    ended(workspace, thread_id)


def test_it_tells_the_count_at_once_and_after_each_change(lab: Lab, client: TestClient) -> None:
    workspace = admitted(lab, client)
    with client.websocket_connect(PATH) as socket:
        assert socket.receive_json() == {"waiting": 0}
        first = ask(workspace)
        assert socket.receive_json() == {"waiting": 1}
        ask(workspace)
        assert socket.receive_json() == {"waiting": 2}
        approve(workspace, first)
        assert socket.receive_json() == {"waiting": 1}


def test_all_pages_of_a_workspace_are_told_and_no_page_of_another_one(lab: Lab, client: TestClient) -> None:
    ask(lab.workspace(LOCAL))
    workspace = admitted(lab, client)
    with client.websocket_connect(PATH) as one, client.websocket_connect(PATH) as other:
        assert [one.receive_json(), other.receive_json()] == [{"waiting": 0}] * 2
        ask(workspace)
        assert [one.receive_json(), other.receive_json()] == [{"waiting": 1}] * 2


def test_what_another_process_makes_wait_is_told_too(lab: Lab, client: TestClient) -> None:
    workspace = admitted(lab, client)
    other = Lab(lab.settings)
    with client.websocket_connect(PATH) as socket:
        assert socket.receive_json() == {"waiting": 0}
        ask(other.workspace(workspace.name))
        assert socket.receive_json() == {"waiting": 1}
    other.close()


def test_without_a_cookie_of_ours_nothing_is_told(lab: Lab, client: TestClient) -> None:
    for cookie in (None, "made-up"):
        if cookie is not None:
            client.cookies.set(COOKIE, cookie)
        with pytest.raises(WebSocketDisconnect), client.websocket_connect(PATH):
            pass


def test_the_page_of_another_site_is_told_nothing(lab: Lab, client: TestClient) -> None:
    admitted(lab, client)
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect(PATH, headers={"origin": "http://evil.example"}),
    ):
        pass
