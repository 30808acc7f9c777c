"""The line in which a thread's lane says what came of it: when it's told, from what, and how often that is read."""

import io
import logging
from functools import partial
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from sqlalchemy import delete

from graphs.catalogue import find
from graphs.outcome import Ended
from graphs.pattern import Lane
from lab.database import EVENTS
from lab.errors import UnknownThread
from lab.events import EventLog
from lab.lab import Lab
from lab.workspace import UNCLEAR
from tests.support.example_player import approved_expense, play_steps
from tests.support.toy_patterns import (
    GIVEN,
    SAVERS,
    Hold,
    OpenLab,
    begin,
    broken,
    chain,
    done,
    end,
    everywhere,
    graph,
    lane,
    ran,
    toy,
)

OWN_SAVERS = [("memory", "memory"), ("sqlite", "memory"), ("sqlite", "sqlite"), ("postgresql", "postgresql")]
"""Where a lab is, and a checkpointer that a thread can have for itself there."""


class Teller:
    """Outcome function that keeps what it was given."""

    def __init__(self) -> None:
        self.given: list[Ended] = []

    def __call__(self, ended: Ended) -> str:
        """Say which nodes ran."""
        self.given.append(ended)
        return f"Ran {', '.join(ended.values['done'])}{' and failed' if ended.failed else ''}"


def two(teller: Any, key: str = "only", **more: Any) -> Lane:
    return lane(chain(a=done("a"), b=done("b")), key, outcome=teller, **more)


@everywhere
@pytest.mark.parametrize("remembers", [True, False])
def test_a_finished_thread_says_what_its_lane_makes_of_it(open_toys: OpenLab, remembers: bool) -> None:
    teller = Teller()
    workspace = open_toys(toy(two(teller, remembers=remembers), turns=True)).workspace("w")
    thread = ran(workspace)
    said = workspace.history.outcome(thread)
    workspace.turn(thread, {"n": 2})
    end(workspace, thread)
    workspace.history.outcome(thread)

    # Without memory only what the nodes wrote is there, and the last word on each field.
    assert said == ("Ran a, b" if remembers else "Ran b")
    assert [ended.inputs for ended in teller.given] == [({"n": 1},), ({"n": 1}, {"n": 2})]


@pytest.mark.parametrize(("open_toys", "kind"), OWN_SAVERS, indirect=["open_toys"])
def test_a_thread_with_a_checkpointer_of_its_own_says_it_too(open_toys: OpenLab, kind: str) -> None:
    workspace = open_toys(toy(two(Teller(), saver=SAVERS[kind]))).workspace("w")
    thread = ran(workspace)
    assert workspace.history.outcome(thread) == "Ran a, b"


def test_nothing_is_told_of_a_lane_that_says_nothing(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(two(None))).workspace("w")
    assert workspace.history.outcome(ran(workspace)) == ""


def test_nothing_is_told_before_the_end(open_toys: OpenLab) -> None:
    hold = Hold()

    def slow(_: Any) -> dict[str, Any]:
        hold()
        return {"done": ["slow"]}

    workspace = open_toys(toy(lane(chain(slow=slow, b=done("b")), outcome=Teller()))).workspace("w")
    thread = begin(workspace)
    hold.reached()
    running = workspace.history.outcome(thread)
    workspace.stop(thread)
    hold.let_go.set()
    end(workspace, thread)

    assert running == ""
    assert (workspace.history.status(thread), workspace.history.outcome(thread)) == ("resumable", "")


@pytest.mark.parametrize("remembers", [True, False])
def test_a_failed_thread_says_what_there_is_after_all(open_toys: OpenLab, remembers: bool) -> None:
    teller = Teller()
    failing = lane(chain(a=done("a"), b=broken), outcome=teller, remembers=remembers)
    workspace = open_toys(toy(failing)).workspace("w")
    assert workspace.history.outcome(ran(workspace)) == "Ran a and failed"


