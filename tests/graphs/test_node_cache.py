"""Node cache: a hit makes no call, an entry expires by the clock, and a policy without a cache does nothing."""

from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel

from graphs.figures import Figure
from graphs.outcome import Ended
from graphs.pattern import Example
from graphs.persistence.node_cache import MOST, InvalidLines, build_cached, key_of, same, seconds_of, take
from graphs.persistence.node_cache_demo import PATTERN
from lab.errors import InvalidInput
from lab.lab import Lab
from lab.workspace import StateEdit
from tests.support.example_player import Play, before, ended
from tests.support.scripted_clock import ScriptedClock

SLUG, LANES = PATTERN.slug, tuple(lane.key for lane in PATTERN.lanes)
AGAIN, TOO_OLD, DIFFERENT, TOO_LONG = range(4)


def figures(lab: Lab, lane: str, thread_id: str) -> dict[str, str]:
    view, tell = lab.workspace("tests").view(thread_id), PATTERN.lane(lane).figures
    view.catch_up()
    assert tell is not None
    return {one.name: one.value for one in tell(view) if isinstance(one, Figure)}


def cached_steps(lab: Lab, thread_id: str) -> list[bool]:
    view = lab.workspace("tests").view(thread_id)
    view.catch_up()
    return [step.cached for step in view.steps if step.path == ("answer",)]


def lines(*given: str) -> Example:
    return Example("own", {"lines": "\n".join(given)})


def texts(values: dict[str, Any]) -> list[str]:
    return [answer["text"] for answer in values["answers"]]


@pytest.mark.parametrize("example", [AGAIN, TOO_OLD, DIFFERENT])
def test_both_lanes_answer_the_same(play: Play, example: int) -> None:
    without, cached = (play(SLUG, lane, example) for lane in LANES)

    assert texts(without.values) == texts(cached.values)


@pytest.mark.parametrize(
    ("example", "cached"),
    [(AGAIN, [False, False, True, True, True]), (TOO_OLD, [False, True, False, True]), (DIFFERENT, [False] * 3)],
)
def test_a_question_that_was_answered_lately_makes_no_call(
    sqlite_lab: Lab, play: Play, example: int, cached: list[bool]
) -> None:
    played = play(SLUG, "cached", example)

    assert cached_steps(sqlite_lab, played.thread_id) == cached
    assert len(played.answers) == cached.count(False)


@pytest.mark.parametrize("example", [AGAIN, TOO_OLD])
def test_without_a_cache_each_line_makes_a_call(sqlite_lab: Lab, play: Play, example: int) -> None:
    played = play(SLUG, "without", example)

    assert not any(cached_steps(sqlite_lab, played.thread_id))
    assert len(played.answers) == len(played.values["answers"])


def test_an_entry_expires_only_after_its_time(play: Play, sqlite_lab: Lab, waits: ScriptedClock) -> None:
    played = play(SLUG, "cached", lines("What is a thread?", "wait 1.5", "What is a thread?", "wait 0.9", "thread?"))
    later = play(SLUG, "cached", lines("What is a thread?", "wait 2.1", "What is a thread?"))

    assert cached_steps(sqlite_lab, played.thread_id) == [False, True, False]
    assert waits.waits[played.thread_id] == [1.5, 0.9]
    assert cached_steps(sqlite_lab, later.thread_id)[-1] is False


def test_the_figures_tell_hits_misses_expiry_and_the_time_saved(sqlite_lab: Lab, play: Play) -> None:
    cached = figures(sqlite_lab, "cached", play(SLUG, "cached", TOO_OLD).thread_id)
    without = figures(sqlite_lab, "without", play(SLUG, "without", AGAIN).thread_id)

    assert (cached["Hits"], cached["Misses"], cached["Expired"]) == ("2", "2", "1")
    assert (without["Hits"], without["Misses"], without["Expired"]) == ("0", "5", "0")


def test_the_time_saved_is_what_the_calls_took_that_a_hit_repeats(sqlite_lab: Lab) -> None:
    workspace = sqlite_lab.workspace("tests")
    thread_id = workspace.start(SLUG, "cached", PATTERN.examples[AGAIN].input, pace=150).thread_id
    assert workspace.wait(thread_id, 30)
    view = workspace.view(thread_id)
    view.catch_up()
    wrote = [(step.cached, step.wrote["answers"][0]["seconds"]) for step in view.steps if step.path == ("answer",)]
    saved = sum(seconds for cached, seconds in wrote if cached)

    assert saved > 0.2
    assert figures(sqlite_lab, "cached", thread_id)["Saved"] == f"{saved:.1f} s"


def test_another_thread_of_the_same_graph_gets_the_hits_of_the_first(sqlite_lab: Lab, play: Play) -> None:
    first, second = (play(SLUG, "cached", DIFFERENT) for _ in range(2))

    assert not any(cached_steps(sqlite_lab, first.thread_id))
    assert all(cached_steps(sqlite_lab, second.thread_id))
    assert second.outcome == "3 answers by 0 calls, 3 from the cache"


