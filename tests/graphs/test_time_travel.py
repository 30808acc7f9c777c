"""Time travel: what each way back leaves behind, what runs for it, and that nothing of the first end is lost."""

import sys
from typing import Any

import pytest
from langgraph.graph.state import CompiledStateGraph

from graphs.pattern import Example, WayBack
from graphs.persistence.time_travel import READERS
from graphs.persistence.time_travel_demo import PATTERN
from lab.errors import NotPossible
from lab.events import RunStarted, StateEdited
from lab.lab import Lab
from lab.workspace import StateEdit
from tests.support.example_player import Play, Played, before, ended

WRITING, BEGINNING, SENDING, NO_WORD = range(4)
LANES = tuple(lane.key for lane in PATTERN.lanes)
LIGHTHOUSE = "the lighthouse at the end of the pier"
STORY = (
    f"It began with the first rumours of {LIGHTHOUSE}. Then came a winter without {LIGHTHOUSE}. "
    f"In the end there was what is still told of {LIGHTHOUSE}."
)
ONCE = ["outlined in 3 lines", "wrote 46 words", "sent to the readers"]


def _ends(lab: Lab, played: Played) -> list[str]:
    """Return the checkpoints from which nothing runs any more."""
    return [row.checkpoint_id for row in lab.workspace("tests").history.page(played.thread_id).rows if not row.next]


@pytest.mark.parametrize("lane", LANES)
def test_the_story_depends_on_the_topic_and_is_sent_once(play: Play, lane: str) -> None:
    played = play("time-travel", lane, Example("straight", {"topic": "The lighthouse at the end of the pier"}))

    assert played.values["text"] == STORY
    assert played.values["log"] == ONCE
    assert [(mail["recipient"], mail["body"]) for mail in played.outbox] == [(READERS, STORY)]


@pytest.mark.parametrize(
    ("example", "again"), [(WRITING, ONCE[:1]), (BEGINNING, []), (SENDING, ["outlined in 3 lines", "wrote 28 words"])]
)
def test_a_rewind_adds_old_lines_to_the_log_and_runs_nothing(play: Play, example: int, again: list[str]) -> None:
    straight = play("time-travel", "rewind", Example("straight", PATTERN.examples[example].input))
    played = play("time-travel", "rewind", example)

    assert played.visited == ["outline", "write", "send"]
    assert played.values == straight.values | {"log": straight.values["log"] + again}
    assert len(played.outbox) == 1


def test_a_rewind_leaves_what_was_set_later(play: Play) -> None:
    assert play("time-travel", "rewind", BEGINNING).values["text"] != ""


@pytest.mark.parametrize(
    ("example", "again"),
    [(WRITING, ["write", "send"]), (BEGINNING, ["outline", "write", "send"]), (SENDING, ["send"])],
)
def test_a_replay_runs_the_rest_again_and_sends_a_second_mail(
    play: Play, sqlite_lab: Lab, example: int, again: list[str]
) -> None:
    played = play("time-travel", "replay", example)
    rows = sqlite_lab.workspace("tests").history.page(played.thread_id).rows
    forked = next(number for number, row in enumerate(rows) if row.source == "fork")

    assert [name for row in rows[forked:] for name in row.ran] == again
    assert played.values["log"][-1] == "sent to the readers"
    assert len(played.values["log"]) == 3
    assert len(played.outbox) == 2
    assert played.outbox[0]["body"] == played.outbox[1]["body"]


def test_a_fork_goes_on_from_the_edit_and_its_first_end_stays(play: Play, sqlite_lab: Lab) -> None:
    played = play("time-travel", "fork", WRITING)
    first, second = _ends(sqlite_lab, played)
    workspace = sqlite_lab.workspace("tests")
    changed = {change.at for change in workspace.history.diff(played.thread_id, first, second)}

    assert played.values["text"] == "It began with the keeper's last night. Then came a ship without lights."
    assert played.values["log"] == ["outlined in 3 lines", "wrote 13 words", "sent to the readers"]
    assert changed == {"outline", "text", "log"}
    assert [mail["body"] for mail in played.outbox] == [STORY, played.values["text"]]


def test_a_fork_before_the_first_step_makes_another_story(play: Play) -> None:
    played = play("time-travel", "fork", BEGINNING)

    assert played.values["text"].startswith("It began with the first rumours of a library under the sea.")
    assert [mail["subject"] for mail in played.outbox] == ["A bakery that opens at night", "A library under the sea"]


def test_a_fork_before_the_last_step_asks_no_model_again(play: Play) -> None:
    played = play("time-travel", "fork", SENDING)

    assert len(played.answers) == 2
    assert played.outbox[-1]["body"] == "There were eleven chickens, and now there are twelve."
    assert played.values["log"] == ["outlined in 3 lines", "wrote 28 words", "sent to the readers"]


@pytest.mark.parametrize("lane", ["rewind", "replay"])
def test_without_an_edit_what_failed_fails_again(play: Play, lane: str) -> None:
    played = play("time-travel", lane, NO_WORD)

    assert (played.status, played.failed_node) == ("resumable", "outline")
    assert "no word" in (played.error or "")
    assert (played.values["log"], played.outbox) == ([], [])


def test_a_fork_mends_what_failed(play: Play) -> None:
    played = play("time-travel", "fork", NO_WORD)

    assert (played.status, len(played.outbox)) == ("finished", 1)
    assert "three question marks" in played.values["text"]


