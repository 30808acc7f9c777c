"""The real model's client through the lab: tokens as they come, and trouble that leaves the thread intact."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.events import NodeEnded
from lab.lab import Lab
from lab.workspace import Workspace
from tests.support.labs import quiet
from tests.support.openai_server import Answer, OpenAIServer, Text, broken, cut, rate_limited, wrong_key
from tests.support.servers import HOST, free_port
from tests.support.toy_patterns import end, followed, pieces, wait_for_tokens

KEY = "sk-secret-of-the-visitor-0123456789"
TEXT = {"text": "The lighthouse stands alone."}


@pytest.fixture
def real_lab(openai_server: OpenAIServer, tmp_path: Path) -> Iterator[Lab]:
    """Provide a lab whose real model is the server on this machine."""
    lab = Lab(quiet(str(tmp_path / "lab.sqlite"), **asking(openai_server.url)))
    yield lab
    lab.close()


def asking(url: str) -> dict[str, str | int]:
    return {"openai_base_url": url, "openai_api_key": KEY, "openai_retries": 0}


def started(workspace: Workspace) -> str:
    return workspace.start("linear-pipeline", "pipeline", TEXT, model="openai").thread_id


def errors(workspace: Workspace, thread_id: str) -> dict[str, str]:
    """Return what went wrong, by node."""
    ended = [event for event in workspace.events(thread_id) if isinstance(event, NodeEnded)]
    return {event.path[-1]: event.error for event in ended if event.error}


def test_tokens_arrive_piece_by_piece_and_end_in_the_state(real_lab: Lab, openai_server: OpenAIServer) -> None:
    openai_server.answer(Text("A lighthouse stands alone.", pace=0.05), Text("Lonely light"))
    workspace = real_lab.workspace("w")
    thread_id = started(workspace)
    tokens = pieces(followed(workspace, thread_id))
    assert end(workspace, thread_id)[1:3] == ("finished", "")
    snapshot = workspace.history.snapshot(thread_id)
    assert snapshot is not None

    assert len([event for event in tokens if event.path == ("summarise",)]) > 1
    assert "".join(event.text for event in tokens) == "A lighthouse stands alone.Lonely light"
    assert (snapshot.values["summary"], snapshot.values["headline"]) == ("A lighthouse stands alone.", "Lonely light")
    assert all(asked.streams and asked.key == KEY for asked in openai_server.received)


TROUBLE = {
    "wrong key": (wrong_key(), "OPENAI_API_KEY"),
    "rate limit": (rate_limited(), "429"),
    "server error": (broken(), "server failed"),
    "cut in the middle": (cut("It all went well until", 3), "broke before the answer's end"),
}


@pytest.mark.parametrize(("answer", "told"), TROUBLE.values(), ids=TROUBLE)
def test_trouble_is_told_on_its_node_and_the_thread_goes_on_without_repeating_what_was_done(
    real_lab: Lab, openai_server: OpenAIServer, answer: Answer, told: str
) -> None:
    openai_server.answer(Text("First answer."), answer, Text("Third answer"))
    workspace = real_lab.workspace("w")
    thread_id = started(workspace)
    assert end(workspace, thread_id).outcome == "failed"
    (node, error), *others = errors(workspace, thread_id).items()
    assert (node, others) == ("headline", [])
    assert told in error
    assert "retry" in error
    assert workspace.history.status(thread_id) == "resumable"
    workspace.proceed(thread_id)
    assert end(workspace, thread_id).outcome == "finished"
    snapshot = workspace.history.snapshot(thread_id)
    assert snapshot is not None

    assert (snapshot.values["summary"], snapshot.values["headline"]) == ("First answer.", "Third answer")
    assert snapshot.values["processed"] == ["clean", "summarise", "headline"]
    assert len(openai_server.received) == 3


def test_a_server_that_cannot_be_reached_is_told_as_such(tmp_path: Path) -> None:
    lab = Lab(quiet(str(tmp_path / "lab.sqlite"), **asking(f"http://{HOST}:{free_port()}/v1")))
    workspace = lab.workspace("w")
    thread_id = started(workspace)
    assert end(workspace, thread_id).outcome == "failed"

    assert "can't be reached" in errors(workspace, thread_id)["summarise"]
    assert "OPENAI_BASE_URL" in errors(workspace, thread_id)["summarise"]
    assert workspace.history.status(thread_id) == "resumable"
    # The offline model may take over, as the thread isn't tied to the one that failed.
    workspace.proceed(thread_id, model="offline", pace=0)
    assert end(workspace, thread_id).outcome == "finished"
    lab.close()


def test_a_stop_hangs_up_on_the_server(real_lab: Lab, openai_server: OpenAIServer) -> None:
    openai_server.answer(Text("word " * 400, pace=0.05))
    workspace = real_lab.workspace("w")
    thread_id = started(workspace)
    wait_for_tokens(workspace, thread_id)
    began = time.monotonic()
    workspace.stop(thread_id)

    assert end(workspace, thread_id).outcome == "stopped"
    assert time.monotonic() - began < 2
    assert openai_server.wait_for_hang_up()
    assert workspace.history.status(thread_id) == "resumable"


def test_the_key_is_in_no_event_no_file_and_no_log(
    real_lab: Lab, openai_server: OpenAIServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    openai_server.answer(Text("First answer."), wrong_key())
    workspace = real_lab.workspace("w")
    with caplog.at_level(logging.DEBUG):
        thread_id = started(workspace)
        end(workspace, thread_id)
    events = repr(workspace.events(thread_id))
    real_lab.close()

    assert openai_server.received[0].key == KEY
    assert "headline" in events
    assert KEY not in events
    assert KEY not in caplog.text
    assert KEY not in repr(real_lab.settings)
    assert all(KEY.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