def test_another_visitor_gets_no_answer_of_this_one(sqlite_lab: Lab) -> None:
    ran = {}
    for name in ("alice", "bob"):
        workspace = sqlite_lab.workspace(name)
        ran[name] = workspace.start(SLUG, "cached", PATTERN.examples[DIFFERENT].input, pace=0).thread_id
        assert workspace.wait(ran[name], 30)

    outcomes = {name: sqlite_lab.workspace(name).history.outcome(thread_id) for name, thread_id in ran.items()}
    assert outcomes == dict.fromkeys(ran, "3 answers by 3 calls")


def test_a_cache_begins_anew_after_so_many_runs(sqlite_lab: Lab, play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.runs.lane_graphs.RUNS_OF_CACHE", 3)
    outcomes = [play(SLUG, "cached", DIFFERENT).outcome for _ in range(4)]

    assert [outcome.endswith("from the cache") for outcome in outcomes] == [False, True, False, True]


def test_an_answer_that_another_run_made_meanwhile_counts_as_one_from_the_cache() -> None:
    tell = PATTERN.lane("cached").outcome
    assert tell is not None
    own, other = (
        {"question": "q", "text": "t", "at": at, "seconds": 1.0, "begun": begun} for at, begun in ((5, 1), (6, 2))
    )

    assert tell(Ended({"begun": 1, "answers": [own, other]})) == "2 answers by 1 call, 1 from the cache"


def test_the_key_is_what_counts_of_a_question() -> None:
    assert same("What is a  REDUCER?") == same("what is a reducer")
    assert key_of({"question": "Why?", "begun": 1}) == key_of({"question": "why", "begun": 2})


@pytest.mark.parametrize(
    ("one", "other"), [("What is a thread?", "What is a threads?"), ("What is C++?", "What is C#?"), ("???", "!!!")]
)
def test_questions_that_differ_in_more_have_keys_of_their_own(one: str, other: str) -> None:
    assert same(one) != same(other)


def test_a_policy_without_a_cache_is_passed_over() -> None:
    given: Any = {"lines": "one\none"}
    ended = build_cached(FakeListChatModel(responses=["first", "second"])).compile().invoke(given)

    assert texts(ended) == ["first", "second"]


def test_a_wait_that_is_too_long_fails_before_anything_waits(play: Play, waits: ScriptedClock) -> None:
    played = play(SLUG, "cached", TOO_LONG)

    assert (played.status, played.failed_node) == ("resumable", "take")
    assert waits.waits[played.thread_id] == []


@pytest.mark.parametrize("node", ["take", "rest"])
def test_a_number_of_lines_past_the_last_one_is_the_end(sqlite_lab: Lab, play: Play, node: str) -> None:
    workspace, thread_id = sqlite_lab.workspace("tests"), play(SLUG, "without", TOO_OLD).thread_id
    place = [row.checkpoint_id for row in workspace.history.page(thread_id).rows if node in row.next][-1]
    workspace.travel.fork(thread_id, place, StateEdit({"done": 99}, {}), run=True, pace=0)
    ended(workspace, thread_id)

    assert workspace.history.status(thread_id) == "finished"


def test_a_number_of_lines_below_none_is_refused(sqlite_lab: Lab, play: Play) -> None:
    workspace, thread_id = sqlite_lab.workspace("tests"), play(SLUG, "without", TOO_OLD).thread_id
    with pytest.raises(InvalidInput) as refused:
        workspace.travel.fork(thread_id, before(workspace, thread_id, "rest"), StateEdit({"done": -99}, {}))

    assert list(refused.value.fields) == ["done"]


@pytest.mark.parametrize("text", [" \n ", "\n".join(["question"] * (MOST + 1))])
def test_too_few_lines_and_too_many_are_refused(text: str) -> None:
    given: Any = {"lines": text}
    with pytest.raises(InvalidLines):
        take(given)


@pytest.mark.parametrize(("line", "seconds"), [("wait 2.5", 2.5), (" WAIT 1 ", 1), ("wait for me", 0), ("wait", 0)])
def test_a_line_waits_where_it_says_for_how_long(line: str, seconds: float) -> None:
    assert seconds_of(line) == seconds


def test_as_many_lines_as_allowed_are_within_the_limit_of_steps(play: Play) -> None:
    assert play(SLUG, "without", lines(*["What is a thread?"] * MOST)).status == "finished"


@pytest.mark.parametrize("lane", LANES)
def test_the_answer_follows_the_question(play: Play, lane: str) -> None:
    assert texts(play(SLUG, lane, lines("What are reducers?", "Why rain?")).values) == [
        "A reducer is the function that joins what a channel holds with what a node writes.",
        "My notes have nothing about why rain, so please ask me about something else.",
    ]


OUTCOMES = {
    ("without", AGAIN): "5 answers by 5 calls",
    ("without", TOO_OLD): "4 answers by 4 calls",
    ("without", DIFFERENT): "3 answers by 3 calls",
    ("without", TOO_LONG): "1 answer by 1 call, stopped by an error",
    ("cached", AGAIN): "5 answers by 2 calls, 3 from the cache",
    ("cached", TOO_OLD): "4 answers by 2 calls, 2 from the cache",
    ("cached", DIFFERENT): "3 answers by 3 calls",
    ("cached", TOO_LONG): "1 answer by 1 call, stopped by an error",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_counts_answers_and_calls(play: Play, lane: str, example: int) -> None:
    assert play(SLUG, lane, example).outcome == OUTCOMES[lane, example]
