"""Export and import: a file gives an equal thread that goes on, and what isn't an export changes nothing."""

import base64
import enum
import io
import json
import operator
import tracemalloc
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import ormsgpack
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.graph import START, StateGraph, add_messages
from langgraph.types import Command, interrupt
from pydantic import BaseModel
from typing_extensions import TypedDict

from graphs.catalogue import CATALOGUE
from graphs.pattern import Pattern
from graphs.world import World
from lab import saved
from lab.errors import NotPossible
from lab.export import ExportRefused, export_thread
from lab.intake import import_thread
from lab.keep import heads
from lab.lab import Lab
from lab.parcel import ImportRefused, Limits
from lab.storage import Storage
from lab.stream import Graph
from lab.threads import Thread
from tests.labs import quiet
from tests.play import player
from tests.test_answers import asking, asks
from tests.test_keep import WORKSPACE, at, branched, forked, history, rows, thread_of, three_steps
from tests.toys import OpenLab, chain, done, end, fan, lane, names, ran, toy

CASES = [
    (pattern.slug, one.key, number)
    for pattern in CATALOGUE
    for one in pattern.lanes
    if one.remembers and not one.saver
    for number in range(len(pattern.examples))
]
Lines = list[Any]


def exported(lab: Lab, thread_id: str) -> bytes:
    thread = thread_of(lab, thread_id)
    return b"".join(export_thread(lab.storage, thread, lab.reading(thread.pattern, thread.lane)))


def graph_of(lab: Lab) -> Callable[[str, str], Graph | None]:
    def find(slug: str, lane_key: str) -> Graph | None:
        known = any(slug == p.slug and lane_key == one.key and one.remembers for p in known_to(lab) for one in p.lanes)
        return lab.reading(slug, lane_key) if known else None

    return find


def known_to(lab: Lab) -> list[Pattern]:
    return list(lab.patterns.values())


def imported(lab: Lab, data: bytes, workspace: str = WORKSPACE, limits: Limits | None = None) -> Thread:
    return import_thread(lab.storage, io.BytesIO(data), workspace, graph_of(lab), limits=limits or Limits())


def opened(data: bytes) -> Lines:
    """Gives the lines of a file."""
    return [json.loads(line) for line in data.splitlines()]


def sealed(lines: Lines) -> bytes:
    """Writes lines as an attacker would who knows the format: the end fits whatever stands before it."""
    body = b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines[:-1])
    told: list[Any] = [line.get("writes") for line in lines[1:-1] if isinstance(line, dict)]
    writes = sum(len(one) for one in told if isinstance(one, list))
    last = {"checkpoints": len(lines) - 2, "writes": writes, "sha256": sha256(body).hexdigest()}
    return body + json.dumps(last, separators=(",", ":")).encode() + b"\n"


def packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


def must_refuse(lab: Lab, data: bytes, says: str | None = None, limits: Limits | None = None) -> None:
    """Checks that a file is refused with a message that helps, and that nothing at all was changed."""
    before = rows(lab.storage)
    with pytest.raises(ImportRefused, match=says) as refused:
        imported(lab, data, limits=limits)
    assert rows(lab.storage) == before
    assert "Nothing was changed. Export the thread again." in str(refused.value)
    assert len(str(refused.value)) < 800


# Equal threads


@pytest.mark.parametrize(("slug", "lane_key", "number"), CASES)
def test_every_pattern_comes_back_equal(tmp_path: Path, slug: str, lane_key: str, number: int) -> None:
    lab, other = Lab(quiet(str(tmp_path / "lab.sqlite"))), Lab(quiet("memory"))
    thread_id = player(lab)(slug, lane_key, number).thread_id
    thread = lab.workspace("tests").thread(thread_id)
    data = b"".join(export_thread(lab.storage, thread, lab.reading(slug, lane_key)))
    again = imported(other, data)

    assert thread_fields(again) == {**thread_fields(thread), "workspace": WORKSPACE}
    assert told(other, again.thread_id, WORKSPACE) == told(lab, thread_id, "tests")
    assert exported(other, again.thread_id).splitlines()[1:-1] == data.splitlines()[1:-1]
    assert moved(lab, thread_id, "tests") == moved(other, again.thread_id, WORKSPACE)
    lab.close()
    other.close()


