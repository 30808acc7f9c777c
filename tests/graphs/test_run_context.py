"""Run context: settings in the state are saved and drift; frozen ones are in no checkpoint and nobody changes them."""

from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel

from graphs.pattern import Example
from graphs.state.run_context import Settings, SettingsFrozen, build_in_context, run_in_context, settings_of
from graphs.state.run_context_demo import PATTERN
from lab.checkpoints import thread_config
from lab.errors import InvalidInput
from lab.lab import Lab
from lab.workspace import StateEdit
from tests.support.example_player import Play, before, ended

SLUG, LANES = PATTERN.slug, tuple(lane.key for lane in PATTERN.lanes)
MEDDLED, WARM, SHORT = range(3)
SETTINGS = {"tone", "most"}


def tones(values: dict[str, Any]) -> list[str]:
    return [part["tone"] for part in values["parts"]]


def saved_channels(lab: Lab, lane: str, thread_id: str) -> list[set[str]]:
    saver: Any = lab.graphs.reading(SLUG, lane).checkpointer
    saved = [one.checkpoint["channel_values"] for one in saver.list(thread_config(thread_id))]
    # The input is in the first checkpoint as it was given to the graph.
    return [set(values) | set(values.get("__start__", {})) for values in saved]


@pytest.mark.parametrize("example", [MEDDLED, WARM, SHORT])
def test_no_checkpoint_holds_a_setting_of_the_context_and_each_holds_those_of_the_state(
    sqlite_lab: Lab, play: Play, example: int
) -> None:
    in_state, in_context = (saved_channels(sqlite_lab, lane, play(SLUG, lane, example).thread_id) for lane in LANES)

    assert all(channels >= SETTINGS for channels in in_state)
    assert all(not channels & SETTINGS for channels in in_context)


def test_a_setting_of_the_context_cant_be_edited_as_no_node_would_read_it(sqlite_lab: Lab, play: Play) -> None:
    workspace, thread_id = sqlite_lab.workspace("tests"), play(SLUG, "context", WARM).thread_id
    with pytest.raises(InvalidInput) as refused:
        workspace.travel.fork(thread_id, before(workspace, thread_id, "proofread"), StateEdit({"tone": "formal"}, {}))

    assert list(refused.value.fields) == ["tone"]
    assert not {field.name for field in workspace.history.fields(thread_id)} & SETTINGS
    assert not set.union(*saved_channels(sqlite_lab, "context", thread_id)) & SETTINGS


def test_a_setting_in_the_state_can_be_edited_and_the_nodes_after_it_read_it(sqlite_lab: Lab, play: Play) -> None:
    workspace, thread_id = sqlite_lab.workspace("tests"), play(SLUG, "state", WARM).thread_id
    edit = StateEdit({"tone": "formal"}, {})
    workspace.travel.fork(thread_id, before(workspace, thread_id, "proofread"), edit, run=True, pace=0)
    ended(workspace, thread_id)
    head = workspace.history.snapshot(thread_id)

    assert head is not None
    assert tones(head.values) == ["warm", "formal"]


def test_a_setting_in_the_state_drifts_where_a_node_changes_it(play: Play) -> None:
    assert tones(play(SLUG, "state", MEDDLED).values) == ["warm", "formal"]


def test_a_frozen_setting_cant_be_changed_and_the_error_says_which(play: Play) -> None:
    played = play(SLUG, "context", MEDDLED)

    assert (played.status, played.failed_node) == ("resumable", "proofread")
    assert (played.error or "").startswith("SettingsFrozen: The setting 'tone' can't be changed to 'formal'")
    assert "cannot assign to field 'tone'" in (played.error or "")
    assert tones(played.values) == ["warm"]


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize(("example", "tone"), [(WARM, "warm"), (SHORT, "formal")])
def test_both_lanes_write_by_the_settings(play: Play, lane: str, example: int, tone: str) -> None:
    values = play(SLUG, lane, example).values
    most = PATTERN.examples[example].input["most"]

    assert tones(values) == [tone, tone]
    assert all(len(part["text"].split()) <= most for part in values["parts"])


