"""The catalogue's contract: what every pattern, lane and example keeps, on every kind of storage."""

import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from langchain_core.language_models import FakeListChatModel
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import TypeAdapter

from graphs.catalogue import CATALOGUE, find
from graphs.outcome import Ended
from graphs.pattern import Example, Fork, Lane, Mend, Pattern, Restart, Rewind, WayBack
from lab.errors import NotPossible
from lab.lab import Lab
from lab.state import check_input
from lab.workspace import UNCLEAR
from tests.support.example_player import Played, player
from tests.support.labs import quiet

EACH_PATTERN = pytest.mark.parametrize("pattern", CATALOGUE, ids=lambda pattern: pattern.slug)
LANES = [
    pytest.param(pattern, lane, id=f"{pattern.slug}-{lane.key}") for pattern in CATALOGUE for lane in pattern.lanes
]
EXAMPLES, KILLED = (
    [
        pytest.param(pattern, lane, example, id=f"{pattern.slug}-{lane.key}-{example.label}")
        for pattern in CATALOGUE
        for lane in pattern.lanes
        for example in pattern.examples
        if (example.input.get(pattern.crash_field, "never") != "never") == killed
    ]
    for killed in (False, True)
)


@pytest.fixture(scope="module")
def reading() -> Iterator[Lab]:
    """Provide a lab to look at patterns without running them."""
    lab = Lab(quiet("memory"))
    yield lab
    lab.close()


# Two or three processes each. On SQLite the pattern's own test kills them, and says more.
@pytest.mark.usefixtures("forked_workers")
@pytest.mark.parametrize("stored", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("pattern", "lane", "example"), KILLED)
def test_every_example_that_is_killed_runs_to_its_end(
    stored: Lab, pattern: Pattern, lane: Lane, example: Example
) -> None:
    runs_to_its_end(stored, pattern, lane, example)


@pytest.mark.parametrize(("pattern", "lane", "example"), KILLED)
def test_an_example_that_is_killed_is_refused_where_everything_ends_with_its_process(
    reading: Lab, pattern: Pattern, lane: Lane, example: Example
) -> None:
    with pytest.raises(NotPossible, match="LAB_DATABASE"):
        reading.workspace("tests").start(pattern.slug, lane.key, example.input)


@pytest.mark.parametrize(("pattern", "lane", "example"), EXAMPLES)
def test_every_example_runs_to_its_end(stored: Lab, pattern: Pattern, lane: Lane, example: Example) -> None:
    if lane not in stored.graphs.offered(pattern.slug).lanes:
        with pytest.raises(NotPossible, match="PostgreSQL"):
            stored.workspace("tests").start(pattern.slug, lane.key, example.input)
        return
    runs_to_its_end(stored, pattern, lane, example)


def runs_to_its_end(stored: Lab, pattern: Pattern, lane: Lane, example: Example) -> None:
    played = player(stored)(pattern.slug, lane.key, example)
    snapshot = stored.workspace("tests").history.snapshot(played.thread_id)

    assert played.status == "finished" or example.unhappy
    assert played.error is None or example.unhappy
    assert stored.workspace("tests").wait(played.thread_id, 0)
    assert_says_what_came_of_it(stored, pattern, lane, example, played)
    if snapshot is not None:
        assert json.loads(json.dumps(snapshot.values)) == snapshot.values


LONGEST = 72
"""Characters of an outcome that fit a lane's line."""


def assert_says_what_came_of_it(stored: Lab, pattern: Pattern, lane: Lane, example: Example, played: Played) -> None:
    """Check that the outcome is there at the end alone, and a sentence that nobody needs to know the program for."""
    view = stored.workspace("tests").view(played.thread_id)
    view.catch_up()
    line, fields = played.outcome, get_type_hints(stored.graphs.state_schema(pattern.slug, lane.key))
    inner = [name for name in (*fields, lane.key, *view.runs[-1].calls.split()) if re.search(r"\w[_-]\w", name)]

    assert bool(line) == (played.status == "finished" or played.error is not None)
    assert line != UNCLEAR
    assert len(line) <= LONGEST
    assert not line or re.fullmatch(r"[A-Z0-9][^\n*`_|\[\]{}]*[^\s.]", line)
    assert not re.search(r"None|True|False|[0-9a-f]{8}|[A-Z]{3}-", line)
    assert not any(name in line for name in inner)
    assert view.worked > 0


