"""Starting again: a thread of which nothing was saved begins over with its own input, and no other thread does."""

from pathlib import Path
from typing import Annotated

import pytest
from langchain_core.language_models import BaseChatModel
from langgraph.graph import START, StateGraph
from pydantic import Field
from typing_extensions import TypedDict

from graphs.world import World
from lab.errors import NotPossible, ThreadBusy
from lab.jsonable import Json
from lab.lab import Lab
from tests.support.labs import quiet
from tests.support.toy_patterns import GIVEN, Hold, OpenLab, State, chain, done, end, lane, names, ran, toy


def unbegun(lab: Lab, given: dict[str, Json] | None = None) -> str:
    """Leave a thread as a kill does that comes before the first checkpoint."""
    return lab.threads.create("w", "toy", "only", lab.new_session(), "t", "offline", given).thread_id


def test_it_runs_with_the_input_that_was_given(open_toys: OpenLab) -> None:
    lab = open_toys(toy(lane(chain(n=lambda state: {"done": [str(state["n"])]}))))
    workspace, thread_id = lab.workspace("w"), unbegun(lab, {"n": 7})
    workspace.again(thread_id)

    assert end(workspace, thread_id).outcome == "finished"
    assert names(workspace, thread_id) == ["7"]


def test_a_start_keeps_its_input_over_a_restart(tmp_path: Path) -> None:
    first = Lab(quiet(str(tmp_path / "lab.sqlite")), patterns=[toy(lane(chain(a=done("a"))))])
    thread_id = ran(first.workspace("w"))
    first.close()
    second = Lab(quiet(str(tmp_path / "lab.sqlite")), patterns=[])

    assert second.threads.given(thread_id) == GIVEN
    second.close()


def test_it_is_refused_where_something_is_saved(open_toys: OpenLab) -> None:
    workspace = open_toys(toy(lane(chain(a=done("a"))))).workspace("w")
    thread_id = ran(workspace)
    with pytest.raises(NotPossible, match="is saved"):
        workspace.again(thread_id)

    assert (workspace.history.status(thread_id), names(workspace, thread_id)) == ("finished", ["a"])


def test_it_is_refused_where_the_input_was_not_kept(open_toys: OpenLab) -> None:
    lab = open_toys(toy(lane(chain(a=done("a")))))
    workspace, thread_id = lab.workspace("w"), unbegun(lab)
    with pytest.raises(NotPossible, match="wasn't kept"):
        workspace.again(thread_id)

    assert workspace.history.status(thread_id) == "new"


def test_it_is_refused_where_the_input_no_longer_fits(open_toys: OpenLab) -> None:
    class Longer(TypedDict):
        text: Annotated[str, Field(min_length=1)]

    def build(_: BaseChatModel) -> StateGraph[State, World, Longer, State]:
        made = StateGraph(State, context_schema=World, input_schema=Longer)
        return made.add_node("a", done("a")).add_edge(START, "a")

    lab = open_toys(toy(lane(build)))
    workspace, thread_id = lab.workspace("w"), unbegun(lab, GIVEN)
    with pytest.raises(NotPossible, match=r"out of date.*Text"):
        workspace.again(thread_id)

    assert workspace.history.status(thread_id) == "new"


def test_it_is_refused_where_nothing_is_ever_saved(open_toys: OpenLab) -> None:
    lab = open_toys(toy(lane(chain(a=done("a")), remembers=False)))
    with pytest.raises(NotPossible, match="no checkpointer"):
        lab.workspace("w").again(unbegun(lab, GIVEN))


def test_it_is_refused_while_the_thread_runs(open_toys: OpenLab) -> None:
    hold = Hold()

    def waits(_: State) -> None:
        hold()

    lab = open_toys(toy(lane(chain(a=waits))))
    workspace, thread_id = lab.workspace("w"), unbegun(lab, GIVEN)
    workspace.again(thread_id)
    hold.reached()
    with pytest.raises(ThreadBusy):
        workspace.again(thread_id)
    hold.let_go.set()

    assert end(workspace, thread_id).outcome == "finished"
