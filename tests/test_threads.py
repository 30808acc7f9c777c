"""Threads: each belongs to one workspace, and outlives the lab that made it."""

import inspect
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langgraph.graph import START, MessagesState, StateGraph

from graphs.pattern import Pattern
from graphs.world import World
from lab.errors import DamagedDatabase, NotPossible, StaleAnswer, UnknownCheckpoint, UnknownThread
from lab.history import reason
from lab.lab import Lab
from lab.models import explain
from lab.view import Message, ThreadView
from lab.workspace import Workspace
from tests.labs import quiet
from tests.test_answers import asks
from tests.toys import GIVEN, OpenLab, State, begin, chain, done, end, fan, lane, names, ran, toy

METHODS = {
    name: inspect.signature(method)
    for name, method in inspect.getmembers(Workspace, inspect.isfunction)
    if not name.startswith("_")
}
OF_A_THREAD = [name for name, given in METHODS.items() if {"thread_id", "thread_ids"} & set(given.parameters)]
OF_THE_WORKSPACE = {"start", "threads", "listed", "take_in", "storage", "compact"}
"""Methods that name no thread; each is tested on its own to show nothing of others."""
ARGUMENTS: dict[str, Any] = {
    "values": GIVEN,
    "answers": {"some": "answer"},
    "checkpoint_id": "some-checkpoint",
    "table": "ledger",
    "how": {},
    "checkpoint_ids": ["some-checkpoint"],
    "keep_heads": ["some-checkpoint"],
    "number": 1,
}


def call(workspace: Workspace, name: str, thread_id: str) -> object:
    """Calls a method of the workspace for that thread, with something for all else that it needs."""
    given: dict[str, Any] = {}
    for parameter in list(METHODS[name].parameters.values())[1:]:
        if parameter.name == "thread_id":
            given["thread_id"] = thread_id
        elif parameter.name == "thread_ids":
            given["thread_ids"] = [thread_id]
        elif parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD:
            given[parameter.name] = ARGUMENTS.get(parameter.name, "something")
    return getattr(workspace, name)(**given)


def two_steps() -> Pattern:
    return toy(lane(chain(a=done("a"), b=done("b"))), turns=True)


def test_every_method_either_names_a_thread_or_is_known_to_name_none() -> None:
    assert set(METHODS) - set(OF_A_THREAD) == OF_THE_WORKSPACE


@pytest.mark.parametrize("name", OF_A_THREAD)
def test_a_thread_of_another_workspace_is_as_unknown_as_one_that_does_not_exist(open_toys: OpenLab, name: str) -> None:
    lab = open_toys(two_steps())
    owner, stranger = lab.workspace("owner"), lab.workspace("stranger")
    thread_id, nowhere = ran(owner), "00000000-0000-0000-0000-000000000000"
    before = owner.events(thread_id)
    with pytest.raises(UnknownThread) as foreign:
        call(stranger, name, thread_id)
    with pytest.raises(UnknownThread) as missing:
        call(stranger, name, nowhere)

    assert str(foreign.value).replace(thread_id, "") == str(missing.value).replace(nowhere, "")
    assert owner.events(thread_id) == before


def test_the_list_shows_own_threads_only_the_last_used_first(open_toys: OpenLab) -> None:
    lab = open_toys(two_steps())
    owner, stranger = lab.workspace("owner"), lab.workspace("stranger")
    first, second = ran(owner), ran(owner)
    owner.turn(first, GIVEN)
    end(owner, first)

    assert [thread.thread_id for thread in owner.threads()] == [first, second]
    assert stranger.threads() == ()


def test_a_session_of_another_workspace_lists_nothing(open_toys: OpenLab) -> None:
    lab = open_toys(two_steps())
    session = lab.new_session()
    thread_id = ran(lab.workspace("owner"), session=session)

    assert [thread.thread_id for thread in lab.workspace("owner").threads(session=session)] == [thread_id]
    assert lab.workspace("stranger").threads(session=session) == ()


