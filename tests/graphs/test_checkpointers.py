"""Checkpointers: who remembers after a restart, what a restart drops, and what a checkpoint costs."""

import gc
import weakref
from sqlite3 import ProgrammingError

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver

from graphs.outcome import Ended
from graphs.pattern import Example, Turn
from graphs.persistence.checkpointers_demo import PATTERN, RESTART
from lab.errors import UnknownThread
from lab.events import Reopened
from lab.history import measure_pace
from lab.lab import Lab
from tests.support.checkpointer_lanes import (
    BOTH_SIDES,
    KEPT,
    NEVER_TOLD,
    NO_RESTART,
    NOTED,
    RECALL,
    UNKNOWN,
    asked,
    lanes,
    played,
    restarts,
    told,
)
from tests.support.example_player import ended, player


def test_a_lab_has_the_lanes_that_it_can_keep(stored: Lab) -> None:
    there = ["postgresql"] if stored.storage.kind == "postgresql" else []

    assert lanes(stored) == ["memory", "sqlite", *there]


def test_after_a_restart_memory_knows_nothing_and_the_others_everything(stored: Lab) -> None:
    for key, came in played(stored, RECALL).items():
        known = key in KEPT
        count = "Lines rehearsed: 2; rehearsals: 8." if known else "Lines rehearsed: 1; rehearsals: 4."
        said = "Your name is Alice." if known else UNKNOWN

        assert came.answers == [NOTED, f"{said} {count}"]
        assert [message.text for message in came.values["messages"]][:1] == [
            "My name is Alice." if known else "What is my name?"
        ]
        assert (came.status, came.error) == ("finished", None)
        assert came.visited == ["listen", *["rehearse"] * 4, "answer"] * 2


def test_memory_keeps_what_was_told_after_the_restart_and_only_that(stored: Lab) -> None:
    for key, came in played(stored, BOTH_SIDES).items():
        boat, name = (answer.partition(" Lines")[0] for answer in came.answers[2:])

        assert boat == "Your boat is the Duchess."
        assert name == ("Your name is Alice." if key in KEPT else UNKNOWN)
        assert len(came.values["rehearsed"]) == (24 if key in KEPT else 20)
        assert ("My name is Alice." in came.values["rehearsed"]) == (key in KEPT)


def test_without_a_restart_every_lane_remembers(stored: Lab) -> None:
    for came in played(stored, NO_RESTART).values():
        assert came.answers[-1] == "Your name is Alice. Lines rehearsed: 2; rehearsals: 8."
        assert restarts(stored.workspace("tests"), came.thread_id) == []


def test_a_name_that_was_never_told_is_made_up_by_nobody(stored: Lab) -> None:
    for key, came in played(stored, NEVER_TOLD).items():
        assert came.answers[-1].startswith(UNKNOWN)
        assert len(came.values["messages"]) == (4 if key in KEPT else 2)
        assert "Alice" not in str(came.values)


def test_another_thing_gets_another_answer(stored: Lab) -> None:
    turn = Turn({"message": "What is my dog's name?", "rounds": 1})
    example = Example("dog", {"message": "My dog's name is Rex. He barks.", "rounds": 1}, {"sqlite": (RESTART, turn)})
    came = player(stored)("checkpointers", "sqlite", example)

    assert came.answers[-1] == "Your dog's name is Rex. Lines rehearsed: 2; rehearsals: 2."


def test_a_restart_tells_how_many_checkpoints_it_left(stored: Lab) -> None:
    workspace = stored.workspace("tests")
    for key in lanes(stored):
        thread_id = told(stored, key)
        before, state = workspace.history.page(thread_id).rows, workspace.history.snapshot(thread_id)
        dropped = workspace.restart(thread_id)

        assert len(before) == 6
        assert (dropped.before, dropped.found) == (6, 6 if key in KEPT else 0)
        assert restarts(workspace, thread_id) == [dropped._replace(no=workspace.events(thread_id)[-1].no)]
        assert workspace.history.page(thread_id).rows == (before if key in KEPT else ())
        assert workspace.history.snapshot(thread_id) == (state if key in KEPT else None)
        assert workspace.history.status(thread_id) == ("finished" if key in KEPT else "new")
        view = workspace.view(thread_id)
        view.catch_up()
        assert [(item.before, item.left) for item in view.items if isinstance(item, Reopened)] == [(6, dropped.found)]


def test_a_restart_drops_the_checkpointer_the_graph_and_the_connection(stored: Lab) -> None:
    for key in lanes(stored):
        thread_id = told(stored, key)
        asked_for = PATTERN.lane(key).saver
        assert asked_for is not None
        held = stored.thread_savers.for_run(thread_id, asked_for)
        saver = held.storage.saver
        dead = [weakref.ref(found) for found in (saver, *held.graphs.values())]
        assert len(dead) == 2
        stored.workspace("tests").restart(thread_id)
        if isinstance(saver, SqliteSaver):
            with pytest.raises(ProgrammingError, match="closed database"):
                saver.conn.execute("SELECT 1")
        del held, saver
        gc.collect()

        assert [ref() for ref in dead] == [None, None]