@EACH_PATTERN
def test_every_lane_says_what_came_of_each_example_in_words_that_its_own_test_knows(pattern: Pattern) -> None:
    lines = importlib.import_module(f"tests.graphs.test_{pattern.slug.replace('-', '_')}").OUTCOMES

    assert all(lane.outcome for lane in pattern.lanes)
    assert set(lines) == {(lane.key, number) for lane in pattern.lanes for number in range(len(pattern.examples))}


@pytest.mark.parametrize(("pattern", "lane"), LANES)
def test_a_lane_says_what_came_of_a_thread_whose_first_node_failed(pattern: Pattern, lane: Lane) -> None:
    # That is all a lane without memory has then; one with memory has its input and its empty lists as well.
    given = pattern.examples[0].input
    assert lane.outcome is not None
    assert lane.outcome(Ended({}, inputs=[given], failed=True))


def test_slugs_are_unique_and_fit_an_address() -> None:
    slugs = [pattern.slug for pattern in CATALOGUE]

    assert len(set(slugs)) == len(slugs)
    assert all(re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", slug) for slug in slugs)


def test_titles_are_unique() -> None:
    assert len({pattern.title for pattern in CATALOGUE}) == len(CATALOGUE)


def test_a_pattern_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(KeyError, match="no-such-pattern"):
        find("no-such-pattern")


@EACH_PATTERN
def test_a_lane_that_does_not_exist_is_refused_by_name(pattern: Pattern) -> None:
    with pytest.raises(KeyError, match="no-such-lane"):
        pattern.lane("no-such-lane")


@EACH_PATTERN
def test_a_pattern_has_three_examples_and_one_that_people_would_rather_not_see(pattern: Pattern) -> None:
    labels = [example.label for example in pattern.examples]

    assert len(labels) >= 3
    assert len(set(labels)) == len(labels)
    assert any(example.unhappy for example in pattern.examples)
    assert not all(example.unhappy for example in pattern.examples)


@EACH_PATTERN
def test_the_steps_of_an_example_are_for_lanes_that_exist(pattern: Pattern) -> None:
    assert {key for example in pattern.examples for key in example.steps} <= {lane.key for lane in pattern.lanes}


@pytest.mark.parametrize(("pattern", "lane"), LANES)
def test_a_lane_remembers_where_its_graph_is_compiled_with_a_checkpointer(pattern: Pattern, lane: Lane) -> None:
    compiled = lane.compile(lane.build(FakeListChatModel(responses=["Yes."])), InMemorySaver())

    assert (compiled.checkpointer is not None) == lane.remembers


@EACH_PATTERN
def test_only_lanes_that_are_about_a_way_back_go_back_and_only_a_fork_writes_there(pattern: Pattern) -> None:
    taken = [
        (pattern.lane(key), step) for one in pattern.examples for key, steps in one.steps.items() for step in steps
    ]
    back = [(lane, step) for lane, step in taken if isinstance(step, WayBack)]

    assert all(lane.travel for lane, _ in back)
    assert all(
        set(step.values) <= set(lane.edits if isinstance(lane.travel, Fork | Mend) else ()) for lane, step in back
    )
    assert all(lane.trap for lane in pattern.lanes if isinstance(lane.travel, Rewind))


@EACH_PATTERN
def test_the_summary_is_one_sentence_and_there_is_something_to_watch(pattern: Pattern) -> None:
    assert re.fullmatch(r"[A-Z][^.!?]*[.!?]", pattern.summary)
    assert pattern.watch
    assert all(re.fullmatch(r".*[.!?]", said) for said in pattern.watch)
    assert pattern.sources


@EACH_PATTERN
def test_lanes_have_keys_of_their_own_and_each_says_how_it_differs(pattern: Pattern) -> None:
    keys = [lane.key for lane in pattern.lanes]

    assert keys
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch(r"[a-z][a-z0-9-]*", key) for key in keys)
    assert all(re.fullmatch(r"[A-Z].*\.", lane.differs) for lane in pattern.lanes)