def test_one_strange_thread_among_own_ones_shows_no_rows_at_all(open_toys: OpenLab) -> None:
    lab = open_toys(two_steps())
    own, strange = ran(lab.workspace("w")), ran(lab.workspace("other"))
    with pytest.raises(UnknownThread):
        lab.workspace("w").business("ledger", [own, strange])


@pytest.mark.parametrize("ident", ["", "x" * 10_000, "' OR 1=1 --", "\x00"])
def test_a_made_up_id_is_unknown_and_not_told_back_at_length(sqlite_lab: Lab, ident: str) -> None:
    with pytest.raises(UnknownThread) as refused:
        sqlite_lab.workspace("w").thread(ident)

    assert len(str(refused.value)) < 300


def test_a_checkpoint_of_another_thread_is_unknown_here(open_toys: OpenLab) -> None:
    workspace = open_toys(two_steps()).workspace("w")
    one, other = ran(workspace), ran(workspace)
    with pytest.raises(UnknownCheckpoint):
        workspace.snapshot(one, workspace.history(other).rows[-1].checkpoint_id)


def test_the_history_has_every_checkpoint_once_in_the_order_of_writing(open_toys: OpenLab) -> None:
    workspace = open_toys(two_steps()).workspace("w")
    thread_id = ran(workspace)
    rows = workspace.history(thread_id).rows

    assert [row.step for row in rows] == [-1, 0, 1, 2]
    assert [row.source for row in rows] == ["input", "loop", "loop", "loop"]
    assert sorted(row.at for row in rows) == [row.at for row in rows]
    assert [*workspace.history(thread_id, limit=3).rows, *workspace.history(thread_id, limit=3, offset=3).rows] == list(
        rows
    )