@pytest.mark.parametrize("lane", ["replay", "fork"])
def test_only_the_lane_that_shows_the_mistake_can_make_it(play: Play, sqlite_lab: Lab, lane: str) -> None:
    played = play("time-travel", lane, Example("straight", {"topic": "Rain"}))
    workspace = sqlite_lab.workspace("tests")
    with pytest.raises(NotPossible, match="no way back"):
        workspace.travel.rewind(played.thread_id, before(workspace, played.thread_id, "write"))

    assert workspace.history.status(played.thread_id) == "finished"


def test_what_runs_again_is_told_before_it_does(play: Play, sqlite_lab: Lab) -> None:
    played = play("time-travel", "replay", Example("straight", {"topic": "Rain"}))
    workspace = sqlite_lab.workspace("tests")
    ahead = workspace.travel.ahead(played.thread_id, before(workspace, played.thread_id, "write"))

    assert (ahead.next, ahead.later, ahead.effects) == (("write",), ("send",), {"send": ("outbox",)})


def test_one_can_go_back_as_often_as_wanted(play: Play, sqlite_lab: Lab) -> None:
    thrice = Example("thrice", {"topic": "Rain"}, {"replay": (WayBack("send"), WayBack("write"), WayBack("outline"))})
    played = play("time-travel", "replay", thrice)
    workspace = sqlite_lab.workspace("tests")
    ended(workspace, played.thread_id)

    assert len(workspace.history.tree(played.thread_id).branches) == 4
    assert len(played.outbox) == 4
    assert len(played.values["log"]) == 3


@pytest.mark.parametrize(
    ("lane", "calls"),
    [
        ("rewind", ["graph.update_state({'configurable': ", "for part in graph.stream(\n    None,\n"]),
        ("replay", ["for part in graph.stream(\n    None,\n"]),
        ("fork", ["graph.update_state({'configurable': ", "for part in graph.stream(\n    None,\n"]),
    ],
)
def test_a_way_back_is_made_by_the_calls_of_the_pattern_s_own_file(
    play: Play, sqlite_lab: Lab, monkeypatch: pytest.MonkeyPatch, lane: str, calls: list[str]
) -> None:
    made: list[str] = []
    for name in ("update_state", "stream"):
        real = getattr(CompiledStateGraph, name)

        def called(graph: Any, *given: Any, _real: Any = real, _name: str = name, **more: Any) -> Any:
            # Below the two that are told, the library calls its own.
            if sys._getframe(1).f_globals["__name__"] == "graphs.persistence.time_travel":
                made.append(_name)
            return _real(graph, *given, **more)

        monkeypatch.setattr(CompiledStateGraph, name, called)
    played = play("time-travel", lane, WRITING)
    events = sqlite_lab.workspace("tests").events(played.thread_id)
    told = [event.calls for event in events if isinstance(event, StateEdited | RunStarted)][1:]

    assert made == [call.partition("(")[0].rpartition(".")[2] for call in calls]
    assert [one.startswith(begin) for one, begin in zip(told, calls, strict=True)] == [True] * len(calls)


def test_a_fork_leaves_what_is_next_as_it_is_at_every_checkpoint(play: Play, sqlite_lab: Lab) -> None:
    played = play("time-travel", "fork", WRITING)
    workspace = sqlite_lab.workspace("tests")
    rows = workspace.history.page(played.thread_id).rows

    assert len(rows) == 8
    for row in rows:
        preview = workspace.travel.preview(
            played.thread_id, row.checkpoint_id, StateEdit({"topic": "Rain"}, {"topic": "replace"})
        )
        expected = ("outline",) if row.next == ("__start__",) else row.next
        assert (row.checkpoint_id, preview.next) == (row.checkpoint_id, expected)
        assert preview.values["topic"] == "Rain"


OUTCOMES = {
    ("rewind", WRITING): "Sent once, going back ran nothing and doubled 1 line of the log",
    ("rewind", BEGINNING): "Sent once, going back ran nothing",
    ("rewind", SENDING): "Sent once, going back ran nothing and doubled 2 lines of the log",
    ("rewind", NO_WORD): "Nothing sent, stopped by an error",
    ("replay", NO_WORD): "Nothing sent, stopped by an error",
    ("fork", NO_WORD): "Sent once",
    **{("replay", example): "Sent twice, the same mail each time" for example in (WRITING, BEGINNING, SENDING)},
    **{("fork", example): "Sent twice, 2 different mails" for example in (WRITING, BEGINNING, SENDING)},
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_what_was_sent_after_all(play: Play, lane: str, example: int) -> None:
    played = play("time-travel", lane, example)
    count = len(played.outbox)
    log: list[str] = played.values["log"]

    assert played.outcome == OUTCOMES[lane, example]
    assert played.outcome.startswith(("Nothing sent", "Sent once", "Sent twice")[count])
    assert ("different" in played.outcome) == (len({mail["body"] for mail in played.outbox}) > 1)
    assert ("doubled" in played.outcome) == (len(log) > 3)


@pytest.mark.parametrize("lane", LANES)
def test_a_story_that_nobody_took_back_is_sent_once(play: Play, lane: str) -> None:
    assert play("time-travel", lane, Example("once", {"topic": "The sea"})).outcome == "Sent once"
