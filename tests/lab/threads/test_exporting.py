"""Export: a file gives an equal thread, on each storage and of whatever types."""

import enum
import operator
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langgraph.graph import START, StateGraph, add_messages
from langgraph.types import Command, interrupt
from pydantic import BaseModel, ValidationError
from typing_extensions import TypedDict

from graphs.catalogue import CATALOGUE, find
from graphs.pattern import Pattern
from graphs.world import World
from lab.checkpoints import thread_config
from lab.errors import NotPossible
from lab.lab import Lab
from lab.threads import Thread, branch_heads, export_thread
from lab.threads.exporting import ExportRefused
from tests.support.asking_nodes import asks
from tests.support.example_player import player
from tests.support.labs import quiet
from tests.support.saved_threads import WORKSPACE, branched, history, thread_of, three_steps
from tests.support.thread_files import exported, imported, must_refuse, opened, sealed, values
from tests.support.toy_patterns import OpenLab, chain, done, end, fan, lane, ran, toy


def dies(pattern: Pattern, number: int) -> bool:
    """Say whether an example kills its process."""
    return bool(pattern.examples[number].input.get(pattern.crash_field, "never") != "never")


def told_apart(pattern: Pattern) -> list[int]:
    """Return the numbers of a pattern's examples, and of those that are killed, two processes each, the first alone."""
    killed = [dies(pattern, number) for number in range(len(pattern.examples))]
    return [number for number, dead in enumerate(killed) if not dead or number == killed.index(True)]


CASES = [
    pytest.param(pattern.slug, one.key, number, marks=[pytest.mark.processes] if dies(pattern, number) else [])
    for pattern in CATALOGUE
    for one in pattern.lanes
    if one.remembers and not one.saver
    for number in told_apart(pattern)
]


@pytest.fixture(scope="module")
def two_labs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lab, Lab]]:
    """Provide a lab on SQLite and one in memory for the threads of all patterns, as in life."""
    labs = Lab(quiet(str(tmp_path_factory.mktemp("exporting") / "lab.sqlite"))), Lab(quiet("memory"))
    yield labs
    for lab in labs:
        lab.close()


@pytest.mark.parametrize(("slug", "lane_key", "number"), CASES)
def test_every_pattern_comes_back_equal(
    request: pytest.FixtureRequest, two_labs: tuple[Lab, Lab], slug: str, lane_key: str, number: int
) -> None:
    if dies(find(slug), number):
        request.getfixturevalue("forked_workers")
    lab, other = two_labs
    thread_id = player(lab)(slug, lane_key, number).thread_id
    thread = lab.workspace("tests").threads.find(thread_id)
    data = b"".join(export_thread(lab.storage, thread, lab.graphs.reading(slug, lane_key)))
    again = imported(other, data)

    assert thread_fields(again) == {**thread_fields(thread), "workspace": WORKSPACE}
    assert told(other, again.thread_id, WORKSPACE) == told(lab, thread_id, "tests")
    assert exported(other, again.thread_id).splitlines()[1:-1] == data.splitlines()[1:-1]
    assert moved(lab, thread_id, "tests") == moved(other, again.thread_id, WORKSPACE)


def told(lab: Lab, thread_id: str, workspace: str) -> list[Any]:
    """Return what the history tells of each step."""
    found = lab.workspace(workspace).history.page(thread_id, limit=1000).rows
    return [(row.checkpoint_id, sorted(row.ran), sorted(row.changed), row.next, row.asked) for row in found]


def thread_fields(thread: Thread) -> dict[str, Any]:
    own = {"thread_id", "session", "created", "updated", "inherited"}
    return {name: getattr(thread, name) for name in Thread.__slots__ if name not in own}