def told(lab: Lab, thread_id: str, workspace: str) -> list[Any]:
    """Gives what the history tells of each step."""
    found = lab.workspace(workspace).history(thread_id, limit=1000).rows
    return [(row.checkpoint_id, sorted(row.ran), sorted(row.changed), row.next, row.asked) for row in found]


def thread_fields(thread: Thread) -> dict[str, Any]:
    own = {"thread_id", "session", "created", "updated"}
    return {name: getattr(thread, name) for name in Thread.__slots__ if name not in own}


def moved(lab: Lab, thread_id: str, workspace: str) -> list[Any]:
    """Reads a thread's own states, newest first, without what an import changes: the thread and the workspace."""
    thread = lab.workspace(workspace).thread(thread_id)
    reader = lab.reading(thread.pattern, thread.lane)
    return [
        (
            snapshot.values,
            snapshot.next,
            {**(snapshot.metadata or {}), "workspace": ""},
            snapshot.created_at,
            repr([snapshot.config, snapshot.parent_config, snapshot.tasks]).replace(thread_id, "THREAD"),
        )
        for snapshot in reader.get_state_history({"configurable": {"thread_id": thread_id}})
    ]


def test_a_thread_of_many_branches_comes_back_equal(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    thread_id, _ = branched(lab)
    again = imported(lab, exported(lab, thread_id)).thread_id

    assert history(lab, again) == history(lab, thread_id)
    assert heads(lab.storage, again) == heads(lab.storage, thread_id)
    assert again != thread_id
    assert thread_of(lab, again).session != thread_of(lab, thread_id).session


def test_a_thread_goes_from_each_storage_to_each(tmp_path: Path, postgres_database: str) -> None:
    labs = [
        Lab(quiet(where), patterns=[typed_pattern()])
        for where in ("memory", str(tmp_path / "lab.sqlite"), postgres_database)
    ]
    thread_id = ran(labs[0].workspace(WORKSPACE))
    first = exported(labs[0], thread_id).splitlines()[1:-1]
    for source, target in [(0, 1), (1, 2), (2, 1), (1, 0), (0, 2), (2, 0)]:
        data = exported(labs[source], labs[source].workspace(WORKSPACE).threads()[0].thread_id)
        again = imported(labs[target], data).thread_id
        assert exported(labs[target], again).splitlines()[1:-1] == first
        assert values(labs[target], again) == values(labs[0], thread_id)
    for lab in labs:
        lab.close()


def values(lab: Lab, thread_id: str) -> dict[str, Any]:
    thread = thread_of(lab, thread_id)
    state = lab.reading(thread.pattern, thread.lane).get_state({"configurable": {"thread_id": thread_id}})
    return dict(state.values)


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
    """Makes a graph whose state has a value of every kind, and that asks with one of them."""

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
    thread = lab.workspace("very-secret").thread(thread_id)
    data = b"".join(export_thread(lab.storage, thread, lab.reading("toy", "only")))
    again = imported(lab, data)

    assert b"very-secret" not in data
    assert thread_id.encode() not in data
    with saved.reading(lab.storage) as found:
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
    assert heads(target.storage, again) == heads(source.storage, thread_id)
    for lab, own in ((source, thread_id), (target, again)):
        perform(lab, own, "turn", 0, "")
        perform(lab, own, "answer", 0, "yes")
    assert values(target, again) == values(source, thread_id)
    source.close()
    target.close()


def perform(lab: Lab, thread_id: str, act: str, number: int, said: str) -> None:
    """Does one thing to a thread, at a checkpoint that the number picks."""
    reader = lab.reading("toy", "only")
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


# Going on


def test_a_question_is_answered_in_the_import_alone(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(asking())
    workspace = lab.workspace(WORKSPACE)
    thread_id = ran(workspace)
    before = history(lab, thread_id)
    again = imported(lab, exported(lab, thread_id)).thread_id
    asked = workspace.snapshot(again)
    assert asked is not None
    workspace.resume(again, {asked.questions[0].id: "no"}, asked.checkpoint_id)

    assert end(workspace, again).outcome == "finished"
    assert names(workspace, again) == ["ask='no'", "z"]
    assert history(lab, thread_id) == before
    workspace.resume(thread_id, {asked.questions[0].id: "yes"}, asked.checkpoint_id)
    assert end(workspace, thread_id).outcome == "finished"
    assert names(workspace, again) == ["ask='no'", "z"]


def test_what_was_done_beside_a_question_is_not_done_again_in_the_import(open_anywhere: OpenLab) -> None:
    count = list[str]()
    lab = open_anywhere(toy(lane(fan(a=done("a", count), ask=asks("ask")))))
    workspace = lab.workspace(WORKSPACE)
    again = imported(lab, exported(lab, ran(workspace))).thread_id
    asked = workspace.snapshot(again)
    assert asked is not None
    workspace.resume(again, {asked.questions[0].id: 1}, asked.checkpoint_id)

    assert end(workspace, again).outcome == "finished"
    assert (names(workspace, again), count) == (["a", "ask=1", "join"], ["a"])


def test_an_import_can_be_forked(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    thread_id, _ = branched(lab)
    again = imported(lab, exported(lab, thread_id)).thread_id
    forked(lab, again, at(lab, again, 1), done=["new"])

    assert len(heads(lab.storage, again)) == 5
    assert len(heads(lab.storage, thread_id)) == 4
    assert names(lab.workspace(WORKSPACE), again) == ["a", "new", "b", "c"]


def test_a_pruned_and_a_dangling_thread_are_exported_too(open_toys: OpenLab) -> None:
    lab = open_toys(three_steps())
    thread_id = ran(lab.workspace(WORKSPACE))
    with saved.changing(lab.storage) as found:
        links = found.rows.links(thread_id)
        found.rows.drop(thread_id, links[:2])
    again = imported(lab, exported(lab, thread_id)).thread_id

    assert names(lab.workspace(WORKSPACE), again) == names(lab.workspace(WORKSPACE), thread_id)
    with saved.reading(lab.storage) as found:
        assert found.rows.links(again)[0].parent_id is None


def test_a_thread_of_which_nothing_is_saved_is_not_exported(open_toys: OpenLab) -> None:
    lab = open_toys(toy(lane(chain(a=done("a")), remembers=False)))
    thread_id = ran(lab.workspace(WORKSPACE))
    with pytest.raises(NotPossible, match="no checkpointer"):
        exported(lab, thread_id)


def test_a_file_is_written_and_read_with_one_state_in_memory(tmp_path: Path) -> None:
    def peak(steps: int) -> tuple[int, int]:
        def say(_: Any) -> dict[str, Any]:
            return {"done": [uuid.uuid4().hex * 3000]}

        lab = Lab(quiet(str(tmp_path / f"{steps}.sqlite")), patterns=[toy(lane(chain(a=say)))])
        thread_id = ran(lab.workspace(WORKSPACE))
        reader, config = lab.reading("toy", "only"), lab.config(thread_id, "toy", "only", WORKSPACE)
        for _ in range(steps):
            past = list(reader.get_state_history(config, limit=1))
            reader.update_state(past[0].parent_config or config, {"done": [uuid.uuid4().hex * 3000]}, as_node="a")
        tracemalloc.start()
        with (tmp_path / "file").open("wb+") as file:
            for line in export_thread(lab.storage, thread_of(lab, thread_id), lab.reading("toy", "only")):
                file.write(line)
            size = file.tell()
            import_thread(lab.storage, file, WORKSPACE, graph_of(lab))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        lab.close()
        return found, size

    (few, small), (many, large) = peak(20), peak(200)

    assert large > 5 * small
    assert many < few + 1_000_000


# Files that are no exports


@pytest.fixture
def home(open_toys: OpenLab) -> tuple[Lab, bytes]:
    """A lab and a file of a thread that waits for an answer beside what is done."""
    lab = open_toys(toy(lane(fan(a=done("a"), ask=asks("ask"))), lane(chain(a=done("a")), "forgets", remembers=False)))
    return lab, exported(lab, ran(lab.workspace(WORKSPACE)))


def test_a_sealed_file_is_taken(home: tuple[Lab, bytes]) -> None:
    lab, data = home

    assert sealed(opened(data)) == data
    assert lab.workspace(WORKSPACE).status(imported(lab, data).thread_id) == "waiting"


def test_a_file_that_is_cut_off_or_goes_on_is_refused(home: tuple[Lab, bytes]) -> None:
    lab, data = home
    ends = [number + 1 for number, sign in enumerate(data) if sign == 10]
    for length in {0, 1, *ends[:-1], *(length - 1 for length in ends), len(data) // 2, len(data) // 3}:
        must_refuse(lab, data[:length])
    for more in (b"\n", b"{}\n", data, b"\x00"):
        must_refuse(lab, data + more, "follows the end")


def test_a_file_with_one_changed_sign_is_refused(home: tuple[Lab, bytes]) -> None:
    lab, data = home

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(some.integers(0, len(data) - 2), some.integers(1, 255))
    def with_change(place: int, change: int) -> None:
        changed = bytearray(data)
        changed[place] ^= change
        if json_lines(bytes(changed)) != json_lines(data):
            with pytest.raises(ImportRefused):
                imported(lab, bytes(changed))

    before = rows(lab.storage)
    with_change()
    assert rows(lab.storage) == before


def json_lines(data: bytes) -> Any:
    try:
        return [json.loads(line) for line in data.splitlines()]
    except ValueError:
        return None


@pytest.mark.parametrize(
    "data",
    [b"", b"\n", b"{}\n{}\n", b"PK\x03\x04\n", b"[]\n" * 3, b"\xff\xfe\n" * 3, b"null\n" * 3, b"[" * 10_000 + b"\n"],
)
def test_what_is_something_else_is_refused(home: tuple[Lab, bytes], data: bytes) -> None:
    must_refuse(home[0], data)


def header(**fields: Any) -> Callable[[Lines], None]:
    return lambda lines: lines[0].update(fields)


def point(number: int = 2, **fields: Any) -> Callable[[Lines], None]:
    return lambda lines: lines[number].update(fields)


def noted(**fields: Any) -> Callable[[Lines], None]:
    return lambda lines: lines[2]["metadata"].update(fields)


def written(place: int, value: Any) -> Callable[[Lines], None]:
    def change(lines: Lines) -> None:
        next(line for line in lines[1:-1] if line["writes"])["writes"][0][place] = value

    return change


def circle(lines: Lines) -> None:
    lines[1]["parent"] = lines[2]["checkpoint"]


def twice(lines: Lines) -> None:
    lines.insert(2, lines[1])


def written_twice(lines: Lines) -> None:
    lines[1]["writes"].append(lines[1]["writes"][0])


def without(name: str, number: int) -> Callable[[Lines], None]:
    return lambda lines: lines[number].pop(name)


def unknown_channel_version(lines: Lines) -> None:
    lines[2]["values"]["more"] = ["null", packed(b"")]


def of_the_wrong_type(lines: Lines) -> None:
    lines[2]["values"]["__pregel_tasks"] = ["msgpack", packed(ormsgpack.packb(5))]
    lines[2]["versions"]["__pregel_tasks"] = next(iter(lines[2]["versions"].values()))


def only_subgraphs(lines: Lines) -> None:
    for line in lines[1:-1]:
        line["namespace"] = "sub"


FUTURE = "3fffffff-0000-6000-8000-000000000000"
OTHER_ID = "1f000000-0000-6000-8000-000000000000"
CHANGES: dict[str, tuple[Callable[[Lines], Any], str]] = {
    "another format": (header(format="other"), "format"),
    "a later version": (header(version=2), "version"),
    "a version in letters": (header(version="1"), "version"),
    "an unknown pattern": (header(pattern="unknown"), "keeps threads here"),
    "a pattern that is a path": (header(pattern="../../etc/passwd"), "keeps threads here"),
    "an unknown lane": (header(lane="unknown"), "keeps threads here"),
    "a lane that keeps nothing": (header(lane="forgets"), "keeps threads here"),
    "an unknown model": (header(model="other"), "model"),
    "no title": (header(title=" "), "title"),
    "a title with a null": (header(title="a\x00"), "title"),
    "a title that is a list": (header(title=["a"]), "title"),
    "a title without end": (header(title="x" * 5000), "title"),
    "a time that is none": (header(exported="yesterday"), "exported"),
    "a field more in the header": (header(thread_id="x"), "thread_id"),
    "a library more": (lambda lines: lines[0]["libraries"].update(other="1"), "libraries.other"),
    "a field less in the header": (without("model", 0), "model"),
    "a field more": (point(thread_id="x"), "thread_id"),
    "a field less": (without("parent", 2), "parent"),
    "an id that is none": (point(checkpoint="../../x"), "checkpoint"),
    "an id of another kind": (point(checkpoint=str(uuid.UUID(int=0, version=4))), "checkpoint"),
    "an id in capitals": (point(checkpoint=OTHER_ID.upper()), "checkpoint"),
    "an id that is a number": (point(checkpoint=5), "checkpoint"),
    "an id from the future": (point(checkpoint=FUTURE), "future|parent"),
    "an id twice": (twice, "twice"),
    "a parent that isn't there": (point(parent=OTHER_ID), "parent"),
    "a parent that is none": (point(parent="x"), "parent"),
    "descent in a circle": (circle, "parent"),
    "a namespace that is a path": (point(namespace="../../x\x00"), "namespace"),
    "a namespace with an empty part": (point(namespace="a||b"), "namespace"),
    "a namespace without end": (point(namespace="x" * 300), "namespace"),
    "nothing but subgraphs": (only_subgraphs, "the thread itself"),
    "a checkpoint of another version": (point(v=3), "v"),
    "a time of nowhere": (point(ts="2026-99-99"), "ts"),
    "values in a list": (point(values=[]), "values"),
    "a value without a version": (unknown_channel_version, "version"),
    "a value without its kind": (point(values={"n": ["msgpack"]}), "values"),
    "versions that are no numbers": (point(versions={"n": "latest"}), "versions"),
    "versions in numbers": (point(versions={"n": 1}), "versions"),
    "seen that is none": (point(seen={"a": "b"}), "seen"),
    "updated that is none": (point(updated="a"), "updated"),
    "a source that is none": (noted(source="magic"), "source"),
    "a step in letters": (noted(step="1"), "step"),
    "a step before all": (noted(step=-9), "step"),
    "parents that are none": (noted(parents={"": "x"}), "parents"),
    "metadata of another pattern": (noted(pattern="other"), "metadata"),
    "metadata of another workspace": (noted(workspace="somebody"), "metadata"),
    "metadata with a list": (noted(label=["x"]), "label"),
    "metadata with an object": (noted(label={"lc": 1}), "label"),
    "metadata that isn't a number": (noted(label=float("nan")), "label|whole"),
    "no metadata": (point(metadata=None), "metadata"),
    "a task that is none": (written(0, "../x"), "writes"),
    "a task's path with a null": (written(1, "a\x00"), "writes"),
    "a write's number in letters": (written(2, "0"), "writes"),
    "a write's number beyond all": (written(2, 10**9), "writes"),
    "a channel that is none": (written(3, ""), "writes"),
    "a write twice": (written_twice, "twice"),
    "pickle": (written(4, "pickle"), "writes"),
    "json": (written(4, "json"), "writes"),
    "a value that isn't packed": (written(5, "!!"), "unpacked"),
    "a value that isn't deflated": (written(5, base64.b64encode(b"abc").decode()), "unpacked"),
    "a value cut off": (written(5, base64.b64encode(zlib.compress(b"abc")[:-2]).decode()), "unpacked"),
    "a value with something behind": (written(5, base64.b64encode(zlib.compress(b"abc") + b"x").decode()), "unpacked"),
    "a value the lane can't read": (of_the_wrong_type, "can't read"),
}


@pytest.mark.parametrize(("change", "says"), CHANGES.values(), ids=CHANGES)
def test_a_file_that_was_changed_is_refused(home: tuple[Lab, bytes], change: Callable[[Lines], Any], says: str) -> None:
    lab, data = home
    lines = opened(data)
    change(lines)
    must_refuse(lab, sealed(lines), says)


def every_place(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Gives the way to everything inside a JSON value."""
    inside: Mapping[Any, Any] = value if isinstance(value, dict) else dict(enumerate(value))
    for key, one in inside.items():
        yield (*place, key)
        if isinstance(one, dict | list):
            yield from every_place(one, (*place, key))


def test_whatever_is_put_in_any_place_is_refused_or_makes_a_thread_that_can_be_read(home: tuple[Lab, bytes]) -> None:
    lab, data = home
    places = list(every_place(opened(data)[:-1]))
    junk: list[Any] = [None, True, -1, 10**30, "", "x", "../../x", [], {}, [[]], {"": None}]

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(some.sampled_from(places), some.sampled_from(junk))
    def with_junk(place: tuple[Any, ...], instead: Any) -> None:
        lines = opened(data)
        inside: Any = lines
        for step in place[:-1]:
            inside = inside[step]
        inside[place[-1]] = instead
        before = rows(lab.storage)
        try:
            thread_id = imported(lab, sealed(lines)).thread_id
        except ImportRefused:
            assert rows(lab.storage) == before
        else:
            assert history(lab, thread_id)

    with_junk()


# Values that would make something


CALLED = list[Any]()


def canary(*given_values: Any, **named: Any) -> str:
    """Notes that a value made Python call it."""
    CALLED.append((given_values, named))
    return "called"


def ext(code: int, *inner: Any) -> ormsgpack.Ext:
    return ormsgpack.Ext(code, ormsgpack.packb(inner))


def nested(depth: int) -> ormsgpack.Ext:
    found = ext(0, "builtins", "set", [])
    for _ in range(depth):
        found = ext(0, "builtins", "set", [found])
    return found


HERE = canary.__module__
UNSAFE: dict[str, bytes] = {
    "a function by one argument": ormsgpack.packb(ext(0, HERE, "canary", "x")),
    "a function by arguments": ormsgpack.packb(ext(1, HERE, "canary", ["x"])),
    "a function by keywords": ormsgpack.packb(ext(2, HERE, "canary", {"x": 1})),
    "a method": ormsgpack.packb(ext(3, "tests.test_export", "CALLED", "x", "append")),
    "a model of the first pydantic": ormsgpack.packb(ext(4, HERE, "canary", {"x": 1})),
    "a model": ormsgpack.packb(ext(5, HERE, "canary", {"x": 1}, "model_validate_json")),
    "a shell": ormsgpack.packb(ext(0, "os", "system", "echo called")),
    "inside a list": ormsgpack.packb([1, {"a": [ext(0, HERE, "canary", "x")]}]),
    "inside a safe type": ormsgpack.packb(ext(0, "builtins", "set", [ext(0, HERE, "canary", "x")])),
    "inside a snapshot": ormsgpack.packb(ext(7, ext(0, HERE, "canary", "x"))),
    "as a key": ormsgpack.packb({"a": 1}).replace(b"\xa1a", ormsgpack.packb(ext(0, HERE, "canary", "x"))),
    "an array": ormsgpack.packb(ext(6, "<i8", [1], "C", b"12345678")),
    "an unknown extension": ormsgpack.packb(ext(99, "builtins", "set", [])),
    "a name that is a list": ormsgpack.packb(ext(0, "builtins", ["set"], [])),
    "an extension of nothing": ormsgpack.packb(ormsgpack.Ext(0, b"")),
    "an extension of garbage": ormsgpack.packb(ormsgpack.Ext(0, b"\xc1\xff")),
    "an extension that is too short": ormsgpack.packb(ext(0, "builtins")),
    "objects nested deeply": ormsgpack.packb(nested(60)),
    "objects nested very deeply": ormsgpack.packb(nested(3000)),
    "lists nested deeply": b"\x91" * 100_000 + b"\xc0",
    "a list said to be long": b"\xdd\xff\xff\xff\xff",
    "a table said to be long": b"\xdf\xff\xff\xff\xff",
    "garbage": b"\xc1",
    "nothing": b"",
}


@pytest.mark.parametrize("where", ["a value", "a write"])
@pytest.mark.parametrize("data", UNSAFE.values(), ids=UNSAFE)
def test_a_value_that_would_make_something_unknown_is_refused_and_makes_nothing(
    home: tuple[Lab, bytes], data: bytes, where: str
) -> None:
    lab, good = home
    lines = opened(good)
    if where == "a write":
        written(4, "msgpack")(lines)
        written(5, packed(data))(lines)
    else:
        lines[2]["values"]["n"] = ["msgpack", packed(data)]
    CALLED.clear()
    must_refuse(lab, sealed(lines))

    assert CALLED == []


@pytest.mark.parametrize("name", ["a function by one argument", "a function by keywords", "inside a safe type"])
@pytest.mark.filterwarnings("ignore")
def test_the_library_itself_would_call_what_such_a_value_names(name: str) -> None:
    CALLED.clear()
    JsonPlusSerializer(allowed_msgpack_modules=True).loads_typed(("msgpack", UNSAFE[name]))

    assert len(CALLED) == 1


def test_a_type_that_only_another_lane_names_is_refused(open_toys: OpenLab) -> None:
    lab = open_toys(typed_pattern())
    lines = opened(exported(lab, ran(lab.workspace(WORKSPACE))))
    plain = Lab(quiet("memory"), patterns=[three_steps()])

    must_refuse(plain, sealed(lines), r"tests\.test_export\.\w+, which")
    plain.close()


def test_a_thread_with_a_type_that_no_import_takes_is_not_exported(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(toy(lane(chain(a=lambda _: {"done": [Parcelled(1)]}))))
    thread_id = ran(lab.workspace(WORKSPACE))
    with pytest.raises(ExportRefused, match=r"tests\.test_export\.Parcelled"):
        exported(lab, thread_id)


# Files that would fill the memory


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (Limits(line=200), "line 1: it is longer"),
        (Limits(value=3), "larger"),
        (Limits(total=60), "larger"),
        (Limits(checkpoints=1), "more than 1"),
    ],
)
def test_a_file_that_is_too_large_is_refused(home: tuple[Lab, bytes], limits: Limits, says: str) -> None:
    must_refuse(*home, says, limits)


def test_a_value_that_unfolds_without_end_is_refused_in_little_memory(home: tuple[Lab, bytes]) -> None:
    lab, data = home
    lines = opened(data)
    lines[2]["values"]["n"] = ["bytes", packed(bytes(500_000_000))]
    file = sealed(lines)
    before = rows(lab.storage)
    tracemalloc.start()
    with pytest.raises(ImportRefused, match="larger"):
        imported(lab, file)
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert rows(lab.storage) == before
    assert used < 150_000_000


@pytest.mark.parametrize(
    "limits", [Limits(line=1000), Limits(value=3), Limits(total=60), Limits(checkpoints=1)], ids=str
)
def test_a_thread_that_no_import_would_take_is_not_exported(home: tuple[Lab, bytes], limits: Limits) -> None:
    lab, _ = home
    thread = lab.workspace(WORKSPACE).threads()[0]
    with pytest.raises(ExportRefused):
        list(export_thread(lab.storage, thread, lab.reading("toy", "only"), limits=limits))


# All or nothing


def test_an_import_that_breaks_off_leaves_nothing(open_anywhere: OpenLab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = open_anywhere(three_steps())
    data = exported(lab, ran(lab.workspace(WORKSPACE)))
    before = rows(lab.storage)
    rows_of = saved._MemoryRows if lab.storage.kind == "memory" else saved._SqlRows
    sound, calls = rows_of.add_writes, list[int]()

    def add_writes(*given_values: Any) -> None:
        sound(*given_values)
        calls.append(1)
        if len(calls) == 3:
            raise ConnectionError("the cable was pulled")

    monkeypatch.setattr(rows_of, "add_writes", add_writes)
    with pytest.raises(ConnectionError):
        imported(lab, data)

    assert rows(lab.storage) == before


def test_what_postgresql_cannot_hold_is_refused(postgres_database: str) -> None:
    lab = Lab(quiet(postgres_database), patterns=[three_steps()])
    lines = opened(exported(lab, ran(lab.workspace(WORKSPACE))))
    for line in lines[1:-1]:
        line["values"]["crash"] = ["msgpack", packed(ormsgpack.packb("a\x00b"))]
        line["versions"]["crash"] = next(iter(line["versions"].values()))
    must_refuse(lab, sealed(lines), "the database")
    lab.close()


def test_two_imports_of_one_file_make_two_threads(open_anywhere: OpenLab) -> None:
    lab = open_anywhere(three_steps())
    data = exported(lab, ran(lab.workspace(WORKSPACE)))
    first, second = imported(lab, data), imported(lab, data, "another")

    assert first.thread_id != second.thread_id
    assert [thread.thread_id for thread in lab.workspace("another").threads()] == [second.thread_id]
    assert count(lab.storage, first.thread_id) == count(lab.storage, second.thread_id) > 0


def count(storage: Storage, thread_id: str) -> int:
    with saved.reading(storage) as found:
        return len(found.rows.links(thread_id))
