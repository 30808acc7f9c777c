"""How a step ended is told as it was: beside a failure, by a hand-over, from the cache, and where it isn't run."""

import threading
from collections.abc import Sequence
from enum import Enum
from typing import Any

import pytest
from langgraph.cache.memory import InMemoryCache
from langgraph.func import task
from langgraph.graph import START
from langgraph.types import CachePolicy, Command, Send, interrupt

from graphs.pattern import Build
from lab.events import Message, NodeEnded, NodeStarted, StepView
from lab.lab import Lab
from lab.workspace import Workspace
from tests.support.toy_patterns import (
    OpenLab,
    begin,
    chain,
    done,
    end,
    fan,
    graph,
    head,
    lane,
    names,
    ran,
    speaker,
    toy,
)
from ui.graph import Phase, shape_of, states_of_nodes


def steps(workspace: Workspace, thread_id: str) -> list[StepView]:
    view = workspace.view(thread_id)
    view.catch_up()
    return list(view.steps)


def told(workspace: Workspace, thread_id: str) -> list[tuple[str, str]]:
    return [(".".join(step.path), step.status) for step in steps(workspace, thread_id)]


def failing_first(meanwhile: threading.Event) -> Any:
    """Make a node that fails once those beside it are at work."""

    def node(_: Any) -> dict[str, Any]:
        assert meanwhile.wait(10)
        raise LookupError("no such shelf")

    return node


@pytest.mark.parametrize("remembers", [True, False])
def test_what_ends_well_after_a_node_beside_it_failed_is_done_with_all_that_it_said(
    open_toys: OpenLab, remembers: bool
) -> None:
    at_work = threading.Event()

    def build(model: Any) -> Any:
        def slow(state: Any) -> dict[str, Any]:
            at_work.set()
            said: dict[str, Any] = speaker("slow")(model)(state)
            return said

        return fan(fails=failing_first(at_work), slow=slow)(model)

    workspace = open_toys(toy(lane(build, remembers=remembers), words=40)).workspace("w")
    thread_id = begin(workspace, pace=200)
    ended = end(workspace, thread_id)
    view = workspace.view(thread_id)
    view.catch_up()
    (message,) = [item for item in view.items if isinstance(item, Message)]

    assert (ended.outcome, ended.error) == ("failed", "LookupError: no such shelf")
    assert sorted(told(workspace, thread_id)) == [("fails", "failed"), ("slow", "done")]
    assert [step.wrote for step in view.steps if step.path == ("slow",)] == [{"done": ["slow 40"]}]
    assert (message.text.split()[-1], message.done) == ("word39", True)


def test_of_two_that_fail_side_by_side_both_say_why(open_toys: OpenLab) -> None:
    at_work = threading.Event()

    def later(_: Any) -> dict[str, Any]:
        at_work.set()
        raise KeyError("late")

    workspace = open_toys(toy(lane(fan(fails=failing_first(at_work), later=later)))).workspace("w")
    thread_id = ran(workspace)

    assert sorted((step.path[-1], step.error) for step in steps(workspace, thread_id)) == [
        ("fails", "LookupError: no such shelf"),
        ("later", "KeyError: 'late'"),
    ]


def test_a_node_that_waited_for_its_turn_when_another_failed_has_not_failed(open_toys: OpenLab) -> None:
    count = list[str]()
    nodes = {"fails": failing_first(set_event()), **{f"w{number}": done(f"w{number}", count) for number in range(5)}}
    workspace = open_toys(toy(lane(fan(**nodes))), max_concurrency=1).workspace("w")
    thread_id = ran(workspace)
    found = dict(told(workspace, thread_id))

    assert found.pop("fails") == "failed"
    assert {name for name, status in found.items() if status == "done"} == set(count)
    assert {status for name, status in found.items() if name not in count} <= {"stopped"}
    assert not any(step.error for step in steps(workspace, thread_id) if step.path != ("fails",))


def set_event() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


def test_a_node_that_hands_over_to_the_graph_around_it_is_done(open_toys: OpenLab) -> None:
    def leave(_: Any) -> Command[Any]:
        return Command(graph=Command.PARENT, goto="z", update={"done": ["left"]})

    def build(_: Any) -> Any:
        inner: Any = graph()
        inner.add_node("leave", leave).add_edge(START, "leave")
        made: Any = graph().add_node("inner", inner.compile())
        return made.add_node("z", done("z")).add_edge(START, "inner")

    workspace = open_toys(toy(lane(build))).workspace("w")
    thread_id = ran(workspace)

    assert told(workspace, thread_id) == [("inner", "done"), ("inner.leave", "done"), ("z", "done")]
    assert names(workspace, thread_id) == ["left", "z"]


def cached(build: Build) -> Build:
    """Return the graph a cache, which compiling alone can."""

    class Cached:
        def __init__(self, built: Any) -> None:
            self._built = built
            self._cache: InMemoryCache[Any] = InMemoryCache()

        def compile(self, **more: Any) -> Any:
            return self._built.compile(cache=self._cache, **more)

    return lambda model: Cached(build(model))  # type: ignore[return-value]  # the lab only compiles it


def test_what_comes_from_the_cache_is_done_and_says_where_from(open_toys: OpenLab) -> None:
    count = list[str]()

    def costly(_: Any) -> dict[str, Any]:
        count.append("costly")
        return {"crash": "x"}

    def build(_: Any) -> Any:
        made: Any = graph()
        made.add_node("costly", costly, cache_policy=key())
        return made.add_node("z", done("z")).add_edge(START, "costly").add_edge("costly", "z")

    workspace = open_toys(toy(lane(cached(build)))).workspace("w")
    first, second = ran(workspace), ran(workspace)

    assert count == ["costly"]
    for thread_id, hit in ((first, False), (second, True)):
        assert told(workspace, thread_id) == [("costly", "done"), ("z", "done")]
        assert [(step.wrote, step.cached) for step in steps(workspace, thread_id)] == [
            ({"crash": "x"}, hit),
            ({"done": ["z"]}, False),
        ]