def test_both_lanes_write_the_same_letter_where_nobody_meddles(play: Play) -> None:
    in_state, in_context = (play(SLUG, lane, WARM) for lane in LANES)

    assert in_state.values["parts"] == in_context.values["parts"]


def test_a_replay_gets_the_settings_again_though_nothing_saved_holds_them(sqlite_lab: Lab, play: Play) -> None:
    played = play(SLUG, "context", SHORT)
    workspace = sqlite_lab.workspace("tests")
    workspace.travel.replay(played.thread_id, before(workspace, played.thread_id, "closing"), pace=0)
    ended(workspace, played.thread_id)
    head = workspace.history.snapshot(played.thread_id)

    assert head is not None
    assert tones(head.values) == ["formal", "formal"]


def test_going_on_after_the_failure_meets_the_same_frozen_settings(sqlite_lab: Lab, play: Play) -> None:
    played = play(SLUG, "context", MEDDLED)
    workspace = sqlite_lab.workspace("tests")
    workspace.proceed(played.thread_id, pace=0)
    ended(workspace, played.thread_id)
    view = workspace.view(played.thread_id)
    view.catch_up()

    assert "SettingsFrozen: The setting 'tone' can't be changed to 'formal'" in view.runs[-1].error


def test_the_call_is_told_with_its_context_and_without_the_settings_in_the_input(sqlite_lab: Lab, play: Play) -> None:
    view = sqlite_lab.workspace("tests").view(play(SLUG, "context", WARM).thread_id)
    view.catch_up()
    call = view.runs[0].calls

    assert "context=Settings(tone='warm', most=20)" in call
    assert "{'topic': 'the harvest feast', 'meddle': False}" in call


def test_settings_are_taken_from_what_was_given_and_the_rest_has_defaults() -> None:
    assert settings_of({"tone": "warm", "topic": "x"}) == Settings("warm", 15)


def test_the_stream_gets_the_task_alone_and_goes_on_with_nothing() -> None:
    given: list[Any] = []

    class Graph:
        def stream(self, task: Any, *_: Any, **__: Any) -> Any:
            given.append(task)
            return iter(())

    run_in_context(Graph(), {"topic": "x", "meddle": True, "tone": "warm", "most": 9}, {})
    run_in_context(Graph(), None, {})

    assert given == [{"topic": "x", "meddle": True}, None]


def test_the_graph_itself_refuses_the_change() -> None:
    graph = build_in_context(FakeListChatModel(responses=["Dear all."])).compile()
    given: Any = {"topic": "x", "meddle": True}
    with pytest.raises(SettingsFrozen):
        graph.invoke(given, context=Settings())


@pytest.mark.parametrize("lane", LANES)
def test_the_letter_follows_the_topic(play: Play, lane: str) -> None:
    own = Example("own", {"topic": "owls", "meddle": False, "tone": "plain", "most": 20})

    assert [("owls" in part["text"]) for part in play(SLUG, lane, own).values["parts"]] == [True, True]


OUTCOMES = {
    ("state", MEDDLED): "Opened warm, closed formal, 2 settings saved",
    ("state", WARM): "All of it warm, 2 settings saved",
    ("state", SHORT): "All of it formal, 2 settings saved",
    ("context", MEDDLED): "Settings unchanged, none saved: stopped by an error",
    ("context", WARM): "All of it warm, no setting saved",
    ("context", SHORT): "All of it formal, no setting saved",
}


@pytest.mark.parametrize(("lane", "example"), OUTCOMES)
def test_the_outcome_says_in_which_tones_and_what_the_checkpoint_holds(play: Play, lane: str, example: int) -> None:
    assert play(SLUG, lane, example).outcome == OUTCOMES[lane, example]
