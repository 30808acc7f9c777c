"""Stream modes: what each mode tells of a run is what the page is given, part by part."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver

from graphs.outcome import Ended
from graphs.pattern import Example
from graphs.streaming.stream_modes import MODES, WrongLength, build, stream_in_every_mode
from graphs.streaming.stream_modes_demo import PATTERN
from lab.events import StreamPart
from lab.jsonable import Json, to_jsonable
from lab.lab import Lab
from lab.models import OfflineModel
from tests.support.example_player import Play
from tests.support.labs import quiet

SLUG, LANE = PATTERN.slug, "run"
BOAT, WORD, LONG = range(3)
EXAMPLES = range(len(PATTERN.examples))


def parts(lab: Lab, thread_id: str) -> list[StreamPart]:
    events = lab.workspace("tests").events(thread_id)
    return [event for event in events if isinstance(event, StreamPart)]


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_the_page_is_given_is_what_the_very_stream_yielded_part_by_part(example: int) -> None:
    yielded: list[tuple[str, Json]] = []

    def overheard(graph: Any, given: Any, config: RunnableConfig, **options: Any) -> Iterator[Any]:
        for part in stream_in_every_mode(graph, given, config, **options):
            yielded.append((part["type"], to_jsonable(part["data"])))
            yield part

    lab = Lab(quiet("memory"), patterns=[replace(PATTERN, lanes=(replace(PATTERN.lanes[0], run=overheard),))])
    thread_id = lab.workspace("tests").start(SLUG, LANE, PATTERN.examples[example].input).thread_id
    assert lab.workspace("tests").wait(thread_id, 60)

    assert [(part.mode, part.data) for part in parts(lab, thread_id)] == yielded
    assert {mode for mode, _ in yielded} == set(MODES)
    lab.close()


def alike(data: Json) -> Json:
    """Return a part's data without what differs from run to run: ids, times and the lab's own notes."""
    if isinstance(data, dict):
        own = {"pattern", "lane", "workspace", "began", "durability"}
        return {key: alike(value) for key, value in data.items() if key not in own}
    if isinstance(data, list):
        return [alike(one) for one in data]
    if isinstance(data, str):
        return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+\+00:00", "-", data)
    return data


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("example", EXAMPLES)
def test_a_column_equals_what_a_stream_of_that_mode_alone_yields(
    play: Play, sqlite_lab: Lab, mode: Any, example: int
) -> None:
    given: Any = PATTERN.examples[example].input
    config: RunnableConfig = {"configurable": {"thread_id": str(uuid4())}, "metadata": {"lane": "alone"}}
    alone: list[Json] = []
    graph = build(OfflineModel(script=PATTERN.script)).compile(checkpointer=InMemorySaver())
    try:
        alone.extend(alike(to_jsonable(data)) for data in graph.stream(given, config, stream_mode=mode))
    except WrongLength:
        assert example == LONG
    together = parts(sqlite_lab, play(SLUG, LANE, example).thread_id)

    assert alone
    assert [alike(part.data) for part in together if part.mode == mode] == alone


@pytest.mark.parametrize("example", EXAMPLES)
def test_parts_come_in_the_order_of_their_times_within_the_run(play: Play, sqlite_lab: Lab, example: int) -> None:
    thread_id = play(SLUG, LANE, example).thread_id
    view = sqlite_lab.workspace("tests").view(thread_id)
    view.catch_up()
    (run,) = view.runs
    times = [part.at for part in view.parts]

    assert times == sorted(times)
    assert run.ended is not None
    assert run.started <= times[0] <= times[-1] <= run.ended


def test_values_hold_the_whole_state_and_updates_only_what_a_node_wrote(play: Play, sqlite_lab: Lab) -> None:
    told = parts(sqlite_lab, play(SLUG, LANE, BOAT).thread_id)
    values = [sorted(part.data) for part in told if part.mode == "values"]
    updates = [part.data for part in told if part.mode == "updates"]

    assert [len(keys) for keys in values] == [2, 3, 4, 5]
    assert [list(update) for update in updates] == [["plan"], ["write"], ["check"]]
    assert [sorted(wrote) for update in updates for wrote in update.values()] == [["words"], ["caption"], ["length"]]


def test_the_tokens_of_the_messages_are_the_caption(play: Play, sqlite_lab: Lab) -> None:
    played = play(SLUG, LANE, WORD)
    tokens = [part.data[0]["text"] for part in parts(sqlite_lab, played.thread_id) if part.mode == "messages"]

    assert "".join(tokens) == played.values["caption"]
    assert len(tokens) > len(played.values["caption"].split())


def test_of_a_failure_tasks_alone_tells_and_nothing_of_the_failed_node_is_in_the_state(
    play: Play, sqlite_lab: Lab
) -> None:
    played = play(SLUG, LANE, LONG)
    told = parts(sqlite_lab, played.thread_id)
    says = {part.mode for part in told if "WrongLength" in str(part.data)}

    assert (played.status, played.failed_node) == ("resumable", "check")
    assert says == {"tasks", "debug"}
    assert "length" not in played.values
    assert [list(part.data) for part in told if part.mode == "updates"] == [["plan"], ["write"]]


def test_the_caption_depends_on_the_topic(play: Play) -> None:
    said = {play(SLUG, LANE, Example("t", {"topic": topic, "most": 99})).values["caption"] for topic in ("Rain", "Tar")}

    assert len(said) == 2


def test_no_other_pattern_tells_its_parts(play: Play, sqlite_lab: Lab) -> None:
    assert parts(sqlite_lab, play("token-streaming", "tokens", 1).thread_id) == []


OUTCOMES = {
    (LANE, BOAT): "A caption of 17 words, of 40 allowed",
    (LANE, WORD): "A caption of 13 words, of 40 allowed",
    (LANE, LONG): "A caption of 18 words that failed its check: stopped by an error",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_how_long_the_caption_is(play: Play, lane: str, example: int) -> None:
    assert play(SLUG, lane, example).outcome == OUTCOMES[lane, example]


def test_the_outcome_of_a_thread_without_a_caption_says_so() -> None:
    told = PATTERN.lanes[0].outcome
    assert told is not None
    assert told(Ended({"words": []}, failed=True)) == "No caption: stopped by an error"


def test_a_caption_without_a_word_fails_its_check() -> None:
    lab = Lab(quiet("memory"), patterns=[replace(PATTERN, script=lambda _: " ")])
    workspace = lab.workspace("tests")
    thread_id = workspace.start(SLUG, LANE, PATTERN.examples[BOAT].input).thread_id
    assert workspace.wait(thread_id, 60)

    assert workspace.history.outcome(thread_id) == "A caption of 0 words that failed its check: stopped by an error"
    assert "0 words, and 1 to 40 are allowed" in str(parts(lab, thread_id)[-1].data)
    lab.close()
