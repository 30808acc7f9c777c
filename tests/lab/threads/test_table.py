"""Threads: each belongs to one workspace, which shows nothing of others."""

import inspect
from operator import attrgetter
from typing import Any

import pytest

from lab.errors import NotPossible, UnknownCheckpoint, UnknownThread
from lab.lab import Lab
from lab.workspace import History, StateEdit, Travel, Workspace, WorkspaceThreads
from tests.support.toy_patterns import GIVEN, OpenLab, chain, done, end, lane, ran, toy, two_steps

FACETS = {"": Workspace, "history.": History, "travel.": Travel, "threads.": WorkspaceThreads}
METHODS = {
    f"{facet}{name}": inspect.signature(method)
    for facet, kind in FACETS.items()
    for name, method in inspect.getmembers(kind, inspect.isfunction)
    if not name.startswith("_")
}
NAMING = [name for name, given in METHODS.items() if {"thread_id", "thread_ids"} & set(given.parameters)]
SILENT = {"history.stamp"}
"""Methods to which a thread that isn't there is nothing new: it's how a page notices that one was deleted."""
OF_THE_WORKSPACE = {"start", *(f"threads.{name}" for name in ("newest", "page", "import_file", "storage", "compact"))}
"""Methods that name no thread; each is tested on its own to show nothing of others."""
OF_A_THREAD = [name for name in NAMING if name not in SILENT]
ARGUMENTS: dict[str, Any] = {
    "values": GIVEN,
    "answers": {"some": "answer"},
    "checkpoint_id": "some-checkpoint",
    "table": "ledger",
    "edit": StateEdit(GIVEN, {}),
    "checkpoint_ids": ["some-checkpoint"],
    "keep_heads": ["some-checkpoint"],
    "number": 1,
}


def call(workspace: Workspace, name: str, thread_id: str) -> object:
    """Call a method of the workspace for that thread, with something for all else that it needs."""
    given: dict[str, Any] = {}
    for parameter in list(METHODS[name].parameters.values())[1:]:
        if parameter.name == "thread_id":
            given["thread_id"] = thread_id
        elif parameter.name == "thread_ids":
            given["thread_ids"] = [thread_id]
        elif parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD:
            given[parameter.name] = ARGUMENTS.get(parameter.name, "something")
    return attrgetter(name)(workspace)(**given)


def test_every_method_either_names_a_thread_or_is_known_to_name_none() -> None:
    assert set(METHODS) - set(NAMING) == OF_THE_WORKSPACE


@pytest.mark.parametrize("name", sorted(SILENT))
def test_what_tells_nothing_of_a_thread_that_is_not_there_tells_nothing_of_another_workspace_s(
    open_toys: OpenLab, name: str
) -> None:
    lab = open_toys(two_steps())
    thread_id, nowhere = ran(lab.workspace("owner")), "00000000-0000-0000-0000-000000000000"
    stranger = lab.workspace("stranger")
    assert (
        call(stranger, name, thread_id)
        == call(stranger, name, nowhere)
        != call(lab.workspace("owner"), name, thread_id)
    )


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

    assert [thread.thread_id for thread in owner.threads.newest()] == [first, second]
    assert stranger.threads.newest() == ()


def test_a_session_of_another_workspace_lists_nothing(open_toys: OpenLab) -> None:
    lab = open_toys(two_steps())
    session = lab.new_session()
    thread_id = ran(lab.workspace("owner"), session=session)

    assert [thread.thread_id for thread in lab.workspace("owner").threads.newest(session=session)] == [thread_id]
    assert lab.workspace("stranger").threads.newest(session=session) == ()


def test_one_strange_thread_among_own_ones_shows_no_rows_at_all(open_toys: OpenLab) -> None:
    lab = open_toys(two_steps())
    own, strange = ran(lab.workspace("w")), ran(lab.workspace("other"))
    with pytest.raises(UnknownThread):
        lab.workspace("w").threads.business("ledger", [own, strange])


@pytest.mark.parametrize("ident", ["", "x" * 10_000, "' OR 1=1 --", "\x00"])
def test_a_made_up_id_is_unknown_and_not_told_back_at_length(sqlite_lab: Lab, ident: str) -> None:
    with pytest.raises(UnknownThread) as refused:
        sqlite_lab.workspace("w").threads.find(ident)

    assert len(str(refused.value)) < 300


def test_a_checkpoint_of_another_thread_is_unknown_here(open_toys: OpenLab) -> None:
    workspace = open_toys(two_steps()).workspace("w")
    one, other = ran(workspace), ran(workspace)
    with pytest.raises(UnknownCheckpoint):
        workspace.history.snapshot(one, workspace.history.page(other).rows[-1].checkpoint_id)


def test_the_history_has_every_checkpoint_once_in_the_order_of_writing(open_toys: OpenLab) -> None:
    workspace = open_toys(two_steps()).workspace("w")
    thread_id = ran(workspace)
    rows = workspace.history.page(thread_id).rows

    assert [row.step for row in rows] == [-1, 0, 1, 2]
    assert [row.source for row in rows] == ["input", "loop", "loop", "loop"]
    assert sorted(row.at for row in rows) == [row.at for row in rows]
    assert [
        *workspace.history.page(thread_id, limit=3).rows,
        *workspace.history.page(thread_id, limit=3, offset=3).rows,
    ] == list(rows)


def test_further_input_is_refused_where_a_pattern_takes_one_only(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a"))))).workspace("w")
    thread_id = ran(workspace)

    with pytest.raises(NotPossible, match="one input a thread"):
        workspace.turn(thread_id, GIVEN)
    assert workspace.history.status(thread_id) == "finished"


def test_a_thread_is_titled_by_the_first_text_of_its_input_in_signs_that_can_be_shown(sqlite_lab: Lab) -> None:
    workspace = sqlite_lab.workspace("w")
    thread = workspace.start("linear-pipeline", "pipeline", {"text": " One\x00\ntwo\u202e. " + "x" * 200})
    workspace.wait(thread.thread_id)

    assert thread.title == ("One two . " + "x" * 200)[:120]