def key() -> CachePolicy[Any]:
    return CachePolicy(key_func=lambda state: str(state["n"]).encode())


@pytest.mark.parametrize("ask", [1, 2, 3])
def test_of_several_tasks_of_a_node_as_many_come_from_the_cache_as_did(open_toys: OpenLab, ask: int) -> None:
    ran_for = list[int]()

    def work(state: Any) -> dict[str, Any]:
        ran_for.append(state["n"])
        return {"done": [str(state["n"])]}

    def build(_: Any) -> Any:
        def ways(state: Any) -> Sequence[Send]:
            return [Send("work", {"n": number}) for number in range(state["n"])]

        made: Any = graph().add_node("plan", lambda _: None).add_node("work", work, cache_policy=key())
        return made.add_edge(START, "plan").add_conditional_edges("plan", ways, ["work"])

    lab = open_toys(toy(lane(cached(build)), turns=True))
    workspace = lab.workspace("w")
    thread_id = workspace.start("toy", "only", {"n": ask}).thread_id
    end(workspace, thread_id)
    workspace.turn(thread_id, {"n": 3})
    end(workspace, thread_id)
    works = [step for step in steps(workspace, thread_id) if step.path == ("work",)]

    assert sorted(ran_for) == [0, 1, 2]
    assert [step.status for step in works] == ["done"] * (ask + 3)
    assert sum(step.cached for step in works) == ask


def test_a_task_that_is_not_run_again_stays_done_with_what_it_gave(open_toys: OpenLab) -> None:
    charged = list[int]()

    @task
    def charge(amount: int) -> int:
        charged.append(amount)
        return amount * 2

    def pay(_: Any) -> dict[str, Any]:
        first, again = charge(1).result(), interrupt({"question": "Go on?"})
        second, last = charge(5).result(), interrupt({"question": "Really?"})
        return {"done": [f"{first} {again} {second} {last}"]}

    workspace = open_toys(toy(lane(chain(pay=pay)))).workspace("w")
    thread_id = ran(workspace)
    for expected in (["done"], ["done", "done"], ["done", "done"]):
        tasks = [step for step in steps(workspace, thread_id) if step.path == ("charge",)]
        assert [step.status for step in tasks] == expected
        assert [step.wrote for step in tasks] == [{"__return__": 2}, {"__return__": 10}][: len(tasks)]
        assert [len(step.spans) for step in tasks] == [1] * len(tasks)
        if workspace.history.status(thread_id) == "waiting":
            (question,) = workspace.history.pending(thread_id)
            workspace.resume(thread_id, {question.id: "yes"}, head(workspace, thread_id).checkpoint_id)
            end(workspace, thread_id)

    assert charged == [1, 5]
    assert names(workspace, thread_id) == ["2 yes 10 yes"]


@pytest.mark.parametrize("wrote", [{"done": ["quick"]}, None], ids=["something", "nothing"])
def test_a_sibling_that_had_finished_is_not_told_again(open_toys: OpenLab, wrote: Any) -> None:
    fails = [True]

    def sometimes(_: Any) -> dict[str, Any]:
        if fails:
            fails.pop()
            assert ready.wait(10)
            raise LookupError("no such shelf")
        return {"done": ["sometimes"]}

    def quick(_: Any) -> Any:
        ready.set()
        return wrote

    ready = threading.Event()
    workspace = open_toys(toy(lane(fan(quick=quick, sometimes=sometimes)))).workspace("w")
    thread_id = ran(workspace)
    workspace.proceed(thread_id)
    end(workspace, thread_id)
    events = [event for event in workspace.events(thread_id) if isinstance(event, NodeStarted | NodeEnded)]

    assert dict(told(workspace, thread_id)) == {"quick": "done", "sometimes": "done", "join": "done"}
    assert [type(event) for event in events if event.path == ("quick",)] == [NodeStarted, NodeEnded]


class Name(str, Enum):  # noqa: UP042 - a StrEnum has no other word than its value
    """Names of nodes, as many programs keep them."""

    PLAN = "plan"
    WORK = "work"
    CHECK = "check"


def test_nodes_named_by_an_enum_are_told_by_its_values_and_drawn_as_done(open_toys: OpenLab) -> None:
    def build(_: Any) -> Any:
        inner: Any = graph().add_node(Name.CHECK, done("check"))
        made: Any = graph().add_node(Name.PLAN, done("plan"))
        made.add_node(Name.WORK, inner.add_edge(START, Name.CHECK).compile())
        return made.add_edge(START, Name.PLAN).add_edge(Name.PLAN, Name.WORK)

    lab: Lab = open_toys(toy(lane(build)))
    workspace = lab.workspace("w")
    thread_id = ran(workspace)
    view = workspace.view(thread_id)
    view.catch_up()
    drawn = [node.id for node in shape_of(lab.graphs.drawing("toy", "only")).nodes if node.kind == "node"]
    states = states_of_nodes(drawn, view, workspace.history.status(thread_id), workspace.history.snapshot(thread_id))

    assert told(workspace, thread_id) == [("plan", "done"), ("work", "done"), ("work.check", "done")]
    assert drawn == ["plan", "work:check"]
    assert {name: state.phase for name, state in states.items()} == dict.fromkeys(drawn, Phase.DONE)