def test_a_restart_touches_no_other_thread(stored: Lab) -> None:
    for key in lanes(stored):
        mine, neighbour, stranger = told(stored, key), told(stored, key), told(stored, key, "others")
        stored.workspace("tests").restart(mine)

        assert asked(stored, neighbour) == "Your name is Alice."
        assert asked(stored, stranger, "others") == "Your name is Alice."
        assert asked(stored, mine) == ("Your name is Alice." if key in KEPT else UNKNOWN)


def test_a_stranger_restarts_and_measures_nothing(stored: Lab) -> None:
    thread_id = told(stored, "memory")
    for call in (stored.workspace("others").restart, stored.workspace("others").threads.costs):
        with pytest.raises(UnknownThread):
            call(thread_id)

    assert asked(stored, thread_id) == "Your name is Alice."


def test_the_cost_is_that_of_the_thread_and_grows_with_its_supersteps(stored: Lab) -> None:
    workspace = stored.workspace("tests")
    for key in lanes(stored):
        short, long = (
            workspace.start("checkpointers", key, {"message": "My name is Alice.", "rounds": rounds}, pace=0).thread_id
            for rounds in (1, 20)
        )
        for thread_id in (short, long):
            ended(workspace, thread_id)
        little, much = workspace.threads.costs(short), workspace.threads.costs(long)

        assert (little.pace.supersteps, much.pace.supersteps) == (3, 22)
        assert (little.checkpoints, much.checkpoints) == (5, 24)
        assert 0 < little.bytes < much.bytes
        assert much.pace.each is not None
        assert much.pace.overhead is not None
        assert 0 < much.pace.overhead < much.pace.each < 1000
        assert much.restart is None


def test_after_a_restart_the_bytes_in_memory_are_gone_and_those_in_a_file_are_there(stored: Lab) -> None:
    workspace = stored.workspace("tests")
    for key in lanes(stored):
        thread_id = told(stored, key)
        before = workspace.threads.costs(thread_id)
        workspace.restart(thread_id)
        after = workspace.threads.costs(thread_id)

        assert after.bytes == (before.bytes if key in KEPT else 0)
        assert after.restart is not None
        assert after.pace == before.pace


def test_a_thread_that_never_ran_here_has_no_pace() -> None:
    assert measure_pace([]).each is None
    assert measure_pace([]).overhead is None


def test_the_labs_own_checkpointer_stays_what_it_was(stored: Lab) -> None:
    own = stored.storage.saver
    for key in lanes(stored):
        stored.workspace("tests").restart(told(stored, key))

    assert stored.storage.saver is own
    if isinstance(own, InMemorySaver):
        assert list(own.storage) == []


OUTCOMES = {
    ("memory", RECALL): "Forgot the name; 1 of 2 messages left",
    ("memory", BOTH_SIDES): "Forgot the name; 3 of 4 messages left",
    ("memory", NO_RESTART): "Knew the name: Alice",
    ("memory", NEVER_TOLD): "Nobody told it the name; 1 of 2 messages left",
    **{(key, example): "Knew the name: Alice" for key in KEPT for example in (RECALL, BOTH_SIDES, NO_RESTART)},
    **{(key, NEVER_TOLD): "Nobody told it the name" for key in KEPT},
}


@pytest.mark.parametrize("example", range(4))
def test_the_outcome_says_what_the_restart_left(stored: Lab, example: int) -> None:
    for key, came in played(stored, example).items():
        count = sum(message.type == "human" for message in came.values["messages"])
        sent = 1 + sum(isinstance(step, Turn) for step in PATTERN.examples[example].steps[key])

        assert came.outcome == OUTCOMES[key, example]
        assert (f"{count} of {sent} messages left" in came.outcome) == (count < sent)
        assert ("Alice" in came.answers[-1]) == came.outcome.startswith("Knew")


@pytest.mark.parametrize(
    ("said", "line"),
    [("The sea is calm.", "Remembers 2 of 2 messages"), ("What is my ox?", "Knew the ox: the Red of Kerry")],
)
def test_the_outcome_fits_whatever_was_said(stored: Lab, said: str, line: str) -> None:
    example = Example(
        "ox",
        {"message": "My ox is the Red of Kerry.", "rounds": 1},
        {"sqlite": (Turn({"message": said, "rounds": 1}),)},
    )

    assert player(stored)("checkpointers", "sqlite", example).outcome == line


def test_a_notebook_whose_beginning_is_no_longer_known_claims_nothing_about_it() -> None:
    told = PATTERN.lane("sqlite").outcome
    assert told is not None
    assert told(Ended({"messages": []})) == "Answered the newest message"