def moved(lab: Lab, thread_id: str, workspace: str) -> list[Any]:
    """Read a thread's own states, newest first, without what an import changes: the thread and the workspace."""
    thread = lab.workspace(workspace).threads.find(thread_id)
    reader = lab.graphs.reading(thread.pattern, thread.lane)
    try:
        snapshots = list(reader.get_state_history(thread_config(thread_id)))
    except ValidationError as refused:
        # A state that its own Pydantic model refuses can't be read before or after; then it's refused for the same.
        return [str(refused)]
    return [
        (
            snapshot.values,
            snapshot.next,
            {**(snapshot.metadata or {}), "workspace": ""},
            snapshot.created_at,
            repr([snapshot.config, snapshot.parent_config, snapshot.tasks]).replace(thread_id, "THREAD"),
        )
        for snapshot in snapshots
    ]


def test_a_thread_of_many_branches_comes_back_equal(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    thread_id, _ = branched(lab)
    again = imported(lab, exported(lab, thread_id)).thread_id

    assert history(lab, again) == history(lab, thread_id)
    assert branch_heads(lab.storage, again) == branch_heads(lab.storage, thread_id)
    assert again != thread_id
    assert thread_of(lab, again).session != thread_of(lab, thread_id).session


def test_a_thread_goes_from_each_storage_to_each(tmp_path: Path, postgres_lab_database: str) -> None:
    labs = [
        Lab(quiet(where), patterns=[typed_pattern()])
        for where in ("memory", str(tmp_path / "lab.sqlite"), postgres_lab_database)
    ]
    thread_id = ran(labs[0].workspace(WORKSPACE))
    first = exported(labs[0], thread_id).splitlines()[1:-1]
    for source, target in [(0, 1), (1, 2), (2, 1), (1, 0), (0, 2), (2, 0)]:
        data = exported(labs[source], labs[source].workspace(WORKSPACE).threads.newest()[0].thread_id)
        again = imported(labs[target], data).thread_id
        assert exported(labs[target], again).splitlines()[1:-1] == first
        assert values(labs[target], again) == values(labs[0], thread_id)
    for lab in labs:
        lab.close()


class Colour(enum.Enum):
    RED = "red"


class Order(BaseModel):
    item: str
    colour: Colour


@dataclass
class Parcelled:
    weight: int


class Typed(TypedDict, total=False):
    """A state of many types."""

    n: int
    order: Order
    orders: Annotated[list[Order], operator.add]
    colour: Colour
    box: Parcelled | None
    messages: Annotated[list[AnyMessage], add_messages]
    when: datetime
    day: date
    span: timedelta
    tags: set[str]
    raw: bytes
    price: Decimal
    ident: uuid.UUID
    deep: dict[str, Any]
    nothing: None
    ratio: float
    flag: bool


TYPED: Typed = {
    "order": Order(item="ä\u2028\U0001f600", colour=Colour.RED),
    "orders": [Order(item="b", colour=Colour.RED)],
    "colour": Colour.RED,
    "box": Parcelled(3),
    "messages": [
        HumanMessage("hi", id="1"),
        AIMessage("ho", id="2", tool_calls=[{"name": "t", "args": {}, "id": "3"}]),
    ],
    "when": datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    "day": date(2026, 1, 2),
    "span": timedelta(days=1, microseconds=1),
    "tags": {"a"},
    "raw": b"\x00\xff",
    "price": Decimal("1.10"),
    "ident": uuid.UUID(int=5),
    "deep": {"a": [{"b": None, "c": [1, 2.5, True, "x"]}], "order": Order(item="z", colour=Colour.RED)},
    "nothing": None,
    "ratio": 0.1,
    "flag": True,
}


class OnlyNumber(TypedDict):
    n: int


def typed_pattern() -> Pattern:
    """Make a graph whose state has a value of every kind, and that asks with one of them."""

    def ask(_: Typed) -> dict[str, Any]:
        return {"deep": {"answer": interrupt(Order(item="asked", colour=Colour.RED))}}

    def build(_: Any) -> Any:
        made: Any = StateGraph(Typed, context_schema=World, input_schema=OnlyNumber)
        made.add_node("fill", lambda _: TYPED).add_node("ask", ask)
        return made.add_edge(START, "fill").add_edge("fill", "ask")

    return toy(lane(build))


@pytest.mark.filterwarnings("ignore")
def test_values_come_back_in_their_types(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(typed_pattern())
    thread_id = ran(lab.workspace(WORKSPACE))
    again = imported(lab, exported(lab, thread_id)).thread_id

    assert values(lab, again) == {**TYPED, "n": 1}
    assert history(lab, again) == history(lab, thread_id)


def test_an_export_holds_no_workspace_and_no_thread_id(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    thread_id = lab.workspace("very-secret").start("toy", "only", {"n": 1}).thread_id
    end(lab.workspace("very-secret"), thread_id)
    thread = lab.workspace("very-secret").threads.find(thread_id)
    data = b"".join(export_thread(lab.storage, thread, lab.graphs.reading("toy", "only")))
    again = imported(lab, data)

    assert b"very-secret" not in data
    assert thread_id.encode() not in data
    with lab.storage.open_for_reading() as found:
        assert {link.metadata["workspace"] for link in found.rows.links(again.thread_id)} == {WORKSPACE}


ACTS = some.lists(
    some.tuples(some.sampled_from(["edit", "replay", "turn", "answer"]), some.integers(0, 50), some.text(max_size=5)),
    max_size=6,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(ACTS)
def test_whatever_happened_in_a_thread_comes_back_equal_and_goes_on(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, int, str]]
) -> None:
    pattern = toy(lane(fan(a=done("a"), ask=asks("ask"))), turns=True)
    source = Lab(quiet(str(tmp_path_factory.mktemp("property") / "lab.sqlite")), patterns=[pattern])
    target = Lab(quiet("memory"), patterns=[pattern])
    thread_id = ran(source.workspace(WORKSPACE))
    for act in acts:
        perform(source, thread_id, *act)
    before = history(source, thread_id)
    again = imported(target, exported(source, thread_id)).thread_id

    assert history(target, again) == before
    assert branch_heads(target.storage, again) == branch_heads(source.storage, thread_id)
    for lab, own in ((source, thread_id), (target, again)):
        perform(lab, own, "turn", 0, "")
        perform(lab, own, "answer", 0, "yes")
    assert values(target, again) == values(source, thread_id)
    source.close()
    target.close()


def perform(lab: Lab, thread_id: str, act: str, number: int, said: str) -> None:
    """Do one thing to a thread, at a checkpoint that the number picks."""
    reader = lab.graphs.reading("toy", "only")
    config = lab.config(thread_id, "toy", "only", WORKSPACE)
    past = list(reader.get_state_history(config))[::-1]
    picked = past[number % len(past)].config
    match act:
        case "edit":
            picked["metadata"] = {"label": said.replace("\x00", ""), "workspace": WORKSPACE}
            reader.update_state(picked, {"done": [said]}, as_node="a")
        case "replay":
            reader.invoke(None, picked)
        case "turn":
            reader.invoke({"n": number}, config)
        case _:
            asked = reader.get_state(config).interrupts
            reader.invoke(Command(resume={one.id: said for one in asked}) if asked else None, config)


def test_a_thread_of_which_nothing_is_saved_is_not_exported(open_toys: OpenLab) -> None:
    lab = open_toys(toy(lane(chain(a=done("a")), remembers=False)))
    thread_id = ran(lab.workspace(WORKSPACE))
    with pytest.raises(NotPossible, match="no checkpointer"):
        exported(lab, thread_id)


def test_a_type_that_only_another_lane_names_is_refused(open_toys: OpenLab) -> None:
    lab = open_toys(typed_pattern())
    lines = opened(exported(lab, ran(lab.workspace(WORKSPACE))))
    plain = Lab(quiet("memory"), patterns=[toy(lane(chain(fill=done("fill"), ask=done("ask"))))])

    must_refuse(plain, sealed(lines), rf"{re.escape(__name__)}\.\w+, which")
    plain.close()


def test_a_thread_with_a_type_that_no_import_takes_is_not_exported(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(toy(lane(chain(a=lambda _: {"done": [Parcelled(1)]}))))
    thread_id = ran(lab.workspace(WORKSPACE))
    with pytest.raises(ExportRefused, match=re.escape(f"{__name__}.Parcelled")):
        exported(lab, thread_id)