def test_a_run_that_is_out_of_steps_says_what_there_is_until_somebody_edits_the_state(open_toys: OpenLab) -> None:
    def build(_: BaseChatModel) -> Any:
        return graph().add_node("a", done("a")).add_edge("__start__", "a").add_edge("a", "a")

    workspace = open_toys(toy(lane(build, outcome=Teller())), recursion_limit=3).workspace("w")
    thread = ran(workspace)
    end(workspace, thread)
    told = workspace.history.outcome(thread)
    workspace.edit(thread, {"done": ["x"]})

    assert told == "Ran a, a, a and failed"
    assert workspace.history.outcome(thread) == ""


def test_what_was_asked_and_what_was_booked_is_given_to_the_lane(lab: Lab) -> None:
    example = find("durable-task").examples[0]
    workspace = lab.workspace("w")
    thread = play_steps(workspace, "durable-task", "task", example)[0]

    assert workspace.history.outcome(thread) == "Paid once: 49.90 €"


def test_a_state_that_isnt_as_the_pattern_leaves_it_is_said_to_be_unclear_and_logged(
    open_toys: OpenLab, caplog: pytest.LogCaptureFixture
) -> None:
    def picky(ended: Ended) -> str:
        return str(ended.values["no such field"])

    workspace = open_toys(toy(two(picky))).workspace("w")
    thread = ran(workspace)
    with caplog.at_level(logging.WARNING):
        said = {workspace.history.outcome(thread) for _ in range(3)}

    assert said == {UNCLEAR}
    (record,) = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[0] is KeyError


def test_the_state_is_read_once_for_each_change_of_the_thread(open_toys: OpenLab) -> None:
    teller = Teller()
    lab = open_toys(toy(two(teller), turns=True))
    thread = ran(lab.workspace("w"))
    for _ in range(5):
        lab.workspace("w").history.outcome(thread)
    before = len(teller.given)
    lab.workspace("w").turn(thread, GIVEN)
    end(lab.workspace("w"), thread)

    assert lab.workspace("w").history.outcome(thread) == "Ran a, b, a, b"
    assert (before, len(teller.given)) == (1, 2)


@pytest.mark.parametrize("open_toys", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize("remembers", [True, False])
def test_after_a_restart_of_the_server_the_line_is_the_same(open_toys: OpenLab, remembers: bool) -> None:
    pattern = toy(two(Teller(), remembers=remembers))
    first = open_toys(pattern)
    thread = ran(first.workspace("w"))
    line = first.workspace("w").history.outcome(thread)
    first.close()

    assert line
    assert open_toys(pattern).workspace("w").history.outcome(thread) == line


@everywhere
def test_an_imported_thread_says_what_its_state_tells(open_toys: OpenLab) -> None:
    teller = Teller()
    workspace = open_toys(toy(two(teller))).workspace("w")
    file = io.BytesIO(b"".join(workspace.threads.export(ran(workspace))))
    (thread,) = workspace.threads.import_file(file)

    assert workspace.history.outcome(thread.thread_id) == "Ran a, b"
    assert teller.given[-1].inputs == ({"n": 1},)


def test_another_workspace_is_told_nothing(lab: Lab) -> None:
    thread = approved_expense(lab.workspace("one"))
    with pytest.raises(UnknownThread):
        lab.workspace("other").history.outcome(thread)


@pytest.mark.parametrize("remembers", [True, False])
def test_of_turns_that_the_log_has_lost_none_is_given(
    open_toys: OpenLab, monkeypatch: pytest.MonkeyPatch, remembers: bool
) -> None:
    monkeypatch.setattr("lab.runs.log_cache.EventLog", partial(EventLog, limit=20))
    teller = Teller()
    workspace = open_toys(toy(two(teller, remembers=remembers), turns=True)).workspace("w")
    thread = ran(workspace)
    for _ in range(4):
        workspace.turn(thread, GIVEN)
        end(workspace, thread)
    workspace.history.outcome(thread)

    assert teller.given[-1].inputs == ()


def test_the_only_input_is_given_even_where_the_log_has_lost_it(open_toys: OpenLab) -> None:
    teller = Teller()
    lab = open_toys(toy(two(teller)))
    workspace = lab.workspace("w")
    thread = ran(workspace)
    lab.runs.logs.forget("w", thread)
    with lab.storage.database.begin() as connection:
        connection.execute(delete(EVENTS))
    workspace.history.outcome(thread)

    assert teller.given[-1].inputs == ({"n": 1},)