@EACH_PATTERN
def test_a_lane_that_is_a_trap_says_in_a_sentence_what_it_costs(pattern: Pattern) -> None:
    assert all(re.fullmatch(r"[A-Z].{20,}\.", lane.trap) for lane in pattern.lanes if lane.trap)
    assert not all(lane.trap for lane in pattern.lanes)


@EACH_PATTERN
def test_all_lanes_of_a_pattern_take_the_same_input(reading: Lab, pattern: Pattern) -> None:
    schemas = [TypeAdapter(reading.graphs.input_schema(pattern.slug, lane.key)).json_schema() for lane in pattern.lanes]

    assert all(schema == schemas[0] for schema in schemas)


@EACH_PATTERN
def test_every_input_field_has_a_title_and_fits_its_examples(reading: Lab, pattern: Pattern) -> None:
    schema = reading.graphs.input_schema(pattern.slug, pattern.lanes[0].key)
    fields = TypeAdapter(schema).json_schema()["properties"]

    for example in pattern.examples:
        assert set(example.input) == set(fields)
        assert check_input(schema, example.input)
    assert pattern.crash_field == "" or pattern.crash_field in fields


class Called:
    """Graph that keeps the options of its streams and runs nothing."""

    checkpointer = None

    def __init__(self) -> None:
        self.options: dict[str, Any] = {}

    def stream(self, _: Any, __: Any, **options: Any) -> Iterator[Any]:
        """Keep the options."""
        self.options = options
        return iter(())


@pytest.mark.parametrize(("pattern", "lane"), LANES)
def test_a_lane_pauses_only_at_nodes_that_it_has_and_at_those_that_a_visitor_chose(
    reading: Lab, pattern: Pattern, lane: Lane
) -> None:
    nodes, called = set(reading.graphs.reading(pattern.slug, lane.key).builder.nodes), Called()
    lane.run(called, None, {}, interrupt_before=["one"], interrupt_after=["other"])

    assert {"one"} <= set(called.options["interrupt_before"]) <= {"one", *nodes}
    assert called.options["interrupt_after"] == ["other"]


@pytest.mark.parametrize(("pattern", "lane"), LANES)
def test_a_lane_names_only_fields_that_it_has(reading: Lab, pattern: Pattern, lane: Lane) -> None:
    builder = reading.graphs.reading(pattern.slug, lane.key).builder

    assert {*lane.edits, *pattern.compares} <= set(get_type_hints(builder.state_schema))


@pytest.mark.parametrize(("pattern", "lane"), LANES)
def test_a_lane_can_be_drawn(reading: Lab, pattern: Pattern, lane: Lane) -> None:
    drawing = reading.graphs.drawing(pattern.slug, lane.key)

    assert {"__start__", "__end__"} <= set(drawing.nodes)
    assert drawing.edges


@EACH_PATTERN
def test_only_lanes_with_a_checkpointer_of_their_own_are_restarted(pattern: Pattern) -> None:
    restarted = {key for example in pattern.examples for key, steps in example.steps.items() if Restart() in steps}

    assert all(pattern.lane(key).saver for key in restarted)
    # A run that kills its process gets another one, which can't reach a checkpointer in this one's memory.
    assert not pattern.crash_field or not any(lane.saver for lane in pattern.lanes)


@pytest.mark.parametrize("pattern", [one for one in CATALOGUE if any(lane.saver for lane in one.lanes)])
def test_only_a_lab_on_postgresql_offers_lanes_on_postgresql(stored: Lab, pattern: Pattern) -> None:
    there = stored.storage.kind == "postgresql"
    missing = [lane for lane in pattern.lanes if lane.saver and lane.saver.kind == "postgresql" and not there]

    assert [*stored.graphs.offered(pattern.slug).lanes, *missing] == list(pattern.lanes)


@EACH_PATTERN
def test_a_pattern_has_a_test_file_of_its_own(pattern: Pattern) -> None:
    assert (Path(__file__).parent / f"test_{pattern.slug.replace('-', '_')}.py").exists()
