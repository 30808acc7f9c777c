"""Requests of runs as JSON: what is read is what was written, also by versions that had one field for all kinds."""

import json
from typing import Any

import pytest
from sqlalchemy import insert

from graphs.pattern import Breakpoints
from lab.database import CLAIMS
from lab.events import StateEdited
from lab.lab import Lab
from lab.runs import (
    REQUEST,
    ContinueRequest,
    ReanswerRequest,
    ReplayRequest,
    Request,
    ResumeRequest,
    RunConditions,
    StartRequest,
    TurnRequest,
    WhatIfRequest,
)
from lab.threads import Thread

CONDITIONS: RunConditions = {
    "thread_id": "t",
    "workspace": "w",
    "pattern": "hello",
    "lane": "hello",
    "model": "offline",
    "pace": 8.0,
    "breakpoints": Breakpoints(before=("say",)),
    "label": "warmer",
}
EDIT = StateEdited("c2", {"tone": "warm"}, "graph.update_state()", no=3, at=7.5)

# What the fields `values` and `checkpoint_id` of one class had, by kind.
OLD: list[tuple[str, dict[str, Any], str, Request]] = [
    ("start", {"text": "Hi"}, "", StartRequest(**CONDITIONS, values={"text": "Hi"})),
    ("turn", {"text": "Again"}, "", TurnRequest(**CONDITIONS, values={"text": "Again"})),
    ("resume", {"q": "yes"}, "", ResumeRequest(**CONDITIONS, answers={"q": "yes"})),
    ("continue", {}, "", ContinueRequest(**CONDITIONS)),
    ("replay", {}, "c1", ReplayRequest(**CONDITIONS, checkpoint_id="c1")),
    ("reanswer", {"q": "no"}, "c1", ReanswerRequest(**CONDITIONS, checkpoint_id="c1", answers={"q": "no"})),
    (
        "what-if",
        {"step": 2, "edit": EDIT._asdict()},
        "c1",
        WhatIfRequest(**CONDITIONS, checkpoint_id="c1", step=2, edit=EDIT),
    ),
]
KINDS = [kind for kind, *_ in OLD]


def saved(kind: str, values: dict[str, Any], checkpoint_id: str) -> str:
    """Write a request as it was saved when one class stood for all kinds."""
    breakpoints = {"before": ["say"], "after": []}
    row = {**CONDITIONS, "breakpoints": breakpoints, "kind": kind, "values": values, "checkpoint_id": checkpoint_id}
    return json.dumps(row)


@pytest.mark.parametrize("request_", [request for *_, request in OLD], ids=KINDS)
def test_what_is_read_is_what_was_written(request_: Request) -> None:
    assert REQUEST.validate_json(REQUEST.dump_json(request_)) == request_
    assert REQUEST.validate_python(json.loads(json.dumps(REQUEST.dump_python(request_, mode="json")))) == request_


@pytest.mark.parametrize(("kind", "values", "checkpoint_id", "request_"), OLD, ids=KINDS)
def test_a_request_of_the_old_form_is_read_as_one_of_its_kind(
    kind: str, values: dict[str, Any], checkpoint_id: str, request_: Request
) -> None:
    assert REQUEST.validate_json(saved(kind, values, checkpoint_id)) == request_


@pytest.mark.parametrize(("text", "kind"), [(saved("turn", {"n": 1}, ""), "turn"), ('{"kind": "dance"}', None)])
def test_what_was_accepted_is_found_and_what_cannot_be_read_is_not(
    sqlite_lab: Lab, text: str, kind: str | None
) -> None:
    thread = Thread.new("w", "hello", "hello", "s", "", "offline")
    with sqlite_lab.storage.database.begin() as connection:
        sqlite_lab.threads.add(connection, thread, {})
        row = {"thread_id": thread.thread_id, "workspace": "w", "owner": "", "answering": "[]", "runs": 0, "stop": 0}
        connection.execute(insert(CLAIMS).values(**row, request=text, head="c1"))
    accepted = sqlite_lab.claims.standing(thread.thread_id).accepted

    assert (accepted and accepted.kind) == kind
