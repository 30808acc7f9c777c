"""Token streaming: what each lane's reader gets to read and when, and what a broken connection leaves behind."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from langchain_core.language_models import BaseChatModel

from graphs.figures import Figure
from graphs.outcome import Ended
from graphs.pattern import Example
from graphs.streaming.token_streaming import build_tokens, build_whole
from graphs.streaming.token_streaming_demo import PATTERN
from lab.events import EventLog, Message, NodeEnded, NodeStarted, Progress, RunStarted, ThreadView, Tokens
from lab.lab import Lab
from lab.models import OfflineModel
from tests.support.example_player import Play, begun
from tests.support.labs import quiet

SLUG, WHOLE, STREAMED = PATTERN.slug, "whole", "tokens"
LONG, SHORT, BROKEN = range(3)
LANES = (WHOLE, STREAMED)


@pytest.fixture(scope="module")
def paced() -> Iterator[Lab]:
    """Provide a lab whose model takes its time for every word."""
    lab = Lab(quiet("memory").model_copy(update={"pace": 300}))
    yield lab
    lab.close()


def run(lab: Lab, lane: str, example: int = LONG) -> str:
    workspace = lab.workspace("tests")
    thread = workspace.start(SLUG, lane, PATTERN.examples[example].input, pace=300)
    assert workspace.wait(thread.thread_id, 60)
    return thread.thread_id


def messages(lab: Lab, thread_id: str) -> list[Message]:
    view = lab.workspace("tests").view(thread_id)
    view.catch_up()
    return [item for item in view.items if isinstance(item, Message)]


@pytest.mark.parametrize("example", range(3))
def test_both_lanes_end_with_the_same_answer_in_as_many_tokens(play: Play, example: int) -> None:
    whole, streamed = (play(SLUG, lane, example).values for lane in LANES)

    assert [one.text for one in whole["messages"]] == [one.text for one in streamed["messages"]]
    assert whole["tokens"] == streamed["tokens"] == len(whole["messages"][0].text.split())


def test_the_tokens_that_came_are_those_that_the_node_has_counted(sqlite_lab: Lab, play: Play) -> None:
    counted = {lane: play(SLUG, lane, LONG) for lane in LANES}
    came = {lane: messages(sqlite_lab, played.thread_id)[0].pieces for lane, played in counted.items()}

    assert came == {WHOLE: 1, STREAMED: counted[STREAMED].values["tokens"]}


def test_a_reader_of_the_tokens_has_the_first_one_long_before_the_end_and_the_other_reader_only_then(
    paced: Lab,
) -> None:
    waits = {}
    for lane in LANES:
        thread_id = run(paced, lane)
        (step,) = (one for one in paced.workspace("tests").events(thread_id) if isinstance(one, NodeEnded))
        view = paced.workspace("tests").view(thread_id)
        view.catch_up()
        (message,) = messages(paced, thread_id)
        waits[lane] = (message.at - view.steps[0].started) / (step.at - view.steps[0].started)

    assert waits[STREAMED] < 0.5 < 0.9 < waits[WHOLE]


@pytest.mark.parametrize("lane", LANES)
def test_of_a_broken_connection_nothing_is_saved_and_a_retry_asks_again(sqlite_lab: Lab, lane: str) -> None:
    playing = begun(sqlite_lab.workspace("tests"), SLUG, lane, PATTERN.examples[BROKEN])
    thread_id = playing.thread.thread_id
    half = [event.text for event in playing.workspace.events(thread_id) if isinstance(event, Tokens)]
    snapshot = playing.workspace.history.snapshot(thread_id)
    assert snapshot is not None

    assert len("".join(half).split()) == {WHOLE: 0, STREAMED: 20}[lane]
    assert not {"tokens"} & set(snapshot.values)
    assert not snapshot.values.get("messages")
    assert playing.workspace.history.outcome(thread_id) == "No answer saved: stopped by an error"
    assert playing.take_next() is not None
    assert len(messages(sqlite_lab, thread_id)) == {WHOLE: 1, STREAMED: 2}[lane]
    assert playing.workspace.history.status(thread_id) == "finished"


@pytest.mark.parametrize("lane", LANES)
def test_an_answer_that_is_shorter_than_the_break_comes_whole(play: Play, lane: str) -> None:
    played = play(SLUG, lane, Example("short", {"question": "Why?", "breaks_after": 500}))

    assert (played.status, played.error) == ("finished", None)


@pytest.mark.parametrize("lane", LANES)
def test_the_answer_depends_on_the_question(play: Play, lane: str) -> None:
    said = {
        play(SLUG, lane, Example("asked", {"question": f"What is a {thing}?", "breaks_after": 0})).answers[0]
        for thing in ("beacon", "mooring")
    }

    assert len(said) == 2


def test_lanes_differ_in_the_tag_of_their_model_alone() -> None:
    model: BaseChatModel = OfflineModel(script=PATTERN.script)
    whole, streamed = (build(model).compile().get_graph().to_json() for build in (build_whole, build_tokens))

    assert whole == streamed


TOKENS = {LONG: 55, SHORT: 19, BROKEN: 38}
SHOWN = {WHOLE: "in one piece", STREAMED: "as it came"}
OUTCOMES = {
    (lane, example): f"An answer of {tokens} tokens, shown {how}"
    for example, tokens in TOKENS.items()
    for lane, how in SHOWN.items()
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_how_many_tokens_and_how_they_were_shown(play: Play, lane: str, example: int) -> None:
    assert play(SLUG, lane, example).outcome == OUTCOMES[lane, example]


def test_the_outcome_of_a_thread_that_failed_later_says_that_nothing_was_saved() -> None:
    told = PATTERN.lane(STREAMED).outcome
    assert told is not None
    assert told(Ended({}, failed=True)) == "No answer saved: stopped by an error"


def figures(lab: Lab, thread_id: str, lane: str) -> dict[str, str]:
    tell = PATTERN.lane(lane).figures
    view = lab.workspace("tests").view(thread_id)
    view.catch_up()
    assert tell is not None
    return {one.name: one.value for one in tell(view) if isinstance(one, Figure)}


@pytest.mark.parametrize("lane", LANES)
def test_the_figures_of_a_thread_tell_the_time_to_the_first_token_and_to_the_end_and_count_tokens(
    paced: Lab, lane: str
) -> None:
    told = figures(paced, run(paced, lane, SHORT), lane)
    first, end = (float(told[name].removesuffix(" s")) for name in ("First token", "End"))

    assert told["Tokens"] == "19"
    assert end > 19 / 300
    assert (first > end / 2) == (lane == WHOLE)


def test_the_figures_of_a_try_that_broke_are_its_own_and_those_of_the_next_one_begin_anew(sqlite_lab: Lab) -> None:
    playing = begun(sqlite_lab.workspace("tests"), SLUG, STREAMED, PATTERN.examples[BROKEN])
    broken = figures(sqlite_lab, playing.thread.thread_id, STREAMED)
    playing.take_next()
    after = figures(sqlite_lab, playing.thread.thread_id, STREAMED)

    assert (broken["Tokens"], after["Tokens"]) == ("20", "38")
    assert all(float(one.removesuffix(" s")) < 5 for one in (after["First token"], after["End"]))


def test_of_a_broken_try_whose_tokens_nobody_was_told_there_was_nothing_to_read(sqlite_lab: Lab) -> None:
    playing = begun(sqlite_lab.workspace("tests"), SLUG, WHOLE, PATTERN.examples[BROKEN])
    told = figures(sqlite_lab, playing.thread.thread_id, WHOLE)

    assert (told["First token"], told["Tokens"]) == ("never", "0")


def test_while_nothing_comes_the_figures_tell_how_long_that_has_been() -> None:
    log = EventLog()
    log.append(RunStarted("run", "start", "offline", None, ""))
    log.append(NodeStarted(("answer",), "task", at=time.time() - 3))
    view = ThreadView(log)
    view.catch_up()
    tell = PATTERN.lane(WHOLE).figures
    assert tell is not None

    assert [one.value[:3] for one in tell(view) if isinstance(one, Figure)] == ["> 3", "> 3", "0"]


@pytest.mark.parametrize("lane", LANES)
def test_a_model_that_says_nothing_is_a_failure_that_says_so(lane: str) -> None:
    lab = Lab(quiet("memory"), patterns=[replace(PATTERN, script=lambda _: " ")])
    thread_id = run(lab, lane)
    view = lab.workspace("tests").view(thread_id)
    view.catch_up()

    assert [step.error[:39] for step in view.steps] == ["NoAnswer: The model said nothing. An an"]
    assert view.runs[-1].outcome == "failed"
    lab.close()


@pytest.mark.parametrize("lane", LANES)
def test_other_words_than_the_script_s_are_counted_as_well(lane: str) -> None:
    lab = Lab(quiet("memory"), patterns=[replace(PATTERN, script=lambda _: "Quite another answer.")])
    thread_id = run(lab, lane)

    assert figures(lab, thread_id, lane)["Tokens"] == "3"
    assert [message.text for message in messages(lab, thread_id)] == ["Quite another answer."]
    lab.close()


def test_a_thread_of_which_no_step_s_time_is_known_has_no_figures() -> None:
    log = EventLog()
    log.append(Progress(("answer",), {}))
    view = ThreadView(log)
    view.catch_up()
    tell = PATTERN.lane(WHOLE).figures
    assert tell is not None
    assert tell(view) == []