class Reopen:
    """Opens labs on one file, one after the other."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, *patterns: Pattern) -> Lab:
        return Lab(quiet(str(self._path)), patterns=patterns)


@pytest.fixture
def reopen(tmp_path: Path) -> Reopen:
    return Reopen(tmp_path / "lab.sqlite")


def over_a_restart(reopen: Reopen, pattern: Pattern) -> tuple[str, Workspace, Lab]:
    """Runs a thread in one lab, closes it and gives the thread in another lab on the same file."""
    first = reopen(pattern)
    thread_id = ran(first.workspace("w"))
    first.close()
    second = reopen(pattern)
    return thread_id, second.workspace("w"), second


def viewed(workspace: Workspace, thread_id: str) -> ThreadView:
    view = workspace.view(thread_id)
    view.catch_up()
    return view


def broken(_: State) -> dict[str, Any]:
    raise LookupError("no such shelf")


KINDS: dict[str, tuple[Callable[[], Pattern], str]] = {
    "finished": (two_steps, "finished"),
    "waiting": (lambda: toy(lane(chain(a=done("a"), ask=asks("ask")))), "waiting"),
    "failed": (lambda: toy(lane(chain(a=done("a"), b=broken))), "resumable"),
    "parallel": (lambda: toy(lane(fan(a=asks("a"), b=asks("b")))), "waiting"),
}


@pytest.mark.parametrize(("make", "status"), KINDS.values(), ids=KINDS)
def test_a_thread_stands_after_a_restart_as_it_stood_before(
    reopen: Reopen, make: Callable[[], Pattern], status: str
) -> None:
    first = reopen(make())
    thread_id = ran(first.workspace("w"))
    before = first.workspace("w")
    was = (before.threads(), before.status(thread_id), before.snapshot(thread_id), before.history(thread_id).rows)
    steps = [(step.path, step.status, step.wrote, step.error, step.asked) for step in viewed(before, thread_id).steps]
    first.close()
    second = reopen(make())
    after = second.workspace("w")

    assert (after.threads(), after.status(thread_id), after.snapshot(thread_id), after.history(thread_id).rows) == was
    assert was[1] == status
    again = viewed(after, thread_id)
    assert [(step.path, step.status, step.wrote, step.error, step.asked) for step in again.steps] == steps
    assert not again.running
    second.close()


def test_a_node_that_wrote_nothing_is_told_after_a_restart_too(reopen: Reopen) -> None:
    thread_id, workspace, lab = over_a_restart(reopen, toy(lane(chain(silent=lambda _: None, a=done("a")))))

    assert [step.path for step in viewed(workspace, thread_id).steps] == [("silent",), ("a",)]
    lab.close()


def test_a_failure_that_was_overcome_is_not_told_as_one_after_a_restart(reopen: Reopen) -> None:
    tries = list[str]()

    def at_second_try(_: State) -> None:
        tries.append("b")
        if len(tries) == 1:
            raise LookupError("not yet")

    pattern = toy(lane(chain(ask=asks("ask"), b=at_second_try)))
    first = reopen(pattern)
    workspace = first.workspace("w")
    thread_id = ran(workspace)
    asked = workspace.snapshot(thread_id)
    assert asked is not None
    workspace.resume(thread_id, {asked.questions[0].id: 1}, asked.checkpoint_id)
    assert end(workspace, thread_id).outcome == "failed"
    workspace.proceed(thread_id)
    end(workspace, thread_id)
    first.close()
    second = reopen(pattern)
    again = viewed(second.workspace("w"), thread_id)

    assert [(step.status, step.error) for step in again.steps] == [("done", ""), ("done", "")]
    assert again.runs[-1].outcome == "finished"
    second.close()


@pytest.mark.parametrize(
    "error", [LookupError(), LookupError("a"), KeyError("a"), ValueError('it\'s "quoted"\n'), ValueError(1, "two")]
)
def test_an_error_is_told_from_a_checkpoint_as_it_was_told_live(error: Exception) -> None:
    assert reason(repr(error)) == explain(error)


def test_messages_are_told_after_a_restart_with_their_text(reopen: Reopen) -> None:
    def build(_: BaseChatModel) -> Any:
        def say(state: MessagesState) -> dict[str, Any]:
            return {"messages": [AIMessage("Good evening.")]}

        made = StateGraph(MessagesState, context_schema=World, input_schema=MessagesState)
        return made.add_node("say", say).add_edge(START, "say")

    first = reopen(toy(lane(build)))
    thread_id = first.workspace("w").start("toy", "only", {"messages": []}).thread_id
    end(first.workspace("w"), thread_id)
    live = [item.text for item in viewed(first.workspace("w"), thread_id).items if isinstance(item, Message)]
    first.close()
    second = reopen(toy(lane(build)))
    told = [item.text for item in viewed(second.workspace("w"), thread_id).items if isinstance(item, Message)]

    assert live == told == ["Good evening."]
    second.close()


def test_a_question_from_before_a_restart_can_be_answered_after_it(reopen: Reopen) -> None:
    count = list[str]()
    pattern = toy(lane(chain(a=done("a", count), ask=asks("ask"), z=done("z"))))
    first = reopen(pattern)
    thread_id = ran(first.workspace("w"))
    shown = first.workspace("w").snapshot(thread_id)
    assert shown is not None
    first.close()
    second = reopen(pattern)
    workspace = second.workspace("w")
    workspace.resume(thread_id, {shown.questions[0].id: 7}, shown.checkpoint_id)

    assert end(workspace, thread_id).outcome == "finished"
    assert (names(workspace, thread_id), count) == (["a", "ask=7", "z"], ["a"])
    with pytest.raises(StaleAnswer):
        workspace.resume(thread_id, {shown.questions[0].id: 8}, shown.checkpoint_id)
    second.close()


def test_a_failed_thread_goes_on_after_a_restart_without_repeating_what_was_done(reopen: Reopen) -> None:
    count, tries = list[str](), list[str]()

    def at_second_try(_: State) -> dict[str, Any]:
        tries.append("b")
        if len(tries) == 1:
            raise LookupError("not yet")
        return {"done": ["b"]}

    pattern = toy(lane(chain(a=done("a", count), b=at_second_try)))
    thread_id, workspace, lab = over_a_restart(reopen, pattern)
    workspace.proceed(thread_id)

    assert end(workspace, thread_id).outcome == "finished"
    assert (names(workspace, thread_id), count) == (["a", "b"], ["a"])
    lab.close()


def test_a_lane_without_a_checkpointer_is_listed_but_empty_after_a_restart(reopen: Reopen) -> None:
    thread_id, workspace, lab = over_a_restart(reopen, toy(lane(chain(a=done("a")), remembers=False)))

    assert [thread.thread_id for thread in workspace.threads()] == [thread_id]
    assert (workspace.status(thread_id), workspace.events(thread_id)) == ("new", [])
    lab.close()


def test_a_memory_database_is_gone_with_its_lab() -> None:
    first = Lab(quiet("memory"), patterns=[two_steps()])
    ran(first.workspace("w"))
    first.close()
    second = Lab(quiet("memory"), patterns=[two_steps()])

    assert second.workspace("w").threads() == ()
    second.close()


def lived_in(path: Path) -> None:
    """Leaves a database with some threads, all in the one file."""
    lab = Lab(quiet(str(path)), patterns=[two_steps()])
    for _ in range(20):
        ran(lab.workspace("w"))
    lab.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _truncated(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


def _garbled(data: bytes) -> bytes:
    return data[:8192] + b"\xff" * 4096 + data[12288:]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "truncated": _truncated,
    "a page of garbage": _garbled,
    "no header": lambda data: b"\x00" * 100 + data[100:],
    "a text": lambda _: b"Dear diary, this is no database at all.\n" * 50,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_refused_and_left_as_it_is(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "lab.sqlite"
    lived_in(path)
    path.write_bytes(damage(path.read_bytes()))
    before = path.read_bytes()
    with pytest.raises(DamagedDatabase) as refused:
        Lab(quiet(str(path)), patterns=[two_steps()])

    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["lab.sqlite"]
    assert str(path) in str(refused.value)
    assert "LAB_DATABASE" in str(refused.value)


def test_an_empty_file_is_a_new_database(tmp_path: Path) -> None:
    path = tmp_path / "lab.sqlite"
    path.touch()
    lab = Lab(quiet(str(path)), patterns=[two_steps()])

    assert end(lab.workspace("w"), begin(lab.workspace("w"))).outcome == "finished"
    lab.close()


def test_a_file_may_have_any_name(tmp_path: Path) -> None:
    path = tmp_path / "my lab #1?a=b%20&.sqlite"
    for _ in range(2):
        lab = Lab(quiet(str(path)), patterns=[two_steps()])
        assert end(lab.workspace("w"), begin(lab.workspace("w"))).outcome == "finished"
        lab.close()

    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    path = tmp_path / "some" / "where" / "lab.sqlite"
    Lab(quiet(str(path)), patterns=[two_steps()]).close()

    assert path.exists()


def test_one_unreadable_thread_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "lab.sqlite"
    lab = Lab(quiet(str(path)), patterns=[two_steps()])
    bad, good = ran(lab.workspace("w")), ran(lab.workspace("w"))
    lab.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE checkpoints SET checkpoint = x'00ff' WHERE thread_id = ?", (bad,))
    connection.close()
    lab = Lab(quiet(str(path)), patterns=[two_steps()])
    workspace = lab.workspace("w")

    assert {thread.thread_id for thread in workspace.threads()} == {bad, good}
    assert workspace.status(good) == "finished"
    assert names(workspace, good) == ["a", "b"]
    lab.close()


def test_further_input_is_refused_where_a_pattern_takes_one_only(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a"))))).workspace("w")
    thread_id = ran(workspace)

    with pytest.raises(NotPossible, match="one input a thread"):
        workspace.turn(thread_id, GIVEN)
    assert workspace.status(thread_id) == "finished"
