"""Runs in a process of their own: the same events, the same stop, and a death that the thread survives."""

import json
import signal
import threading
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from graphs.pattern import Breakpoints
from lab.errors import NotPossible, ThreadBusy
from lab.events import (
    CheckpointMade,
    CheckpointSaved,
    Event,
    EventLog,
    NodeEnded,
    NodeStarted,
    RunEnded,
    RunStarted,
    Tokens,
    decode,
    encode,
)
from lab.lab import Lab
from lab.runs import REQUEST, StartRequest, SubprocessRun
from tests.support.labs import quiet
from tests.support.openai_server import OpenAIServer, Text
from tests.support.toy_patterns import end, pieces

ORDER: dict[str, Any] = {"item": "Lamp", "amount": 10, "failures": 0, "crash": "after-charge"}
pytestmark = pytest.mark.processes

NAMES = st.text(max_size=5)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    "no": st.integers(0),
    "at": st.floats(0, 1e10),
    "path": st.lists(NAMES, max_size=3).map(tuple),
    "next": st.lists(NAMES, max_size=3).map(tuple),
    "asked": st.lists(PLAIN, max_size=2).map(tuple),
    "kind": st.sampled_from(["start", "turn", "resume", "continue", "restored"]),
    "outcome": st.sampled_from(["finished", "waiting", "paused", "stopped", "failed", "crashed"]),
    **dict.fromkeys(("said", "values", "wrote", "data"), PLAIN),
    **dict.fromkeys(("waits", "cached", "tool"), st.booleans()),
    **dict.fromkeys(("step", "offset", "dropped", "before", "found", "pieces"), st.integers(-1, 10**6)),
    "why": st.sampled_from(["restart", "room"]),
    "started": st.floats(0, 1e10),
}
EVENTS = st.one_of(
    *(st.builds(kind, **{name: BY_TYPE.get(name, NAMES) for name in kind._fields}) for kind in get_args(Event))
)


@settings(deadline=None, max_examples=300)
@given(event=EVENTS)
def test_an_event_comes_through_as_it_was_sent(event: Event) -> None:
    again = decode(json.loads(json.dumps(encode(event))))

    assert again == event
    assert type(again) is type(event)


def request_for(lab: Lab, pattern: str, lane: str, values: dict[str, Any], **more: Any) -> StartRequest:
    """Make a request to start a thread that nothing else knows of."""
    thread = lab.threads.create("w", pattern, lane, lab.new_session(), "test", "offline")
    given = {"model": "offline", "pace": 0.0, "breakpoints": Breakpoints(), **more}
    return StartRequest(thread_id=thread.thread_id, workspace="w", pattern=pattern, lane=lane, values=values, **given)


def carried_out(lab: Lab, request: StartRequest) -> tuple[str, str, EventLog]:
    log = EventLog()
    return (*SubprocessRun(lab.settings, request, "").carry_out(log), log)


def test_a_request_comes_through_as_it_was_made(sqlite_lab: Lab) -> None:
    pauses = Breakpoints(before=("headline",))
    request = request_for(sqlite_lab, "linear-pipeline", "pipeline", {"text": "é \u2028 'x'"}, breakpoints=pauses)

    assert REQUEST.validate_python(json.loads(json.dumps(REQUEST.dump_python(request, mode="json")))) == request


def test_a_child_tells_the_same_as_a_run_in_this_process(sqlite_lab: Lab) -> None:
    request = request_for(sqlite_lab, "linear-pipeline", "pipeline", {"text": "One small text. And another one."})
    outcome, error, log = carried_out(sqlite_lab, request)
    here = sqlite_lab.workspace("w")
    thread_id = here.start("linear-pipeline", "pipeline", request.values).thread_id
    end(here, thread_id)

    def told(events: list[Event]) -> list[Any]:
        return [
            (type(event), getattr(event, "path", None), getattr(event, "wrote", None))
            for event in events
            if not isinstance(event, RunStarted | RunEnded | Tokens | CheckpointMade | CheckpointSaved)
        ]

    def saved(events: list[Event]) -> list[int]:
        # When a checkpoint is told depends on its commit alone.
        return [event.step for event in events if isinstance(event, CheckpointSaved)]

    def said(events: list[Event]) -> str:
        return "".join(event.text for event in pieces(events))

    assert (outcome, error) == ("finished", "")
    assert told(log.after(0)) == told(here.events(thread_id))
    assert saved(log.after(0)) == saved(here.events(thread_id)) == [-1, 0, 1, 2, 3]
    assert said(log.after(0)) == said(here.events(thread_id))
    assert [event.no for event in log.after(0)] == list(range(1, log.last + 1))


def test_a_child_pauses_where_the_visitor_chose(sqlite_lab: Lab) -> None:
    pauses = Breakpoints(before=("headline",))
    request = request_for(sqlite_lab, "linear-pipeline", "pipeline", {"text": "Some text."}, breakpoints=pauses)
    outcome, _, log = carried_out(sqlite_lab, request)

    assert outcome == "paused"
    assert [event.path for event in log.after(0) if isinstance(event, NodeStarted)] == [("clean",), ("summarise",)]


def test_a_failure_in_a_child_is_a_result_too(sqlite_lab: Lab) -> None:
    request = request_for(sqlite_lab, "linear-pipeline", "pipeline", {"text": "--- * ---"})
    outcome, error, log = carried_out(sqlite_lab, request)

    assert (outcome, error.partition(":")[0]) == ("failed", "ValueError")
    assert [event.error for event in log.after(0) if isinstance(event, NodeEnded)] == [error]


def test_a_stop_reaches_the_child(sqlite_lab: Lab) -> None:
    words = " ".join(f"word{number}" for number in range(400))
    request = request_for(sqlite_lab, "linear-pipeline", "pipeline", {"text": words}, pace=2.0)
    log, came = EventLog(), list[tuple[str, str]]()
    work = SubprocessRun(sqlite_lab.settings, request, "")
    running = threading.Thread(target=lambda: came.append(work.carry_out(log)))
    running.start()
    seen = 0
    while not any(isinstance(event, Tokens) for event in log.after(0)):
        assert log.after(seen, 30), "no token came"
        seen = log.last
    work.stop()
    running.join(10)

    assert came == [("stopped", "")]
    assert sqlite_lab.workspace("w").history.status(request.thread_id) == "resumable"


def test_a_stop_that_comes_before_the_child_is_up_still_stops_it(sqlite_lab: Lab) -> None:
    work = SubprocessRun(
        sqlite_lab.settings, request_for(sqlite_lab, "linear-pipeline", "pipeline", {"text": "Hi."}), ""
    )
    log = EventLog()
    work.stop()

    assert work.carry_out(log) == ("stopped", "")
    assert not any(isinstance(event, Tokens) for event in log.after(0))


def test_a_child_asks_the_real_model_with_a_key_that_is_not_in_its_request(
    openai_server: OpenAIServer, tmp_path: Path
) -> None:
    openai_server.answer(Text("First answer."), Text("Second"))
    given = {"openai_base_url": openai_server.url, "openai_api_key": SecretStr("sk-secret"), "openai_retries": 0}
    lab = Lab(quiet(str(tmp_path / "lab.sqlite"), **given))
    request = request_for(lab, "linear-pipeline", "pipeline", {"text": "Hi."}, model="openai")
    outcome, _, log = carried_out(lab, request)

    assert outcome == "finished"
    assert [asked.key for asked in openai_server.received] == ["sk-secret"] * 2
    assert "sk-secret" not in repr(log.after(0))
    lab.close()


def test_a_run_that_kills_its_process_leaves_this_one_alive_and_says_what_to_do(sqlite_lab: Lab) -> None:
    workspace = sqlite_lab.workspace("w")
    thread_id = workspace.start("durable-task", "task", {**ORDER, "crash": "after-order"}).thread_id
    ended = end(workspace, thread_id)
    view = workspace.view(thread_id)
    view.catch_up()

    assert ended.outcome == "crashed"
    assert signal.SIGKILL.name in ended.error
    assert "Resume" in ended.error
    assert workspace.history.status(thread_id) == "resumable"
    assert [step.status for step in view.steps if step.path == ("order",)] == ["killed"]
    assert not view.running


def test_the_thread_is_claimed_while_its_child_runs(sqlite_lab: Lab) -> None:
    workspace = sqlite_lab.workspace("w")
    thread_id = workspace.start("durable-task", "task", ORDER).thread_id

    assert workspace.history.status(thread_id) == "running"
    with pytest.raises(ThreadBusy):
        workspace.proceed(thread_id)
    assert end(workspace, thread_id).outcome == "waiting"


def test_a_run_that_kills_its_process_is_refused_where_memory_would_die_with_it() -> None:
    lab = Lab(quiet("memory"))
    workspace = lab.workspace("w")
    with pytest.raises(NotPossible, match="LAB_DATABASE"):
        workspace.start("durable-task", "task", ORDER)

    assert workspace.threads.newest() == ()
    lab.close()
